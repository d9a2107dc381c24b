"""Rule: copies between host and device go through pageable memory."""

from __future__ import annotations

from profiler.findings.rule import Finding, Row, Rule, busy_ns, rows_of, severity_of
from profiler.metrics.recording import Recording
from profiler.units import format_bytes, format_ns, format_value

LEAST_BYTES = 1 << 20


def _text(row: Row) -> str:
    copies = "1 copy" if row["count"] == 1 else f"{row['count']} copies"
    moved = f"{format_bytes(row['bytes'])} in {format_ns(row['total_ns'])}"
    return f"{row['direction']}: {copies}, {moved}, {format_value(row['bandwidth_bytes_per_s'], 'bytes/s')}"


def check(recording: Recording) -> list[Finding]:
    """Look for copies from or to pageable memory that move at least 1 MiB in total."""
    bad = [
        row
        for row in rows_of(recording, "memory_operations")
        if "pageable" in (row["source_kind"], row["destination_kind"]) and (row["bytes"] or 0) >= LEAST_BYTES
    ]
    if not bad:
        return []
    evidence = "; ".join(map(_text, sorted(bad, key=lambda row: -row["total_ns"])))
    total = sum(row["total_ns"] for row in bad)
    saving = min(total / (busy_ns(recording) or total or 1), 1.0)
    return [Finding("Copies go through pageable host memory", evidence, severity_of(saving), saving=saving)]


RULE = Rule(
    text="copies from or to pageable memory of 1 MiB or more in total",
    needs=("memory_operations",),
    advice="Allocate the host buffer with cudaMallocHost or cudaHostAlloc (pinned): copies get faster and can overlap with"
    " kernels.",
    source="CUDA C++ Best Practices Guide, Pinned Memory; nsys expert system, rule cuda_memcpy_async",
    check=check,
    whole_program=True,
)
