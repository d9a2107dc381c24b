"""Takes CUPTI activity records in the process that runs the kernels, and keeps what the tables need.

Needs cupti-python, which is imported when the collector starts. Only the standard library and NumPy beside it.

Source: CUPTI documentation, Activity API; fields as of cupti-python 13.
"""

from __future__ import annotations

import ctypes
import re
import time
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from profiler.columns import Column, Columns, encode
from profiler.errors import CaptureError, ToolMissingError
from profiler.kernel_names import demangle, short_name
from profiler.tools.cupti.archive import write_archive

INSTALL_HINT = "pip install cupti-python pyelftools, on a machine with an NVIDIA GPU and driver"
BUFFER_BYTES = 8 << 20
CLOCK_TRIES = 20
_FORCED = 1
_API_VERSION = re.compile(r"_v\d{4,5}$")
_MEMORY_KINDS = dict(enumerate(("pageable", "pinned", "device", "array", "managed", "device static", "managed static"), 1))
_TEXTS = {
    "direction": dict(enumerate("HtoD DtoH HtoA AtoH AtoA AtoD DtoA DtoD HtoH PtoP".split(), 1)),
    "kind": dict(enumerate("event stream-wait stream context".split(), 1)),
    **{f"{name}_kind": _MEMORY_KINDS for name in ("source", "destination", "memory")},
}
"""Columns that hold text here and a number there."""


def _kept(*renamed: str, same: str) -> dict[str, str]:
    """Return field to column: the times, what is renamed (`field=column`), and what keeps its name."""
    changed = dict(text.split("=") for text in ("start=start_ns", "end=end_ns", *renamed))
    return changed | {name: name for name in same.split()}


_WHERE = "device_id context_id stream_id correlation_id"
_SIZES = ("static_shared_memory", "dynamic_shared_memory", "shared_memory_executed", "local_memory_per_thread")
_SHAPE = "registers_per_thread grid_x grid_y grid_z block_x block_y block_z graph_node_id"
_CALL = _kept("cbid=name", same="correlation_id process_id thread_id return_value")
_RECORDS = {
    "CONCURRENT_KERNEL": _kept("name=kernel", *(f"{name}={name}_bytes" for name in _SIZES), same=f"{_WHERE} {_SHAPE}"),
    "MEMCPY": _kept("bytes=size_bytes", "copy_kind=direction", "src_kind=source_kind", "dst_kind=destination_kind", same=_WHERE),
    "MEMSET": _kept("bytes=size_bytes", same=f"{_WHERE} memory_kind"),
    "RUNTIME": _CALL,
    "DRIVER": _CALL,
    "SYNCHRONIZATION": _kept("type=kind", same="context_id stream_id correlation_id"),
}
"""Kind of activity to what is kept of its records: field to column."""
_NO_STREAM = (1 << 32) - 1
"""CUPTI's mark for a wait that concerns no single stream."""

Row = tuple[Any, ...]


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
        self._rows: dict[str, list[Row]] = {name: [] for name in _RECORDS}
        self._kinds = {getattr(cupti.ActivityKind, name): name for name in _RECORDS}
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
            cupti.activity_register_callbacks(lambda: (BUFFER_BYTES, 0), self._completed)
            for kind in self._kinds:
                cupti.activity_enable(kind)
        except cupti.cuptiError as error:
            fix = "end other profilers of this process: nsys, ncu, a debugger"
            raise CaptureError(f"CUPTI refuses to record: {error}", fix) from error
        except RuntimeError as error:
            raise ToolMissingError(f"CUPTI cannot start: {error}", INSTALL_HINT) from error
        self._mark_clock()

    def _completed(self, activities: list[Any]) -> None:
        # an exception may not leave a callback of the driver: it is kept, and raised at the next flush
        try:
            for activity in activities:
                kind = self._kinds.get(activity.kind)
                if kind is not None:
                    self._rows[kind].append(tuple(getattr(activity, name) for name in _RECORDS[kind]))
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
            lost = f"CUPTI dropped {dropped.value} records, so the recording would be wrong"
            raise CaptureError(lost, "record fewer iterations: --max-samples")

    def _mark_clock(self) -> None:
        """Remember how far CUPTI's clock is ahead of the monotonic one: the closest of some tries."""
        tries = [(time.monotonic_ns(), int(self._cupti.get_timestamp()), time.monotonic_ns()) for _ in range(CLOCK_TRIES)]
        before, stamp, after = min(tries, key=lambda one: one[2] - one[0])
        middle = (before + after) // 2
        self._offsets.append((middle, stamp - middle))

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
        found = {
            "kernels": self._kernels(),
            "memcpys": self._table("MEMCPY"),
            "memsets": self._table("MEMSET"),
            "api_calls": self._calls(),
            "synchronizations": self._waits(),
            "nvtx_ranges": self._ranges(ranges),
        }
        write_archive(path, {name: table for name, table in found.items() if table.rows})
        self.flush()

    def _table(self, kind: str, rows: list[Row] | None = None) -> Columns:
        """Return the records of a kind, or some rows of its columns, in order of their start."""
        rows = [row for row in self._rows[kind] if row[0] and row[1]] if rows is None else rows  # a time of 0 was not collected
        names = _RECORDS[kind].values()
        raw = dict(zip(names, zip(*sorted(rows, key=itemgetter(0)), strict=True) if rows else [()] * len(names), strict=True))
        start, end = (np.array(raw.pop(name), np.int64) for name in ("start_ns", "end_ns"))
        columns = self._placed(start, end)
        for name, values in raw.items():
            if name in _TEXTS:
                columns[name] = encode([_TEXTS[name].get(int(value), "unknown") for value in values])
            elif name in ("kernel", "name"):
                columns[name] = encode(list(map(_text, values)))
            else:
                columns[name] = np.array(list(map(int, values)), np.int64)
        return Columns(columns)

    def _placed(self, start: np.ndarray, end: np.ndarray) -> dict[str, Column]:
        return {"start_ns": start, "duration_ns": end - start, "process_id": np.full(len(start), self._process_id)}

    def _kernels(self) -> Columns:
        table = self._table("CONCURRENT_KERNEL")
        kernel = table.coded("kernel").renamed(demangle)
        return table.with_columns(kernel=kernel, short_name=kernel.renamed(short_name))

    def _calls(self) -> Columns:
        """Return the API calls; of a runtime call and the driver call that it makes, only the outer one."""
        domains = {"RUNTIME": self._cupti.CallbackDomain.RUNTIME_API, "DRIVER": self._cupti.CallbackDomain.DRIVER_API}
        calls = [(kind, row) for kind in domains for row in self._rows[kind] if row[0] and row[1]]
        outer: dict[int, tuple[str, Row]] = {}
        for kind, row in sorted(calls, key=lambda call: (call[1][0], -call[1][1])):
            outer.setdefault(row[3], (kind, row))

        @cache
        def name_of(kind: str, number: int) -> str:
            return _API_VERSION.sub("", _text(self._cupti.get_callback_name(domains[kind], number)))

        rows = [(*row[:2], name_of(kind, row[2]), *row[3:]) for kind, row in outer.values()]
        return self._table("RUNTIME", rows).with_columns(api=encode([kind.lower() for kind, _ in outer.values()]))

    def _waits(self) -> Columns:
        table = self._table("SYNCHRONIZATION")
        stream = table.array("stream_id")
        return table.with_columns(stream_id=np.where(stream == _NO_STREAM, 0, stream), device_id=np.zeros(table.rows, np.int64))

    def _ranges(self, ranges: list[tuple[str, int, int, int, int | None]]) -> Columns:
        rows = sorted(ranges, key=lambda row: (row[1], -row[2]))
        start = self._to_cupti_clock(np.array([row[1] for row in rows], np.int64))
        end = self._to_cupti_clock(np.array([row[1] + row[2] for row in rows], np.int64))
        return Columns(self._placed(start, end)).with_columns(
            thread_id=np.array([row[3] for row in rows], np.int64),
            name=encode([row[0] for row in rows]),
            payload_int=np.array([-1 if row[4] is None else row[4] for row in rows], np.int64),
        )


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
