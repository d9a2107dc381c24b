"""Panel: how long a kernel waits between its API call and its start."""

from __future__ import annotations

from profiler.report.panels.base import table_panel

PANEL = table_panel(
    "latency",
    "Launch latency",
    "launch_latency",
    "Time in the API call, from the call to the kernel's start, and waiting in the queue.",
    "record with nsys -t cuda (API calls and kernels)",
)
