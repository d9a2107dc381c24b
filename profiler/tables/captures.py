"""Captures: the artefacts of one recording as tables, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from profiler.columns import Columns
from profiler.errors import DataMissingError, UsageError, nearest
from profiler.schema import TABLES
from profiler.store.manifest import Manifest
from profiler.store.run_dir import RunDir
from profiler.tables.source_protocol import TableSource
from profiler.tools.registry import tool_order

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Self = TypeVar("Self", bound="Captures")


class Captures:
    """The captures of one recording, by one or more tools, as tables.

    Args:
        name: Label of the run, or file name.
        path: Run folder or file.
        sources: The artefacts, preferred first within each tool.
        run: The run folder; None for a bare file.
    """

    def __init__(self, name: str, path: Path, sources: list[TableSource], run: RunDir | None = None) -> None:
        self.name = name
        self.path = path
        self.run = run
        self.sources = sources
        self._memo: dict[Any, Any] = {}
        self._locks: dict[Any, RLock] = {}
        self._lock = RLock()

    @property
    def manifest(self) -> Manifest | None:
        """The run's manifest; None for a bare file."""
        return self.run.manifest if self.run else None

    @property
    def tools(self) -> tuple[str, ...]:
        """Tools that have a readable artefact, in the order in which tables are taken from them."""
        return tool_order("", tuple({source.tool for source in self.sources}))

    def info(self, tool: str) -> dict[str, Any]:
        """Return facts about one tool's capture: version, start, options; empty when the tool has none."""
        merged: dict[str, Any] = {}
        for source in self._of(tool):
            merged = {**source.info(), **merged}
        return merged

    def _of(self, tool: str | None, table: str = "") -> list[TableSource]:
        tools = tool_order(table, self.tools) if tool is None else (tool,)
        return [source for name in tools for source in self.sources if source.tool == name]

    def _find(self, name: str, tool: str | None) -> Columns | None:
        if name not in TABLES:
            raise UsageError(f"no table {name!r}", nearest(name, TABLES))
        found = (source.read(name) for source in self._of(tool, name))
        return next((frame for frame in found if frame is not None), None)

    def has(self, name: str, tool: str | None = None) -> bool:
        """Return whether a table has data."""
        return self._find(name, tool) is not None

    def reason(self, name: str, tool: str | None = None) -> str:
        """Return why a table has no data; empty when it has."""
        if self._find(name, tool) is not None:
            return ""
        reasons = list(dict.fromkeys(filter(None, (source.reason(name) for source in self._of(tool)))))
        if reasons:
            return "; ".join(reasons)
        tools = ", ".join(self.tools) or "no tool"
        where = f"the {tool} capture" if tool else f"this recording ({tools})"
        return f"{where} holds no {name}: record with a tool that measures them"

    def columns(self, name: str, tool: str | None = None) -> Columns:
        """Return a table as narrow columns, without pandas.

        Args:
            name: Table of `profiler.schema`.
            tool: Tool to take it from; default the first of `profiler.tools.registry` that has it; for
                `points` and `samples`, the pass without a tool first.

        Raises:
            DataMissingError: No artefact holds it; the message says why.
        """
        frame = self._find(name, tool)
        if frame is None:
            raise DataMissingError(f"{self.name}: {self.reason(name, tool)}", "choose another recording, or record again")
        return frame

    def table(self, name: str, tool: str | None = None) -> pd.DataFrame:
        """Return a table as a DataFrame; arguments and errors as for `columns`."""
        frame = self.columns(name, tool)
        return self.memo(("table", name, tool), frame.to_frame)

    def only(self: Self, tool: str) -> Self:
        """Return the same recording as seen by one tool alone."""
        own = [source for source in self.sources if source.tool == tool]
        if len(own) == len(self.sources):
            return self
        return self.memo(("only", tool), lambda: self.with_sources(own))

    def with_sources(self: Self, sources: list[TableSource]) -> Self:
        """Return the same recording with other sources; nothing that was computed from the old ones is kept."""
        return type(self)(self.name, self.path, sources, self.run)

    def prefetch(self, names: Iterable[str]) -> None:
        """Read several tables in one pass over each artefact."""
        for source in self.sources:
            source.prefetch(names)

    def memo(self, key: Any, compute: Callable[[], T]) -> T:
        """Return a value computed once for this recording, also when several threads ask for it."""
        with self._lock:
            lock = self._locks.setdefault(key, RLock())
        with lock:
            # values depend on each other in one direction only, so waiting for one that is being computed is safe
            if key not in self._memo:
                self._memo[key] = compute()
            value: T = self._memo[key]
            return value

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table that has data, read when looked up."""
        return LazyTables(tuple(TABLES), self.has, self.table)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {', '.join(self.tools) or 'no capture'}>"


class LazyTables(Mapping[str, "pd.DataFrame"]):
    """Tables by name, each read or computed when it is looked up.

    Args:
        names: Every table there could be.
        has: Returns whether one has data.
        get: Returns one.
    """

    def __init__(self, names: tuple[str, ...], has: Callable[[str], bool], get: Callable[[str], pd.DataFrame]) -> None:
        self._names, self._has, self._get = names, has, get

    def __getitem__(self, name: str) -> pd.DataFrame:
        try:
            return self._get(name)
        except UsageError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        try:
            return self._has(str(name))
        except UsageError:
            return False

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if self._has(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)
