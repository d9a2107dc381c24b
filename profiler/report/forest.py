"""The plot of a comparison: changes with their intervals, of the rows that tell most about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from profiler.report.blocks import Block, Figure, Note
from profiler.report.row_labels import distinct_labels
from profiler.report.traces import scatter

if TYPE_CHECKING:
    from profiler.compare.judge.comparison import Comparison

MAX_PLOTTED = 40
_COLORS = {"slower": "@bad", "cannot tell": "@warn", "faster": "@good", "same": "@series-7"}
_BAND = {"type": "rect", "layer": "below", "yref": "paper", "y0": 0, "y1": 1, "fillcolor": "@grid", "line": {"width": 0}}


def forest(frame: pd.DataFrame, comparison: Comparison) -> list[Block]:
    """Plot ratios with their intervals, one line per row, the slowest at the top.

    Args:
        frame: All rows, with `change_pct` and its interval.
        comparison: Whose rows they are.
    """
    known = frame[frame["change_pct"].notna() & frame["verdict"].isin(_COLORS)]
    if known.empty:
        return []
    shown = choose(known).sort_values("change_pct", kind="stable").reset_index(drop=True)
    texts, shared = distinct_labels(shown["row"].astype(str).tolist())
    if len(comparison.candidates) > 1:
        texts = [f"{text} · {name}" for text, name in zip(texts, shown["candidate"], strict=True)]
    traces = [_trace(verdict, shown[shown["verdict"] == verdict]) for verdict in _COLORS if (shown["verdict"] == verdict).any()]
    limit = comparison.rule.threshold * 100.0
    layout: dict[str, Any] = {
        "showlegend": True,
        "shapes": [{**_BAND, "x0": -limit, "x1": limit}],
        "yaxis": {"names": texts},
        "hovermode": "closest",
        "xaxis": {"title": "change of the median, % (right is slower)", "zeroline": True, "ticksuffix": " %"},
    }
    title = "Change with its interval; the band is what does not count"
    figure = Figure("forest", traces, layout, title, "Change of the median of each row, with its interval", 90 + 21 * len(shown))
    note = " ".join(filter(None, (f"All these rows: {shared}." if shared else "", _left_out(frame, shown))))
    return [figure, Note(note, "hint")] if note else [figure]


def choose(known: pd.DataFrame) -> pd.DataFrame:
    """Choose `MAX_PLOTTED` rows: all slower ones before any other, `same` last; within a verdict those that changed most."""
    size = known["change_pct"].abs()
    turn = size.groupby(known["verdict"]).rank(method="first", ascending=False)
    stage = known["verdict"].map({"slower": 0, "same": 2}).fillna(1)
    order = known.assign(_stage=stage, _turn=turn).sort_values(["_stage", "_turn", "verdict"], kind="stable").index
    return known.loc[order[:MAX_PLOTTED]]


def _left_out(frame: pd.DataFrame, shown: pd.DataFrame) -> str:
    more = frame["verdict"].value_counts().subtract(shown["verdict"].value_counts(), fill_value=0).astype(int)
    parts = [f"{count} {verdict}" for verdict, count in more.items() if count > 0]
    if not parts:
        return ""
    return (
        f"Shown are {len(shown)} of {len(frame)} rows, slower ones before others, those that changed most; left out: "
        f"{', '.join(parts)}. The table holds every row."
    )


def _trace(verdict: str, rows: pd.DataFrame) -> dict[str, Any]:
    change = rows["change_pct"]
    above, below = (rows["change_high_pct"] - change).tolist(), (change - rows["change_low_pct"]).tolist()
    style = {"type": "data", "symmetric": False, "thickness": 1.5, "width": 3, "color": _COLORS[verdict]}
    return scatter(
        verdict,
        change,
        rows.index,
        _COLORS[verdict],
        "%{x:+.2f} %<br>%{customdata}",
        customdata=rows["row"].astype(str).tolist(),
        error_x={**style, "array": above, "arrayminus": below},
    )
