"""Panel: how long a kernel waits between its API call and its start."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block

_COMPACT = [
    "recording", "kernel", "grid", "block", "count", "api_median_ns", "api_p95_ns", "latency_median_ns", "latency_p95_ns",
    "queue_median_ns", "queue_p95_ns", "negative_queue_count",
]  # fmt: skip
_NARROW = ["kernel", "latency_median_ns", "api_median_ns", "block"]


def build(view: View) -> list[Block]:
    """Build the table."""
    frame = view.metric("launch_latency")
    return [table_block("latency-table", "launch_latency", frame, compact=_COMPACT, narrow=_NARROW)]


PANEL = Panel(
    "latency", "Launch latency", ("launch_latency",), build,
    "Time in the API call, from the call to the kernel's start, and waiting in the queue.",
    fix="record with nsys -t cuda (API calls and kernels)",
)  # fmt: skip
