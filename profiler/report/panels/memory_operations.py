"""Panel: copies and fills by direction: bytes, time, bandwidth."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block

_COMPACT = [
    "recording", "direction", "source_kind", "destination_kind", "count", "bytes", "total_ns", "bandwidth_bytes_per_s", "median_ns",
    "median_bytes", "max_bytes",
]  # fmt: skip


def build(view: View) -> list[Block]:
    """Build the table."""
    frame = view.metric("memory_operations")
    return [
        table_block(
            "memory-table", "memory_operations", frame, sort="total_ns", descending=True, bar=["total_ns"], compact=_COMPACT
        )
    ]


PANEL = Panel(
    "memory", "Memory operations", ("memory_operations",), build, "Copies and fills by direction and kind of memory.",
    fix="nothing to do when the program copies nothing; otherwise record with nsys or --tool cupti",
)  # fmt: skip
