"""Tables on a terminal, formatted by the units their MetricSpecs state."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from profiler.units import MISSING, format_value

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from profiler.metrics.spec import MetricTable

# a pipe has no width: wide enough that no column of a log is cut
_PIPE_WIDTH = 220
_TEXT_WIDTH = 60


def console(stderr: bool = False) -> Console:
    """Return a console for stdout or stderr that does not cut columns in a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)


def print_rows(rows: Sequence[dict[str, Any]], title: str | None, right: frozenset[str] = frozenset()) -> None:
    """Print dictionaries with equal keys as a table.

    Args:
        rows: At least one row; values are printed as text.
        title: Line above the table.
        right: Keys to align to the right.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # kernel names hold square brackets: as Text they are never read as markup
    table = Table(title=Text(title) if title else None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for key in rows[0]:
        numeric = key in right
        table.add_column(
            key,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=numeric,
            max_width=None if numeric else _TEXT_WIDTH,
        )
    for row in rows:
        table.add_row(*(Text(MISSING if value is None else str(value)) for value in row.values()))
    console().print(table)


def print_metric_table(table: MetricTable, frame: pd.DataFrame, limit: int | None = None) -> None:
    """Print a metric table with each value in the unit of its column.

    Columns without a value are left out, and those for which the terminal is too narrow; a last line names the latter.

    Args:
        table: The table's description.
        frame: Its rows.
        limit: Rows to print at most; the rest is counted in a last line.
    """
    out = console()
    if frame.empty:
        out.print(f"{table.title}: no rows", markup=False)
        return
    units = {spec.name: spec.unit for spec in table.columns}
    shown = frame if limit is None else frame.head(limit)
    cells = {name: [_cell(value, units.get(name, "")) for value in shown[name]] for name in frame.columns}
    filled = [name for name, column in cells.items() if any(item != MISSING for item in column)]
    fitting = _fitting(filled, cells, out.width)
    rows = [dict(zip(fitting, values, strict=True)) for values in zip(*(cells[name] for name in fitting), strict=True)]
    numeric = frozenset(name for name in fitting if frame[name].dtype.kind in "iuf")
    print_rows(rows, f"{table.title} ({table.name})", numeric)
    hidden = [name for name in filled if name not in fitting]
    if hidden:
        out.print(f"not shown: {', '.join(hidden)}", markup=False, style="dim")
    if len(shown) < len(frame):
        out.print(f"{len(frame) - len(shown)} more rows: profiler metrics --table {table.name}", markup=False, style="dim")


def _fitting(names: Sequence[str], cells: dict[str, list[str]], width: int) -> list[str]:
    """Return the first columns that fit side by side, at least two; text longer than the limit is folded."""
    kept, used = [], 0
    for name in names:
        needed = max(len(name), min(_TEXT_WIDTH, max(map(len, cells[name])))) + 3
        if used + needed > width and len(kept) >= 2:
            break
        kept.append(name)
        used += needed
    return kept


def _cell(value: Any, unit: str) -> str:
    import pandas as pd

    if pd.isna(value):
        return MISSING
    if isinstance(value, (str, bool)):
        return str(value)
    return format_value(value, unit)
