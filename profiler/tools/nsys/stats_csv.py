"""Reader of the CSV that `nsys stats --report cuda_gpu_trace --format csv` prints: GPU work without API calls and ranges."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Coded, Column, Columns, encode, narrow
from profiler.distinct import distinct_rows
from profiler.errors import BadExportError
from profiler.tools.base import ReadResult
from profiler.tools.damage import DAMAGE
from profiler.tools.nsys.time_axis import SetAside, set_aside

if TYPE_CHECKING:
    import pyarrow as pa

_HEADER = re.compile(rb'^"?Start \((\w+)\)"?,"?Duration \((\w+)\)"?,"?CorrId"?,.*$', re.MULTILINE)
_UNIT = re.compile(r"^(.*?)(?: \(([^)]*)\))?$")
_TIME_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_SIZE_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_DEVICE = re.compile(r"^(.*) \((\d+)\)$")
_MEMCPY = re.compile(r"^\[CUDA memcpy (.+)\]$")
_DIRECTIONS = {
    "Host-to-Device": "HtoD",
    "Device-to-Host": "DtoH",
    "Device-to-Device": "DtoD",
    "Peer-to-Peer": "PtoP",
    "Host-to-Host": "HtoH",
    "Host-to-Array": "HtoA",
    "Array-to-Host": "AtoH",
    "Array-to-Array": "AtoA",
    "Array-to-Device": "AtoD",
    "Device-to-Array": "DtoA",
    "Unified Host-to-Device": "UVM HtoD",
    "Unified Device-to-Host": "UVM DtoH",
    "Unified Device-to-Device": "UVM DtoD",
}
_TIME_LIMIT_NS = 2.0**61
_REQUIRED = ("Start", "Duration", "CorrId", "GrdX", "GrdY", "GrdZ", "BlkX", "BlkY", "BlkZ", "Reg/Trd", "Device", "Name")
_NOT_HERE = "the CSV of cuda_gpu_trace holds GPU work only: give the .sqlite or .nsys-rep for the rest"
_AXES = {"grid_x": "GrdX", "grid_y": "GrdY", "grid_z": "GrdZ", "block_x": "BlkX", "block_y": "BlkY", "block_z": "BlkZ"}


class TraceCsvReader:
    """Reads a cuda_gpu_trace CSV."""

    tool = "nsys"
    suffixes = (".csv",)
    tables = ("kernels", "launch_configurations", "memcpys", "memsets", "diagnostics", "api_calls", "nvtx_ranges", "devices")
    parser_version = 2

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the header of the report stands in the first lines; nsys may print notices before it."""
        return _HEADER.search(head) is not None

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables.

        Raises:
            BadExportError: A line is cut off, a column is absent, or a unit is unknown.
        """
        trace = _Trace(path)
        names = trace.text("Name")
        memcpy = np.array([_MEMCPY.match(value) is not None for value in names.values], dtype=bool)[names.codes]
        memset = np.array([value == "[CUDA memset]" for value in names.values], dtype=bool)[names.codes]
        result = ReadResult(info={"tool": "nsys", "file": path.name, "report": "cuda_gpu_trace"})
        usable, left_out = trace.on_time_axis()
        makers = {
            "kernels": (_kernels, usable & ~memcpy & ~memset),
            "launch_configurations": (_kernels, usable & ~memcpy & ~memset),
            "memcpys": (_memcpys, usable & memcpy),
            "memsets": (_memsets, usable & memset),
        }
        for name in tables:
            if name == "diagnostics":
                result.frames[name] = _diagnostics(left_out)
            elif name not in makers:
                result.absent[name] = _NOT_HERE
            elif not makers[name][1].any():
                without = f" among its usable rows: {left_out.why} are left out" if left_out.count else ""
                result.absent[name] = f"the trace holds no {name}{without}"
            elif name not in result.frames:
                make, rows = makers[name]
                result.frames |= make(trace, np.flatnonzero(rows))
        return result


class _Trace:
    """The columns of the CSV, by name without unit."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import csv

        try:
            data = path.read_bytes()
            match = _HEADER.search(data)
            # a damaged header is no valid text: the names of its columns are then not those expected
            head, newline, rest = (data[match.start() :] if match else data).partition(b"\n")
            body = pa.BufferReader(head.decode("utf-8", "replace").encode() + newline + rest)
            options = csv.ConvertOptions(null_values=["", "-"], strings_can_be_null=True, include_columns=None)
            table = csv.read_csv(body, convert_options=options)
        except OSError as error:
            raise BadExportError(f"{path}: {error.strerror or error}", "check the path") from error
        except (pa.ArrowException, *DAMAGE) as error:
            raise BadExportError(f"{path}: not a whole CSV of cuda_gpu_trace ({error})", "print the report again") from error
        self.path = path
        self._columns: dict[str, tuple[pa.ChunkedArray, str]] = {}
        for name in table.column_names:
            parts = _UNIT.match(name)
            base, unit = parts.groups() if parts else (name, None)
            self._columns[base] = (table.column(name), unit or "")
        missing = [name for name in _REQUIRED if name not in self._columns]
        if missing:
            raise BadExportError(
                f"{path}: the trace lacks {', '.join(missing)}; found {', '.join(self._columns)}",
                "print it again: nsys stats --report cuda_gpu_trace --format csv",
            )
        self.rows = table.num_rows

    def _factor(self, name: str, known: dict[str, int]) -> int:
        unit = self._columns[name][1]
        if unit not in known:
            raise BadExportError(f"{self.path}: column {name} has the unknown unit {unit!r}", "print it with --timeunit ns")
        return known[unit]

    def numbers(self, name: str) -> np.ndarray:
        """Return a column as float64, NaN where empty or absent."""
        if name not in self._columns:
            return np.full(self.rows, np.nan)
        import pyarrow as pa

        try:
            values: np.ndarray = self._columns[name][0].cast(pa.float64()).to_numpy()
        except (pa.ArrowException, *DAMAGE) as error:
            raise BadExportError(f"{self.path}: column {name} holds no numbers ({error})", "print the report again") from error
        return values

    def times(self, name: str) -> np.ndarray:
        """Return a time column in ns, masked where it is empty or no time."""
        values = np.rint(self.numbers(name) * self._factor(name, _TIME_NS))
        missing = ~(np.abs(values) < _TIME_LIMIT_NS)
        numbers = np.where(missing, 0, values).astype(np.int64)
        return np.ma.masked_array(numbers, missing) if missing.any() else numbers

    def on_time_axis(self) -> tuple[np.ndarray, SetAside]:
        """Return True for each row that has a time, and what is wrong with the others."""
        start, duration = self.times("Start"), self.times("Duration")
        out, found = set_aside(start, np.ma.masked_array(start + duration, np.ma.getmaskarray(duration)))
        return (np.ones(self.rows, bool) if out is None else ~out), found

    def sizes(self, name: str) -> np.ndarray:
        """Return a size column in bytes, 0 where empty."""
        if name not in self._columns:
            return np.zeros(self.rows, np.int64)
        sizes: np.ndarray = np.rint(np.nan_to_num(self.numbers(name)) * self._factor(name, _SIZE_BYTES)).astype(np.int64)
        return sizes

    def text(self, name: str) -> Coded:
        """Return a text column, dictionary-coded."""
        import pyarrow as pa

        if name not in self._columns:
            return Coded(np.full(self.rows, -1, np.int32), [])
        column = self._columns[name][0]
        # Arrow guesses bytes where a text is no UTF-8
        kind = pa.binary() if pa.types.is_binary(column.type) else pa.string()
        array = column.cast(kind).combine_chunks().dictionary_encode()
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        texts = array.dictionary.to_pylist()
        return Coded(codes, [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts])


def _place(trace: _Trace, rows: np.ndarray) -> dict[str, Column]:
    device = trace.text("Device").take(rows)
    matches = [_DEVICE.match(value) for value in device.values]
    numbers = np.array([int(match.group(2)) if match else 0 for match in matches] + [0], dtype=np.int32)
    whole = {name: np.nan_to_num(trace.numbers(name)[rows]).astype(np.int64) for name in ("CorrId", "Ctx", "Strm")}
    return {
        "start_ns": np.ma.getdata(trace.times("Start"))[rows],
        "duration_ns": narrow(np.ma.getdata(trace.times("Duration"))[rows]),
        # the report names no process
        "process_id": np.zeros(len(rows), np.int32),
        "device_id": numbers[device.codes],
        "context_id": narrow(whole["Ctx"]),
        "stream_id": narrow(whole["Strm"]),
        "correlation_id": narrow(whole["CorrId"]),
    }


def _in_order(columns: dict[str, Column]) -> Columns:
    frame = Columns(columns)
    return frame.take(np.argsort(frame.array("start_ns"), kind="stable"))


def _kernels(trace: _Trace, rows: np.ndarray) -> dict[str, Columns]:
    name = trace.text("Name").take(rows)
    numbers = {target: np.nan_to_num(trace.numbers(source)[rows]).astype(np.int64) for target, source in _AXES.items()}
    numbers["registers_per_thread"] = np.nan_to_num(trace.numbers("Reg/Trd")[rows]).astype(np.int64)
    numbers["static_shared_memory_bytes"] = trace.sizes("StcSMem")[rows]
    numbers["dynamic_shared_memory_bytes"] = trace.sizes("DymSMem")[rows]
    first, ids = distinct_rows([name.codes, *numbers.values()])
    configurations = Columns({"kernel": name.take(first), **{key: values[first] for key, values in numbers.items()}})
    kernels = _in_order({**_place(trace, rows), "launch_configuration_id": ids})
    return {"kernels": kernels, "launch_configurations": configurations}


def _kind(trace: _Trace, column: str, rows: np.ndarray) -> Coded:
    return trace.text(column).take(rows).renamed(str.lower).filled("unknown")


def _direction(name: str) -> str:
    match = _MEMCPY.match(name)
    return _DIRECTIONS.get(match.group(1), match.group(1)) if match else "unknown"


def _memcpys(trace: _Trace, rows: np.ndarray) -> dict[str, Columns]:
    name = trace.text("Name").take(rows)
    columns = _place(trace, rows)
    columns["size_bytes"] = trace.sizes("Bytes")[rows]
    columns["direction"] = name.renamed(_direction)
    columns["source_kind"] = _kind(trace, "SrcMemKd", rows)
    columns["destination_kind"] = _kind(trace, "DstMemKd", rows)
    return {"memcpys": _in_order(columns)}


def _memsets(trace: _Trace, rows: np.ndarray) -> dict[str, Columns]:
    columns = _place(trace, rows)
    columns["size_bytes"] = trace.sizes("Bytes")[rows]
    columns["memory_kind"] = _kind(trace, "SrcMemKd", rows)
    return {"memsets": _in_order(columns)}


def _diagnostics(left_out: SetAside) -> Columns:
    text = "sizes come from a printed report and are rounded: bytes, bandwidth and shared memory are approximate"
    rows = [("info", text, "give the .sqlite for exact ones")]
    if left_out.count:
        text = f"{left_out.count} of {left_out.rows} rows of the trace are left out: {left_out.why}"
        rows.append(("warning", text, "print the report again: nsys stats --report cuda_gpu_trace --format csv"))
    columns = zip(("severity", "text", "hint"), zip(*rows, strict=True), strict=True)
    return Columns({"source": encode(["reader"] * len(rows)), **{name: encode(list(values)) for name, values in columns}})


READERS = (TraceCsvReader(),)
