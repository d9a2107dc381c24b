"""Marks sweep points in a user's own program, so that a recording of it can be compared by launch configuration.

    with profiler.point(block=256, bytes=n):          # the whole body is one measured iteration
        launch()

    for _ in profiler.point(block=256, bytes=n).iterations(100, warmup=10):
        launch()

    with profiler.point(block=256, bytes=n).open() as point:
        with point.warmup():
            launch()
        for _ in range(100):
            with point.iteration():
                launch()

Under Nsight Systems and Nsight Compute the ranges are recorded by the tool; under `profiler run --tool builtin` their
times are kept and written when the program ends. With no tool at all the ranges cost next to nothing.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from profiler.errors import UsageError
from profiler.point_label import encode_label
from profiler.runner.ranges import ITERATION, POINT_PREFIX, VERIFY, WARMUP, RangeRecorder, ranges_document
from profiler.runner.result import result_document, write_json

FOLDER_VARIABLE = "PROFILER_BUILTIN_DIR"

_open = threading.local()


@cache
def _recorder() -> RangeRecorder:
    folder = os.environ.get(FOLDER_VARIABLE)
    recorder = RangeRecorder(keep=bool(folder))
    if folder:
        atexit.register(_write, recorder, Path(folder), os.getpid())
    return recorder


class Point:
    """One sweep point of a user's program; made by `point`.

    Args:
        pairs: The launch configuration.
        size_bytes: Bytes that one iteration must move, 0 when unknown.
    """

    def __init__(self, pairs: dict[str, Any], size_bytes: int) -> None:
        self.label = encode_label(pairs)
        self.size_bytes = size_bytes
        self._stack: list[Any] = []

    @contextmanager
    def open(self) -> Iterator[Point]:
        """Open the point's range; iterations are then marked one by one."""
        outer = getattr(_open, "point", None)
        with _recorder().range(POINT_PREFIX + self.label):
            _open.point = self
            try:
                yield self
            finally:
                _open.point = outer

    def iteration(self) -> Any:
        """Mark one measured iteration."""
        return _recorder().iteration(self.size_bytes)

    def warmup(self) -> Any:
        """Mark iterations that are not measured."""
        return _recorder().range(WARMUP)

    def verify(self) -> Any:
        """Mark the check of the output."""
        return _recorder().range(VERIFY)

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

    def __enter__(self) -> Point:
        """Open the point and one iteration that spans the body."""
        for manager in (self.open(), self.iteration()):
            manager.__enter__()
            self._stack.append(manager)
        return self

    def __exit__(self, *error: object) -> None:
        """Close both."""
        while self._stack:
            self._stack.pop().__exit__(*error)


def point(pairs: dict[str, Any] | None = None, /, *, bytes: int = 0, **more: Any) -> Point:
    """Mark a sweep point.

    Args:
        pairs: The launch configuration, where keys are no Python names.
        bytes: Bytes that one iteration cannot avoid to move (inputs read once and outputs written once); effective
            bandwidth is computed from it. 0: unknown.
        more: The launch configuration: `op`, `variant`, `shape`, `dtype`, `block` and whatever else sets points apart.

    Returns:
        A point: a context manager whose body is one iteration; or see `iterations` and `open`.

    Raises:
        UsageError: There is nothing to tell this point from another, or `bytes` is negative or no whole number.
    """
    configuration = {**(pairs or {}), **more}
    if not configuration:
        raise UsageError("a sweep point without a launch configuration", "example: profiler.point(block=256, bytes=n)")
    if isinstance(bytes, bool) or not hasattr(bytes, "__index__") or bytes < 0:
        raise UsageError(f"bytes={bytes!r}: expected a whole number, 0 or more", "inputs plus outputs in bytes")
    return Point(configuration, int(bytes))


def iteration() -> Any:
    """Mark one measured iteration of the point that is open in this thread.

    Raises:
        UsageError: No point is open.
    """
    current: Point | None = getattr(_open, "point", None)
    if current is None:
        raise UsageError("an iteration outside a sweep point", "open one: with profiler.point(block=256).open():")
    return current.iteration()


def _write(recorder: RangeRecorder, folder: Path, process_id: int) -> None:
    """Write the kept ranges, and each point's iterations as its samples, when the program ends."""
    rows = recorder.rows
    if os.getpid() != process_id or not rows:
        return
    name = "" if not (folder / "result.json").exists() else f"-{process_id}"
    write_json(folder / f"ranges{name}.json", ranges_document(rows, process_id))
    points = [_record(label, iterations) for label, iterations in _samples(rows).items()]
    write_json(folder / f"result{name}.json", result_document("user", [_program_name()], {}, points, "profiler.annotate"))


def _program_name() -> str:
    # its arguments may hold what is nobody's business
    return Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"


def _samples(rows: list[tuple[str, int, int, int, int | None]]) -> dict[str, list[tuple[int, int | None]]]:
    """Return the iterations of each label: those that lie within one of its ranges in the same thread."""
    found: dict[str, list[tuple[int, int | None]]] = {}
    current: dict[int, tuple[str, int]] = {}
    for message, start, duration, thread, payload in sorted(rows, key=lambda row: (row[1], -row[2])):
        if message.startswith(POINT_PREFIX):
            label = message[len(POINT_PREFIX) :]
            found.setdefault(label, [])
            current[thread] = (label, start + duration)
        elif message == ITERATION and thread in current and start + duration <= current[thread][1]:
            found[current[thread][0]].append((duration, payload))
    return found


def _record(label: str, iterations: list[tuple[int, int | None]]) -> dict[str, Any]:
    payloads = {payload for _, payload in iterations if payload}
    return {
        "label": label,
        "attributes": {},
        "status": "ok" if iterations else "failed",
        "reason": None if iterations else "the point has no iteration",
        "bytes_per_iteration": payloads.pop() if len(payloads) == 1 else None,
        "clock": "monotonic",
        "samples_ns": [duration for duration, _ in iterations],
    }
