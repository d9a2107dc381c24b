"""Panel: how long streams really worked at the same time, and whether copies hid behind kernels."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def build(view: View) -> list[Block]:
    """Build the table of pairs and, where it is there, the activity per device."""
    blocks: list[Block] = [table_block("overlap-table", "stream_overlap", view.metric("stream_overlap"), title="Pairs of streams")]
    activity = view.metric("device_activity")
    if activity is not None:
        blocks.append(table_block("activity-table", "device_activity", activity, title="Activity per GPU", bar=["busy_pct"]))
    return blocks


PANEL = Panel(
    "overlap", "Stream overlap", ("stream_overlap",), build, "True concurrent time per pair of streams.",
    ("stream_overlap", "device_activity"), "use several streams and record with nsys or --tool cupti",
)  # fmt: skip
