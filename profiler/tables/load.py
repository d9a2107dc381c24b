"""Load a recording: from a run or a file to tables and metrics, each read or computed when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from profiler.columns import Columns
from profiler.errors import BadExportError, DataMissingError, UsageError, nearest
from profiler.schema import TABLES
from profiler.store.manifest import MANIFEST_NAME, Manifest
from profiler.store.run_dir import RunDir, find_run, runs_root
from profiler.tables.source import TOOL_ORDER, Source, file_source, run_sources, tool_order

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


def load(target: str | Path, runs: str | Path | None = None) -> Recording:
    """Load a run or a capture file.

    Args:
        target: Run id, label, unique prefix, `latest`, a run folder, or any file that a reader knows.
        runs: Folder that holds runs; default $PROFILER_RUNS, else `runs/`.

    Returns:
        The recording; nothing but the artefacts' first bytes has been read yet.

    Raises:
        UsageError: No such file or run.
        BadExportError: The file is nothing that a reader knows.
    """
    path = Path(target)
    if path.is_dir() and not (path / MANIFEST_NAME).is_file():
        raise BadExportError(f"{path}: a folder without {MANIFEST_NAME}, so no run", "name a run of `profiler list`, or a file")
    if path.is_file() or (path.suffix and not path.exists() and path.parent != Path() and path.parent.is_dir()):
        # a path that names no run but lies in an existing folder is a file that is gone: say that, not "no such run"
        return Recording(path.name, path, [file_source(path)])
    run = find_run(str(target), runs_root(Path(runs) if runs is not None else None))
    return Recording(run.manifest.label or run.path.name, run.path, run_sources(run), run)


class Recording:
    """One recording: captures of one or more tools, as tables and metrics.

    Args:
        name: Label of the run, or file name.
        path: Run folder or file.
        sources: The artefacts, preferred first within each tool.
        run: The run folder; None for a bare file.
    """

    def __init__(self, name: str, path: Path, sources: list[Source], run: RunDir | None = None) -> None:
        self.name = name
        self.path = path
        self.run = run
        self._sources = sources
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
        present = {source.tool for source in self._sources}
        return (*(tool for tool in TOOL_ORDER if tool in present), *sorted(present - set(TOOL_ORDER)))

    @property
    def sources(self) -> list[Source]:
        """The artefacts, preferred first within each tool."""
        return self._sources

    def info(self, tool: str) -> dict[str, Any]:
        """Return facts about one tool's capture: version, start, options; empty when the tool has none."""
        merged: dict[str, Any] = {}
        for source in self._of(tool):
            merged = {**source.info(), **merged}
        return merged

    def _of(self, tool: str | None, table: str = "") -> list[Source]:
        tools = tool_order(table, self.tools) if tool is None else (tool,)
        return [source for name in tools for source in self._sources if source.tool == name]

    def _find(self, name: str, tool: str | None) -> Columns | None:
        if name not in TABLES:
            raise UsageError(f"no table {name!r}", nearest(name, TABLES))
        for source in self._of(tool, name):
            if name in source.tables:
                frame = source.read(name)
                if frame is not None:
                    return frame
        return None

    def has(self, name: str, tool: str | None = None) -> bool:
        """Say whether a table has data."""
        return self._find(name, tool) is not None

    def reason(self, name: str, tool: str | None = None) -> str:
        """Return why a table has no data; empty when it has."""
        if self._find(name, tool) is not None:
            return ""
        reasons = [source.reason(name) for source in self._of(tool) if name in source.tables]
        reasons = list(dict.fromkeys(reason for reason in reasons if reason))
        if reasons:
            return "; ".join(reasons)
        tools = ", ".join(self.tools) or "no tool"
        where = f"the {tool} capture" if tool else f"this recording ({tools})"
        return f"{where} holds no {name}: record with a tool that measures them"

    def columns(self, name: str, tool: str | None = None) -> Columns:
        """Return a table as narrow columns, without pandas.

        Args:
            name: Table of `profiler.schema`.
            tool: Tool to take it from; default the first of nsys, cupti, builtin, ncu that has it; for `points` and
                `samples`, builtin first.

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

    def only(self, tool: str) -> Recording:
        """Return the same recording as seen by one tool alone."""
        own = [source for source in self._sources if source.tool == tool]
        if len(own) == len(self._sources):
            return self
        return self.memo(("only", tool), lambda: Recording(self.name, self.path, own, self.run))

    def prefetch(self, names: Iterable[str]) -> None:
        """Read several tables in one pass over each artefact."""
        for source in self._sources:
            source.prefetch([name for name in names if name in source.tables])

    def memo(self, key: Any, compute: Callable[[], T]) -> T:
        """Return a value computed once for this recording, also when several threads ask for it."""
        with self._lock:
            lock = self._locks.setdefault(key, RLock())
        with lock:
            # values depend on each other in one direction only, so waiting for one that is being computed is safe
            if key not in self._memo:
                self._memo[key] = compute()
            return self._memo[key]

    def metric_columns(self, name: str) -> Columns:
        """Return a metric table as columns, without pandas.

        Raises:
            UsageError: No such metric table.
            DataMissingError: The recording lacks what it needs.
        """
        from profiler.metrics import catalog

        table = catalog.find(name)
        result = self.memo(("metric", name), lambda: catalog.compute(table, self))
        return result

    def metric(self, name: str) -> pd.DataFrame:
        """Return a metric table as a DataFrame; errors as for `metric_columns`."""
        columns = self.metric_columns(name)
        return self.memo(("metric frame", name), columns.to_frame)

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table that has data, read when looked up."""
        return _Lazy(tuple(TABLES), self.has, self.table)

    @property
    def metrics(self) -> Mapping[str, pd.DataFrame]:
        """Every metric table that has data, computed when looked up."""
        from profiler.metrics import catalog

        return _Lazy(tuple(table.name for table in catalog.METRIC_TABLES), self._has_metric, self.metric)

    def _has_metric(self, name: str) -> bool:
        try:
            self.metric_columns(name)
        except DataMissingError:
            return False
        return True

    def __repr__(self) -> str:
        return f"<Recording {self.name!r}: {', '.join(self.tools) or 'no capture'}>"


class _Lazy(Mapping[str, "pd.DataFrame"]):
    def __init__(self, names: tuple[str, ...], has: Callable[[str], bool], get: Callable[[str], pd.DataFrame]) -> None:
        self._names, self._has, self._get = names, has, get

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        return self._get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names and self._has(str(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if self._has(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)
