"""Rule: the GPU had nothing to do for much of an iteration, or of the time between its first and its last kernel."""

from __future__ import annotations

from profiler.findings.rule import Finding, Row, Rule, known, listed, rows_if_any, rows_of, severity_of
from profiler.metrics.measured import within_kernels
from profiler.metrics.recording import Recording
from profiler.units import format_ns

BUSY_PCT = 50.0
OPERATIONS = 10


def check(recording: Recording) -> list[Finding]:
    """Look for points whose iterations leave the GPU idle; without iterations, for idle devices."""
    points = [row for row in rows_if_any(recording, "point_summary") if known(row, "span_ns", "gap_ns", "iterations")]
    return _points(points) if points else _devices(recording)


def _points(points: list[Row]) -> list[Finding]:
    bad = [row for row in points if row["timed_by"] == "span" and row["gap_ns"] > (1 - BUSY_PCT / 100) * row["span_ns"]]
    if not bad:
        return []
    bad.sort(key=lambda row: -row["gap_ns"] * row["iterations"])
    lost, whole = (sum(row[name] * row["iterations"] for row in rows) for name, rows in (("gap_ns", bad), ("span_ns", points)))
    texts = [f"{row['label']}: idle {format_ns(row['gap_ns'])} of {format_ns(row['span_ns'])}" for row in bad]
    return [Finding("Iterations leave the GPU idle", listed(texts), severity_of(lost / whole), saving=lost / whole)]


def _devices(recording: Recording) -> list[Finding]:
    return [
        Finding(
            f"GPU {row['device']} was idle {100 - row['busy_pct']:.3g} % of the time",
            f"between its first kernel and its last: busy {format_ns(row['busy_ns'])} of {format_ns(row['span_ns'])},"
            f" {row['gap_count']} gaps, the longest {format_ns(row['longest_gap_ns'])}",
            "advice",
            saving=1 - row["busy_pct"] / 100,
        )
        for row in rows_of(within_kernels(recording), "device_activity")
        if row["busy_pct"] is not None and row["busy_pct"] < BUSY_PCT and row["operation_count"] >= OPERATIONS
    ]


RULE = Rule(
    text=f"the GPU busy less than {BUSY_PCT:.0f} % of an iteration's time on it; without iterations: a device with at least"
    f" {OPERATIONS} operations, busy less than that between its first kernel and its last",
    needs=("device_activity",),
    advice="Look at the longest gaps: synchronisation, host work between launches, allocation, or set-up that belongs outside"
    " the measured part.",
    source="50 % chosen here",
    check=check,
    whole_program=True,
)
