"""Panel: how long a kernel waits between its API call and its start."""

from __future__ import annotations

from profiler.metrics.launch_latency import LAUNCH_LATENCY
from profiler.report.blocks import Block
from profiler.report.columns import first_shown
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def build(view: View) -> list[Block]:
    """Build the table."""
    frame = view.required("launch_latency")
    return [table_block("latency-table", "launch_latency", frame, **first_shown(LAUNCH_LATENCY))]


PANEL = Panel(
    "latency",
    "Launch latency",
    ("launch_latency",),
    build,
    "Time in the API call, from the call to the kernel's start, and waiting in the queue.",
    fix="record with nsys -t cuda (API calls and kernels)",
)
