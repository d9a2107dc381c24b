"""Panel: Nsight Compute's counters: the derived ones per launch, and every raw one, searchable."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block

MAX_COUNTERS = 20_000


def build(view: View) -> list[Block]:
    """Build the table of launches and the raw counters."""
    blocks: list[Block] = []
    launches = view.metric("launches")
    if launches is not None:
        blocks.append(table_block("launches-table", "launches", launches, title="Per profiled launch", page=12))
    raw = view.metric("counters")
    blocks.append(table_block("counters-table", "counters", raw, title="All counters", limit=MAX_COUNTERS, page=12, mixed_units=True))
    return blocks


PANEL = Panel(
    "counters", "Hardware counters", ("counters",), build,
    "Why a kernel is as fast as it is. Launches are replayed one by one, so their durations are no measurement of speed.",
    ("launches", "counters"), "record with Nsight Compute: profiler run --tool ncu",
)  # fmt: skip
