"""The command line of the runner: one request, whose results are written beside it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from profiler.engines.ops_library import check_points
from profiler.engines.trt_library_path import library_environment
from profiler.errors import CaptureError, ProfilerError, UsageError, WrongOutputError
from profiler.runner.driver_worker import DriverWorker
from profiler.runner.point import Point
from profiler.runner.ranges import SETUP, RangeRecorder, merge_ranges
from profiler.runner.request import JOURNAL, RANGES, RESULT, SweepOptions, read_request
from profiler.runner.result import PROGRAM, Journal, write_json
from profiler.runner.supervisor import Supervisor, WorkerCommand, collect

EXIT_INTERRUPTED = 130
say = partial(print, flush=True)
"""Prints a line of progress."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="python -m profiler.runner", description="Run the points of a request with NVTX ranges, verify and measure them."
    )
    parser.add_argument("--request", type=Path, required=True, metavar="FILE", help="the sweep; its results go beside this file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the result document, when it shall not stand there too")
    return parser


def run_sweep(file: Path, request: SweepOptions, result: Path, argv: list[str], scratch: Path) -> int:
    """Run the sweep and write its documents; returns the exit status.

    Args:
        file: The request; the documents go beside it.
        request: What runs.
        result: Where the result document goes.
        argv: Command line, for the result document.
        scratch: Folder for files that nobody needs afterwards.
    """
    points, folder = list(request.points), file.parent
    if request.engine == "reference":
        check_points(points)
    journal = Journal(folder / JOURNAL, request.segment)
    supervisor = Supervisor(points, journal, _worker_command(file, request, journal, scratch), request.point_timeout_s, say)
    try:
        supervisor.run()
        # a range after all points, so that a point that a killed process never closed can be told apart: tools let such
        # a range end with the capture; every other point now ends before something else does
        with RangeRecorder().range(SETUP):
            pass
    finally:
        engine = request.engine.rpartition(":")[2] or request.engine
        collect(points, journal, engine, argv, result, PROGRAM)
        if request.recorder == "ranges" and request.driver == "python":
            parts = [json.loads(part.read_text(encoding="utf-8")) for part in sorted(scratch.glob("ranges-*.json"))]
            write_json(folder / RANGES, merge_ranges(parts))
    state = journal.read()
    return _verdict([state.finished[point.label]["status"] for point in points])


def _worker_command(
    file: Path, request: SweepOptions, journal: Journal, scratch: Path
) -> Callable[[list[Point], int], WorkerCommand]:
    """Return what makes the commands of the workers."""
    if request.driver == "cpp":
        return DriverWorker(request, journal, scratch)
    environment = library_environment(request.engine, scratch)

    def command(open_points: list[Point], number: int) -> WorkerCommand:
        argv = [sys.executable, "-m", "profiler.runner.worker", str(file), str(scratch), str(number), str(os.getpid())]
        return WorkerCommand(argv, environment)

    return command


def _verdict(statuses: list[str]) -> int:
    """Return the exit status for some points, by the rule that profiler-driver has: some may be skipped, not all."""
    counts = {status: statuses.count(status) for status in ("ok", "wrong_output", "failed", "skipped")}
    say(f"{len(statuses)} points: " + ", ".join(f"{count} {status}" for status, count in counts.items() if count))
    if counts["wrong_output"]:
        return WrongOutputError.exit_code
    return CaptureError.exit_code if counts["failed"] or not counts["ok"] else 0


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit status."""
    options = build_parser().parse_args(argv)
    file = options.request
    os.umask(os.umask(0) | 0o022)  # nsys starts its target with no mask at all, and results would be writable for everybody
    try:
        request = read_request(file)
        if request.recorder == "activity" and request.driver == "cpp":
            raise UsageError("the embedded recorder runs in the Python runner only", "use --driver python, or --tool nsys")
        with tempfile.TemporaryDirectory(prefix="profiler-") as scratch:
            return run_sweep(
                file, request, options.json or file.parent / RESULT, ["python", "-m", "profiler.runner", *argv], Path(scratch)
            )
    except ProfilerError as error:
        sys.stderr.write(f"error: {error.message}\nfix: {error.hint}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
