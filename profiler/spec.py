"""What a column and a table are: the one description from which checks, help, tooltips, formats, docs and verdicts derive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from profiler.units import unit_of

Better = Literal["lower", "higher", "none"]
Kind = Literal["quantity", "text", "code", "id", "moment", "verdict"]
Compared = Literal["by size", "exactly", "never"]
Work = Literal["program", "iterations", "harness"]

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("kernel", "grid", "block", "launch", "launch_kernel", "range", "metric", "before", "after"), "code"),
    **dict.fromkeys(("label", "name", "api", "point", "row", "base_label", "candidate_label", "run", "commit"), "code"),
    **dict.fromkeys(("device", "stream", "first", "second"), "id"),
    **dict.fromkeys(("start_ns", "end_ns"), "moment"),
    "verdict": "verdict",
}
"""What columns of a name hold in every table."""


def kind_of(name: str) -> Kind:
    """Return what a column of a name holds: a quantity unless the name says otherwise."""
    return _KINDS.get(name, "id" if name.endswith("_id") else "quantity")


@dataclass(frozen=True)
class ColumnSpec:
    """One column.

    Attributes:
        name: Column name; carries the unit as a suffix.
        better: Direction in which a change is an improvement.
        text: What it means, in one line.
        source: Document, section or tool column that defines it.
        unit: Name in `profiler.units.UNITS`; what the column's name states by default, empty for text and identifiers.
        dtype: `int`, `float`, `text` (category or str), `bool` or `object` (lists), widths are the reader's choice; empty where
            it follows from the data.
        required: False when a tool or version may lack it; then the column is absent or NA.
        kind: A quantity, text, code (kernel names, labels), an identifier, a moment of the recording, or a verdict; by default
            what the name says.
        compared: How one value a side is compared: by the size of the change; exactly, for what a compiler or a launch fixes;
            or never, for what only repeats a time that has a verdict of its own.
        refers: Table whose row number it is.
        work: Whose work it counts, of a sweep by the project's own programs: the whole program's; that of the measured
            iterations when it is shown; or the work between iterations, which is the harness's and is not shown.
    """

    name: str
    better: Better = "none"
    text: str = ""
    source: str = ""
    unit: str = ""
    dtype: str = ""
    required: bool = True
    kind: Kind = "quantity"
    compared: Compared = "by size"
    refers: str = ""
    work: Work = "program"

    def __post_init__(self) -> None:
        kind = kind_of(self.name) if self.kind == "quantity" else self.kind
        object.__setattr__(self, "kind", kind)
        if not self.unit and self.dtype != "text" and kind in ("quantity", "moment"):
            object.__setattr__(self, "unit", unit_of(self.name))


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One table.

    Attributes:
        name: Table name.
        text: What one row is.
        columns: The columns, in order.
        keys: Columns that identify a row.
        order: Columns by which rows are sorted; empty where the function that makes the table says.
    """

    name: str
    text: str
    columns: tuple[ColumnSpec, ...]
    keys: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> ColumnSpec:
        """Return a column's description; one that the table does not know is described by its name alone."""
        return next((column for column in self.columns if column.name == name), ColumnSpec(name))
