"""Rule: the grid is too small to fill the GPU once."""

from __future__ import annotations

from profiler.findings.rule import FILLED_WAVES, Rule, configurations, losses

RULE = Rule(
    text=f"a grid of less than {FILLED_WAVES} waves",
    needs=("occupancy",),
    advice="Give each thread less work, use smaller blocks, batch several launches into one, or run independent kernels"
    " concurrently on other streams.",
    source="Nsight Compute, rule LaunchConfiguration (small grid); half a wave chosen here",
    check=losses(
        "Grids are too small to fill the GPU",
        ("waves_per_sm",),
        lambda row: row["waves_per_sm"] < FILLED_WAVES,
        lambda row: 1 - row["waves_per_sm"],
        lambda row: f"grid {row['grid']} fills {100 * row['waves_per_sm']:.0f} % of the resident block slots",
        configurations,
    ),
)
