"""One worker process: runs points in order and journals each; what kills it kills only the point in hand.

Started by the supervisor as `python -m profiler.runner.worker REQUEST SCRATCH NUMBER SUPERVISOR_PID`.
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
from profiler.runner.core import Core, load_core
from profiler.runner.measurement import measure
from profiler.runner.point import Point
from profiler.runner.ranges import SETUP, RangeRecorder
from profiler.runner.request import JOURNAL, SweepOptions, read_request
from profiler.runner.result import Journal, progress_line

if TYPE_CHECKING:
    from profiler.tools.cupti.collector import CuptiCollector

EXIT_OK = 0
EXIT_ORPHANED = 3
EXIT_BROKEN = 75
EXIT_FATAL = 76
_PR_SET_PDEATHSIG = 1


def run_point(core: Core, engine: Engine, request: SweepOptions, number: int, ranges: RangeRecorder) -> dict[str, Any]:
    """Make one point ready and have the core verify and measure it.

    Args:
        core: The measuring core.
        engine: What runs the point.
        request: The sweep.
        number: Place of the point in the sweep, from 0.
        ranges: Opens the ranges.

    Returns:
        The point's record of docs/formats.md; `device_lost` stands in it where the process can run nothing more.
    """
    point = request.points[number]
    try:
        with ranges.range(SETUP):
            case = engine.prepare(point)
        try:
            return measure(core, _core_request(engine, request, number, case), case, ranges)
        finally:
            case.close()
    except PointSkipped as skip:
        return {**ended_record(point, "skipped", str(skip)), **skip.facts}
    except EngineBroken as broken:
        return {**ended_record(point, "failed", str(broken)), "device_lost": True}
    except ProfilerError as error:
        return {**ended_record(point, "failed", error.message), "device_lost": _is_lost(core, engine)}
    except MemoryError as error:
        return ended_record(point, "failed", f"out of memory: {error}")


def _is_lost(core: Core, engine: Engine) -> bool:
    """Return whether nothing can run in this process any more; a plugin that TensorRT timed while building may be the cause."""
    return engine.device is not None and bool(core.call("lost", {"device": engine.device})["lost"])


def _core_request(engine: Engine, request: SweepOptions, number: int, case: Case) -> dict[str, Any]:
    point = request.points[number]
    return {
        "point": {**point.to_dict(), "label": point.label},
        "number": number,
        "device": engine.device,
        "engine": engine.name,
        "settings": request.settings.to_dict(),
        **case.to_request(),
    }


def ended_record(point: Point, status: str, reason: str) -> dict[str, Any]:
    """Return the record of a point that was not measured."""
    return {**point.to_dict(), "label": point.label, "status": status, "reason": reason, "samples_ns": []}


def open_points(request: SweepOptions, journal: Journal) -> list[int]:
    """Return the numbers of the points without a record."""
    finished = journal.read().finished
    return [number for number, point in enumerate(request.points) if point.label not in finished]


def run_worker(request: SweepOptions, folder: Path, scratch: Path, number: int) -> int:
    """Run every point of a request; returns the exit status for the supervisor.

    Args:
        request: What runs; points that the journal holds already are left out.
        folder: Folder of the journal and of what the embedded recorder writes.
        scratch: Folder for the times of this process's ranges.
        number: Number of this process among those of the sweep.
    """
    journal = Journal(folder / JOURNAL, request.segment)
    broken = False
    with ExitStack() as stack:
        ranges = RangeRecorder(keep=bool(request.recorder))
        if request.recorder == "ranges":
            stack.callback(ranges.write, scratch / f"ranges-{number}.json")
        records = folder / f"records-{request.segment}-{number}.npz"
        collector = _start_collector(records, ranges, stack) if request.recorder == "activity" else None
        core = load_core()
        with ranges.range(SETUP):
            engine = load_engine(request.engine)(request)
        stack.callback(engine.close)
        facts = {**_facts(core, engine), "settings": dict(request.settings.values)}
        journal.append("facts", **facts, digests=engine.digests())
        for number in open_points(request, journal):
            journal.append("start", label=request.points[number].label, time_s=time.monotonic())
            record = run_point(core, engine, request, number, ranges)
            broken = record.pop("device_lost", False)
            if collector is not None and not broken:
                collector.flush()
            journal.append("point", point=record)
            print(progress_line(record), flush=True)
            if broken:
                break
        journal.append("facts", **facts, digests=engine.digests())  # builds have changed the timing cache
    return EXIT_BROKEN if broken else EXIT_OK


def _facts(core: Core, engine: Engine) -> dict[str, Any]:
    found = core.call("device", {"device": engine.device}) if engine.device is not None else {"device": None, "versions": {}}
    return {"device": found["device"], "versions": {**found["versions"], **engine.versions()}}


def _start_collector(records: Path, ranges: RangeRecorder, stack: ExitStack) -> CuptiCollector:
    """Start the embedded recorder, before anything in this process uses CUDA; it writes when the stack unwinds."""
    from profiler.tools.cupti.collector import CuptiCollector

    collector = CuptiCollector(os.getpid())
    collector.start()
    stack.callback(lambda: collector.stop(records, ranges.rows))
    return collector


def main(argv: list[str]) -> int:
    """Run as a process that ends when its supervisor does."""
    file, scratch, number, supervisor = argv
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(supervisor):
        return EXIT_ORPHANED
    try:
        return run_worker(read_request(Path(file)), Path(file).parent, Path(scratch), int(number))
    except ProfilerError as error:
        sys.stderr.write(f"error: {error.message}\nfix: {error.hint}\n")
        return EXIT_FATAL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
