"""What a metric is: a record from which help, tooltips, docs and the direction of a verdict derive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from profiler.columns import Columns, from_frame
from profiler.errors import DataMissingError

if TYPE_CHECKING:
    import pandas as pd

    from profiler.tables.captures import Captures

Better = Literal["lower", "higher", "none"]


@dataclass(frozen=True)
class MetricSpec:
    """One column of a metric table.

    Attributes:
        name: Column name, with its unit as a suffix where it has one.
        unit: `ns`, `bytes`, `bytes/s`, `Hz`, `%`, `ratio`, `count`, or empty for keys and text.
        better: Direction in which a change is an improvement.
        text: What it tells, in one line.
        source: Document, section or tool column that defines it.
    """

    name: str
    unit: str = ""
    better: Better = "none"
    text: str = ""
    source: str = ""


@dataclass(frozen=True)
class MetricTable:
    """A table of metrics that one function computes from a recording.

    Attributes:
        name: Name for `profiler metrics --table`.
        title: Heading of the panel or the printed table.
        text: What one row is.
        needs: Names of the schema tables without which nothing can be computed.
        columns: Keys first, then metrics, in printing order.
        compute: Takes the recording, returns a frame with exactly these columns; rows in a stated order.
        keys: Columns that identify a row.
    """

    name: str
    title: str
    text: str
    needs: tuple[str, ...]
    columns: tuple[MetricSpec, ...]
    compute: Callable[[Captures], Columns | pd.DataFrame] = field(repr=False)
    keys: tuple[str, ...] = ()

    def of(self, recording: Captures) -> Columns:
        """Return the table of a recording, computed once.

        Raises:
            DataMissingError: A table that it needs has no data; the message says why.
        """
        return recording.memo(("metric", self.name), lambda: self._compute(recording))

    def _compute(self, recording: Captures) -> Columns:
        for name in self.needs:
            if not recording.has(name):
                raise DataMissingError(f"{self.name}: {recording.reason(name)}", "choose another recording, or record again")
        result = self.compute(recording)
        return result if isinstance(result, Columns) else from_frame(result)
