"""One worker process: runs points in order and journals each; what kills it kills only the point in hand.

Started by the supervisor as `python -m profiler.runner.worker REQUEST FOLDER NUMBER SUPERVISOR_PID`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.engines import load_engine
from profiler.engines.base import Case, Engine, EngineBroken, PointSkipped
from profiler.errors import ProfilerError
from profiler.runner.point import Point
from profiler.runner.ranges import SETUP, VERIFY, WARMUP, RangeRecorder
from profiler.runner.request import JOURNAL, SweepOptions, read_request
from profiler.runner.result import Journal
from profiler.runner.settings import MeasureSettings
from profiler.runner.stopping import StopRule

if TYPE_CHECKING:
    from profiler.tools.cupti.collector import CuptiCollector

EXIT_OK = 0
EXIT_ORPHANED = 3
EXIT_BROKEN = 75
EXIT_FATAL = 76
_PR_SET_PDEATHSIG = 1
LEFT_STREAM = (
    "work runs outside the stream it was given, so events do not time it; launch on the stream of enqueue, "
    "or measure it with profiler-driver --stream-flag blocking"
)


def run_point(engine: Engine, point: Point, settings: MeasureSettings, ranges: RangeRecorder) -> dict[str, Any]:
    """Prepare, verify, warm up and measure one point, and verify what was measured.

    Returns:
        The point's record of docs/formats.md.

    Raises:
        EngineBroken: The process can run nothing more.
    """
    record = _empty_record(engine, point, settings)
    with ranges.point(point.label):
        try:
            with ranges.range(SETUP):
                case = engine.prepare(point)
            try:
                _run_case(case, settings, ranges, record)
            finally:
                case.close()
        except PointSkipped as skip:
            record.update(skip.facts, status="skipped", reason=str(skip))
        except ProfilerError as error:
            record.update(status="failed", reason=error.message)
        except MemoryError as error:
            record.update(status="failed", reason=f"out of memory: {error}")
    return record


def _run_case(case: Case, settings: MeasureSettings, ranges: RangeRecorder, record: dict[str, Any]) -> None:
    record.update(
        launch=case.launch, bytes_per_iteration=case.bytes_per_iteration, engine_digest=case.engine_digest, layers=case.layers
    )
    record.update(case.facts)
    with ranges.range(VERIFY):
        if settings.verify:
            record["verification"] = case.verify()
        record["keeps_to_stream"] = case.keeps_to_stream()
    if record["verification"] is not None and not record["verification"]["passed"]:
        record.update(status="wrong_output", reason=_wrong(record["verification"]))
        return
    if record["keeps_to_stream"] is False:
        record.update(status="failed", reason=LEFT_STREAM)
        return
    with ranges.range(WARMUP):
        case.warm_up(settings.warmup)
    measured = case.measure(ranges, StopRule(settings).wants_more)
    record.update(
        sm_clock_before_hz=measured.sm_clock_before_hz,
        sm_clock_after_hz=measured.sm_clock_after_hz,
    )
    record.update(case.facts)
    if record["verification"] is not None:
        with ranges.range(VERIFY):
            wrong = case.verify_measured()
        if wrong is not None:
            # times of wrong work are void, and so is what was counted along with them
            record.update({name: void for name, void in (("lanes", []), ("wall_ns", None)) if name in record})
            record.update(status="wrong_output", reason=f"in a measured iteration {_wrong(wrong)}", verification=wrong)
            return
    if settings.timed:
        record["samples_ns"] = measured.samples_ns
        if measured.host_samples_ns:
            record["host_samples_ns"] = measured.host_samples_ns


def _wrong(verification: dict[str, Any]) -> str:
    return (
        f"output differs from the reference in {verification['failed_count']} of {verification['element_count']} elements; "
        f"worst at {verification['worst_index']}: {verification['worst_actual']} instead of {verification['worst_expected']}"
    )


def _empty_record(engine: Engine, point: Point, settings: MeasureSettings) -> dict[str, Any]:
    return {
        "label": point.label,
        "op": point.op,
        "shape": list(point.shape),
        "dtype": point.dtype,
        "attributes": dict(point.attributes),
        "launch": None,
        "status": "ok",
        "reason": None,
        "bytes_per_iteration": None,
        "verification": None,
        "keeps_to_stream": None,
        "clock": engine.clock,
        "cache": settings.cache_mode,
        "launch_mode": settings.launch_mode,
        "streams": settings.streams,
        "threads": settings.threads,
        "warmup_count": settings.warmup,
        "sm_clock_before_hz": None,
        "sm_clock_after_hz": None,
        "samples_ns": [],
        "engine_digest": None,
        "layers": None,
    }


def failed_record(point: Point, reason: str) -> dict[str, Any]:
    """Return the record of a point whose process did not survive it."""
    return {**point.to_dict(), "label": point.label, "status": "failed", "reason": reason, "samples_ns": []}


def run_worker(request: SweepOptions, folder: Path, scratch: Path, number: int) -> int:
    """Run every point of a request; returns the exit status for the supervisor.

    Args:
        request: What runs.
        folder: Folder of the journal and of what the embedded recorder writes.
        scratch: Folder for the times of this process's ranges.
        number: Number of this process among those of the sweep.
    """
    journal = Journal(folder / JOURNAL, request.segment)
    with ExitStack() as stack:
        ranges = RangeRecorder(keep=bool(request.recorder))
        if request.recorder == "ranges":
            stack.callback(ranges.write, scratch / f"ranges-{number}.json")
        records = folder / f"records-{request.segment}-{number}.npz"
        collector = _start_collector(records, ranges, stack) if request.recorder == "activity" else None
        with ranges.range(SETUP):
            engine = load_engine(request.engine)(request)
        stack.callback(engine.close)
        facts = {"device": engine.device(), "versions": engine.versions()}
        journal.append("facts", **facts, digests=engine.digests())
        for point in request.points:
            journal.append("start", label=point.label, time_s=time.monotonic())
            try:
                record = run_point(engine, point, request.settings, ranges)
            except EngineBroken as broken:
                journal.append("point", point=failed_record(point, str(broken)))
                journal.append("facts", **facts, digests=engine.digests())
                return EXIT_BROKEN
            if collector is not None:
                collector.flush()
            journal.append("point", point=record)
            _say(record)
        journal.append("facts", **facts, digests=engine.digests())  # builds have changed the timing cache
    return EXIT_OK


def _start_collector(records: Path, ranges: RangeRecorder, stack: ExitStack) -> CuptiCollector:
    """Start the embedded recorder, before anything in this process uses CUDA; it writes when the stack unwinds."""
    from profiler.tools.cupti.collector import CuptiCollector

    collector = CuptiCollector(os.getpid())
    collector.start()
    stack.callback(lambda: collector.stop(records, ranges.rows))
    return collector


def _say(record: dict[str, Any]) -> None:
    reason = f" ({record['reason']})" if record["reason"] else ""
    sys.stdout.write(f"point {record['status']}: {record['label']}{reason}\n")
    sys.stdout.flush()


def main(argv: list[str]) -> int:
    """Run as a process that ends when its supervisor does."""
    order, folder, number, supervisor = argv
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(supervisor):
        return EXIT_ORPHANED
    try:
        return run_worker(read_request(Path(order)), Path(folder), Path(order).parent, int(number))
    except ProfilerError as error:
        sys.stderr.write(f"error: {error.message}\nfix: {error.hint}\n")
        return EXIT_FATAL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
