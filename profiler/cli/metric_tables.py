"""Metric tables on a terminal: what people look for first, what all rows share said once, values in their units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from profiler.cli.printing import console, fitting_columns, print_rows, printable
from profiler.kernel_names import instantiation
from profiler.units import MISSING, format_value

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.spec import MetricTable

_SHARED = 10
"""Columns that are named at most when all rows share their value."""


def print_metric_table(table: MetricTable, frame: pd.DataFrame, limit: int | None = None, target: str = "") -> None:
    """Print a metric table with each value in the unit of its column.

    Columns without a value are left out, and those for which the terminal is too narrow; a last line names the latter.

    Args:
        table: The table's description.
        frame: Its rows.
        limit: Rows to print at most; the rest is counted in a last line.
        target: Recording, as the user named it, for the command that prints the rest.
    """
    out = console()
    if frame.empty:
        out.print(f"{table.title}: no rows", markup=False)
        return
    units = {spec.name: spec.unit for spec in table.columns}
    shown = frame if limit is None else frame.head(limit)
    ordered = dict.fromkeys([*table.lead, *(name for name in frame.columns if name not in table.last), *table.last])
    present = [name for name in ordered if name in frame.columns]
    cells = {name: [_cell(name, value, units.get(name, "")) for value in shown[name]] for name in present}
    if table.name == "summary":  # each row has a unit of its own
        cells["value"] = [_cell("value", *pair) for pair in zip(shown["value"], cells.pop("unit"), strict=True)]
    filled = {name: column for name, column in cells.items() if any(item != MISSING for item in column)}
    shared = _shared(filled, table.keys) if len(frame) == len(shown) else {}
    left = {name: column for name, column in filled.items() if name not in shared}
    names = fitting_columns(left, out.width)
    rows = [dict(zip(names, values, strict=True)) for values in zip(*(left[name] for name in names), strict=True)]
    print_rows(rows, f"{table.title} ({table.name})", frozenset(name for name in names if frame[name].dtype.kind in "iuf"))
    if shared:
        out.print(f"all rows: {', '.join(f'{name} {value}' for name, value in shared.items())}", markup=False, style="dim")
    hidden = [name for name in left if name not in names]
    if hidden:
        out.print(f"not shown: {', '.join(hidden)}", markup=False, style="dim")
    if len(shown) < len(frame):
        command = " ".join(filter(None, ["profiler metrics", target, "--table", table.name]))
        out.print(f"{len(frame) - len(shown)} more rows: {command}", markup=False, style="dim")


def _shared(cells: dict[str, list[str]], keys: Sequence[str]) -> dict[str, str]:
    """Return the columns whose value all rows share; none where there are too few rows for that to save anything."""
    if len(next(iter(cells.values()), ())) < 3:
        return {}
    found = {name: column[0] for name, column in cells.items() if len(set(column)) == 1 and name not in keys}
    return dict(list(found.items())[:_SHARED]) if len(found) < len(cells) else {}


def _cell(name: str, value: Any, unit: str) -> str:
    import pandas as pd

    if pd.isna(value):
        return MISSING
    if isinstance(value, (str, bool)):
        return printable(instantiation(str(value)) if name == "kernel" else str(value))
    return format_value(value, unit)
