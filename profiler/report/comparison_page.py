"""Renders a comparison as one page: the verdict first, then the rows that matter, then everything behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.report.blocks import Block, Figure, Missing, Note, Table
from profiler.report.columns import ColumnView, view_columns
from profiler.report.document import Section, write_document
from profiler.report.embed import pack_column
from profiler.units import format_percent

if TYPE_CHECKING:
    import pandas as pd

    from profiler.compare.comparison import Comparison
    from profiler.compare.gate import GateResult

MAX_PLOTTED = 40
MAX_TRACED = 8
_COLORS = {
    "slower": "@bad", "faster": "@good", "same": "@series-7", "cannot tell": "@warn", "base only": "@ink-3",
    "candidate only": "@ink-3", "not comparable": "@ink-3",
}  # fmt: skip
_ROW_COLUMNS = (
    "verdict", "candidate", "row", "base_median_ns", "candidate_median_ns", "change_pct", "change_low_pct", "change_high_pct",
    "detail", "match_note", "rounds",
)  # fmt: skip
_METRIC_ORDER = ("worse", "better", "base only", "candidate only")


def render_comparison(comparison: Comparison, out: Path, gate: GateResult | None = None) -> Path:
    """Write the page of a comparison.

    Args:
        comparison: What `compare` or `ab` found.
        out: File to write.
        gate: The gate's answer; None when it was not asked.

    Raises:
        CaptureError: The file cannot be written.
    """
    names = ", ".join(side.name for side in comparison.candidates)
    sections = [
        Section("rows", "Rows", _rows(comparison), "Every configuration with its verdict, what needs a look first.", ("rows",)),
        *([Section("gate", "Gate", _gate(gate), "What the gate weighed.", ("gate",))] if gate is not None else []),
        Section("conditions", "Conditions", _conditions(comparison), "In what the sides differ beside the code.", ("differences",)),
        Section("metrics", "Other metrics", _metrics(comparison), "Registers, occupancy, traffic and the like.", ("metrics",)),
        Section("rounds", "Rounds", _rounds(comparison), "Each round's change: is it steady, or one lucky process?", ("rounds",)),
        Section("sides", "Sides", _sides(comparison), "What each side is made of.", ("facts",)),
    ]
    context = {"comparison": comparison, "gate": gate, "counts": _counts(comparison), "rule": _rule(comparison)}
    return write_document(out, "comparison.html.j2", f"{names} against {comparison.base.name}", sections, **context)


def _counts(comparison: Comparison) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (side.name, [(verdict, number) for verdict, number in comparison.counts(side.name).items() if number])
        for side in comparison.candidates
    ]


def _rule(comparison: Comparison) -> str:
    rule = comparison.rule
    return (
        f"A change counts from {format_percent(rule.threshold)}; at most {format_percent(rule.error_rate)} of identical rows are "
        f"called faster or slower; intervals cover {format_percent(rule.confidence)}."
    )


def _percent(frame: pd.DataFrame) -> pd.DataFrame:
    names = {"change_pct": "ratio", "change_low_pct": "ratio_low", "change_high_pct": "ratio_high"}
    return frame.assign(**{name: (frame[ratio].astype("float64") - 1.0) * 100.0 for name, ratio in names.items()})


def _table(block_id: str, frame: pd.DataFrame, names: list[str], title: str = "", **options: Any) -> Table:
    columns = view_columns("comparison", frame, names)
    data = [pack_column(frame[column.name]) for column in columns]
    return Table(block_id, columns, data, len(frame), len(frame), title, f"{block_id}.csv", options)


def _rows(comparison: Comparison) -> list[Block]:
    frame = _percent(comparison.worst_first())
    if frame.empty:
        return [Missing("neither side holds a row with times", "record the same sweep on both sides")]
    compact = [name for name in _ROW_COLUMNS if name != "candidate" or len(comparison.candidates) > 1]
    names = [*compact, *(name for name in frame.columns if name not in compact)]
    names = [name for name in names if frame[name].notna().any()]
    table = _table("rows-table", frame, names, compact=[name for name in compact if name in names], page=25)
    plot = _forest(frame[frame["change_pct"].notna()], comparison)
    return [*plot, table]


def _forest(frame: pd.DataFrame, comparison: Comparison) -> list[Block]:
    """Ratios with their intervals, one line per row, the worst at the top."""
    if frame.empty:
        return []
    shown = frame.head(MAX_PLOTTED).iloc[::-1].reset_index(drop=True)
    several = len(comparison.candidates) > 1
    names = [f"{row['row']} · {row['candidate']}" if several else str(row["row"]) for row in shown.to_dict("records")]
    traces = [
        _forest_trace(verdict, shown[shown["verdict"] == verdict]) for verdict in _COLORS if (shown["verdict"] == verdict).any()
    ]
    limit = comparison.rule.threshold * 100.0
    band = {
        "type": "rect", "layer": "below", "xref": "x", "yref": "paper", "x0": -limit, "x1": limit, "y0": 0, "y1": 1,
        "fillcolor": "@grid", "line": {"width": 0},
    }  # fmt: skip
    layout: dict[str, Any] = {
        "shapes": [band], "yaxis": {"names": names}, "hovermode": "closest",
        "xaxis": {"title": {"text": "change of the median, % (right is slower)"}, "zeroline": True, "ticksuffix": " %"},
    }  # fmt: skip
    title = "Change with its interval; the band is what does not count"
    if len(frame) > MAX_PLOTTED:
        title += f" ({MAX_PLOTTED} of {len(frame)} rows, the first ones of the table)"
    return [
        Figure("forest", traces, layout, title, "Change of the median of each row, with its interval", height=90 + 21 * len(shown))
    ]


def _forest_trace(verdict: str, rows: pd.DataFrame) -> dict[str, Any]:
    change = rows["change_pct"]
    return {
        "type": "scatter", "mode": "markers", "name": verdict, "x": change.tolist(), "y": rows.index.tolist(),
        "marker": {"color": _COLORS[verdict], "size": 8},
        "error_x": {
            "type": "data", "symmetric": False, "array": (rows["change_high_pct"] - change).tolist(),
            "arrayminus": (change - rows["change_low_pct"]).tolist(), "thickness": 1.5, "width": 3, "color": _COLORS[verdict],
        },
        "hovertemplate": "%{x:+.2f} %<extra></extra>",
    }  # fmt: skip


def _gate(gate: GateResult) -> list[Block]:
    import pandas as pd

    blocks: list[Block] = [Note(note, "warning") for note in gate.notes]
    if not gate.checks:
        return [*blocks, Note("Nothing to report: every row passed.", "hint")]
    rows = [
        {"row": item.row, "metric": item.metric, "candidate": item.candidate, "found": item.text, "accepted": item.accepted or None}
        for item in gate.checks
    ]
    # the gravest stand first, accepted ones last
    frame = pd.DataFrame(rows)
    names = [name for name in frame.columns if frame[name].notna().any()]
    return [*blocks, _table("gate-table", frame, names, wrap=True, page=12)]


def _conditions(comparison: Comparison) -> list[Block]:
    import pandas as pd

    if not comparison.differences:
        return [Note("None was found: same GPU, driver, versions, clocks and options, as far as both sides state them.", "hint")]
    rows = [
        {
            "condition": item.title,
            "candidate": item.candidate,
            "base_value": item.base_value or "unknown",
            "candidate_value": item.candidate_value or "unknown",
            "effect": f"voids the comparison: {item.why}" if item.voids else item.why,
        }
        for item in comparison.differences
    ]
    return [_table("conditions-table", pd.DataFrame(rows), list(rows[0]), wrap=True)]


def _metrics(comparison: Comparison) -> list[Block]:
    frame = comparison.metrics
    if frame is None or frame.empty:
        return [Missing("no metric beside time exists on both sides", "compare recordings of nsys or ncu")]
    changed = frame[frame["verdict"].isin(_METRIC_ORDER)]
    if changed.empty:
        return [Note(f"{len(frame)} values compared, none changed.", "hint")]
    order = changed["verdict"].map({verdict: index for index, verdict in enumerate(_METRIC_ORDER)})
    changed = changed.assign(change_pct=(changed["change_ratio"].astype("float64") - 1.0) * 100.0, _order=order)
    changed = changed.sort_values("_order", kind="stable")
    names = ["verdict", "candidate", "metric", "row", "base_value", "candidate_value", "unit", "change_pct", "table", "reason"]
    names = [name for name in names if name in changed.columns and (name != "candidate" or len(comparison.candidates) > 1)]
    return [_table("metrics-table", changed, names, f"{len(changed)} of {len(frame)} values changed", mixed=True)]


def _rounds(comparison: Comparison) -> list[Block]:
    rounds = comparison.rounds
    if rounds is None or rounds.empty:
        return [Missing("the sides were recorded one after the other, not in interleaved rounds", "measure with: profiler ab")]
    wide = rounds.pivot_table(
        index=["label", "round"], columns="side", values="median_ns", aggfunc="first", sort=False, observed=True
    )
    traces = []
    frame = comparison.worst_first()
    for row in frame.to_dict("records"):
        label, candidate = row["base_label"], row["candidate"]
        if len(traces) == MAX_TRACED or candidate not in wide.columns or label not in wide.index.get_level_values("label"):
            continue
        pair = wide.loc[label]
        change = ((pair[candidate] / pair[comparison.base.name] - 1.0) * 100.0).dropna()
        traces.append(_round_trace(label, candidate if len(comparison.candidates) > 1 else "", change, len(traces)))
    if not traces:
        return [Missing("no row has a complete round on both sides")]
    layout: dict[str, Any] = {
        "names": "label", "hovermode": "closest", "xaxis": {"title": {"text": "round"}},
        "yaxis": {"title": {"text": "change of the median"}, "ticksuffix": " %", "zeroline": True},
    }  # fmt: skip
    more = f"the first {len(traces)} of {len(frame)} rows" if len(frame) > len(traces) else "every row"
    return [Figure("rounds-plot", traces, layout, f"Change by round, {more}", "Change of the median by round", height=340)]


def _round_trace(label: str, candidate: str, change: pd.Series, index: int) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines+markers", "name": f"{label} {candidate}".strip(), "x": change.index.tolist(),
        "y": change.tolist(), "line": {"width": 1, "color": f"@series-{index}"}, "marker": {"size": 5, "color": f"@series-{index}"},
        "hovertemplate": "round %{x}: %{y:+.2f} %<extra></extra>",
    }  # fmt: skip


def _sides(comparison: Comparison) -> list[Block]:
    sides = [comparison.base, *comparison.candidates]
    keys = list(dict.fromkeys(key for side in sides for key in side.facts))
    rows = [("made of", [" ".join(side.targets) for side in sides]), ("source of times", [side.source for side in sides])]
    rows += [(key, [side.facts.get(key, "") for side in sides]) for key in keys]
    columns = [ColumnView("fact", "fact")]
    columns += [ColumnView(f"side_{index}", side.name, kind="code") for index, side in enumerate(sides)]
    values = [[name for name, _ in rows], *([cells[index] for _, cells in rows] for index in range(len(sides)))]
    data = [{"dict": list(dict.fromkeys(column)), "codes": _codes(column)} for column in values]
    return [Table("sides-table", columns, data, len(rows), len(rows), "", "sides.csv", {"wrap": True, "page": 30})]


def _codes(column: list[str]) -> list[int]:
    index = {text: position for position, text in enumerate(dict.fromkeys(column))}
    return [index[text] for text in column]
