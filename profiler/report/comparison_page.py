"""Renders a comparison as one page: the verdict first, then the rows that matter, then everything behind them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from profiler.report.blocks import Block, Figure, Missing, Note, Table
from profiler.report.columns import ColumnView, view_columns
from profiler.report.document import Section, write_document
from profiler.report.forest import forest
from profiler.report.row_labels import distinct_labels
from profiler.report.tables import pack_table
from profiler.report.traces import scatter
from profiler.units import format_percent

if TYPE_CHECKING:
    from profiler.compare.gate.evaluation import GateResult
    from profiler.compare.judge.comparison import Comparison

MAX_TRACED = 8
MAX_CHANGES = 5_000
_ROW_COLUMNS = (
    *("verdict", "candidate", "row", "base_median_ns", "candidate_median_ns"),
    *("change_pct", "change_low_pct", "change_high_pct", "detail", "match_note", "rounds"),
)
_NARROW = ["verdict", "change_pct", "row"]
_METRIC_COLUMNS = (
    *("verdict", "candidate", "metric", "row", "base_value", "candidate_value"),
    *("unit", "change_pct", "table", "reason"),
)
_METRIC_ORDER = ("worse", "better", "changed")
_ABSENT = {"base only": "in the base", "candidate only": "in the candidate"}
_GATE_WORDS = {0: "PASS", 4: "FAIL", 7: "FAIL", 10: "FAIL"}


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
    word = "" if gate is None else gate_word(gate)
    counts = [(side.name, comparison.counts(side.name)) for side in comparison.candidates]
    context = {"comparison": comparison, "gate": gate, "gate_word": word, "counts": counts, "percent": format_percent}
    title = f"{names} against {comparison.base.name}"
    return write_document(out, "comparison.html.j2", f"{word}: {title}" if word else title, sections, **context)


def gate_word(gate: GateResult) -> str:
    """Return the gate's answer as one word: a gate that cannot tell, or has nothing to compare, does not pass either."""
    return _GATE_WORDS.get(gate.exit_code, "NO PASS")


def _percent(frame: pd.DataFrame) -> pd.DataFrame:
    names = {"change_pct": "ratio", "change_low_pct": "ratio_low", "change_high_pct": "ratio_high"}
    return frame.assign(**{name: (frame[ratio].astype("float64") - 1.0) * 100.0 for name, ratio in names.items()})


def _table(block_id: str, frame: pd.DataFrame, names: Iterable[str], title: str = "", **options: Any) -> Table:
    """Make a table of those of the named columns that hold a value."""
    names = [name for name in names if name in frame.columns and frame[name].notna().any()]
    return pack_table(block_id, view_columns("comparison", frame, names), frame, title, **options)


def _rows(comparison: Comparison) -> list[Block]:
    frame = _percent(comparison.worst_first())
    if frame.empty:
        return [Missing("neither side holds a row with times", "record the same sweep on both sides")]
    compact = [name for name in _ROW_COLUMNS if name != "candidate" or len(comparison.candidates) > 1]
    names = dict.fromkeys((*compact, *frame.columns))
    table = _table("rows-table", frame, names, compact=compact, page=25, narrow=_NARROW, prose=["detail", "match_note"])
    return [*forest(frame, comparison), table]


def _gate(gate: GateResult) -> list[Block]:
    blocks: list[Block] = [Note(note, "warning") for note in gate.notes]
    if not gate.checks:
        return [*blocks, Note("Nothing to report: every row passed.", "hint")]
    rows = [
        {"row": item.row, "metric": item.metric, "candidate": item.candidate, "found": item.text, "accepted": item.accepted or None}
        for item in gate.checks
    ]
    # the gravest stand first, accepted ones last
    return [*blocks, _table("gate-table", pd.DataFrame(rows), rows[0], wrap=True, page=12)]


def _conditions(comparison: Comparison) -> list[Block]:
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
    return [_table("conditions-table", pd.DataFrame(rows), rows[0], wrap=True)]


def _metrics(comparison: Comparison) -> list[Block]:
    frame = comparison.metrics
    if frame is None or frame.empty:
        return [Missing("no metric beside time exists on both sides", "compare recordings of nsys or ncu")]
    absent = frame["verdict"].isin(list(_ABSENT))
    changed = frame[frame["verdict"].isin(_METRIC_ORDER)]
    notes: list[Block] = [Note(text, "hint") for text in _absent(frame[absent], comparison)]
    count = f"{(~absent).sum():,} values compared, {len(changed):,} changed"
    if changed.empty:
        return [Note(f"{count}.", "hint"), *notes]
    changed = changed.assign(change_pct=(changed["change_ratio"].astype("float64") - 1.0) * 100.0)
    changed = changed.sort_values("verdict", key=lambda verdicts: verdicts.map(_METRIC_ORDER.index), kind="stable")
    names = [name for name in _METRIC_COLUMNS if name != "candidate" or len(comparison.candidates) > 1]
    narrow = ["verdict", "metric", "change_pct"]
    return [_table("metrics-table", changed, names, count, limit=MAX_CHANGES, mixed=True, narrow=narrow), *notes]


def _absent(frame: pd.DataFrame, comparison: Comparison) -> list[str]:
    """Say in a line a candidate and side how many values the other side has not recorded at all, and of which tables."""
    texts = []
    for side in comparison.candidates:
        for verdict, words in _ABSENT.items():
            rows = frame[(frame["candidate"] == side.name) & (frame["verdict"] == verdict)]
            if rows.empty:
                continue
            tables = ", ".join(f"{table} {number:,}" for table, number in rows["table"].value_counts().items())
            name = f"{side.name}: " if len(comparison.candidates) > 1 else ""
            texts.append(f"{name}{len(rows):,} values exist only {words}, nothing stands against them: {tables}.")
    return texts


def _rounds(comparison: Comparison) -> list[Block]:
    rounds = comparison.rounds
    if rounds is None or rounds.empty:
        return [Missing("the sides were recorded one after the other, not in interleaved rounds", "measure with: profiler ab")]
    wide = rounds.pivot_table(
        index=["label", "round"], columns="side", values="median_ns", aggfunc="first", sort=False, observed=True
    )
    frame = comparison.worst_first()
    measured = frame[frame["candidate"].isin(wide.columns) & frame["base_label"].isin(wide.index.get_level_values("label"))]
    chosen = measured.head(MAX_TRACED)
    if chosen.empty:
        return [Missing("no row has a complete round on both sides")]
    texts, shared = distinct_labels(chosen["base_label"].tolist())
    candidates = chosen["candidate"].tolist()
    if len(set(candidates)) == 1:  # the title names what all have in common
        shared = f"{shared} {candidates[0] if len(comparison.candidates) > 1 else ''}".strip()
        candidates = [""] * len(chosen)
    changes = [
        ((wide.loc[row["base_label"], row["candidate"]] / wide.loc[row["base_label"], comparison.base.name] - 1.0) * 100.0).dropna()
        for row in chosen.to_dict("records")
    ]
    names = [f"{text} {candidate}".strip() for text, candidate in zip(texts, candidates, strict=True)]
    traces = [_round_trace(*pair, f"@series-{index}") for index, pair in enumerate(zip(names, changes, strict=True))]
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "xaxis": {"title": "round"},
        "yaxis": {"title": "change of the median", "ticksuffix": " %", "zeroline": True},
    }
    more = f"the first {len(traces)} of {len(frame)} rows" if len(frame) > len(traces) else "every row"
    title = f"Change by round, {more}" + (f"; all of {shared}" if shared else "")
    return [Figure("rounds-plot", traces, layout, title, "Change of the median by round", height=340)]


def _round_trace(name: str, change: pd.Series, color: str) -> dict[str, Any]:
    style = {"mode": "lines+markers", "line": {"width": 1, "color": color}, "marker": {"size": 5, "color": color}}
    return scatter(name, change.index, change, color, "round %{x}: %{y:+.2f} %", **style)


def _sides(comparison: Comparison) -> list[Block]:
    sides = [comparison.base, *comparison.candidates]
    facts = [{"made of": " ".join(side.targets), "source of times": side.source, **side.facts} for side in sides]
    columns = [ColumnView("fact", "fact")]
    columns += [ColumnView(f"side_{index}", side.name, kind="code") for index, side in enumerate(sides)]
    names = dict.fromkeys(name for side in facts for name in side)
    frame = pd.DataFrame([(name, *(side.get(name, "") for side in facts)) for name in names], columns=[c.name for c in columns])
    return [pack_table("sides-table", columns, frame, file_name="sides.csv", wrap=True, page=30)]
