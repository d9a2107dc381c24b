"""Rule: the launches of an iteration move clearly more bytes through device memory than it must."""

from __future__ import annotations

from profiler.findings.rule import Finding, Rule, known, launch_groups, losses
from profiler.metrics.recording import Recording

EXCESS = 1.1


def check(recording: Recording) -> list[Finding]:
    """Compare measured traffic with the minimum that the NVTX payload states."""
    bad = [
        row
        for row in launch_groups(recording)
        if known(row, "dram_bytes_per_payload_byte") and row["dram_bytes_per_payload_byte"] > EXCESS
    ]
    return losses(
        "Launches move more bytes than they must",
        bad,
        lambda row: (1 - 1 / row["dram_bytes_per_payload_byte"]) * (row["memory_throughput_pct"] or 100.0) / 100,
        lambda row: f"{row['dram_bytes_per_payload_byte']:.2f} bytes moved by the iteration for each that must be",
    )


RULE = Rule(
    name="excess_traffic",
    text=f"device memory traffic above {EXCESS:.1f} times the iteration's minimum",
    needs=("launches",),
    advice="Look for uncoalesced or repeated accesses, spilled registers, and data that falls out of L2 between uses.",
    source="NVTX payload of the iteration (docs/formats.md); 10 % chosen here",
    check=check,
)
