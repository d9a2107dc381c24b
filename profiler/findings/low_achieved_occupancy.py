"""Rule: an SM held far fewer warps than it could, and no memory unit was the bottleneck."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, busiest_pct, fills_gpu, losses

SHARE_OF_THEORETICAL = 0.7
BUSY_MEMORY_PCT = 80.0


def _holds(row: Row) -> bool:
    low = row["achieved_occupancy_pct"] < SHARE_OF_THEORETICAL * row["theoretical_occupancy_pct"]
    return bool(low and (row["memory_throughput_pct"] or 0) < BUSY_MEMORY_PCT and fills_gpu(row))


def _gain(row: Row) -> float:
    return float(min(1 - row["achieved_occupancy_pct"] / row["theoretical_occupancy_pct"], 1 - busiest_pct(row) / 100))


RULE = Rule(
    text=f"achieved below {SHARE_OF_THEORETICAL:.0%} of theoretical occupancy while memory is used below {BUSY_MEMORY_PCT:.0f} %"
    " and the grid fills the GPU",
    needs=("launches",),
    advice="Blocks end faster than new ones start, or their work is uneven: take larger blocks, give each thread more"
    " elements (grid-stride loop), or balance the work between blocks.",
    source="Nsight Compute, rules AchievedOccupancy and SOLBottleneck; share of 70 % chosen here",
    check=losses(
        "Achieved occupancy is far below what the launch allows",
        ("achieved_occupancy_pct", "theoretical_occupancy_pct"),
        _holds,
        _gain,
        lambda row: f"{row['achieved_occupancy_pct']:.1f} % of {row['theoretical_occupancy_pct']:.0f} %",
    ),
)
