"""Panel: how long streams really worked at the same time, and whether copies hid behind kernels."""

from __future__ import annotations

import pandas as pd

from profiler.report.blocks import Block, Note
from profiler.report.panels.base import Panel
from profiler.report.tables import table_block
from profiler.report.view import View


def build(view: View) -> list[Block]:
    """Build the table of pairs and, where it is there, the activity per device."""
    blocks = _pairs(view.required("stream_overlap"))
    activity = view.metric("device_activity")
    if activity is not None:
        blocks.append(table_block("activity-table", "device_activity", activity, title="Activity per GPU", bar=["busy_pct"]))
    return blocks


def _pairs(frame: pd.DataFrame) -> list[Block]:
    """The pairs that worked at the same time, the longest first, and how many never did."""
    busy = frame[frame["overlap_ns"] > 0]
    if busy.empty:
        return [Note(f"None of the {len(frame):,} pairs of streams worked at the same time.", "hint")]
    longest = busy.sort_values("overlap_ns", ascending=False, kind="stable")
    table = table_block("overlap-table", "stream_overlap", longest, title="Pairs of streams", sort="-overlap_ns")
    idle = len(frame) - len(busy)
    return [table, Note(f"{idle:,} more pairs of {len(frame):,} never worked at the same time.", "hint")] if idle else [table]


PANEL = Panel(
    "overlap",
    "Stream overlap",
    ("stream_overlap",),
    build,
    "True concurrent time per pair of streams.",
    ("stream_overlap", "device_activity"),
    "use several streams and record with nsys or --tool cupti",
)
