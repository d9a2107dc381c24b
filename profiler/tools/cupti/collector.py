"""Takes CUPTI activity records in the process that runs the kernels, and keeps what the tables need.

Needs cupti-python, which is imported when the collector starts. Only the standard library and NumPy beside it.

Source: CUPTI documentation, Activity API; fields as of cupti-python 13.
"""

from __future__ import annotations

import ctypes
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from profiler.errors import CaptureError, ToolMissingError
from profiler.kernel_names import demangle, short_name
from profiler.tools.cupti.archive import RecordTable, write_archive

INSTALL_HINT = "pip install cupti-python pyelftools, on a machine with an NVIDIA GPU and driver"
BUFFER_BYTES = 8 << 20
CLOCK_TRIES = 20
_FORCED = 1
_API_VERSION = re.compile(r"_v\d{4,5}$")
_DIRECTIONS = {1: "HtoD", 2: "DtoH", 3: "HtoA", 4: "AtoH", 5: "AtoA", 6: "AtoD", 7: "DtoA", 8: "DtoD", 9: "HtoH", 10: "PtoP"}
_MEMORY_KINDS = {
    0: "unknown",
    1: "pageable",
    2: "pinned",
    3: "device",
    4: "array",
    5: "managed",
    6: "device static",
    7: "managed static",
}
_SYNCHRONIZATIONS = {1: "event", 2: "stream-wait", 3: "stream", 4: "context"}

_KERNEL = (
    "start",
    "end",
    "device_id",
    "context_id",
    "stream_id",
    "correlation_id",
    "name",
    "grid_x",
    "grid_y",
    "grid_z",
    "block_x",
    "block_y",
    "block_z",
    "registers_per_thread",
    "static_shared_memory",
    "dynamic_shared_memory",
    "shared_memory_executed",
    "local_memory_per_thread",
    "graph_node_id",
)
_MEMCPY = ("start", "end", "device_id", "context_id", "stream_id", "correlation_id", "bytes", "copy_kind", "src_kind", "dst_kind")
_MEMSET = ("start", "end", "device_id", "context_id", "stream_id", "correlation_id", "bytes", "memory_kind")
_API = ("start", "end", "cbid", "correlation_id", "process_id", "thread_id", "return_value")
_SYNCHRONIZATION = ("start", "end", "context_id", "stream_id", "correlation_id", "type")


class CuptiCollector:
    """Collects from `start` to `stop`.

    Args:
        process_id: This process.

    Raises:
        ToolMissingError: cupti-python or the driver is missing.
    """

    def __init__(self, process_id: int) -> None:
        try:
            from cupti import cupti
        except ImportError as error:
            raise ToolMissingError(f"cupti-python cannot be loaded ({error})", INSTALL_HINT) from error
        self._cupti = cupti
        self._process_id = process_id
        self._rows: dict[str, list[tuple[Any, ...]]] = {
            name: [] for name in ("kernels", "memcpys", "memsets", "runtime", "driver", "synchronizations")
        }
        kind = cupti.ActivityKind
        self._kinds = {
            kind.CONCURRENT_KERNEL: ("kernels", _KERNEL),
            kind.MEMCPY: ("memcpys", _MEMCPY),
            kind.MEMSET: ("memsets", _MEMSET),
            kind.RUNTIME: ("runtime", _API),
            kind.DRIVER: ("driver", _API),
            kind.SYNCHRONIZATION: ("synchronizations", _SYNCHRONIZATION),
        }
        self._failure: BaseException | None = None
        self._offsets: list[tuple[int, int]] = []

    def start(self) -> None:
        """Begin to collect; call it before the first CUDA work of the process.

        Raises:
            ToolMissingError: The driver is missing.
            CaptureError: CUPTI refuses, as it does while another tool is attached.
        """
        cupti = self._cupti
        try:
            cupti.set_thread_id_type(cupti.ActivityThreadIdType.SYSTEM)
            cupti.activity_register_callbacks(self._requested, self._completed)
            for kind in self._kinds:
                cupti.activity_enable(kind)
        except cupti.cuptiError as error:
            raise CaptureError(
                f"CUPTI refuses to record: {error}", "end other profilers of this process: nsys, ncu, a debugger"
            ) from error
        except RuntimeError as error:
            raise ToolMissingError(f"CUPTI cannot start: {error}", INSTALL_HINT) from error
        self._mark_clock()

    @staticmethod
    def _requested() -> tuple[int, int]:
        return BUFFER_BYTES, 0

    def _completed(self, activities: list[Any]) -> None:
        # an exception may not leave a callback of the driver: it is kept, and raised at the next flush
        try:
            for activity in activities:
                entry = self._kinds.get(activity.kind)
                if entry is not None:
                    table, names = entry
                    self._rows[table].append(tuple(getattr(activity, name) for name in names))
        except (AttributeError, TypeError, ValueError) as error:
            self._failure = error

    def flush(self) -> None:
        """Take everything that is finished, and see that nothing was lost.

        Raises:
            CaptureError: CUPTI dropped records, or gave records of another form.
        """
        self._cupti.activity_flush_all(_FORCED)
        if self._failure is not None:
            raise CaptureError(f"CUPTI's records cannot be read: {self._failure}", "install cupti-python 13") from self._failure
        dropped = ctypes.c_size_t(0)
        self._cupti.activity_get_num_dropped_records(0, 0, ctypes.addressof(dropped))
        if dropped.value:
            raise CaptureError(
                f"CUPTI dropped {dropped.value} records, so the recording would be wrong", "record fewer iterations: --max-samples"
            )

    def _mark_clock(self) -> None:
        """Remember how far CUPTI's clock is ahead of the monotonic one: the closest of some tries."""
        best: tuple[int, int, int] | None = None
        for _ in range(CLOCK_TRIES):
            before = time.monotonic_ns()
            stamp = int(self._cupti.get_timestamp())
            after = time.monotonic_ns()
            if best is None or after - before < best[0]:
                best = (after - before, (before + after) // 2, stamp)
        assert best is not None  # noqa: S101 - tells the type checker
        self._offsets.append((best[1], best[2] - best[1]))

    def _to_cupti_clock(self, monotonic_ns: np.ndarray) -> np.ndarray:
        """Move times to CUPTI's clock, by the line through the offsets at the beginning and the end."""
        (first, offset), (last, final) = self._offsets[0], self._offsets[-1]
        if last == first:
            return monotonic_ns + offset
        drift = (monotonic_ns - first) * ((final - offset) / (last - first))
        return monotonic_ns + offset + np.rint(drift).astype(np.int64)

    def stop(self, path: Path, ranges: list[tuple[str, int, int, int, int | None]]) -> None:
        """End collecting and write the archive.

        Args:
            path: Where it goes.
            ranges: The NVTX ranges of this process: name, start and duration (ns, monotonic clock), thread, payload.

        Raises:
            CaptureError: CUPTI dropped records.
        """
        self._cupti.activity_flush_all(_FORCED)
        self._mark_clock()
        for kind in self._kinds:
            self._cupti.activity_disable(kind)
        tables = [
            self._kernels(),
            self._copies(),
            self._fills(),
            self._calls(),
            self._waits(),
            self._ranges(ranges),
        ]
        write_archive(path, [table for table in tables if table.rows])
        self.flush()

    def _columns(self, name: str, fields: tuple[str, ...]) -> dict[str, list[Any]]:
        rows = [row for row in self._rows[name] if row[0] and row[1]]  # a time of 0 was not collected
        rows.sort(key=lambda row: row[0])
        return dict(zip(fields, map(list, zip(*rows, strict=True)), strict=True)) if rows else {field: [] for field in fields}

    def _place(self, raw: dict[str, list[Any]]) -> dict[str, Any]:
        start, end = (np.array(raw[name], np.int64) for name in ("start", "end"))
        return {
            "start_ns": start,
            "duration_ns": end - start,
            "process_id": np.full(len(start), self._process_id),
            **{
                name: np.array(raw[name], np.int64)
                for name in ("device_id", "context_id", "stream_id", "correlation_id")
                if name in raw
            },
        }

    def _kernels(self) -> RecordTable:
        raw = self._columns("kernels", _KERNEL)
        names = {name: demangle(_text(name)) for name in set(raw["name"])}
        table = RecordTable("kernels", self._place(raw))
        table.text("kernel", [names[name] for name in raw["name"]])
        table.text("short_name", [short_name(names[name]) for name in raw["name"]])
        for axis in "xyz":
            table.numbers(f"grid_{axis}", raw[f"grid_{axis}"])
            table.numbers(f"block_{axis}", raw[f"block_{axis}"])
        table.numbers("registers_per_thread", raw["registers_per_thread"])
        for source in ("static_shared_memory", "dynamic_shared_memory", "shared_memory_executed", "local_memory_per_thread"):
            table.numbers(f"{source}_bytes", raw[source])
        table.numbers("graph_node_id", raw["graph_node_id"])
        return table

    def _copies(self) -> RecordTable:
        raw = self._columns("memcpys", _MEMCPY)
        table = RecordTable("memcpys", self._place(raw))
        table.numbers("size_bytes", raw["bytes"])
        table.text("direction", [_DIRECTIONS.get(int(kind), "unknown") for kind in raw["copy_kind"]])
        table.text("source_kind", [_MEMORY_KINDS.get(int(kind), "unknown") for kind in raw["src_kind"]])
        table.text("destination_kind", [_MEMORY_KINDS.get(int(kind), "unknown") for kind in raw["dst_kind"]])
        return table

    def _fills(self) -> RecordTable:
        raw = self._columns("memsets", _MEMSET)
        table = RecordTable("memsets", self._place(raw))
        table.numbers("size_bytes", raw["bytes"])
        table.text("memory_kind", [_MEMORY_KINDS.get(int(kind), "unknown") for kind in raw["memory_kind"]])
        return table

    def _calls(self) -> RecordTable:
        """Return the API calls; of a runtime call and the driver call that it makes, only the outer one."""
        domains = self._cupti.CallbackDomain
        merged = []
        for table, api, domain in (("runtime", "runtime", domains.RUNTIME_API), ("driver", "driver", domains.DRIVER_API)):
            names = _callback_names(self._cupti.get_callback_name, domain, {row[2] for row in self._rows[table]})
            merged += [(*row, api, names[row[2]]) for row in self._rows[table] if row[0] and row[1]]
        outer: dict[int, tuple[Any, ...]] = {}
        for row in sorted(merged, key=lambda row: (row[0], -row[1])):
            outer.setdefault(row[3], row)
        rows = sorted(outer.values(), key=lambda row: row[0])
        raw = dict(zip((*_API, "api", "name"), map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
        table_ = RecordTable("api_calls", self._place(raw) if rows else {})
        if rows:
            table_.text("api", raw["api"])
            table_.text("name", raw["name"])
            table_.numbers("thread_id", raw["thread_id"])
            table_.numbers("return_value", raw["return_value"])
        return table_

    def _waits(self) -> RecordTable:
        raw = self._columns("synchronizations", _SYNCHRONIZATION)
        no_stream = (1 << 32) - 1  # CUPTI's mark for a wait that concerns no single stream
        raw["stream_id"] = [0 if int(stream) == no_stream else int(stream) for stream in raw["stream_id"]]
        table = RecordTable("synchronizations", self._place(raw))
        table.numbers("device_id", [0] * len(raw["start"]))
        table.text("kind", [_SYNCHRONIZATIONS.get(int(kind), "unknown") for kind in raw["type"]])
        return table

    def _ranges(self, ranges: list[tuple[str, int, int, int, int | None]]) -> RecordTable:
        rows = sorted(ranges, key=lambda row: (row[1], -row[2]))
        start = self._to_cupti_clock(np.array([row[1] for row in rows], np.int64))
        end = self._to_cupti_clock(np.array([row[1] + row[2] for row in rows], np.int64))
        table = RecordTable("nvtx_ranges", {"start_ns": start, "duration_ns": end - start})
        table.numbers("process_id", [self._process_id] * len(rows))
        table.numbers("thread_id", [row[3] for row in rows])
        table.text("name", [row[0] for row in rows])
        table.numbers("payload_int", [-1 if row[4] is None else row[4] for row in rows])
        return table


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _callback_names(find: Callable[[Any, int], Any], domain: Any, ids: set[int]) -> dict[int, str]:
    return {number: _API_VERSION.sub("", _text(find(domain, number))) for number in ids}
