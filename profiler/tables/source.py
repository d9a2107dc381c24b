"""One artefact of a recording: its reader, its Parquet copies, and the tables read so far."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from threading import RLock
from typing import Any

from profiler.columns import Columns
from profiler.errors import BadExportError
from profiler.schema import TABLES, check_columns
from profiler.store.compressed import plain_name, readable, stored
from profiler.store.run_dir import RunDir
from profiler.tables.cache import WORTHWHILE_BYTES, TableCache, content_key
from profiler.tables.segments import join_segments
from profiler.tables.source_protocol import TableSource
from profiler.tools.base import Reader
from profiler.tools.damage import reading
from profiler.tools.registry import find_reader, known_suffixes


class Source:
    """One artefact.

    Args:
        tool: Folder below `raw/`, or the reader's own tool for a bare file.
        path: The file.
        reader: Who reads it.
        cache_folder: `tables/<tool>/` of the run; None keeps no copies.
    """

    def __init__(self, tool: str, path: Path, reader: Reader, cache_folder: Path | None = None) -> None:
        self.tool = tool
        self.path = path
        self.reader = reader
        self._plain = readable(path)
        self._frames: dict[str, Columns] = {}
        self._lock = RLock()
        self._cache = self._open_cache(cache_folder)
        index = self._cache.index() if self._cache else {}
        self._absent: dict[str, str] = index.get("absent", {})
        self._info: dict[str, Any] | None = index.get("info")

    def _open_cache(self, folder: Path | None) -> TableCache | None:
        slow = getattr(self.reader, "slow", False)
        if folder is None or not (slow or self._plain.stat().st_size >= WORTHWHILE_BYTES):
            return None
        key = content_key(self.path, getattr(self.reader, "parser_version", 1))
        return TableCache(folder, self.path.name, key)

    def read(self, name: str) -> Columns | None:
        """Return a table, or None when the artefact does not hold it.

        Raises:
            BadExportError: The artefact is damaged.
        """
        self.prefetch([name])
        return self._frames.get(name)

    def prefetch(self, names: Iterable[str]) -> None:
        """Read those of the tables that the reader can fill and that were not read yet, in one pass."""
        with self._lock:
            unread = [name for name in names if name not in self._frames and name not in self._absent]
            self._prefetch([name for name in unread if name in self.reader.tables])

    def _prefetch(self, wanted: list[str]) -> None:
        if self._cache:
            copies = {name: self._cache.read(name) for name in wanted}
            self._frames |= {name: copy for name, copy in copies.items() if copy is not None}
            wanted = [name for name in wanted if name not in self._frames]
        if wanted:
            self._read(wanted)

    def _read(self, wanted: list[str]) -> None:
        with reading(self.path):
            result = self.reader.read(self._plain, wanted)
            for name, frame in result.frames.items():
                check_columns(frame, TABLES[name], str(self.path))
        self._frames |= result.frames
        self._absent |= {name: reason for name, reason in result.absent.items() if name in self.reader.tables}
        for name in wanted:
            if name not in self._frames:
                self._absent.setdefault(name, f"{plain_name(self.path).name} holds no {name}")
        self._info = {**(self._info or {}), **result.info}
        if self._cache:
            self._cache.write(result.frames, self._absent, self._info)

    def reason(self, name: str) -> str:
        """Return why the artefact lacks a table; empty when that was never asked or it has it."""
        return self._absent.get(name, "")

    def info(self) -> dict[str, Any]:
        """Return facts about the capture.

        Raises:
            BadExportError: The artefact is damaged.
        """
        if self._info is None:
            with reading(self.path):
                self._info = self.reader.read(self._plain, ()).info
        return self._info


def file_source(path: Path) -> Source:
    """Return the source that a bare file is.

    Raises:
        BadExportError: The file cannot be read, or no reader knows its content.
    """
    reader = find_reader(readable(path))
    return Source(reader.tool, path, reader)


def run_sources(run: RunDir) -> list[TableSource]:
    """Return the sources of a run, in the order of preference that its manifest states.

    Files that no reader knows (logs, scripts) are no sources, unless their ending promises a capture: then they are
    damaged. A report that has its export
    beside it is not exported again.

    Raises:
        BadExportError: An artefact of the manifest is damaged beyond recognition.
    """
    sources: list[TableSource] = []
    raw = run.path / "raw"
    for folder in sorted(raw.iterdir()) if raw.is_dir() else ():
        if folder.is_dir():
            sources += join_segments(_folder_sources(run, folder.name), "imported_from" in run.manifest.options)
    return sources


def _folder_sources(run: RunDir, tool: str) -> list[Source]:
    folder = run.raw(tool)
    listed = [stored(run.path / name) for record in run.manifest.captures if record.tool == tool for name in record.artefacts]
    known = [path for path in listed if path.is_file() and folder in path.parents]
    paths = list(dict.fromkeys([*known, *sorted(path for path in folder.rglob("*") if path.is_file())]))
    sources = []
    for path in paths:
        try:
            reader = find_reader(readable(path))
        except BadExportError:
            if path in known and plain_name(path).suffix in known_suffixes():
                raise
            continue
        sources.append(Source(tool, path, reader, run.tables(tool)))
    ready = {plain_name(source.path).with_suffix("") for source in sources if not getattr(source.reader, "slow", False)}
    return [s for s in sources if not (getattr(s.reader, "slow", False) and plain_name(s.path).with_suffix("") in ready)]
