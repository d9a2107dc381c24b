"""How a page shows a column: its label, unit, tooltip and kind, derived from the column's description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from profiler.schema import TABLES
from profiler.spec import TableSpec
from profiler.tools.registry import TOOLS
from profiler.units import UNITS, unit_of

if TYPE_CHECKING:
    import pandas as pd


_ACRONYMS = {
    **{tool.name: tool.word for tool in TOOLS.values()},
    **{name: name.upper() for name in ("gpu", "dram", "sm", "l1", "l2", "api", "nvtx", "utc")},
    "dtype": "type",
}


@dataclass(frozen=True)
class ColumnView:
    """One column as a page shows it.

    Attributes:
        name: Column name in the data, as in the CSV.
        label: Heading, without the unit.
        unit: As in `ColumnSpec.unit`; empty for text.
        kind: `number`, `text`, `code` (kernel names, labels: monospaced, shortened in the middle) or `verdict`.
        text: One line for the tooltip.
        source: Where the figure comes from.
        better: `lower`, `higher` or `none`.
        plain: True for an identifier, which is no quantity.
        signed: True for a change, whose plus sign is shown.
        moment: True for a point in time, which keeps its digits.
    """

    name: str
    label: str
    unit: str = ""
    kind: str = "text"
    text: str = ""
    source: str = ""
    better: str = "none"
    plain: bool = False
    moment: bool = False
    signed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the record for the page's scripts."""
        return {key: value for key, value in asdict(self).items() if value not in ("", "none", False)}


def label_of(name: str) -> str:
    """Return a heading for a column name: words, without the unit when the values show it."""
    unit = UNITS.get(unit_of(name))
    shown = unit is not None and unit.steps[-1][1] and name.endswith(unit.suffix)
    words = (name.removesuffix(unit.suffix) if unit is not None and shown else name).split("_")
    return " ".join(_ACRONYMS.get(word, word) for word in words)


@cache
def table_spec(name: str) -> TableSpec:
    """Return the description of a metric table or, failing that, of a recorded table; an empty one when there is neither."""
    from profiler.metrics import catalog

    known = {**TABLES, **{table.name: table for table in catalog.METRIC_TABLES}}
    return known.get(name) or TableSpec(name=name, text="", columns=())


def view_column(table: str | TableSpec, series: pd.Series) -> ColumnView:
    """Describe one column of one table.

    Args:
        table: The table the column belongs to, or the name of a metric or recorded one.
        series: The column; its dtype decides the kind.
    """
    import pandas as pd

    spec = (table_spec(table) if isinstance(table, str) else table).column(str(series.name))
    numeric = pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)
    return ColumnView(
        name=spec.name,
        label=label_of(spec.name),
        unit=spec.unit if numeric and spec.kind != "id" else "",
        kind="number" if numeric else spec.kind if spec.kind in ("code", "verdict") else "text",
        text=spec.text,
        source=spec.source,
        better=spec.better,
        plain=spec.kind == "id",
        moment=spec.kind == "moment",
        signed=spec.name.startswith("change_") or "_minus_" in spec.name,
    )


def view_columns(table: str | TableSpec, frame: pd.DataFrame, names: Iterable[str] | None = None) -> list[ColumnView]:
    """Describe columns of a frame, all of them or those of the given names that exist."""
    chosen = [name for name in (names or frame.columns) if name in frame.columns]
    return [view_column(table, frame[name]) for name in chosen]
