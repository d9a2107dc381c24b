"""Rule: launches move data about as fast as the memory can: nothing left to gain but moving less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.findings.rule import Finding, Rule, known, rows_of, worst

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

NEAR_PEAK_PCT = 80.0


def check(recording: Recording) -> list[Finding]:
    """Look for launches near the peak of device memory."""
    good = [
        row
        for row in rows_of(recording, "launches")
        if known(row, "dram_throughput_pct") and row["dram_throughput_pct"] >= NEAR_PEAK_PCT
    ]
    if not good:
        return []
    evidence = worst(
        good,
        lambda row: -row["dram_throughput_pct"],
        lambda row: f"{row['dram_throughput_bytes_per_s'] / 1e9:.0f} GB/s, {row['dram_throughput_pct']:.1f} % of peak",
    )
    return [Finding("Launches run near the peak of device memory", evidence, "ok")]


RULE = Rule(
    name="memory_bound_at_peak",
    text=f"device memory used at {NEAR_PEAK_PCT:.0f} % of its peak or more",
    needs=("launches",),
    advice="Only moving fewer bytes makes these faster: fuse with neighbouring kernels, or use a smaller type.",
    source="Nsight Compute, rule SOLBottleneck (80 %)",
    check=check,
)
