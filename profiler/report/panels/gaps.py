"""Panel: when the GPU idles: the distribution of gaps, the longest ones, and copies that stand between kernels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profiler.report.blocks import Block, Figure, Note, SideBySide, Table
from profiler.report.panels.base import Panel
from profiler.report.tables import table_block
from profiler.report.view import View, by_recording
from profiler.units import NS_PER_MS, format_ns

_LONGEST = 500
_BINS_PER_DECADE = 6
_TICKS_NS = [10**power for power in range(3, 11)]


def build(view: View) -> list[Block]:
    """Build the histograms and tables."""
    frame = view.required("gaps")
    blocks: list[Block] = []
    if len(frame) > 1:
        counts = _histogram(frame, "gaps-count", "How many gaps of each length", "gaps")
        lost = _histogram(frame, "gaps-time", "Idle time they add up to", "idle time (ms)", weighted=True)
        blocks.append(SideBySide([counts, lost]))
    blocks.append(_table("gaps", frame, "Longest gaps"))
    copies = view.metric("memcpy_gaps")
    if copies is None:
        return [*blocks, Note("Gaps around copies: " + "; ".join(view.reasons("memcpy_gaps")), "hint")]
    return [*blocks, _table("memcpy_gaps", copies, "Gaps around copies")]


def _table(name: str, frame: pd.DataFrame, title: str) -> Table:
    longest = frame.nlargest(_LONGEST, "duration_ns")
    block_id = f"{name.replace('_', '-')}-table"
    return table_block(block_id, name, longest, title=title, sort="-duration_ns", all_rows=len(frame), page=8)


def _bins(values: np.ndarray) -> np.ndarray:
    """Return logarithmic bin edges around positive durations."""
    low, high = np.floor(np.log10(max(values.min(), 1))), np.ceil(np.log10(values.max() + 1))
    edges: np.ndarray = 10 ** np.arange(low, max(high, low + 1) + 1e-9, 1 / _BINS_PER_DECADE)
    return edges


def _histogram(frame: pd.DataFrame, figure_id: str, title: str, axis: str, weighted: bool = False) -> Figure:
    parts = [(name, np.maximum(rows["duration_ns"].to_numpy(dtype=float), 1.0)) for name, rows in by_recording(frame)]
    edges = _bins(np.concatenate([values for _, values in parts]))
    centre, width = np.sqrt(edges[1:] * edges[:-1]), np.diff(edges)
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": centre.tolist(),
            "y": np.histogram(values, edges, weights=values / NS_PER_MS if weighted else None)[0].tolist(),
            "width": width.tolist(),
            "marker": {"color": f"@series-{index}"},
            "opacity": 1 if len(parts) == 1 else 0.6,
            "hovertemplate": "%{y:.4g}" + (" ms" if weighted else " gaps") + "<extra></extra>",
        }
        for index, (name, values) in enumerate(parts)
    ]
    layout = {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": {"type": "log", "title": "length of a gap", "tickvals": _TICKS_NS, "ticktext": [*map(format_ns, _TICKS_NS)]},
        "yaxis": {"title": axis},
        "showlegend": len(parts) > 1,
    }
    return Figure(figure_id, traces, layout, title, f"Histogram: {title}", height=240)


PANEL = Panel(
    "gaps",
    "Idle gaps",
    ("gaps",),
    build,
    "When the GPU had nothing to do, and how much time that cost.",
    ("gaps", "memcpy_gaps"),
    fix="record with nsys or --tool cupti",
)
