"""Rule: the last, partly filled wave of blocks costs a good part of the time."""

from __future__ import annotations

import math

from profiler.findings.rule import Row, Rule, configurations, losses

LOST_SHARE = 0.2


def lost(row: Row) -> float:
    """Return the share of block slots that stay empty in the last wave, of all waves."""
    waves = row["waves_per_sm"]
    return float(1 - waves / math.ceil(waves))


RULE = Rule(
    text=f"more than {LOST_SHARE:.0%} of the block slots of all waves stay empty in the last one",
    needs=("occupancy",),
    advice="Choose the grid as a multiple of blocks per SM times SMs (a grid-stride loop makes that possible), or use smaller"
    " blocks so that the last wave is a smaller part.",
    source="Nsight Compute, rule LaunchConfiguration (tail effect); 20 % chosen here",
    check=losses(
        "The last wave of blocks leaves SMs idle",
        ("waves_per_sm",),
        lambda row: row["waves_per_sm"] > 1 and lost(row) > LOST_SHARE,
        lost,
        lambda row: f"grid {row['grid']} is {row['waves_per_sm']:.2f} waves, {lost(row):.0%} of the slots stay empty",
        configurations,
    ),
)
