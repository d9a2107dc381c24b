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
        table.add_column(key, justify="right" if key in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(MISSING if value is None else str(value)) for value in row.values()))
    console().print(table)


def print_metric_table(table: MetricTable, frame: pd.DataFrame, limit: int | None = None) -> None:
    """Print a metric table with each value in the unit of its column.

    Args:
        table: The table's description.
        frame: Its rows.
        limit: Rows to print at most; the rest is counted in a last line.
    """
    if frame.empty:
        console().print(f"{table.title}: no rows", markup=False)
        return
    specs = {spec.name: spec for spec in table.columns}
    shown = frame if limit is None else frame.head(limit)
    rows = []
    for record in shown.to_dict("records"):
        row = {}
        for name, value in record.items():
            unit = specs[name].unit if name in specs else ""
            row[name] = _cell(value, unit)
        rows.append(row)
    numeric = frozenset(name for name in frame.columns if frame[name].dtype.kind in "iuf")
    print_rows(rows, table.title, numeric)
    if len(shown) < len(frame):
        console().print(f"… {len(frame) - len(shown)} more rows: profiler metrics --table {table.name}", markup=False)


def _cell(value: Any, unit: str) -> str:
    if value is None or value != value or str(value) == "<NA>":
        return MISSING
    if isinstance(value, (str, bool)):
        return str(value)
    return format_value(value, unit)
