"""One recording on one screen: what it is, what is fastest or where the time goes, the worst findings, what shows more."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from profiler.cli.printing import console, print_rows, shorten
from profiler.report.answers import Row, answers, metric_or_none, rank_alone
from profiler.units import MISSING

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

SCREEN = 40
"""Lines that the overview takes at most."""

_WIDEST = 150
_ROWS = 12
_NOTES = 3
_FINDINGS = 5
_AROUND = 5
"""Lines of a table beside its rows: title, blank, heading, rule, blank."""
_NAME = 24
"""Characters that a name keeps at least, before a column is left out for it."""
_NOTICED = ("error", "warning", "advice")


def print_overview(recording: Recording, target: str, source: str | None) -> None:
    """Print a recording on one screen.

    Args:
        recording: What to show.
        target: Its name, for the commands that show more.
        source: Times to go by, as a user asks for them.

    Raises:
        UsageError: The recording has no times of the source asked for.
    """
    ranking, findings = rank_alone(recording, source), noticed(recording)
    head = _head(recording)
    tail = [shorten(_finding(row), _width()) for row in findings[:_FINDINGS]]
    if len(findings) > _FINDINGS:
        tail.append(f"{len(findings) - _FINDINGS} more findings on the page")
    more = _commands(target, ranking)
    room = SCREEN - len(head) - len(tail) - sum(1 + len(line) // console().width for line in more)
    _say(head)
    for title, rows, name in answers(recording, ranking):
        notes = [f"{row[name] or row['work']}: {row['note']}" for row in rows if row.get("note")][:_NOTES]
        fitting = min(room - _AROUND - len(notes), _ROWS)
        shown = rows[: max(0, fitting - (len(rows) > fitting))]
        if not shown:
            continue
        print_short(title, shown, name)
        lines = [f"and {len(rows) - len(shown)} more"] if len(shown) < len(rows) else []
        lines += [shorten(note, _width()) for note in notes]
        _say(lines, "dim")
        room -= _AROUND + len(shown) + len(lines)
    _say(tail)
    _say(more, "dim")


def _say(lines: Sequence[str], style: str = "") -> None:
    for line in lines:
        console().print(line, markup=False, style=style, soft_wrap=True)


def noticed(recording: Recording) -> list[dict[str, str]]:
    """Return the findings that ask for something, worst first."""
    from profiler.findings import evaluate_rows

    return [row for row in evaluate_rows(recording) if row["severity"] in _NOTICED]


def _width() -> int:
    return min(console().width, _WIDEST)


def _head(recording: Recording) -> list[str]:
    """Return what was recorded, on what, its key figures, and what to mind."""
    from profiler.metrics.measured import MEASURED_NOTE, is_narrowed
    from profiler.report.header import build_header
    from profiler.report.panels.summary import key_figures
    from profiler.report.view import View

    head = build_header(View([recording]))[0]
    lines = [f"{recording.name}  ({', '.join(recording.tools) or 'no capture'})"]
    lines.append("; ".join(f"{label}: {value}" for label, value in head.facts))
    if head.status and head.status != "complete":
        lines.append(f"status: {head.status}: {head.reason}")
    summary = metric_or_none(recording, "summary")
    if summary is None:
        lines += [f"nothing to show: {reason}" for reason, names in head.absent if "Summary" in names]
    elif figures := key_figures(summary):
        lines.append("; ".join(f"{fact.label} {fact.value}{fact.detail and f' ({fact.detail})'}" for fact in figures))
    if is_narrowed(recording):
        lines.append(MEASURED_NOTE)
    lines += [f"note: {text} ({tool})" for tool, text in head.notes[:_NOTES]]
    if len(head.notes) > _NOTES:
        lines.append(f"{len(head.notes) - _NOTES} more notes on the page")
    return [part for line in lines for part in wrap(line, _width(), max_lines=2, placeholder=" …")]


def _finding(row: dict[str, str]) -> str:
    return ": ".join(filter(None, (row["severity"], row["title"], row["evidence"].partition("; ")[0])))


def _commands(target: str, ranking: pd.DataFrame | None) -> list[str]:
    ranked = ranking is not None and bool(ranking["place"].notna().any())
    best = [f"all that may be as fast, and the losers: profiler best {target} --all"] if ranked else []
    return [*best, f"every table: profiler show {target} --all   the page: profiler dashboard {target}"]


def print_short(title: str, rows: Sequence[Row], name: str, width: int = 0) -> list[str]:
    """Print rows of one line each: empty columns go, then those at the end, and the name is shortened to what is left.

    Args:
        title: Line above the table; none when empty.
        rows: At least one row.
        name: The column that may be shortened.
        width: Characters of a line; that of the overview when 0.

    Returns:
        The columns for which there is no room.
    """
    filled = [key for key in rows[0] if key != "note" and any(row[key] for row in rows)]
    kept, width = list(filled), width or _width()

    def room() -> int:
        others = (max(len(key), *(len(row[key]) for row in rows)) + 3 for key in kept if key != name)
        return width - 2 - sum(others)

    while len(kept) > 2 and room() < min(_NAME, max(len(row[name]) for row in rows)):
        kept.remove(next(key for key in reversed(kept) if key != name))
    texts = [{key: shorten(row[key], max(8, min(60, room()))) if key == name else row[key] for key in kept} for row in rows]
    right = {key for key in kept if all(row[key][:1].isdigit() or not row[key] for row in rows)} - {name, "grid", "block"}
    _say([title] if title else [])
    shown = [{key: text or MISSING if key in right else text for key, text in row.items()} for row in texts]
    print_rows(shown, None, frozenset(right))
    return [key for key in filled if key not in kept]
