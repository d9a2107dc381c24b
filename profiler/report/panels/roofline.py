"""Panel: the roofline: operations per second against operations per byte, with the device's two limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.report.blocks import Block, Figure, Missing, Note
from profiler.report.panels.base import Panel
from profiler.report.view import RECORDING, View

if TYPE_CHECKING:
    import pandas as pd

_X, _Y = "arithmetic_intensity_flop_per_byte", "flop_per_s"
_PEAK, _BANDWIDTH = "fp32_peak_flop_per_s", "dram_peak_bytes_per_s"
_FIX = "record the floating-point counters: profiler run --tool ncu asks for them by default"


def build(view: View) -> list[Block]:
    """Build the plot, or say which input is missing."""
    frame = view.metric("launches")
    lacking = [name for name in (_X, _Y, _PEAK, _BANDWIDTH) if name not in frame.columns or frame[name].isna().all()]
    if lacking:
        return [Missing(f"the launches carry no {', '.join(lacking)}", _FIX)]
    known = frame[(frame[_X] > 0) & (frame[_Y] > 0)]
    if known.empty:
        return [Missing("no launch executed a counted floating-point operation", "")]
    note = "Counts FP32 and FP16 arithmetic outside the tensor cores; transcendental functions (exp, reciprocal) are in no count."
    return [_figure(known), Note(note, "hint")]


def _figure(frame: pd.DataFrame) -> Figure:
    keys = [name for name in (RECORDING, "kernel") if name in frame.columns]
    traces = [_roof(frame)]
    for index, (key, rows) in enumerate(frame.groupby(keys, sort=False, observed=True)):
        traces.append(_points(" · ".join(map(str, key)), rows, index))
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "names": "kernel",
        "xaxis": {
            "type": "log",
            "title": {"text": "operations per byte of device memory traffic (FLOP/B)"},
            "dtick": "D2",
            "tickformat": "~g",
        },
        "yaxis": {"type": "log", "title": {"text": "FLOP/s"}, "tickformat": "~s", "dtick": "D2"},
    }
    return Figure("roofline-plot", traces, layout, "", "Roofline: operations per second by operations per byte", height=340)


def _roof(frame: pd.DataFrame) -> dict[str, Any]:
    peak, bandwidth = float(frame[_PEAK].max()), float(frame[_BANDWIDTH].max())
    ridge = peak / bandwidth
    left, right = min(float(frame[_X].min()) / 3, ridge / 10), max(float(frame[_X].max()) * 3, ridge * 10)
    return {
        "type": "scatter", "mode": "lines", "name": "limit of memory and FP32", "x": [left, ridge, right],
        "y": [left * bandwidth, peak, peak], "line": {"color": "@ink-3", "width": 1.5}, "hoverinfo": "skip",
    }  # fmt: skip


def _points(name: str, rows: pd.DataFrame, index: int) -> dict[str, Any]:
    share = rows[_Y] / (rows[_X] * rows[_BANDWIDTH]).combine(rows[_PEAK], min) * 100
    details = [
        [str(row.get("point") or row["kernel"]), f"grid {row['grid']}, block {row['block']}", f"{part:.1f}"]
        for row, part in zip(rows.to_dict("records"), share, strict=True)
    ]
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": rows[_X].tolist(), "y": rows[_Y].tolist(), "customdata": details,
        "marker": {"color": f"@series-{index % 8}", "size": 9, "opacity": 0.85},
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<br>%{y:.3s}FLOP/s at %{x:.3g} FLOP/B"
                         "<br>%{customdata[2]} % of the limit<extra></extra>",
    }  # fmt: skip


PANEL = Panel(
    "roofline", "Roofline", ("launches",), build, "Whether memory or arithmetic limits a kernel, and how close it comes.",
    fix="record with Nsight Compute: profiler run --tool ncu",
)  # fmt: skip
