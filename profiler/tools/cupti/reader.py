"""Reads the embedded recorder's file into the same tables as an nsys export."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from profiler.columns import Coded, Column, Columns, narrow
from profiler.distinct import distinct_rows
from profiler.errors import BadExportError
from profiler.schema import POINT_DOMAIN
from profiler.tools.base import ReadResult
from profiler.tools.cupti.archive import FORMAT, RecordTable, read_archive

_ZIP = b"PK\x03\x04"
_CONFIGURATION = (
    "grid_x",
    "grid_y",
    "grid_z",
    "block_x",
    "block_y",
    "block_z",
    "registers_per_thread",
    "static_shared_memory_bytes",
    "dynamic_shared_memory_bytes",
    "shared_memory_executed_bytes",
    "local_memory_per_thread_bytes",
)
_WHERE = ("process_id", "device_id", "context_id", "stream_id", "correlation_id")


class CuptiReader:
    """Reads a .npz of the embedded recorder."""

    tool = "cupti"
    suffixes = (".npz",)
    tables = ("kernels", "launch_configurations", "memcpys", "memsets", "api_calls", "synchronizations", "nvtx_ranges")
    parser_version = 1

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a .npz whose first member is the format's name."""
        return head.startswith(_ZIP) and b"format.npy" in head[:64]

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables; times count from the first event.

        Raises:
            BadExportError: The file is damaged, or a column is missing.
        """
        found = read_archive(path)
        start = min((int(table.columns["start_ns"].min()) for table in found.values() if table.rows), default=0)
        result = ReadResult(info={"file": path.name, "format": FORMAT, "clock": "CUPTI", "start_ns": start})
        try:
            for name in tables:
                source = "kernels" if name == "launch_configurations" else name
                if source not in found:
                    result.absent[name] = f"CUPTI recorded no {source.replace('_', ' ')}"
                else:
                    result.frames[name] = _READ[name](found[source], start)
        except KeyError as error:
            raise BadExportError(f"{path}: column {error} is missing", "record it again") from error
        return result


def _times(table: RecordTable, start: int) -> dict[str, Column]:
    return {"start_ns": table.columns["start_ns"] - start, "duration_ns": narrow(table.columns["duration_ns"])}


def _text(table: RecordTable, name: str) -> Coded:
    return Coded(*table.texts[name])


def _numbers(table: RecordTable, names: Collection[str]) -> dict[str, Column]:
    return {name: narrow(table.columns[name]) for name in names}


def _configurations(table: RecordTable) -> tuple[np.ndarray, np.ndarray]:
    """Return a row of each launch configuration, and each kernel's configuration."""
    keys = [table.texts["kernel"][0].astype(np.int64), *(table.columns[name] for name in _CONFIGURATION)]
    return distinct_rows(keys)


def _kernels(table: RecordTable, start: int) -> Columns:
    columns = {**_times(table, start), "launch_configuration_id": _configurations(table)[1], **_numbers(table, _WHERE)}
    nodes = table.columns["graph_node_id"]
    if nodes.any():
        columns["graph_node_id"] = np.ma.masked_equal(nodes, 0)
    return Columns(columns)


def _launch_configurations(table: RecordTable, start: int) -> Columns:
    rows = _configurations(table)[0]
    names = {name: _text(table, name).take(rows) for name in ("kernel", "short_name")}
    return Columns({**names, **{name: narrow(table.columns[name][rows]) for name in _CONFIGURATION}})


def _memcpys(table: RecordTable, start: int) -> Columns:
    texts = {name: _text(table, name) for name in ("direction", "source_kind", "destination_kind")}
    return Columns({**_times(table, start), "size_bytes": table.columns["size_bytes"], **texts, **_numbers(table, _WHERE)})


def _memsets(table: RecordTable, start: int) -> Columns:
    kind = {"memory_kind": _text(table, "memory_kind")}
    return Columns({**_times(table, start), "size_bytes": table.columns["size_bytes"], **kind, **_numbers(table, _WHERE)})


def _api_calls(table: RecordTable, start: int) -> Columns:
    texts = {name: _text(table, name) for name in ("api", "name")}
    return Columns(
        {**_times(table, start), **texts, **_numbers(table, ("process_id", "thread_id", "correlation_id", "return_value"))}
    )


def _synchronizations(table: RecordTable, start: int) -> Columns:
    return Columns({**_times(table, start), "kind": _text(table, "kind"), **_numbers(table, _WHERE)})


def _nvtx_ranges(table: RecordTable, start: int) -> Columns:
    rows = table.rows
    return Columns(
        {
            **_times(table, start),
            "kind": Coded(np.zeros(rows, np.int32), ["push_pop"]),
            "domain": Coded(np.zeros(rows, np.int32), [POINT_DOMAIN]),
            "name": _text(table, "name"),
            **_numbers(table, ("process_id", "thread_id")),
            "payload_int": np.ma.masked_equal(table.columns["payload_int"], -1),
        }
    )


_READ: dict[str, Callable[[RecordTable, int], Columns]] = {
    "kernels": _kernels,
    "launch_configurations": _launch_configurations,
    "memcpys": _memcpys,
    "memsets": _memsets,
    "api_calls": _api_calls,
    "synchronizations": _synchronizations,
    "nvtx_ranges": _nvtx_ranges,
}

READERS = (CuptiReader(),)
