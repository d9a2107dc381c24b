"""Runs a sweep in worker processes: what crashes or hangs costs one point, and a sweep that was cut off goes on.

The supervisor itself loads no engine. It hands the open points to a worker, watches the journal, ends a worker that
sits too long on one point, records why a point was lost, and starts the next worker with the rest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from profiler.capture.process import ProcessResult, describe_exit, run_process
from profiler.errors import CaptureError, ProfilerError, ToolMissingError, UsageError
from profiler.runner.point import Point
from profiler.runner.result import Journal, result_document, write_json
from profiler.runner.worker import EXIT_FATAL, ended_record

MAX_STARTUP_FAILURES = 2
KEPT_REASON_LINES = 3
OWNER_VARIABLE = "PROFILER_OWNER_PID"
LOOK_S = 0.2
"""Time between two looks at a worker."""
OWNER_GONE = "the recording process is gone"


@dataclass(frozen=True)
class WorkerCommand:
    """How a worker process is started.

    Attributes:
        argv: Its command line.
        environment: Variables set for it.
        poll: For a worker that writes no journal: called often and once after its end, it carries results over into the
            journal and returns a line of progress for each. Such a worker runs its points in order, so one that dies died
            in the first that is open.
    """

    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    poll: Callable[[], list[str]] | None = None


@dataclass
class Supervisor:
    """Runs points until each has a record.

    Attributes:
        points: The sweep.
        journal: Where records go; points that it already holds are not run again.
        command: Makes the command of a worker for some points; takes the points and the worker's number.
        timeout_s: Longest time for one point.
        report: Called with a line of text on every event.
    """

    points: list[Point]
    journal: Journal
    command: Callable[[list[Point], int], WorkerCommand]
    timeout_s: float
    report: Callable[[str], None]
    _worker: int = 0
    _startup_failures: int = 0

    def open_points(self) -> list[Point]:
        """Return the points without a record."""
        finished = self.journal.read().finished
        return [point for point in self.points if point.label not in finished]

    def run(self) -> None:
        """Run until no point is open.

        Raises:
            CaptureError: A worker ended before it began any point, twice.
            KeyboardInterrupt: The user stopped it.
        """
        done = len(self.points) - len(self.open_points())
        if done:
            self.report(f"{done} of {len(self.points)} points are already finished")
        while points := self.open_points():
            self._worker += 1
            command = self.command(points, self._worker)
            result = self._run_worker(command, len(points))
            if result.stopped in ("interrupted", OWNER_GONE):
                raise KeyboardInterrupt
            self._settle(points, command, result)

    def _run_worker(self, command: WorkerCommand, open_count: int) -> ProcessResult:
        counter = seen = len(self.points) - open_count
        last_event = next_look = time.monotonic()

        def on_line(line: str) -> None:
            nonlocal counter
            if line.startswith("point "):
                counter += 1
                line = f"[{counter}/{len(self.points)}] {line[len('point ') :]}"
            if not line.startswith(("error: ", "fix: ")):  # the error that ends the sweep is told once, at its end
                self.report(line)

        def poll() -> None:
            for line in command.poll() if command.poll is not None else ():
                on_line(line)

        def watch() -> str:
            nonlocal last_event, next_look, seen
            if time.monotonic() < next_look:
                return ""
            next_look = time.monotonic() + LOOK_S
            if not _owner_lives():
                return OWNER_GONE
            poll()
            state = self.journal.read()
            if counter != seen:
                last_event, seen = time.monotonic(), counter
            busy = command.poll is not None or bool(state.running)
            begin = max(last_event, state.started_s) if state.running else last_event
            return f"no result after {self.timeout_s:g} s" if busy and time.monotonic() - begin > self.timeout_s else ""

        result = run_process(command.argv, environment=command.environment, on_line=on_line, watch=watch, grace_s=2.0)
        poll()
        return result

    def _settle(self, points: list[Point], command: WorkerCommand, result: ProcessResult) -> None:
        """Record the point that the worker was in when it ended."""
        state = self.journal.read()
        if result.returncode == EXIT_FATAL:
            raise _startup_error(result)
        lost = next((point for point in points if point.label == state.running), None)
        if lost is None and command.poll is not None and (result.stopped or result.returncode < 0):
            lost = next((point for point in points if point.label not in state.finished), None)
        if lost is not None:
            self._record_lost(lost, result)
            return
        if len(self.open_points()) < len(points):
            return
        self._startup_failures += 1
        hopeless = result.returncode in (UsageError.exit_code, ToolMissingError.exit_code)
        if hopeless or self._startup_failures >= MAX_STARTUP_FAILURES:
            raise _startup_error(result)

    def _record_lost(self, lost: Point, result: ProcessResult) -> None:
        reason = f"hung: {result.stopped}" if result.stopped else f"crashed: {describe_exit(result.returncode)}"
        tail = [line for line in result.last_lines if not line.startswith("point ")][-KEPT_REASON_LINES:]
        self.journal.append("point", point=ended_record(lost, "failed", "; ".join([reason, *tail])))
        self.report(f"failed: {lost.label} ({reason})")


def _owner_lives() -> bool:
    """Return whether the process that records this sweep is still there; a sweep that runs by itself has none."""
    owner = os.environ.get(OWNER_VARIABLE, "")
    return not owner.isdecimal() or Path(f"/proc/{owner}").exists()


def _startup_error(result: ProcessResult) -> ProfilerError:
    told = dict(line.split(": ", 1) for line in reversed(result.last_lines) if line.startswith(("error: ", "fix: ")))
    tail = "; ".join(result.last_lines[-KEPT_REASON_LINES:])
    return CaptureError(
        told.get("error", f"the worker ended before it began a point ({describe_exit(result.returncode)}): {tail}"),
        told.get("fix", "profiler doctor shows what this machine lacks"),
    )


def collect(points: list[Point], journal: Journal, engine: str, argv: list[str], target: Path, program: str) -> None:
    """Write the result document of all finished points, in the order of the sweep."""
    state = journal.read()
    records = [state.finished[point.label] for point in points if point.label in state.finished]
    facts = state.facts
    program = (facts.get("program") or {"name": program})["name"]
    write_json(target, result_document(facts.get("engine") or engine, argv, facts, records, program))
