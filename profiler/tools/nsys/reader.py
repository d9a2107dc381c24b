"""Readers of what nsys writes: the SQLite export itself, and the reports that nsys must export first."""

from __future__ import annotations

import os
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from profiler.columns import Columns
from profiler.errors import BadExportError
from profiler.schema import TABLES, check_columns
from profiler.tools.base import ReadResult
from profiler.tools.damage import DAMAGE, damage_text
from profiler.tools.nsys import api_tables, device_table, gpu_tables, nvtx_table, target_tables
from profiler.tools.nsys.sqlite_export import SQLITE_MAGIC, SqliteExport

PARSER_VERSION = 4
"""Raise it when the same file gives other rows: Parquet copies of older versions are then made again."""

_NO_CUDA = "the capture holds no {}: record with nsys profile -t cuda, on a machine with a GPU"
_NO_TARGET = "the export holds no {}: nsys found no GPU"
_NO_GRAPH = "no CUDA graph was traced as a whole (their kernels, if any, have rows of their own)"
_NO_RANGE = "the capture holds no NVTX event: record with nsys profile -t nvtx, and annotate the program"
_PLAIN = {"memcpys": "memory copy", "memsets": "memory fill", "synchronizations": "wait for the GPU that nsys records"}

Source = tuple[str, Callable[[SqliteExport], dict[str, Columns]], str]
"""nsys table that a table comes from, reading function, reason when the nsys table is absent."""
_TIMED: dict[str, Source] = {
    "kernels": (gpu_tables.KERNEL, gpu_tables.read_kernels, _NO_CUDA.format("CUDA kernel")),
    "memcpys": (gpu_tables.MEMCPY, gpu_tables.read_memcpys, _NO_CUDA.format("memory copy")),
    "memsets": (gpu_tables.MEMSET, gpu_tables.read_memsets, _NO_CUDA.format("memory fill")),
    "graph_launches": (gpu_tables.GRAPH, gpu_tables.read_graph_launches, _NO_GRAPH),
    "api_calls": (api_tables.RUNTIME, api_tables.read_api_calls, _NO_CUDA.format("CUDA API call")),
    "synchronizations": (api_tables.SYNCHRONIZATION, api_tables.read_synchronizations, _NO_CUDA.format("CUDA synchronization")),
    "nvtx_ranges": (nvtx_table.NVTX, nvtx_table.read_nvtx_ranges, _NO_RANGE),
}
_BESIDE: dict[str, Source] = {
    "devices": (device_table.GPU, device_table.read_devices, _NO_TARGET.format("GPU description")),
    "streams": (target_tables.STREAM, target_tables.read_streams, _NO_TARGET.format("CUDA stream description")),
    "contexts": (target_tables.CONTEXT, target_tables.read_contexts, _NO_TARGET.format("CUDA context description")),
    "lost_events": ("DIAGNOSTIC_EVENT", target_tables.read_lost_events, "nsys named no moment at which it lost events"),
}
"""Small tables beside the events: one that cannot be read is absent with that reason, and the rest is read."""
_SOURCES = {**_TIMED, "launch_configurations": _TIMED["kernels"], **_BESIDE}

_OPEN = frozenset({"api_calls", "synchronizations", "nvtx_ranges"})
"""Event tables in which a row without an end was still open when the capture ended."""

_WORKERS = min(2, os.cpu_count() or 1)


def _filled(export: SqliteExport, name: str) -> bool:
    sources = (_SOURCES[name][0], device_table.CUDA_GPU) if name == "devices" else (_SOURCES[name][0],)
    return any(source in export.columns and export.has_rows(source) for source in sources)


def _read_beside(export: SqliteExport, name: str) -> dict[str, Columns] | str:
    """Read a table beside the events; return why it cannot be read instead of failing."""
    try:
        frames = _SOURCES[name][1](export)
        check_columns(frames[name], TABLES[name], export.path.name)
    except DAMAGE as error:
        return f"{_SOURCES[name][0]} cannot be read: {damage_text(error)}"
    except BadExportError as error:
        return f"{_SOURCES[name][0]} cannot be read: {error.message.removeprefix(f'{export.path}: ')}"
    return frames


def _reason(export: SqliteExport, name: str) -> str:
    source, _, reason = _SOURCES[name]
    if name in _TIMED and _filled(export, name):
        left_out = export.left_out(source, name in _OPEN)
        return f"none of the {left_out.rows} rows of {source} is usable: {left_out.why}"
    if name in _PLAIN and export.has(api_tables.RUNTIME):
        # CUDA was recorded: the program simply did none of these
        return f"the program made no {_PLAIN[name]}"
    return reason


class SqliteReader:
    """Reads an nsys SQLite export."""

    tool = "nsys"
    suffixes: tuple[str, ...] = (".sqlite",)
    tables = (*_SOURCES, "diagnostics")
    parser_version = PARSER_VERSION

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a SQLite database."""
        return head.startswith(SQLITE_MAGIC[:15])

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables; `kernels` brings `launch_configurations` along.

        Raises:
            BadExportError: The file is damaged, no nsys export, or lacks a required column.
        """
        export = SqliteExport(path)
        export.require_nsys()
        result = ReadResult(info=target_tables.read_info(export))
        result.absent = {name: _reason(export, name) for name in tables if name in _SOURCES and not _filled(export, name)}
        for name in (name for name in _BESIDE if name in tables and name not in result.absent):
            found = _read_beside(export, name)
            if isinstance(found, str):
                result.absent[name] = found
            else:
                result.frames |= found
        readers = [_SOURCES[name][1] for name in tables if name in _SOURCES and name not in (*result.absent, *_BESIDE)]
        with ThreadPoolExecutor(max_workers=_WORKERS) as workers:
            # decoding works outside the interpreter's lock: two tables at a time where there are two cores
            for frames in workers.map(lambda read: read(export), dict.fromkeys(readers)):
                result.frames |= frames
        if "diagnostics" in tables:
            # last: by now the tables have counted what they left out
            unreadable = [text for name in _BESIDE if _filled(export, name) and isinstance(text := _read_beside(export, name), str)]
            timed = {table: name in _OPEN for name, (table, _, _) in _TIMED.items()}
            result.frames |= target_tables.read_diagnostics(export, timed, unreadable)
        for name in [name for name in result.frames if name in _SOURCES and not result.frames[name].rows]:
            del result.frames[name]
            result.absent[name] = _reason(export, name)
        return result


class ConvertedReader(SqliteReader):
    """Makes a SQLite export of what it is given, in a temporary folder, and reads that."""

    slow = True

    @abstractmethod
    def convert(self, path: Path, folder: Path) -> Path:
        """Return an export of a capture, made in a folder."""

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read all tables: the export is gone afterwards.

        Raises:
            ToolMissingError: nsys, or its importer for a raw stream, is needed and not installed.
            BadExportError: The capture is damaged, was recorded by a newer version, or is none of nsys.
        """
        with tempfile.TemporaryDirectory(prefix="profiler-export-") as folder:
            result = super().read(self.convert(path, Path(folder)), self.tables)
        result.info["file"] = path.name
        return result


READERS = (SqliteReader(),)
