"""What reaches the terminal: lines and tables, free of control characters."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import typer

from profiler.units import MISSING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

# a pipe has no width: wide enough that no column of a log is cut
_PIPE_WIDTH = 220
_TEXT_WIDTH = 60
_REPLACEMENT = 0xFFFD
# what steers a terminal (C0, DEL, C1), turns the direction of text, breaks lines, or is half a character
_STEERING: dict[int, int] = {
    **{code: 0x2400 + code for code in range(32)},
    0x7F: 0x2421,
    **dict.fromkeys((*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), _REPLACEMENT),
    **dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT),
}
_STEERING_BUT_LINES = {code: sign for code, sign in _STEERING.items() if chr(code) not in "\n\t"}


def printable(text: str, lines: bool = False) -> str:
    """Return a text that a terminal only shows: names come from files, and an escape sequence in one would be obeyed.

    Args:
        text: Any text.
        lines: Keep line breaks and tabs.

    Returns:
        The text with control characters as their pictures (`␛`), and what turns the direction of writing as `\ufffd`.
    """
    return text.translate(_STEERING_BUT_LINES if lines else _STEERING)


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters: a longer one loses its middle, where template arguments are."""
    tail = length // 3
    return text if len(text) <= length else f"{text[: length - tail - 1]}…{text[len(text) - tail :]}"


def echo(text: str = "", err: bool = False, nl: bool = True, data: bool = False) -> None:
    """Print lines of text.

    Args:
        text: The lines.
        err: On stderr.
        nl: End with a line break.
        data: It is a document (JSON, CSV) for another program: left as it is unless a terminal shows it.
    """
    exact = data and not (sys.stderr if err else sys.stdout).isatty()
    typer.echo(text if exact else printable(text, lines=True), err=err, nl=nl)


@cache
def _console_class() -> type[Console]:
    from rich.console import Console
    from rich.segment import Segment

    class PlainConsole(Console):
        """A console whose texts never steer the terminal, whoever printed them; rich strips some control characters only."""

        def render(self, *args: Any, **kwargs: Any) -> Iterator[Segment]:
            for segment in super().render(*args, **kwargs):
                yield segment if segment.control else Segment(printable(segment.text, lines=True), segment.style)

    return PlainConsole


def console(stderr: bool = False) -> Console:
    """Return a console for stdout or stderr that does not cut columns in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    return _console_class()(stderr=stderr, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)


def print_json(rows: Any) -> None:
    """Print a JSON document for another program."""
    echo(json.dumps(rows, indent=1, ensure_ascii=False), data=True)


def print_frame(frame: pd.DataFrame) -> None:
    """Print the rows of a table as a JSON document for another program."""
    echo(frame.to_json(orient="records", indent=1, double_precision=15, force_ascii=False), data=True)


def print_rows(
    rows: Sequence[dict[str, Any]],
    title: str | None,
    right: frozenset[str] = frozenset(),
    optional: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> None:
    """Print dictionaries with equal keys as a table.

    Args:
        rows: At least one row; values are printed as text.
        title: Line above the table.
        right: Keys to align to the right.
        optional: Keys that are left out, in this order, while the terminal is too narrow for all; the table then says so.
        styles: Style of each row; none when left out.
    """
    rows, dropped = _narrowed(rows, optional, console().width)
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # kernel names hold square brackets: as Text they are never read as markup
    table = Table(title=Text(title) if title else None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for key in rows[0]:
        numeric = key in right
        justify: Literal["right", "left"] = "right" if numeric else "left"
        table.add_column(key, justify=justify, overflow="fold", no_wrap=numeric, max_width=None if numeric else _TEXT_WIDTH)
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        table.add_row(*(Text(MISSING if value is None else printable(str(value))) for value in row.values()), style=style)
    console().print(table)
    if dropped:
        console().print(f"not shown: {', '.join(dropped)}", markup=False, style="dim")


def _narrowed(rows: Sequence[dict[str, Any]], optional: Sequence[str], width: int) -> tuple[Sequence[dict[str, Any]], list[str]]:
    dropped: list[str] = []
    for name in optional:
        cells = {key: [str(row[key]) for row in rows] for key in rows[0]}
        if len(fitting_columns(cells, width)) == len(cells):
            break
        if name in rows[0]:
            rows = [{key: value for key, value in row.items() if key != name} for row in rows]
            dropped.append(name)
    return rows, dropped


def fitting_columns(cells: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Return the first columns that fit side by side, at least two; text longer than the limit is folded.

    Args:
        cells: Name of each column to its texts.
        width: Characters of a line.
    """
    kept: list[str] = []
    used = 0
    for name, column in cells.items():
        needed = max(len(name), min(_TEXT_WIDTH, max(map(len, column)))) + 3
        if used + needed > width and len(kept) >= 2:
            break
        kept.append(name)
        used += needed
    return kept
