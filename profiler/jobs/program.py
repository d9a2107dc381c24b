"""A program of the user's own, recorded under one tool after the other."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from profiler.capture.output import Input
from profiler.capture.process import describe_exit
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.session import Job, Session, Steps
from profiler.capture.step import Ended, Step
from profiler.errors import CaptureError, ProfilerError
from profiler.jobs.launch_count import LaunchCount, count_launches, limited
from profiler.tools.registry import KERNEL_TIMERS, TOOLS

COUNTER = KERNEL_TIMERS[0]
"""Tool whose capture tells what a program launches."""


class ProgramJob(Job):
    """Records a program, one pass a tool; the first pass that fails ends the job.

    Args:
        request: What to record and how.
    """

    def __init__(self, request: CaptureRequest) -> None:
        super().__init__(request.label or Path(request.command[0]).name, {"request": request.to_dict()})
        self.request = request
        self.command = request.command

    def first_steps(self) -> list[Step]:
        """Return the steps, one a tool and one to count launches; Nsight Compute's as it is while nothing has been counted."""
        found: list[Step] = []
        for tool in self.request.tools:
            counts = self._counts(tool)
            if counts and recorders()[COUNTER].probe() is not None and COUNTER not in [step.tool for step in found]:
                found.append(self._count_step())
            found.append(program_step(limited(self.request, LaunchCount()) if counts else self.request, tool))
        return found

    def steps(self, session: Session) -> Steps:
        """Yield the steps."""
        for tool in self.request.tools:
            request = (yield from self._counted(session)) if self._counts(tool) else self.request
            yield program_step(request, tool)

    def _counts(self, tool: str) -> bool:
        """Return whether the launches are counted before the pass of a tool: it replays them, and the user set no limit."""
        return TOOLS[tool].replays and not self.request.ncu.nvtx_include and self.request.ncu.launch_count is None

    def _count_step(self) -> Step:
        step = program_step(self.request, COUNTER)
        return replace(step, name="count", stem="count", told=False, stops=False, reads=Input.AGAIN)

    def _counted(self, session: Session) -> Generator[Step, Ended, CaptureRequest]:
        """Return the request for the launches worth profiling: found in a pass of this run, else in one of its own."""
        capture = session.run.raw(COUNTER) / "capture.sqlite"
        count = LaunchCount()
        if capture.is_file():
            count = count_launches(capture)
        elif recorders()[COUNTER].probe() is not None:
            session.progress.note("running the program once to count its kernel launches")
            ended = yield self._count_step()
            found = [session.run.path / name for name in ended.record.artefacts]
            count = count_launches(found[0]) if found else count
            shutil.rmtree(session.run.raw(COUNTER), ignore_errors=True)
        session.progress.note(str(count))
        return limited(self.request, count)


def program_step(request: CaptureRequest, tool: str) -> Step:
    """Return the pass of one tool; the program runs in the user's own folder, and reads what this process was given."""
    reads = Input.AGAIN if len(request.tools) > 1 or TOOLS[tool].replays else Input.OWN
    return Step(tool, request.under(tool), in_run=False, reads=reads, stops=True, judge=judge_program)


def judge_program(ended: Ended) -> ProfilerError | None:
    """Return why a pass failed: what the recorder found, or how the program ended."""
    process, step = ended.process, ended.step
    failure = ended.failure
    if process.returncode != 0:
        own = CaptureError(
            f"{step.command[0]}: {describe_exit(process.returncode)}; what was recorded until then is kept",
            "mend the program, or read its log",
        )
        # no tool stands between: that the program failed is the cause, that it wrote nothing the consequence
        failure = own if TOOLS[step.tool].untraced else failure or own
    return timed_out(ended) or failure


def timed_out(ended: Ended) -> ProfilerError | None:
    """Return the failure of a pass that took too long; None of one that did not."""
    if ended.process.stopped != "time-out":
        return None
    return CaptureError(f"{ended.step.tool}: stopped after {ended.step.request.timeout_s:g} s", "raise --timeout, or record less")
