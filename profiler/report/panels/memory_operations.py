"""Panel: copies and fills by direction: bytes, time, bandwidth."""

from __future__ import annotations

from profiler.metrics.memory_traffic import MEMORY_OPERATIONS
from profiler.report.blocks import Block
from profiler.report.columns import first_shown
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def build(view: View) -> list[Block]:
    """Build the table."""
    frame = view.required("memory_operations")
    return [
        table_block(
            "memory-table",
            "memory_operations",
            frame,
            sort="total_ns",
            descending=True,
            bar=["total_ns"],
            **first_shown(MEMORY_OPERATIONS),
        )
    ]


PANEL = Panel(
    "memory",
    "Memory operations",
    ("memory_operations",),
    build,
    "Copies and fills by direction and kind of memory.",
    fix="nothing to do when the program copies nothing; otherwise record with nsys or --tool cupti",
)
