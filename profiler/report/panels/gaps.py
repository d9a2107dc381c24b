"""Panel: when the GPU idles: the distribution of gaps, the longest ones, and copies that stand between kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.report.blocks import Block, Figure, Note, SideBySide
from profiler.report.panels.base import Panel
from profiler.report.view import RECORDING, View, table_block

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_LONGEST = 500
_DECADES = (
    (1e3, "1 µs"),
    (1e4, "10 µs"),
    (1e5, "100 µs"),
    (1e6, "1 ms"),
    (1e7, "10 ms"),
    (1e8, "100 ms"),
    (1e9, "1 s"),
    (1e10, "10 s"),
)


def build(view: View) -> list[Block]:
    """Build the histograms and tables."""
    frame = view.required("gaps")
    longest = frame.nlargest(_LONGEST, "duration_ns")
    table = table_block(
        "gaps-table", "gaps", longest, title="Longest gaps", sort="duration_ns", descending=True, all_rows=len(frame), page=8
    )
    blocks: list[Block] = [SideBySide([_histogram(frame), _lost_time(frame)])] if len(frame) > 1 else []
    copies = view.metric("memcpy_gaps")
    after: Block
    if copies is None:
        after = Note("Gaps around copies: " + "; ".join(view.reasons("memcpy_gaps")), "hint")
    else:
        after = table_block(
            "memcpy-gaps-table",
            "memcpy_gaps",
            copies.nlargest(_LONGEST, "duration_ns"),
            title="Gaps around copies",
            sort="duration_ns",
            descending=True,
            all_rows=len(copies),
            page=8,
        )
    return [*blocks, table, after]


def _bins(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return logarithmic bin edges, six a decade, around positive durations."""
    import numpy as np

    low, high = np.floor(np.log10(max(values.min(), 1))), np.ceil(np.log10(values.max() + 1))
    return 10 ** np.arange(low, max(high, low + 1) + 1e-9, 1 / 6), []


def _parts(frame: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    import numpy as np

    keys = frame.groupby(RECORDING, sort=False) if RECORDING in frame.columns else [("", frame)]
    return [(str(name), np.maximum(rows["duration_ns"].to_numpy(dtype=float), 1.0)) for name, rows in keys]


def _axis() -> dict[str, Any]:
    values, texts = zip(*_DECADES, strict=True)
    return {"type": "log", "title": {"text": "length of a gap"}, "tickvals": list(values), "ticktext": list(texts)}


def _figure(frame: pd.DataFrame, figure_id: str, weighted: bool, title: str, axis: str) -> Figure:
    import numpy as np

    parts = _parts(frame)
    edges, _ = _bins(np.concatenate([values for _, values in parts]))
    traces = []
    for index, (name, values) in enumerate(parts):
        height, _ = np.histogram(values, edges, weights=values / 1e6 if weighted else None)
        centre, width = np.sqrt(edges[1:] * edges[:-1]), np.diff(edges)
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": centre.tolist(),
                "y": height.tolist(),
                "width": width.tolist(),
                "marker": {"color": f"@series-{index}"},
                "opacity": 1 if len(parts) == 1 else 0.6,
                "hovertemplate": "%{y:.4g}" + (" ms" if weighted else " gaps") + "<extra></extra>",
            }
        )
    layout = {"barmode": "overlay", "bargap": 0, "xaxis": _axis(), "yaxis": {"title": {"text": axis}}, "showlegend": len(parts) > 1}
    return Figure(figure_id, traces, layout, title, f"Histogram: {title}", height=240)


def _histogram(frame: pd.DataFrame) -> Figure:
    return _figure(frame, "gaps-count", False, "How many gaps of each length", "gaps")


def _lost_time(frame: pd.DataFrame) -> Figure:
    return _figure(frame, "gaps-time", True, "Idle time they add up to", "idle time (ms)")


PANEL = Panel(
    "gaps",
    "Idle gaps",
    ("gaps",),
    build,
    "When the GPU had nothing to do, and how much time that cost.",
    ("gaps", "memcpy_gaps"),
    fix="record with nsys or --tool cupti",
)
