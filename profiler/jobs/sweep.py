"""A sweep of the project's own runner or driver, recorded under one tool after the other; can go on where it was cut off."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from profiler.capture.process import describe_exit, run_process
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.session import Job, Session, Steps
from profiler.capture.step import Ended, Step
from profiler.capture.target import importable_package, pass_request, sweep_command
from profiler.errors import CaptureError, ProfilerError
from profiler.jobs.program import timed_out
from profiler.runner.request import JOURNAL, REQUEST, RESULT, SweepOptions
from profiler.runner.result import Journal
from profiler.runner.supervisor import OWNER_VARIABLE, collect
from profiler.store.manifest import CaptureRecord

MAX_PASSES = 3


class SweepJob(Job):
    """Records a sweep, one pass a tool; points that a tool lost are run again in another pass.

    Args:
        request: What to record and how.
        sweep: Its sweep.
    """

    def __init__(self, request: CaptureRequest, sweep: SweepOptions) -> None:
        super().__init__(request.label or f"{sweep.points[0].op}-{sweep.engine}", {"request": request.to_dict()})
        self.request, self.sweep = request, sweep
        self.engine = sweep.engine

    def first_steps(self) -> list[Step]:
        """Return the first step of each tool."""
        return [sweep_step(self.request, self.sweep, tool, 1) for tool in self.request.tools]

    def steps(self, session: Session) -> Steps:
        """Yield passes until each tool has one that is whole.

        Raises:
            CaptureError: A tool lost finished points again and again.
        """
        done = {capture.tool for capture in session.run.manifest.captures if capture.status == "complete"}
        with importable_package(self.request) as variables:
            own = replace(self.request, environment={**variables, OWNER_VARIABLE: str(os.getpid())})
            for tool in self.request.tools:
                if tool not in done:
                    yield from self._passes(session, own, tool)

    def _passes(self, session: Session, request: CaptureRequest, tool: str) -> Steps:
        for _ in range(MAX_PASSES):
            attempt = Attempt(session, request, self.sweep, tool)
            yield attempt.prepare()
            if not attempt.lost:
                return
        raise CaptureError(
            f"{tool} lost {attempt.lost} finished points in each of {MAX_PASSES} attempts",
            "leave out the points that crash, then record again",
        )


def sweep_step(request: CaptureRequest, sweep: SweepOptions, tool: str, segment: int) -> Step:
    """Return the step of one pass.

    Args:
        request: What to record and how.
        sweep: Its sweep.
        tool: Tool of the pass.
        segment: Number of the attempt, from 1.
    """
    command = sweep_command(request.python, Path("raw") / tool)
    own = recorders()[tool].for_sweep(request.with_command(command).under(tool), sweep.engine)
    suffix = "" if segment == 1 else f"-{segment}"
    return Step(f"{tool}{suffix}", own, stem=f"capture{suffix}", points=len(sweep.points), stops=True)


class Attempt:
    """One pass of one tool over the points that no earlier pass finished.

    Args:
        session: The session.
        request: What to record and how.
        sweep: Its sweep.
        tool: Tool of the pass.
    """

    def __init__(self, session: Session, request: CaptureRequest, sweep: SweepOptions, tool: str) -> None:
        self._session, self._request, self._sweep = session, request, sweep
        self._recorder = recorders()[tool]
        self._folder = session.run.raw(tool)
        self._journal = Journal(self._folder / JOURNAL)
        self._earlier = [capture for capture in session.run.manifest.captures if capture.tool == tool]
        self._segment = len(self._earlier) + 1
        self._step = replace(sweep_step(request, sweep, tool, self._segment), judge=self._judge)
        self.lost = 0
        """Finished points that the capture does not hold; another pass runs them again."""

    def prepare(self) -> Step:
        """Take over what earlier passes left, write the request, and return the step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._recover_earlier()
        pass_request(self._sweep, self._step.tool, Path("raw") / self._step.tool, self._segment).write(self._folder / REQUEST)
        return self._step

    def _recover_earlier(self) -> None:
        """Take over what earlier passes left on disk; forget the points whose capture is lost."""
        lost = []
        for number, capture in enumerate(self._earlier, 1):
            if capture.artefacts:
                continue
            stem = sweep_step(self._request, self._sweep, self._step.tool, number).stem
            try:
                artefacts, notes = self._recorder.finish(self._step.request, self._folder, run_process, stem)
            except ProfilerError:
                lost.append(number)
                continue
            capture.artefacts, capture.notes = self._with_result(artefacts), [*capture.notes, *notes]
            self._forget_lost_points(number, stem, capture)
        if lost and self._journal.path.is_file():
            self._journal.keep(lambda item: item["segment"] not in lost)

    def _with_result(self, artefacts: list[Path]) -> list[str]:
        result = self._folder / RESULT
        return self._session.relative([*artefacts, *([result] if result.is_file() else [])])

    def _judge(self, ended: Ended) -> ProfilerError | None:
        """Return the points that were not run as a failure, and note those that failed or gave wrong output."""
        finished = self._journal.read().finished
        if finished and not (self._folder / RESULT).is_file():
            argv = list(ended.record.argv)
            collect(list(self._sweep.points), self._journal, self._sweep.engine, argv, self._folder / RESULT, "profiler.runner")
        if ended.failure is None:
            ended.record.artefacts = self._with_result([self._session.run.path / name for name in ended.record.artefacts])
        for status in ("wrong_output", "failed"):
            labels = [label for label, point in finished.items() if point["status"] == status]
            ended.record.notes += [f"{status.replace('_', ' ')}: {label}: {finished[label]['reason']}" for label in labels]
        failure = timed_out(ended) or self._missing(ended, set(finished)) or ended.failure
        if ended.record.artefacts:
            self.lost = self._forget_lost_points(self._segment, self._step.stem, ended.record)
        return failure

    def _missing(self, ended: Ended, finished: set[str]) -> ProfilerError | None:
        missing = [point for point in self._sweep.points if point.label not in finished]
        if not missing:
            return None
        reason = ended.listener.error or ended.process.stopped or describe_exit(ended.process.returncode)
        hint = ended.listener.fix or f"go on with: profiler run --resume {self._session.run.run_id}"
        return CaptureError(f"{len(missing)} of {len(self._sweep.points)} points were not run: {reason}", hint)

    def _forget_lost_points(self, segment: int, stem: str, record: CaptureRecord) -> int:
        """Strike points off the journal that an attempt finished but its capture does not hold."""
        recorded = self._recorder.recorded_points(self._folder, stem)
        if recorded is None:
            return 0
        finished = [item["point"] for item in self._journal.events() if item["event"] == "point" and item["segment"] == segment]
        lost = {point["label"] for point in finished if point["status"] == "ok" and point["label"] not in recorded}
        if lost:
            self._journal.keep(lambda item: item["event"] != "point" or item["point"]["label"] not in lost)
            record.notes.append(f"{len(lost)} finished points were lost with the process that ran them and are run again")
        return len(lost)
