"""Rule: the last, partly filled wave of blocks costs a good part of the time."""

from __future__ import annotations

import math

from profiler.findings.rule import Finding, Row, Rule, configurations, known, losses
from profiler.metrics.recording import Recording

LOST_SHARE = 0.2


def lost(row: Row) -> float:
    """Return the share of block slots that stay empty in the last wave, of all waves."""
    waves = row["waves_per_sm"]
    return float(1 - waves / math.ceil(waves))


def check(recording: Recording) -> list[Finding]:
    """Look for grids of more than one wave whose last wave leaves many slots empty."""
    bad = [
        row
        for row in configurations(recording)
        if known(row, "waves_per_sm") and row["waves_per_sm"] > 1 and lost(row) > LOST_SHARE
    ]
    return losses(
        "The last wave of blocks leaves SMs idle",
        bad,
        lost,
        lambda row: f"grid {row['grid']} is {row['waves_per_sm']:.2f} waves, {lost(row):.0%} of the slots stay empty",
    )


RULE = Rule(
    name="tail_effect",
    text=f"more than {LOST_SHARE:.0%} of the block slots of all waves stay empty in the last one",
    needs=("occupancy",),
    advice="Choose the grid as a multiple of blocks per SM times SMs (a grid-stride loop makes that possible), or use smaller"
    " blocks so that the last wave is a smaller part.",
    source="Nsight Compute, rule LaunchConfiguration (tail effect); 20 % chosen here",
    check=check,
)
