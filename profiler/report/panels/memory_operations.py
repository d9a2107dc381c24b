"""Panel: copies and fills by direction: bytes, time, bandwidth."""

from __future__ import annotations

from profiler.report.panels.base import table_panel

PANEL = table_panel(
    "memory",
    "Memory operations",
    "memory_operations",
    "Copies and fills by direction and kind of memory.",
    "nothing to do when the program copies nothing; otherwise record with nsys or --tool cupti",
    sort="-total_ns",
    bar=["total_ns"],
)
