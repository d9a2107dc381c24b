"""Rule: the GPU had nothing to do for much of the time between its first and last operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.findings.rule import Finding, Rule, rows_of
from profiler.units import format_ns

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

BUSY_PCT = 50.0
OPERATIONS = 10


def check(recording: Recording) -> list[Finding]:
    """Look for devices that were idle more than half of the span of their work."""
    return [
        Finding(
            f"GPU {row['device']} was idle {100 - row['busy_pct']:.0f} % of the time",
            f"busy {format_ns(row['busy_ns'])} of {format_ns(row['span_ns'])}, {row['gap_count']} gaps,"
            f" the longest {format_ns(row['longest_gap_ns'])}",
            "advice",
        )
        for row in rows_of(recording, "device_activity")
        if row["busy_pct"] is not None and row["busy_pct"] < BUSY_PCT and row["operation_count"] >= OPERATIONS
    ]


RULE = Rule(
    name="idle_gpu",
    text=f"a device with at least {OPERATIONS} operations, busy less than {BUSY_PCT:.0f} % of the span from its first to its last",
    needs=("device_activity",),
    advice="Look at the longest gaps: synchronisation, host work between launches, allocation, or set-up that belongs outside"
    " the measured part.",
    source="50 % chosen here",
    check=check,
    whole_program=True,
)
