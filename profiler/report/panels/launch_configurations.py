"""Panel: the launch configurations side by side: time with spread, bandwidth, occupancy, registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.compare.ranking import LOADS, WORK
from profiler.compare.rows.row import CONDITIONS
from profiler.metrics.points import POINTS
from profiler.metrics.time_sources import TimeSource
from profiler.point_status import VOID_STATUSES
from profiler.report.blocks import Block, Missing, Note, Table, Widget
from profiler.report.panels.base import Panel
from profiler.report.points import BANDWIDTH, differing, time_columns, with_attributes
from profiler.report.view import RECORDING, View, table_block

if TYPE_CHECKING:
    import pandas as pd

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
        return [
            *_invalid(points),
            _explorer("point_summary", points, names, facets, view.time_source),
            *_by_tool(points, view.time_source),
        ]
    kernels = view.metric("kernel_summary")
    if kernels is None:
        reasons = view.reasons("point_summary") + view.reasons("kernel_summary")
        return [Missing("; ".join(dict.fromkeys(reasons)), "record a sweep: profiler run --plugin swish --sweep block=64:1024:x2")]
    note = [Note(_FALLBACK_NOTE, "hint")] if points is None else []
    return [*note, _explorer("kernel_summary", kernels, ["kernel", "block"], ["kernel"])]


def _explorer(table: str, frame: pd.DataFrame, names: list[str], facets: list[str], first: TimeSource | None = None) -> Block:
    measures = _measures(frame, first)
    if not measures:
        return Missing("no configuration of this recording has a time", "see the column status of the table point_summary")
    used = [part for measure in measures for part in (measure["mid"], measure.get("low"), measure.get("high")) if part]
    rest = [
        name
        for name in ("status", "reason", "verified", "iterations", "count", "dtype")
        if name in frame.columns and name not in names
    ]
    columns = list(dict.fromkeys([*names, *used, *rest, *(name for name in frame.columns if name != RECORDING)]))
    block = table_block("configurations-table", table, frame, columns)
    # a column without any value is left out of the table, so the controls must not name it
    filled = [name for name in names if name in frame.columns and frame[name].notna().any()]
    attributes = ([RECORDING] if RECORDING in frame.columns else []) + filled
    data: dict[str, Any] = {
        "table": block.payload(),
        "attributes": attributes,
        "facets": facets,
        "measures": measures,
        "along": "block",
    }
    is_race = table == "point_summary" and measures[0]["better"] != "none"
    data["work"] = _work(frame, [column.name for column in block.columns]) if is_race else None
    data |= {
        "lines": table == "point_summary",
        "plain": table == "kernel_summary",
        "shown": ["grid"] if table == "kernel_summary" else [],
    }
    return Widget(
        "configurations", "explorer", data, description="Time, bandwidth and occupancy of each launch configuration, by attribute"
    )


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
    sources = [source for source in time_columns(frame, first_source) if "host" not in source.id]
    if len(sources) < 2:
        return []
    first, *others = sources
    both = frame[frame[first.median].notna()].copy()
    for source in others:
        both[f"{source.id}_minus_{first.id}_ns"] = both[source.median].astype("float64") - both[first.median].astype("float64")
    names = ["label", first.median, *(name for source in others for name in (source.median, f"{source.id}_minus_{first.id}_ns"))]
    table: Table = table_block(
        "tools-table", "point_summary", both, names, title="The same points, timed by each tool", page=8, sort="label"
    )
    return [table, Note(_TOOLS_NOTE, "hint")]


def _measures(frame: pd.DataFrame, first: TimeSource | None) -> list[dict[str, Any]]:
    measures: list[dict[str, Any]] = [
        {
            "id": item.id,
            "label": item.label,
            "unit": "ns",
            "better": "lower",
            "mid": item.median,
            "low": item.low,
            "high": item.high,
        }
        for item in time_columns(frame, first)
    ]
    for name, label in _NUMBERS.items():
        if name in frame.columns and frame[name].notna().any():
            spec = POINTS.column(name)
            measures.append({"id": name, "label": label, "unit": spec.unit, "better": spec.better, "mid": name})
    return measures


PANEL = Panel(
    "configurations",
    "Launch configurations",
    (),
    build,
    "Which configuration is fastest, by how much, and at what occupancy.",
    ("point_summary", "occupancy", "kernel_summary"),
)
