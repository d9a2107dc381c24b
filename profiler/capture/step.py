"""One process of a job as data: what runs under which tool, where, and what its failure means; and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from profiler.capture.listener import Listener
from profiler.capture.output import Input
from profiler.capture.process import ProcessResult, describe_exit
from profiler.capture.progress import Progress
from profiler.capture.request import CaptureRequest
from profiler.errors import CaptureError, ProfilerError
from profiler.store.manifest import CaptureRecord


@dataclass(frozen=True)
class Step:
    """One process of a job.

    Attributes:
        name: Name within the job; also of its log.
        request: Its command, its tool with options, its variables and its longest time.
        plain: The program writes `result` itself; no recorder stands between, not even the one without a tool.
        result: The result document that the program writes, relative to the run folder; None when it writes none.
        stem: File name of the capture without its ending.
        in_run: It runs in the run folder, and its paths are relative to that.
        points: Sweep points in it, for the progress; 0 for a program of another kind.
        reads: What its program reads as standard input.
        told: The progress tells of it, and the manifest holds a record of it.
        expected: Exit statuses that are no failure.
        stops: Its failure ends the job; otherwise the job goes on and knows of it.
        judge: Returns its failure, in place of judging by its exit status; may add notes to the record.
        prepare: Makes what the step needs, given the run folder; a non-empty answer is why the step cannot run.
        missing: Why the step cannot run on this machine; empty when it can.
    """

    name: str
    request: CaptureRequest
    plain: bool = False
    result: Path | None = None
    stem: str = "capture"
    in_run: bool = True
    points: int = 0
    reads: Input = Input.EMPTY
    told: bool = True
    expected: tuple[int, ...] = (0,)
    stops: bool = False
    judge: Callable[[Ended], ProfilerError | None] | None = field(default=None, repr=False)
    prepare: Callable[[Path], str] | None = field(default=None, repr=False)
    missing: str = ""

    @property
    def tool(self) -> str:
        """Tool under which it runs."""
        return self.request.tools[0]

    @property
    def title(self) -> str:
        """What the progress calls it."""
        return self.name if self.plain else self.tool

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command line of the program itself."""
        return self.request.command


NOT_RUN = ProcessResult((), 0, "not run", 0.0, ())


@dataclass
class Ended:
    """How a step ended.

    Attributes:
        step: The step.
        record: What the manifest says of it.
        process: Its process, `NOT_RUN` when there was none.
        listener: What it printed.
        stops: Its failure ends the job.
        failure: Why it failed: after the export what the recorder found, in the end what the step's judge says.
    """

    step: Step
    record: CaptureRecord
    process: ProcessResult = NOT_RUN
    listener: Listener = field(default_factory=lambda: Listener(Progress()))
    failure: ProfilerError | None = None
    stops: bool = False

    @property
    def ran(self) -> bool:
        """Whether there was a process."""
        return self.process is not NOT_RUN


def judge_exit(ended: Ended) -> ProfilerError | None:
    """Return the failure of a step by its exit status, with the program's own words."""
    process = ended.process
    if ended.failure is not None or (not process.stopped and process.returncode in ended.step.expected):
        return ended.failure
    if process.stopped:
        return CaptureError(process.stopped)
    return CaptureError(": ".join(filter(None, (describe_exit(process.returncode), ended.listener.error))))
