"""Panel: the roofline: operations per second against operations per byte, with the device's limits."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profiler.report.blocks import Block, Figure, Missing, Note
from profiler.report.kernel_labels import kernel_labels
from profiler.report.panels.base import Panel
from profiler.report.row_labels import plain_label
from profiler.report.traces import scatter
from profiler.report.view import RECORDING, View

_X, _Y = "arithmetic_intensity_flop_per_byte", "flop_per_s"
_PEAK, _BANDWIDTH = "fp32_peak_flop_per_s", "dram_peak_bytes_per_s"
_FIX = "record the floating-point counters: profiler run --tool ncu asks for them by default"
_HALF_COUNT, _SINGLE_COUNT = "_op_h(?:add|mul|fma)_pred_on.sum$", "_op_f(?:add|mul|fma)_pred_on.sum$"
_HOVER = (
    "%{customdata[0]}<br>%{customdata[1]}<br>%{y:.3s}FLOP/s at %{x:.3g} FLOP/B<br>"
    "%{customdata[2]} % of the limit<br>%{customdata[3]}"
)
_HALF_NAMES = r"__half|__nv_bfloat16|\bhalf\b|dtype=(?:fp16|bf16)"

HALF_OVER_SINGLE = {"7.0": 2.0, "7.5": 2.0, "8.0": 4.0, "8.6": 1.0, "8.9": 1.0, "9.0": 2.0}
"""FP16 over FP32 operations per cycle outside the tensor cores, by compute capability.

Source: NVIDIA's architecture papers, peak FP16 (non-tensor) and peak FP32: V100, T4, A100, GA102, AD102, H100 SXM5.
"""


def build(view: View) -> list[Block]:
    """Build the plot, or say which input is missing."""
    frame = view.required("launches")
    lacking = [name for name in (_X, _Y, _PEAK, _BANDWIDTH) if name not in frame.columns or frame[name].isna().all()]
    if lacking:
        return [Missing(f"the launches carry no {', '.join(lacking)}", _FIX)]
    known = frame[(frame[_X] > 0) & (frame[_Y] > 0)]
    if known.empty:
        return [Missing("no launch executed a counted floating-point operation", "")]
    halves = _typed_half(known)
    factor = HALF_OVER_SINGLE.get(str(view.device.get("compute_capability")))
    limit = known[_PEAK] * (factor if factor else 1.0)
    peaks = known[_PEAK].where(~_counts_half(view, known), limit)
    return [_figure(known, peaks, factor if halves else None), Note(_note(halves, factor), "hint")]


def _note(halves: bool, factor: float | None) -> str:
    text = "Counts FP32 and FP16 arithmetic outside the tensor cores; transcendental functions (exp, reciprocal) are in no count."
    if not halves:
        return text
    if factor is None:
        return f"{text} The FP16 limit of this GPU is not known: kernels on 16-bit data stand against that of FP32."
    return (
        f"{text} The FP16 limit, {factor:g} times that of FP32, holds for kernels that calculate in FP16; one that only reads and "
        "writes 16-bit data has the limit of FP32."
    )


def _typed_half(frame: pd.DataFrame) -> bool:
    """Return whether any kernel works on 16-bit data, by its template arguments or its point."""
    texts = frame["kernel"].astype(str) + " " + (frame["point"].astype(str) if "point" in frame.columns else "")
    return bool(texts.str.contains(_HALF_NAMES, regex=True).any())


def _counts_half(view: View, frame: pd.DataFrame) -> pd.Series:
    """Mark the launches that executed more FP16 than FP32 operations."""
    nothing = pd.Series(False, index=frame.index)
    counters = view.metric("launch_counters")
    keys = [name for name in (RECORDING, "launch_id") if name in frame.columns]
    if counters is None or "value" not in counters.columns:
        return nothing
    names = counters["metric"].astype(str)
    half, single = (
        counters[names.str.contains(pattern, regex=True)].groupby(keys, observed=True)["value"].sum()
        for pattern in (_HALF_COUNT, _SINGLE_COUNT)
    )
    more = half.subtract(single, fill_value=0) > 0
    marked = set(more.index[more])
    found = frame[keys].itertuples(index=False, name=None)
    return pd.Series([(key if len(keys) > 1 else key[0]) in marked for key in found], index=frame.index)


def _figure(frame: pd.DataFrame, peaks: pd.Series, factor: float | None) -> Figure:
    keys = [name for name in (RECORDING, "kernel") if name in frame.columns]
    labels = kernel_labels(frame["kernel"].astype(str))
    traces = [*_roofs(frame, factor)]
    for index, (key, rows) in enumerate(frame.groupby(keys, sort=False, observed=True)):
        name = " · ".join([*map(str, key[:-1]), labels[str(key[-1])]])
        traces.append(_points(name, rows, peaks.loc[rows.index], index))
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "xaxis": {
            "type": "log",
            "title": "operations per byte of device memory traffic (FLOP/B)",
            "tickformat": "~g",
            "dtick": "D2",
        },
        "yaxis": {"type": "log", "title": "FLOP/s", "tickformat": "~s", "dtick": "D2"},
    }
    return Figure("roofline-plot", traces, layout, "", "Roofline: operations per second by operations per byte", height=360)


def _roofs(frame: pd.DataFrame, factor: float | None) -> list[dict[str, Any]]:
    """The limit of memory and FP32 and, for kernels on 16-bit data, what FP16 arithmetic adds to it."""
    peak, bandwidth = float(frame[_PEAK].max()), float(frame[_BANDWIDTH].max())
    ridge = peak / bandwidth
    top = ridge * max(factor or 1.0, 1.0)
    left, right = min(float(frame[_X].min()) / 3, ridge / 10), max(float(frame[_X].max()) * 3, top * 10)
    roofs = [_roof("limit of memory and FP32", [left, ridge, right], [left * bandwidth, peak, peak], "solid")]
    if factor is not None:
        end = ridge * factor
        roofs.append(_roof("limit of FP16", [ridge, end, right], [min(peak, peak * factor), peak * factor, peak * factor], "dot"))
    return roofs


def _roof(name: str, x: list[float], y: list[float], dash: str) -> dict[str, Any]:
    line = {"color": "@ink-3", "width": 1.5, "dash": dash}
    return scatter(name, x, y, "@ink-3", mode="lines", line=line, hoverinfo="skip")


def _points(name: str, rows: pd.DataFrame, peaks: pd.Series, index: int) -> dict[str, Any]:
    share = rows[_Y] / (rows[_X] * rows[_BANDWIDTH]).combine(peaks, min) * 100
    details = [
        [plain_label(_point(row)) or name, f"grid {row['grid']}, block {row['block']}", f"{part:.1f}", str(row["kernel"])]
        for row, part in zip(rows.to_dict("records"), share, strict=True)
    ]
    return scatter(name, rows[_X], rows[_Y], f"@series-{index % 8}", _HOVER, customdata=details)


def _point(row: dict[str, Any]) -> str:
    return row["point"] if isinstance(row.get("point"), str) else ""


PANEL = Panel(
    "roofline",
    "Roofline",
    ("launches",),
    build,
    "Whether memory or arithmetic limits a kernel, and how close it comes.",
    fix="record with Nsight Compute: profiler run --tool ncu",
)
