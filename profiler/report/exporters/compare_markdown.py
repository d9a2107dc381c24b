"""A comparison as Markdown for a pull request: the verdict first, then the rows that matter, readable in half a minute."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from profiler.compare.gate.config import TIME
from profiler.compare.gate.evaluation import CANNOT_TELL, GateResult
from profiler.compare.judge.comparison import Comparison, explanation
from profiler.compare.judge.metric_changes import CHANGES, changes
from profiler.units import MISSING, format_ns, format_percent, format_value

ROWS_SHOWN = 10
_MARKS = {
    "slower": "🔴",
    "faster": "🟢",
    "same": "⚪",
    "cannot tell": "🟡",
    "not comparable": "⛔",
    "base only": "➖",
    "candidate only": "➕",
}
_TITLES = {
    "slower": "🔴 {} slower",
    "not comparable": "⛔ Not comparable",
    "faster": "🟢 {} faster, none slower",
    "cannot tell": "🟡 Cannot tell",
}
"""Headlines of a comparison without a gate: that of its gravest verdict."""
# whatever ends a line or steers a terminal: a name with one would begin a heading or a row of its own
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
# a table is split at every bar that has no backslash, also inside code, and a name can end with backslashes
_BAR = "&#124;"
_ESCAPED = str.maketrans(
    {"|": _BAR, "\\": "\\\\", "&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'", "*": "\\*", "_": "\\_", "[": "\\[", "@": "@\u200b"}
)


def to_markdown(comparison: Comparison, gate: GateResult | None = None, page: str = "") -> str:
    """Write a comparison for a pull request.

    Args:
        comparison: The comparison.
        gate: The gate's answer, when it was asked.
        page: Address of the full page.
    """
    # the candidate with the worst row first
    names = dict.fromkeys([*comparison.worst_first()["candidate"], *(side.name for side in comparison.candidates)])
    parts = [_headline(comparison, gate), _gate_lines(comparison, gate), *(_candidate(comparison, name) for name in names)]
    parts += [_metrics(comparison), _conditions(comparison), _footer(comparison, page)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(text: Any) -> str:
    """Return a text as one line."""
    return _CONTROLS.sub(" ", str(text))


def _escape(text: Any) -> str:
    return _line(text).translate(_ESCAPED)


def _code(text: Any) -> str:
    line = _line(text)
    if "|" in line or "\\" in line:
        # between backticks no spelling of a bar is safe: an entity is not decoded, and a backslash may be the name's own
        return f"<code>{_escape(line)}</code>"
    return f"`{line.replace('`', chr(39))}`"


def headline(comparison: Comparison) -> str:
    """Return the whole comparison in one sentence."""
    counts = {name: number for name, number in comparison.counts().items() if number}
    if not counts:
        changed = len(changes(comparison.metrics))
        return "no times to compare" + (f", {changed} other metrics changed" if changed else "")
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _headline(comparison: Comparison, gate: GateResult | None) -> str:
    counts = comparison.counts()
    if gate is not None:
        mark = "✅" if gate.exit_code == 0 else "❌" if gate.exit_code in (4, 7, 10) else "⚠️"
        title = f"{mark} {gate.outcome[:1].upper()}{gate.outcome[1:]}"
    else:
        title = next((text.format(counts[verdict]) for verdict, text in _TITLES.items() if counts[verdict]), "⚪ No change")
        if counts["same"] and title == _TITLES["cannot tell"]:
            title = "🟡 Some rows undecided, none slower"
    names = " · ".join(_code(side.name) for side in comparison.candidates)
    return f"## {title}\n\n{names} against {_code(comparison.base.name)}: **{headline(comparison)}**"


def _gate_lines(comparison: Comparison, gate: GateResult | None) -> str:
    if gate is None:
        return ""
    # slower and undecided rows stand in the table below: here only what it does not show
    shown = {(row["candidate"], row["row"]) for row in comparison.rows.to_dict("records") if row["verdict"] == "slower"}
    counted = [
        check
        for check in gate.checks
        if not check.accepted and check.code != CANNOT_TELL and (check.metric != TIME or (check.candidate, check.row) not in shown)
    ]
    lines = [f"- {_code(check.row)} **{_escape(check.metric)}**: {_escape(check.text)}" for check in counted[:ROWS_SHOWN]]
    if len(counted) > ROWS_SHOWN:
        lines.append(f"- … and {len(counted) - ROWS_SHOWN} more")
    accepted = [check for check in gate.checks if check.accepted]
    lines += [f"- accepted: {_code(check.row)} {_escape(check.text)}: {_escape(check.accepted)}" for check in accepted]
    return "\n".join([*lines, *(f"- note: {_escape(note)}" for note in gate.notes[:ROWS_SHOWN])])


def _candidate(comparison: Comparison, name: str) -> str:
    rows = comparison.worst_first()
    rows = rows[rows["candidate"] == name]
    if rows.empty:
        return ""
    interesting = rows[rows["verdict"] != "same"].head(ROWS_SHOWN)
    title = f"### {_escape(name)}\n\n" if len(comparison.candidates) > 1 else ""
    if interesting.empty:
        return f"{title}All {len(rows)} rows are the same within {format_percent(comparison.rule.threshold)}."
    table = title + _table(
        ("", "row", "base", "candidate", "change [95 %]" if comparison.rule.confidence == 0.95 else "change [interval]", "why"),
        [_row_cells(row) for row in interesting.to_dict("records")],
        right=(2, 3, 4),
    )
    left = len(rows) - len(interesting)
    return table + (f"\n\n{left} more rows, {int((rows['verdict'] == 'same').sum())} of them the same." if left else "")


def _row_cells(row: Mapping[str, Any]) -> list[str]:
    why = ": ".join(text for text in (row["match_note"], explanation(row)) if isinstance(text, str) and text)
    return [
        f"{_MARKS[row['verdict']]} {row['verdict']}",
        _code(row["row"]),
        format_ns(row["base_median_ns"]),
        format_ns(row["candidate_median_ns"]),
        format_change(row),
        _escape(why),
    ]


def format_change(row: Mapping[str, Any]) -> str:
    """Write a ratio with its interval in percent: `+2.1 % [+1.8, +2.4]`."""
    values = [100.0 * (float(row[name]) - 1.0) for name in ("ratio", "ratio_low", "ratio_high")]
    if not np.isfinite(values[0]):
        return MISSING
    if not np.isfinite(values[1:]).all():
        return f"{values[0]:+.2f} %"
    return f"{values[0]:+.2f} % [{values[1]:+.2f}, {values[2]:+.2f}]"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    rule = ["---:" if index in right else "---" for index in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def _metrics(comparison: Comparison) -> str:
    metrics = comparison.metrics
    changed = changes(metrics, (*CHANGES, "base only", "candidate only")) if len(metrics) else metrics
    if not len(changed):
        return ""
    rows = [
        [
            item["verdict"],
            _code(item["metric"]),
            _code(item["row"]),
            format_value(item["base_value"], item["unit"]),
            format_value(item["candidate_value"], item["unit"]),
        ]
        for item in changed.head(ROWS_SHOWN).to_dict("records")
    ]
    left = len(changed) - len(rows)
    table = _table(("", "metric", "row", "base", "candidate"), rows, right=(3, 4))
    return _folded(f"Other metrics: {len(changed)} changed", table + (f"\n\n{left} more." if left else ""))


def _folded(summary: str, text: str, is_open: bool = False) -> str:
    return f"<details{' open' if is_open else ''}><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _conditions(comparison: Comparison) -> str:
    if not comparison.differences:
        return ""
    rows = [
        [
            _escape(item.title),
            _escape(item.base_value or MISSING),
            _escape(item.candidate_value or MISSING),
            "voids the comparison" if item.voids else _escape(item.why),
        ]
        for item in comparison.differences
    ]
    table = _table(("condition", "base", "candidate", ""), rows)
    return _folded(f"The sides differ in {len(rows)} conditions", table, any(item.voids for item in comparison.differences))


def _footer(comparison: Comparison, page: str) -> str:
    rule = comparison.rule
    gpu = next((value for key, value in comparison.base.facts.items() if key == "device.name"), "")
    lines = [
        f"{f'{_escape(gpu)}; ' if gpu else ''}{_escape(comparison.design)}. A change counts from {format_percent(rule.threshold)}. "
        f"{rule.promise}"
    ]
    lines += [_escape(note) for note in comparison.notes[:5]]
    if page:
        address = quote(_CONTROLS.sub("", page), safe="/:?#[]@!$&'*+,;=%~")
        lines.append(f"[Full page]({address})")
    return "<sub>" + "<br>".join(lines) + "</sub>"
