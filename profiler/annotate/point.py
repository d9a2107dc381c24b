"""The marks: a sweep point, its iterations, and what of them is written down when it closes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from profiler.annotate.cuda_events import EventTimer, device_facts, driver, stream_handle
from profiler.annotate.journal import PointJournal, folder, keeps_times
from profiler.errors import UsageError
from profiler.point_label import encode_label
from profiler.runner.ranges import ITERATION, POINT_PREFIX, VERIFY, WARMUP, RangeRecorder

ENQUEUED = "the program uses CUDA but no event could be taken around its iterations, so only the time to enqueue them is known"


class _Process:
    """What this process has: the ranges of each of its threads and its journal; a forked child starts afresh."""

    def __init__(self) -> None:
        target = folder()
        self.keep = keeps_times()
        self.journal = PointJournal(target) if target else None
        self.has_device = False
        self.threads = threading.local()

    def recorder(self) -> RangeRecorder:
        """Return the ranges of the calling thread."""
        if not hasattr(self.threads, "recorder"):
            self.threads.recorder = RangeRecorder(keep=self.keep)
        recorder: RangeRecorder = self.threads.recorder
        return recorder


_state = cache(_Process)


def _forget() -> None:
    """Give a forked child a state of its own; the point that its thread has open stays open."""
    known = getattr(_state().threads, "point", None)
    _state.cache_clear()
    if known is not None:
        _state().threads.point = known


os.register_at_fork(after_in_child=_forget)


class MarkedPoint:
    """One sweep point of a user's program; made by `point`.

    Args:
        pairs: The launch configuration.
        size_bytes: Bytes that one iteration must move, 0 when unknown.
        streams: Handles of the CUDA streams that the iterations use; empty: the framework's current stream.
    """

    def __init__(self, pairs: dict[str, Any], size_bytes: int, streams: Sequence[int] = ()) -> None:
        self.label = encode_label(pairs)
        self.size_bytes = size_bytes
        self._streams = tuple(streams)
        self._body = ExitStack()
        self._owner: _Process | None = None
        self._timer: EventTimer | None = None
        self._host_ns: list[int] = []
        self._timed: list[bool] = []

    @contextmanager
    def open(self) -> Iterator[MarkedPoint]:
        """Open the point's range; iterations are then marked one by one."""
        process = _state()
        outer = getattr(process.threads, "point", None)
        self._begin(process)
        try:
            with process.recorder().range(POINT_PREFIX + self.label):
                process.threads.point = self
                yield self
        finally:
            process.threads.point = outer
            self._end(_state())

    def _begin(self, process: _Process) -> None:
        self._owner, self._timer, self._host_ns, self._timed = process, None, [], []

    def _end(self, process: _Process) -> None:
        """Write the finished point down; a forked child that had no iteration of its own leaves it to its parent."""
        if process.journal is None or process is not self._owner:
            return
        if not process.keep:
            process.journal.append("point", label=self.label)
            return
        recorder = process.recorder()
        rows, recorder.rows = recorder.rows, []
        process.journal.append("point", label=self.label, ranges=rows, record=self._record(process))

    def _record(self, process: _Process) -> dict[str, Any]:
        """Return the point's record of docs/formats.md; without its label and what it shares with others of that label."""
        record: dict[str, Any] = {
            "status": "ok" if self._host_ns else "failed",
            "reason": None if self._host_ns else "the point has no iteration",
            "bytes_per_iteration": self.size_bytes or None,
            "clock": "monotonic",
            "samples_ns": self._host_ns,
        }
        library = driver() if self._host_ns else None
        if library is None:
            return record
        if not process.has_device and process.journal is not None:
            process.journal.append("device", device=device_facts(library))
            process.has_device = True
        samples, pair_ns = self._timer.finish() if self._timer else ([], 0)
        host = [value for value, timed in zip(self._host_ns, self._timed, strict=True) if timed] if samples else self._host_ns
        covers, reason = self._timer.doubt(samples, host, pair_ns) if self._timer and samples else (False, ENQUEUED)
        record.update(
            status="ok" if covers else "partial",
            reason=reason or None,
            clock="cuda_event",
            measure="launched",
            samples_ns=samples,
            host_samples_ns=host,
            event_pair_ns=pair_ns or None,
        )
        return record

    @contextmanager
    def iteration(self) -> Iterator[None]:
        """Mark one measured iteration."""
        process = _state()
        if process is not self._owner:
            # a forked child goes on with the point that its parent has open: the earlier iterations are the parent's
            self._begin(process)
        with process.recorder().range(ITERATION, self.size_bytes):
            if not process.keep:
                yield
                return
            started = self._start_timer()
            began = time.monotonic_ns()
            try:
                yield
            finally:
                self._host_ns.append(time.monotonic_ns() - began)
                self._timed.append(started and self._timer is not None and self._timer.stop())

    def _start_timer(self) -> bool:
        library = driver()
        if library is None:
            return False
        if self._timer is None:
            self._timer = EventTimer(library, self._streams)
        return self._timer.start()

    def warmup(self) -> Any:
        """Mark iterations that are not measured."""
        return _state().recorder().range(WARMUP)

    def verify(self) -> Any:
        """Mark the check of the output."""
        return _state().recorder().range(VERIFY)

    def iterations(self, count: int, warmup: int = 0) -> Iterator[int]:
        """Open the point and yield the number of each measured iteration.

        Args:
            count: Measured iterations.
            warmup: Iterations before them that are not measured; they are yielded too, as negative numbers.
        """
        with self.open():
            if warmup:
                with self.warmup():
                    yield from range(-warmup, 0)
            for index in range(count):
                with self.iteration():
                    yield index

    def __enter__(self) -> MarkedPoint:
        """Open the point and one iteration that spans the body."""
        self._body.enter_context(self.open())
        self._body.enter_context(self.iteration())
        return self

    def __exit__(self, *error: Any) -> None:
        """Close both."""
        self._body.__exit__(*error)


def point(pairs: dict[str, Any] | None = None, /, *, bytes: int = 0, cuda_stream: Any = None, **more: Any) -> MarkedPoint:
    """Mark a sweep point.

    Args:
        pairs: The launch configuration, where keys are no Python names.
        bytes: Bytes that one iteration cannot avoid to move (inputs read once and outputs written once); effective
            bandwidth is computed from it. 0: unknown.
        cuda_stream: CUDA stream that the iterations launch on: a handle, or a stream of torch, CuPy or cuda.core. Needed
            only where it is not the framework's current stream. A list where an iteration uses several and does not join
            them itself; the first one begins and ends it.
        more: The launch configuration: `op`, `variant`, `shape`, `dtype`, `block` and whatever else sets points apart.

    Returns:
        A point: a context manager whose body is one iteration; or see `iterations` and `open`.

    Raises:
        UsageError: There is nothing to tell this point from another, a stream is none, or `bytes` is negative or no whole
            number.
    """
    configuration = {**(pairs or {}), **more}
    if not configuration:
        raise UsageError("a sweep point without a launch configuration", "example: profiler.point(block=256, bytes=n)")
    if isinstance(bytes, bool) or not hasattr(bytes, "__index__") or bytes < 0:
        raise UsageError(f"bytes={bytes!r}: expected a whole number, 0 or more", "inputs plus outputs in bytes")
    streams = cuda_stream if isinstance(cuda_stream, (list, tuple)) else [] if cuda_stream is None else [cuda_stream]
    try:
        handles = [stream_handle(item) for item in streams]
    except (TypeError, ValueError) as error:
        raise UsageError(f"cuda_stream={cuda_stream!r} is no CUDA stream", "give a handle or a stream object") from error
    return MarkedPoint(configuration, int(bytes), handles)


def iteration() -> Any:
    """Mark one measured iteration of the point that is open in this thread.

    Raises:
        UsageError: No point is open.
    """
    current: MarkedPoint | None = getattr(_state().threads, "point", None)
    if current is None:
        raise UsageError("an iteration outside a sweep point", "open one: with profiler.point(block=256).open():")
    return current.iteration()
