"""Rule: launches move data about as fast as the memory can: nothing left to gain but moving less."""

from __future__ import annotations

from profiler.findings.excess_traffic import EXCESS
from profiler.findings.rule import Finding, Row, Rule, known, launch_groups, worst
from profiler.findings.uncoalesced_access import WORDS, wastes_sectors
from profiler.metrics.recording import Recording

NEAR_PEAK_PCT = 80.0


def _wastes(row: Row) -> bool:
    """Return whether a launch keeps the memory busy with bytes that it need not move."""
    return (row["dram_bytes_per_payload_byte"] or 0) > EXCESS or any(wastes_sectors(row, word) for word in WORDS)


def check(recording: Recording) -> list[Finding]:
    """Look for launches near the peak of device memory."""
    good = [
        row
        for row in launch_groups(recording)
        if known(row, "dram_throughput_pct") and row["dram_throughput_pct"] >= NEAR_PEAK_PCT and not _wastes(row)
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
    text=f"device memory used at {NEAR_PEAK_PCT:.0f} % of its peak or more, by launches that move no more than they must",
    needs=("launches",),
    advice="Only moving fewer bytes makes these faster: fuse with neighbouring kernels, or use a smaller type.",
    source="Nsight Compute, rule SOLBottleneck (80 %)",
    check=check,
)
