"""CUDA events around the iterations of a marked program, taken with the CUDA driver that the program itself has loaded.

Nothing is loaded and no context is made here: where the calling thread has no current context, there are no events.

Source: CUDA Driver API, "Event Management" (cuEventElapsedTime: milliseconds, resolution about 0.5 µs).
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import Any

_LIBRARY = "libcuda.so.1"
_SUCCESS = 0
_EMPTY_PAIRS = 32
_CHECKS = 3
_ENQUEUE_NS = 10_000
_SHORT_NS = 200_000
"""Shorter iterations that take no longer than their enqueuing are mostly launch latency, which is no time of the device."""
_OUTSIDE_NS = 30_000
"""A device that is busy for so long after the end event has work that the events do not cover; an idle one answers in a few µs."""
NO_WORK = "no GPU work ran between the events: give the stream of the launches, profiler.point(..., cuda_stream=s)"
WAITED = "the GPU waited for the host in these iterations, so the time to enqueue them is part of their time"
OUTSIDE = "GPU work ran on after the end event, on other streams: join them before the iteration ends, or give cuda_stream=[...]"


@cache
def _driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(os.environ.get("PROFILER_CUDA_LIBRARY") or _LIBRARY, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError:
        return None


def driver() -> ctypes.CDLL | None:
    """Return the CUDA driver when this process has loaded it and the calling thread has a current context."""
    library = _driver()
    if library is None:
        _driver.cache_clear()  # the program may load it later
        return None
    context = ctypes.c_void_p()
    if library.cuCtxGetCurrent(ctypes.byref(context)) != _SUCCESS or not context.value:
        return None
    return library


def stream_handle(stream: Any) -> int:
    """Return the handle of a stream given as a number or as an object of torch, CuPy, cuda.core or cuda.bindings.

    Raises:
        TypeError: It is nothing of these.
    """
    for name in ("cuda_stream", "ptr", "handle"):
        value = getattr(stream, name, None)
        if value is not None:
            return int(value)
    protocol = getattr(stream, "__cuda_stream__", None)
    if protocol is not None:
        return int((protocol() if callable(protocol) else protocol)[1])
    return int(stream)


def current_stream() -> int:
    """Return the stream that the loaded framework launches on; the default stream where none says."""
    torch, cupy = sys.modules.get("torch"), sys.modules.get("cupy")
    if torch is not None and getattr(torch, "cuda", None) is not None and torch.cuda.is_initialized():
        return int(torch.cuda.current_stream().cuda_stream)
    if cupy is not None and hasattr(cupy, "cuda"):
        return int(cupy.cuda.get_current_stream().ptr)
    return 0


class EventTimer:
    """Times the iterations of one point with pairs of events.

    Args:
        library: The CUDA driver.
        streams: Handles of the streams that the iterations use; empty: the current stream at each start.
    """

    def __init__(self, library: ctypes.CDLL, streams: Sequence[int] = ()) -> None:
        self._cuda = library
        self._streams = tuple(streams)
        self._pairs: list[tuple[ctypes.c_void_p, ctypes.c_void_p]] = []
        self._open: tuple[int, ctypes.c_void_p] | None = None
        self._outside = 0
        self._checked = 0

    def start(self) -> bool:
        """Record the start of an iteration; False where no event can be recorded, as while a graph is being captured."""
        stream = self._streams[0] if self._streams else current_stream()
        status = ctypes.c_int()
        if self._cuda.cuStreamIsCapturing(ctypes.c_void_p(stream), ctypes.byref(status)) != _SUCCESS or status.value:
            return False
        event = self._event()
        if event is None or not self._record(event, stream):
            return False
        for other in self._streams[1:]:
            self._cuda.cuStreamWaitEvent(ctypes.c_void_p(other), event, 0)
        self._open = (stream, event)
        return True

    def stop(self) -> bool:
        """Record the end of the iteration; False when it has none."""
        if self._open is None:
            return False
        stream, start = self._open
        self._open = None
        for other in self._streams[1:]:
            joint = self._event()
            if joint is None or not self._record(joint, other):
                return False
            self._cuda.cuStreamWaitEvent(ctypes.c_void_p(stream), joint, 0)
            self._cuda.cuEventDestroy_v2(joint)
        end = self._event()
        if end is None or not self._record(end, stream):
            return False
        self._pairs.append((start, end))
        self._look_outside(end)
        return True

    def _event(self) -> ctypes.c_void_p | None:
        event = ctypes.c_void_p()
        return event if self._cuda.cuEventCreate(ctypes.byref(event), 0) == _SUCCESS else None

    def _record(self, event: ctypes.c_void_p, stream: int) -> bool:
        return bool(self._cuda.cuEventRecord(event, ctypes.c_void_p(stream)) == _SUCCESS)

    def _look_outside(self, end: ctypes.c_void_p) -> None:
        """Look after the first iterations whether the device is busy beyond the end event."""
        if self._checked >= _CHECKS:
            return
        self._cuda.cuEventSynchronize(end)
        began = time.perf_counter_ns()
        self._cuda.cuCtxSynchronize()
        self._outside += time.perf_counter_ns() - began > _OUTSIDE_NS
        self._checked += 1

    def finish(self) -> tuple[list[int], int]:
        """Wait for the last iteration and give the events back.

        Returns:
            Time of each iteration in whole ns, and the median time between two events with nothing between them.
        """
        if self._pairs:
            self._cuda.cuEventSynchronize(self._pairs[-1][1])
        times = [self._elapsed_ns(*pair) for pair in self._pairs]
        self._release(self._pairs)
        self._pairs = []
        return times, self._empty_pair_ns()

    def doubt(self, times: Sequence[int], host: Sequence[int], empty_ns: int) -> tuple[bool, str]:
        """Return whether the times cover just the work of the iterations, and what is to be said of them.

        Args:
            times: Time of each iteration by events, ns.
            host: Time to enqueue each, ns.
            empty_ns: Time between two events with nothing between them.
        """
        if 2 * self._outside > self._checked:  # one look may be disturbed by other programs on the host
            return False, OUTSIDE
        middle = median(times)
        if middle <= 2 * empty_ns:
            return False, NO_WORK
        waited = middle <= 1.2 * median(host) + _ENQUEUE_NS
        return not (waited and middle < _SHORT_NS), WAITED if waited else ""

    def _elapsed_ns(self, start: ctypes.c_void_p, end: ctypes.c_void_p) -> int:
        milliseconds = ctypes.c_float()
        elapsed = getattr(self._cuda, "cuEventElapsedTime_v2", None) or self._cuda.cuEventElapsedTime
        elapsed(ctypes.byref(milliseconds), start, end)
        return round(milliseconds.value * 1e6)

    def _empty_pair_ns(self) -> int:
        """Return what two events cost on the stream of this point when nothing lies between them."""
        stream = self._streams[0] if self._streams else current_stream()
        pairs = []
        for _ in range(_EMPTY_PAIRS):
            start, end = self._event(), self._event()
            if start is None or end is None or not self._record(start, stream) or not self._record(end, stream):
                return 0
            pairs.append((start, end))
        self._cuda.cuEventSynchronize(pairs[-1][1])
        costs = sorted(self._elapsed_ns(*pair) for pair in pairs)
        self._release(pairs)
        return costs[len(costs) // 2]

    def _release(self, pairs: Sequence[tuple[ctypes.c_void_p, ctypes.c_void_p]]) -> None:
        for pair in pairs:
            for event in pair:
                self._cuda.cuEventDestroy_v2(event)


_UUID_BYTES = 16
_ATTRIBUTES = {
    "sm_count": 16,
    "l2_cache_bytes": 38,
    "max_threads_per_sm": 39,
    "max_blocks_per_sm": 106,
    "registers_per_sm": 82,
    "shared_memory_per_sm_bytes": 81,
}
_CLOCK_KHZ, _MEMORY_CLOCK_KHZ, _BUS_BITS, _MAJOR, _MINOR = 13, 36, 37, 75, 76


def device_facts(library: ctypes.CDLL) -> dict[str, Any]:
    """Return the `device` object of docs/formats.md for the device of the current context.

    Source: CUDA Driver API, CUdevice_attribute; memory bandwidth is 2 × memory clock × bus width.
    """
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    uuid, total = (ctypes.c_ubyte * _UUID_BYTES)(), ctypes.c_size_t()
    library.cuCtxGetDevice(ctypes.byref(device))
    library.cuDeviceGetName(name, len(name), device)
    library.cuDeviceGetUuid(uuid, device)
    library.cuDeviceTotalMem_v2(ctypes.byref(total), device)

    def attribute(number: int) -> int | None:
        value = ctypes.c_int()
        return value.value if library.cuDeviceGetAttribute(ctypes.byref(value), number, device) == _SUCCESS else None

    digits = bytes(uuid).hex()
    clock, bus = attribute(_MEMORY_CLOCK_KHZ), attribute(_BUS_BITS)
    sm_clock = attribute(_CLOCK_KHZ)
    return {
        "name": name.value.decode("utf-8", "replace"),
        "uuid": f"GPU-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",
        "compute_capability": f"{attribute(_MAJOR)}.{attribute(_MINOR)}",
        "sm_clock_hz": sm_clock * 1000 if sm_clock else None,
        "memory_bandwidth_bytes_per_s": 2 * clock * 1000 * bus // 8 if clock and bus else None,
        "total_memory_bytes": total.value or None,
        **{key: attribute(number) for key, number in _ATTRIBUTES.items()},
    }
