"""Rule: warps execute with many of their threads switched off."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, losses

ACTIVE_THREADS = 24.0
MEMORY_PCT = 80.0


def _branches(row: Row) -> str:
    efficiency = row.get("branch_efficiency_pct")
    return "" if efficiency is None else f", branch efficiency {efficiency:.1f} %"


RULE = Rule(
    text=f"fewer than {ACTIVE_THREADS:.0f} active threads per executed instruction while memory is used below {MEMORY_PCT:.0f} %",
    needs=("launches",),
    advice="Let whole warps take the same branch (sort or regroup the work), give every thread of a warp work instead of one,"
    " or use warp-level primitives (__shfl_sync) for reductions.",
    source="Nsight Compute, rule ThreadDivergence (24 of 32 threads)",
    check=losses(
        "Warps diverge",
        ("threads_per_instruction",),
        lambda row: row["threads_per_instruction"] < ACTIVE_THREADS and (row["memory_throughput_pct"] or 0) < MEMORY_PCT,
        lambda row: 1 - row["threads_per_instruction"] / 32,
        lambda row: f"{row['threads_per_instruction']:.1f} of 32 threads active{_branches(row)}",
    ),
)
