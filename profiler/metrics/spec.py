"""What a metric table is: its description, and how it is computed, shown first and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from profiler.columns import Columns
from profiler.errors import DataMissingError
from profiler.spec import TableSpec, Work
from profiler.tables.captures import Captures


@dataclass(frozen=True)
class Matching:
    """How a comparison of two recordings treats a metric table.

    Attributes:
        keys: Columns that name a row on both sides: no register count, no time, no process.
        timed: Its times have verdicts of their own (or, under Nsight Compute, mean nothing), so do rates computed from times
            alone.
        by_order: Rows that no key matches are paired by the order in which they were launched.
        steady: False for times of one process: with one value a side a change can be shown, but not called better or worse.
    """

    keys: tuple[str, ...]
    timed: bool = False
    steady: bool = True
    by_order: bool = False


@dataclass(frozen=True, kw_only=True)
class MetricTable(TableSpec):
    """A table of metrics that one function computes from a recording.

    Attributes:
        title: Heading of the panel or the printed table.
        needs: Names of the recorded tables without which nothing can be computed.
        compute: Takes the captures, returns exactly these columns; rows in a stated order.
        work: Whose work it counts; see `ColumnSpec`.
        lead: Columns that come first on a terminal, which shows as many as fit; the others follow in the table's order.
        last: Columns that only repeat what others say.
        compact: Columns that a page shows first; empty for all.
        narrow: Those of them that a narrow page shows.
        matching: How it is compared; None when it is not.
    """

    title: str
    needs: tuple[str, ...] = ()
    compute: Callable[[Captures], Columns] = field(repr=False)
    work: Work = "program"
    lead: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    compact: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()
    matching: Matching | None = None

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
        return self.compute(recording)
