"""Panel: the launch configurations side by side: time with spread, bandwidth, occupancy, registers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profiler.compare.ranking import LOADS, WORK
from profiler.compare.rows.row import CONDITIONS
from profiler.metrics.points import POINTS
from profiler.metrics.time_sources import TimeSource
from profiler.point_status import VOID_STATUSES
from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.panels.base import Panel
from profiler.report.points import BANDWIDTH, Measure, differing, is_filled, time_measures, with_attributes
from profiler.report.tables import table_block
from profiler.report.view import RECORDING, View

_NAMED = 5
_NUMBERS = {
    BANDWIDTH: "effective bandwidth",
    "effective_bandwidth_pct": "share of peak bandwidth",
    "achieved_occupancy_pct": "achieved occupancy",
    "theoretical_occupancy_pct": "theoretical occupancy",
    "dram_pct": "DRAM throughput",
    "compute_throughput_pct": "compute throughput",
    "registers_per_thread": "registers per thread",
}
_EARLY = ("status", "reason", "verified", "iterations", "count", "dtype")
_TOOLS_NOTE = (
    "Tools time different things. nsys and CUPTI give what an iteration takes on the GPU; CUDA events also hold the gaps between "
    "event, launch and kernel, a few microseconds per iteration, and recording itself can add to them."
)
_FALLBACK_NOTE = (
    "The program marks no sweep points, so each kernel and launch configuration is one row. Mark them with profiler.point(…) "
    "in Python or profiler/nvtx.hpp in C++ to compare shapes, types and effective bandwidth."
)


def build(view: View) -> list[Block]:
    """Build the comparison from sweep points, or from the kernel table when the program marks none."""
    points = view.metric("point_summary")
    if points is not None and (view.time_source is None or view.time_source.column):
        points, names = with_attributes(points)
        facets = [name for name in WORK if name in names]
        explorer = _explorer("point_summary", points, names, facets, view.time_source)
        return [*_invalid(points), explorer, *_by_tool(points, view.time_source)]
    kernels = view.metric("kernel_summary")
    if kernels is None:
        reasons = view.reasons("point_summary") + view.reasons("kernel_summary")
        return [Missing("; ".join(dict.fromkeys(reasons)), "record a sweep: profiler run --plugin swish --sweep block=64:1024:x2")]
    note = [Note(_FALLBACK_NOTE, "hint")] if points is None else []
    return [*note, _explorer("kernel_summary", kernels, ["kernel", "block"], ["kernel"])]


def _explorer(table: str, frame: pd.DataFrame, names: list[str], facets: list[str], first: TimeSource | None = None) -> Block:
    measures = time_measures(frame, first) + [_number(*item) for item in _NUMBERS.items() if is_filled(frame, item[0])]
    if not measures:
        return Missing("no configuration of this recording has a time", "see the column status of the table point_summary")
    used = [part for measure in measures for part in (measure["mid"], measure.get("low"), measure.get("high")) if part]
    others = [name for name in frame.columns if name != RECORDING]
    block = table_block("configurations-table", table, frame, list(dict.fromkeys([*names, *used, *_EARLY, *others])))
    is_sweep = table == "point_summary"
    data: dict[str, Any] = {
        "table": block.payload(),
        # a column without any value is left out of the table, so the controls must not name it
        "attributes": [name for name in (RECORDING, *names) if is_filled(frame, name)],
        "facets": facets,
        "measures": measures,
        "along": "block",
        "work": _work(frame, [column.name for column in block.columns]) if is_sweep and measures[0]["better"] != "none" else None,
        "lines": is_sweep,
        "plain": not is_sweep,
        "shown": [] if is_sweep else ["grid"],
    }
    description = "Time, bandwidth and occupancy of each launch configuration, by attribute"
    return Widget("configurations", "explorer", data, description=description)


def _work(points: pd.DataFrame, shown: list[str]) -> list[str]:
    """Return the columns in which points agree that are alternatives: of one recording, work and conditions."""
    names = [RECORDING, *WORK, *differing(points, (*LOADS, *CONDITIONS))]
    return [name for name in dict.fromkeys(names) if name in shown]


def _invalid(points: pd.DataFrame) -> list[Block]:
    """Name the points whose time does not count, with the reason."""
    if "status" not in points.columns:
        return []
    bad = points[points["status"].isin(VOID_STATUSES)]
    if bad.empty:
        return []
    rows = bad.head(_NAMED).to_dict("records")
    texts = [f"{row['label']}: {str(row['status']).replace('_', ' ')}, {row.get('reason') or 'no reason given'}" for row in rows]
    rest = f"; and {len(bad) - _NAMED} more, see column status" if len(bad) > _NAMED else ""
    return [Note(f"{len(bad)} of {len(points)} points have no valid time. {'; '.join(texts)}{rest}", "warning")]


def _by_tool(frame: pd.DataFrame, first_source: TimeSource | None) -> list[Block]:
    """The same points as several tools timed them, where at least two did."""
    times = [time for time in time_measures(frame, first_source) if "host" not in time["id"]]
    if len(times) < 2:
        return []
    first, *others = times
    both = frame[frame[first["mid"]].notna()].copy()
    names = ["label", first["mid"]]
    for time in others:
        difference = f"{time['id']}_minus_{first['id']}_ns"
        both[difference] = both[time["mid"]].astype("float64") - both[first["mid"]].astype("float64")
        names += [time["mid"], difference]
    title = "The same points, timed by each tool"
    table = table_block("tools-table", "point_summary", both, names, title, page=8, sort="label")
    return [table, Note(_TOOLS_NOTE, "hint")]


def _number(name: str, label: str) -> Measure:
    spec = POINTS.column(name)
    return {"id": name, "label": label, "unit": spec.unit, "better": spec.better, "mid": name}


PANEL = Panel(
    "configurations",
    "Launch configurations",
    (),
    build,
    "Which configuration is fastest, by how much, and at what occupancy.",
    ("point_summary", "occupancy", "kernel_summary"),
)
