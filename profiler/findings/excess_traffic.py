"""Rule: the launches of an iteration move clearly more bytes through device memory than it must."""

from __future__ import annotations

from profiler.findings.rule import Rule, losses

EXCESS = 1.1


RULE = Rule(
    text=f"device memory traffic above {EXCESS:.1f} times the iteration's minimum",
    needs=("launches",),
    advice="Look for uncoalesced or repeated accesses, spilled registers, and data that falls out of L2 between uses.",
    source="NVTX payload of the iteration (docs/formats.md); 10 % chosen here",
    check=losses(
        "Launches move more bytes than they must",
        ("dram_bytes_per_payload_byte",),
        lambda row: row["dram_bytes_per_payload_byte"] > EXCESS,
        lambda row: (1 - 1 / row["dram_bytes_per_payload_byte"]) * (row["memory_throughput_pct"] or 100.0) / 100,
        lambda row: f"{row['dram_bytes_per_payload_byte']:.2f} bytes moved by the iteration for each that must be",
    ),
)
