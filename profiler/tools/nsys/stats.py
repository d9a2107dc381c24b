"""Reader of what `nsys stats` prints as CSV, TSV or JSON: a trace of GPU work; for other reports, what to give instead."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.columns import Coded, Column, Columns, from_records, narrow
from profiler.errors import BadExportError
from profiler.schema import DIAGNOSTICS, KERNELS, LAUNCH_CONFIGURATIONS, MEMCPYS, MEMSETS
from profiler.tools.base import ReadResult
from profiler.tools.damage import DAMAGE
from profiler.tools.kernel_tables import kernel_tables
from profiler.tools.nsys.time_axis import SetAside, set_aside
from profiler.tools.text_files import read_plain

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST = (
    r"Time ?\(%\)|Total (?:Time ?)?\(|Total HtoD|(?:API )?Start ?\(|Duration ?\(|(?:NVTX )?Range\W{1,3}Style|PID\W{1,3}TID"
    r"|Count\W{1,3}QCount|Name\W{1,3}(?:Projected )?Start|Virtual Address\W{1,3}HtoD|CPU Page Faults"
)
"""How a report's first columns are called, by every version; nsys may print notices before them."""
_CSV = re.compile(rf'^"?(?:{_FIRST})[^\n]*[,\t][^\n]*$'.encode(), re.MULTILINE)
_JSON = re.compile(rf'\s*\[\s*\{{\s*"(?:{_FIRST})'.encode())
_TEXT = re.compile(rb"^ ?\*\* .+ \(\w+\):\s*$", re.MULTILINE)

_UNIT = re.compile(r"^(.*?) ?(?:\(([^)]*)\))?$")
_PREFIXES = {"n": 1, "u": 10**3, "µ": 10**3, "m": 10**6, "": 10**9}
_TIMES_NS = {f"{prefix}{word}": factor for prefix, factor in _PREFIXES.items() for word in ("s", "sec")}
_SIZES_BYTES = {"": 1, "B": 1, "bytes": 1, **{f"{prefix}B": 10**power for prefix, power in (("K", 3), ("M", 6), ("G", 9))}}
_SIZES_BYTES |= {f"{prefix}iB": 1 << power for prefix, power in (("K", 10), ("M", 20), ("G", 30))}
_DEVICE = re.compile(r"^.* \((\d+)\)$")
_MEMCPY = re.compile(r"^\[CUDA memcpy (.+)\]$")
_MEMSET = "[CUDA memset]"
_TIME_LIMIT_NS = 2.0**61
_WHOLE = {
    "CorrId": "correlation_id",
    "Ctx": "context_id",
    "Strm": "stream_id",
    **{f"{short}{axis.upper()}": f"{name}_{axis}" for short, name in (("Grd", "grid"), ("Blk", "block")) for axis in "xyz"},
    "Reg/Trd": "registers_per_thread",
}
_SIZES = {"StcSMem": "static_shared_memory_bytes", "DymSMem": "dynamic_shared_memory_bytes", "Bytes": "size_bytes"}
_REQUIRED = ("Start", "Duration", "CorrId", *(name for name in _WHOLE if name[:3] in ("Grd", "Blk", "Reg")), "Device", "Name")
_COLUMNS = {"kernels": (*KERNELS.names, *LAUNCH_CONFIGURATIONS.names), "memcpys": MEMCPYS.names, "memsets": MEMSETS.names}
_PRINT_AGAIN = "print it again: nsys stats --report cuda_gpu_trace --format csv REPORT"
_NOT_HERE = "the trace of nsys stats holds GPU work only: give the .sqlite or .nsys-rep for the rest"
_COUNTS = ("Instances", "Num Calls", "Count", "NVTX Inst", "Range Instances", "Kern Inst")
_NAMES = ("Name", "Range", "Operation", "Kernel Name", "NVTX Range")
_TOTAL = re.compile(r"^Total (?:Time |Proj Time )?\((ns|us|ms|s)\)$")


class StatsReader:
    """Reads a trace of the GPU's work; refuses the other reports, of which none holds what the tables need."""

    tool = "nsys"
    suffixes = (".csv", ".json")
    tables = ("kernels", "launch_configurations", "memcpys", "memsets", "diagnostics", "api_calls", "nvtx_ranges", "devices")
    parser_version = 3

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the names of a report's columns, or its heading for people, stand in the first lines."""
        return any((_CSV.search(head), _JSON.match(head), _TEXT.search(head)))

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables.

        Raises:
            BadExportError: It is another report, a line is cut off, or a unit is unknown.
        """
        trace = _Trace(path, _load(path))
        result = ReadResult(info={"tool": "nsys", "file": path.name, "report": "cuda_gpu_trace"})
        found, left_out = trace.tables()
        found["diagnostics"] = _diagnostics(left_out)
        for name in tables:
            if name in found:
                result.frames[name] = found[name]
            elif name in (*_COLUMNS, "launch_configurations"):
                without = f" among its usable rows: {left_out.why} are left out" if left_out.count else ""
                result.absent[name] = f"the trace holds no {name}{without}"
            else:
                result.absent[name] = _NOT_HERE
        return result


def _load(path: Path) -> pa.Table:
    """Return the rows of a trace.

    Raises:
        BadExportError: They are those of another report, or not whole.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    data = read_plain(path)
    try:
        found = _CSV.search(data)
        if _JSON.match(data):
            rows = [row for row in json.loads(data) if isinstance(row, dict)]
            return pa.Table.from_pylist(rows) if _is_trace(rows[0]) else _refuse(path, rows)
        if found is None:
            return _refuse(path, [])
        # a damaged header is no valid text: the names of its columns are then not those expected
        head, delimiter = found[0].decode("utf-8", "replace"), "\t" if b"\t" in found[0] else ","
        body = head.encode() + data[found.end() :]
        if not _is_trace(next(csv.reader([head], delimiter=delimiter))):
            return _refuse(path, list(csv.DictReader(body.decode("utf-8", "replace").splitlines(), delimiter=delimiter)))
        options = arrow_csv.ConvertOptions(null_values=["", "-"], strings_can_be_null=True)
        return arrow_csv.read_csv(
            pa.BufferReader(body), parse_options=arrow_csv.ParseOptions(delimiter=delimiter), convert_options=options
        )
    except (pa.ArrowException, csv.Error, *DAMAGE) as error:
        raise BadExportError(f"{path}: not a whole report of nsys stats ({error})", _PRINT_AGAIN) from error


def _is_trace(names: Collection[str]) -> bool:
    """Return whether columns are those of a trace, whole or not: no other report has these."""
    return {"CorrId", "GrdX"} <= set(names)


def _refuse(path: Path, rows: list[dict[str, Any]]) -> pa.Table:
    """Refuse another report with what its first row, mostly that of the most time, tells."""
    told, first = "", rows[0] if rows else {}
    count, name = (next((key for key in keys if first.get(key) is not None), "") for keys in (_COUNTS, _NAMES))
    total = next((key for key in first if key and _TOTAL.match(key)), "")
    if count and name and total:
        spent = f"count {first[count]}, total {first[total]} {total[total.index('(') + 1 : -1]}"
        told = f"; it sums up {len(rows)} names, first {str(first[name]).strip()!r}: {spent}"
    raise BadExportError(
        f"{path}: a report that nsys stats printed, without the single times of GPU work{told}",
        "give the .sqlite or .nsys-rep; or print single times: nsys stats --report cuda_gpu_trace --format csv REPORT",
    )


class _Trace:
    """The columns of a trace, by name without unit."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self._path, self.rows = path, table.num_rows
        parts = [_UNIT.match(name) for name in table.column_names]
        named = [(match[1], match[2] or "") if match else ("", "") for match in parts]
        self._columns = {name: (table.column(place), unit) for place, (name, unit) in enumerate(named)}
        missing = [name for name in _REQUIRED if name not in self._columns]
        if missing:
            raise BadExportError(f"{path}: the trace lacks {', '.join(missing)}; found {', '.join(self._columns)}", _PRINT_AGAIN)

    def _numbers(self, name: str, units: dict[str, int] | None = None) -> np.ndarray:
        """Return a column as float64 in the base unit, NaN where empty or absent."""
        if name not in self._columns:
            return np.full(self.rows, np.nan)
        import pyarrow as pa

        column, unit = self._columns[name]
        if units is not None and unit not in units:
            raise BadExportError(f"{self._path}: column {name} has the unknown unit {unit!r}", "print it with --timeunit ns")
        try:
            values: np.ndarray = column.cast(pa.float64()).to_numpy()
        except (pa.ArrowException, *DAMAGE) as error:
            raise BadExportError(f"{self._path}: column {name} holds no numbers ({error})", _PRINT_AGAIN) from error
        return values * (units or {unit: 1})[unit]

    def _times(self, name: str) -> np.ndarray:
        """Return a time column in ns, masked where it is empty or no time."""
        values = np.rint(self._numbers(name, _TIMES_NS))
        missing = ~(np.abs(values) < _TIME_LIMIT_NS)
        numbers = np.where(missing, 0, values).astype(np.int64)
        return np.ma.masked_array(numbers, missing) if missing.any() else numbers

    def _whole(self, name: str, units: dict[str, int] | None = None) -> np.ndarray:
        """Return a column of whole numbers, 0 where empty."""
        return narrow(np.rint(np.nan_to_num(self._numbers(name, units))).astype(np.int64))

    def _text(self, name: str) -> Coded:
        import pyarrow as pa

        if name not in self._columns:
            return Coded(np.full(self.rows, -1, np.int32), [])
        column = self._columns[name][0]
        # Arrow guesses bytes where a text is no UTF-8
        kind = pa.binary() if pa.types.is_binary(column.type) else pa.string()
        array = column.cast(kind).dictionary_encode().combine_chunks()
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        texts = array.dictionary.to_pylist()
        return Coded(codes, [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts])

    def tables(self) -> tuple[dict[str, Columns], SetAside]:
        """Return every table that has rows, in order of start, and what is wrong with the rows that stand in none."""
        start, duration, name = self._times("Start"), self._times("Duration"), self._text("Name")
        out, left_out = set_aside(start, np.ma.masked_array(start + duration, np.ma.getmaskarray(duration)))
        device = self._text("Device").renamed(lambda text: match[1] if (match := _DEVICE.match(text)) else "0").filled("0")
        source, target = (self._text(column).renamed(str.lower).filled("unknown") for column in ("SrcMemKd", "DstMemKd"))
        columns: dict[str, Column] = {
            "start_ns": np.ma.getdata(start),
            "duration_ns": narrow(np.ma.getdata(duration)),
            "process_id": np.zeros(self.rows, np.int32),  # the report names none
            "device_id": np.array([int(text) for text in device.values] or [0], np.int32)[device.codes],
            **{column: self._whole(printed) for printed, column in _WHOLE.items()},
            **{column: self._whole(printed, _SIZES_BYTES) for printed, column in _SIZES.items()},
            "kernel": name,
            "direction": name.renamed(_direction),
            "source_kind": source,
            "destination_kind": target,
            "memory_kind": source,
        }
        work, order = Columns(columns), np.argsort(np.ma.getdata(start), kind="stable")
        order = order if out is None else order[~out[order]]
        kinds = ["memsets" if text == _MEMSET else "memcpys" if _MEMCPY.match(text) else "kernels" for text in name.values]
        kind = np.array([*kinds, "kernels"])[name.codes[order]]
        found = {table: work.select([name for name in names if name in work]) for table, names in _COLUMNS.items()}
        found = {table: rows.take(order[kind == table]) for table, rows in found.items() if (kind == table).any()}
        return {**found, **(kernel_tables(found["kernels"]) if "kernels" in found else {})}, left_out


def _direction(name: str) -> str:
    """Return the direction of a copy as nsys exports it: `Unified Host-to-Device` is `UVM HtoD`."""
    match = _MEMCPY.match(name)
    return re.sub(r"(\w)\w*-to-(\w)\w*", r"\1to\2", match[1]).replace("Unified", "UVM") if match else "unknown"


def _diagnostics(left_out: SetAside) -> Columns:
    text = "sizes come from a printed report and are rounded: bytes, bandwidth and shared memory are approximate"
    rows = [{"source": "reader", "severity": "info", "text": text, "hint": "give the .sqlite for exact ones"}]
    if left_out.count:
        text = f"{left_out.count} of {left_out.rows} rows of the trace are left out: {left_out.why}"
        rows.append({"source": "reader", "severity": "warning", "text": text, "hint": _PRINT_AGAIN})
    return from_records(rows, DIAGNOSTICS.columns)


READERS = (StatsReader(),)
