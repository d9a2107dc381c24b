"""Panel: the launch configurations side by side: time with spread, bandwidth, occupancy, registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.panels.base import Panel
from profiler.report.points import BANDWIDTH, GROUP_KEYS, time_sources, with_attributes
from profiler.report.view import RECORDING, View, table_block

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = {
    BANDWIDTH: ("effective bandwidth", "bytes/s", "higher"),
    "effective_bandwidth_pct": ("share of peak bandwidth", "%", "higher"),
    "achieved_occupancy_pct": ("achieved occupancy", "%", "higher"),
    "theoretical_occupancy_pct": ("theoretical occupancy", "%", "higher"),
    "dram_pct": ("DRAM throughput", "%", "higher"),
    "registers_per_thread": ("registers per thread", "", "lower"),
}
_FALLBACK_NOTE = (
    "The program marks no sweep points, so each kernel and launch configuration is one row. Mark them with profiler.point(…) "
    "in Python or profiler/nvtx.hpp in C++ to compare shapes, types and effective bandwidth."
)


def build(view: View) -> list[Block]:
    """Build the comparison from sweep points, or from the kernel table when the program marks none."""
    points = view.metric("points")
    if points is not None:
        points, names = with_attributes(points)
        return [_explorer("points", points, names, [name for name in GROUP_KEYS if name in names])]
    kernels = view.metric("kernels")
    if kernels is None:
        reasons = view.reasons("points") + view.reasons("kernels")
        return [Missing("; ".join(dict.fromkeys(reasons)), "record a sweep: profiler run --plugin swish --sweep block=64:1024:x2")]
    return [Note(_FALLBACK_NOTE, "hint"), _explorer("kernels", kernels, ["kernel", "block"], ["kernel"])]


def _explorer(table: str, frame: pd.DataFrame, names: list[str], facets: list[str]) -> Block:
    measures = _measures(frame)
    if not measures:
        return Missing("no configuration of this recording has a time", "see the column status of the table points")
    used = [part for measure in measures for part in (measure["mid"], measure.get("low"), measure.get("high")) if part]
    rest = [name for name in ("status", "reason", "verified", "iterations", "count", "dtype") if name in frame.columns and name not in names]
    columns = list(dict.fromkeys([*names, *used, *rest, *(name for name in frame.columns if name != RECORDING)]))
    block = table_block("configurations-table", table, frame, columns)
    attributes = ([RECORDING] if RECORDING in frame.columns else []) + [name for name in names if name in frame.columns]
    data = {"table": block.payload(), "attributes": attributes, "facets": facets, "measures": measures, "along": "block"}
    data |= {"lines": table == "points", "plain": table == "kernels", "shown": ["grid"] if table == "kernels" else []}
    return Widget(
        "configurations", "explorer", data, description="Time, bandwidth and occupancy of each launch configuration, by attribute"
    )


def _measures(frame: pd.DataFrame) -> list[dict[str, Any]]:
    measures: list[dict[str, Any]] = [
        {"id": item.id, "label": item.label, "unit": "ns", "better": "lower", "mid": item.median, "low": item.low, "high": item.high}
        for item in time_sources(frame)
    ]
    for name, (label, unit, better) in _NUMBERS.items():
        if name in frame.columns and frame[name].notna().any():
            measures.append({"id": name, "label": label, "unit": unit, "better": better, "mid": name})
    return measures


PANEL = Panel(
    "configurations", "Launch configurations", (), build,
    "Which configuration is fastest, by how much, and at what occupancy.", ("points", "occupancy", "kernels"),
)  # fmt: skip
