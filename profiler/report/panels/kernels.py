"""Panel: every kernel with its launch configuration, by share of GPU time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profiler.report.blocks import Block, Figure
from profiler.report.kernel_labels import kernel_labels
from profiler.report.panels.base import Panel
from profiler.report.tables import table_block
from profiler.report.view import View, by_recording

_TOP = 12


def build(view: View) -> list[Block]:
    """Build the share plot and the table."""
    frame = view.required("kernel_summary")
    table = table_block("kernels-table", "kernel_summary", frame, sort="-total_ns", bar=["share_pct"])
    return [_shares(frame), table] if frame["kernel"].nunique() > 1 else [table]


def _shares(frame: pd.DataFrame) -> Figure:
    """Bars of the kernels with the most time, one colour per recording."""
    shares = [(name, rows.groupby("kernel", observed=True, sort=False)["share_pct"].sum()) for name, rows in by_recording(frame)]
    top = pd.concat([share for _, share in shares]).groupby(level=0, observed=True, sort=False).max().nlargest(_TOP).index[::-1]
    traces = [_bar(name, share.reindex(top), index) for index, (name, share) in enumerate(shares)]
    layout: dict[str, Any] = {
        "barmode": "group",
        "bargap": 0.35,
        "showlegend": len(traces) > 1,
        "xaxis": {"title": "share of kernel time (%)", "rangemode": "tozero"},
        "yaxis": {"type": "category", "labels": "code"},
    }
    title, height = "Where the GPU's kernel time goes", 70 + 26 * len(top) * len(traces)
    return Figure("kernels-share", traces, layout, title, "Bars: share of kernel time per kernel", height)


def _bar(name: str, share: pd.Series, index: int) -> dict[str, Any]:
    kernels = [str(kernel) for kernel in share.index]
    labels = kernel_labels(kernels)
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [labels[kernel] for kernel in kernels],
        "x": share.tolist(),
        "customdata": kernels,
        "marker": {"color": f"@series-{index}"},
        "hovertemplate": "%{x:.2f} %<br>%{customdata}<extra></extra>",
    }


PANEL = Panel("kernels", "Kernels", ("kernel_summary",), build, "Each kernel and launch configuration, by share of kernel time.")
