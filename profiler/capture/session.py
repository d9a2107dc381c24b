"""One recording session: from the creation of a run folder to its end, whatever job it records.

A job says what runs, as a series of steps. The session creates the run, fills and writes the manifest, locks the folder,
starts each step's process, has its tool export what was captured, judges how it ended, and closes the run: complete, or
failed with the reason. Credentials are taken out where the manifest is written.
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from profiler.capture.environment import environment_facts
from profiler.capture.listener import Listener
from profiler.capture.lock import locked
from profiler.capture.process import run_process
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.step import Ended, Step, judge_exit
from profiler.errors import ProfilerError
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, create_run, storage_error
from profiler.tools.base import RecordPlan

Steps = Generator[Step, Ended, None]
"""Steps in the order in which they run; how each ended is the value of its `yield`, so later ones may depend on it."""

_SHOWN_REMARKS = 5
_ATTEMPTS = 5
"""How often a tool is started that meets another session of its own."""


class Job(ABC):
    """What is recorded into one run.

    Args:
        label: The user's name for the run.
        options: What the manifest says of how the run was made.
    """

    command: tuple[str, ...] = ()
    """The user's program and its arguments."""
    engine = ""
    """Engine of the project's own runner or driver."""
    imported = False
    """Nothing is measured here: the manifest tells nothing of this machine, and a failure leaves no run."""
    going_on = ""
    """What to tell a user who interrupted it."""

    def __init__(self, label: str, options: Mapping[str, Any]) -> None:
        self.label, self.options = label, options

    @abstractmethod
    def steps(self, session: Session) -> Steps:
        """Yield the steps."""

    def close(self, run: RunDir) -> None:  # noqa: B027 - most jobs have nothing to add
        """Add to the manifest what is known at the end; its status and reason say which end it is."""


def record(job: Job, root: Path, progress: Progress | None = None) -> RunDir:
    """Record a job into a run of its own.

    Args:
        job: What runs.
        root: Folder that holds runs.
        progress: Told what happens.

    Returns:
        The run, complete.

    Raises:
        CaptureError: Recording failed; the run is kept, marked failed, with its logs.
        KeyboardInterrupt: The user stopped it; the run is kept likewise.
    """
    run = create_run(root, job.label)
    run.manifest.options, run.manifest.command, run.manifest.engine = dict(job.options), list(job.command), job.engine
    if not job.imported:
        run.manifest.argv, run.manifest.environment = list(sys.argv), environment_facts()
    return go_on(job, run, progress)


def go_on(job: Job, run: RunDir, progress: Progress | None = None) -> RunDir:
    """Record a job, or the rest of it, into a run that is there.

    Raises:
        UsageError: Another process is recording into it.
        CaptureError, KeyboardInterrupt: As for `record`.
    """
    with locked(run), _terminable(), _ending(run, job):
        run.manifest.status, run.manifest.reason = "recording", ""
        run.save()
        session = Session(run, progress or Progress())
        with closing(job.steps(session)) as steps:
            step = next(steps, None)
            while step is not None:
                ended = session.execute(step)
                try:
                    step = steps.send(ended)
                except StopIteration:
                    break
        _finish(run, job, "complete")
    return run


def plan_step(step: Step, folder: Path) -> RecordPlan:
    """Return exactly what a step runs.

    Args:
        step: The step.
        folder: Folder of its tool's files, as its working directory sees it.

    Raises:
        ToolMissingError: Its tool is not installed.
    """
    if step.plain:
        return RecordPlan(step.command, dict(step.request.environment))
    return recorders()[step.tool].plan(step.request, folder, step.stem)


class Session:
    """The session of one run.

    Args:
        run: The run.
        progress: Told what happens.
    """

    def __init__(self, run: RunDir, progress: Progress) -> None:
        self.run, self.progress = run, progress

    def execute(self, step: Step) -> Ended:
        """Run a step to its end.

        Raises:
            CaptureError: It failed, and its failure ends the job.
            KeyboardInterrupt: The user stopped it.
        """
        ended = Ended(step, CaptureRecord(step.tool, status="failed", reason="not finished"), stops=step.stops)
        missing = step.missing or (step.prepare(self.run.path) if step.prepare else "")
        if missing:
            self.progress.note(f"{step.name}: not run: {missing}")
            ended.record.reason = missing
            return ended
        self._start(ended)
        artefacts = [] if step.plain else self._export(ended)
        result = [self.run.path / step.result] if step.result and (self.run.path / step.result).is_file() else []
        ended.record.artefacts = self.relative([*artefacts, *result])
        ended.failure = (step.judge or judge_exit)(ended)
        return self._close(ended)

    def relative(self, paths: Iterable[Path]) -> list[str]:
        """Return paths as the manifest has them: relative to the run folder, each once."""
        return list(dict.fromkeys(str(path.relative_to(self.run.path)) for path in paths))

    def _start(self, ended: Ended) -> None:
        step, record = ended.step, ended.record
        folder = self.run.raw(step.tool)
        written = self.run.path / step.result if step.result and step.plain else folder / step.stem
        written.parent.mkdir(parents=True, exist_ok=True)
        plan = plan_step(step, Path("raw") / step.tool if step.in_run else folder.absolute())
        record.argv = list(plan.argv)
        progress = self.progress if step.told else Progress()
        if step.told:
            version = None if step.plain else recorders()[step.tool].probe()
            record.tool_version = version.text if version else ""
            self.run.manifest.captures.append(record)
            self.run.save()
            progress.begin(step.title, plan.argv, step.points)
        ended.listener = Listener(progress, step.points > 0, own=step.in_run)
        for _ in range(_ATTEMPTS):
            ended.process = run_process(
                plan.argv,
                log=self.run.logs / f"{step.name}.log",
                environment=plan.environment,
                folder=self.run.path if step.in_run else None,
                timeout_s=step.request.timeout_s,
                on_line=ended.listener,
                reads=step.reads,
            )
            if step.plain or ended.process.returncode == 0 or not recorders()[step.tool].collided(ended.process.output):
                break
        record.returncode, record.duration_s = ended.process.returncode, round(ended.process.duration_s, 3)

    def _export(self, ended: Ended) -> list[Path]:
        step, record, process = ended.step, ended.record, ended.process
        recorder = recorders()[step.tool]
        known = recorder.diagnose(process.output)
        try:
            artefacts, notes = recorder.finish(step.request, self.run.raw(step.tool), run_process, step.stem)
        except ProfilerError as error:
            ended.failure = known or error
            return []
        remarks = [f"{step.tool} reports: {text}" for text in recorder.remarks(process.output)[:_SHOWN_REMARKS]]
        record.notes += [*notes, *([f"{known.message}; {known.hint}"] if known else remarks)]
        return artefacts

    def _close(self, ended: Ended) -> Ended:
        step, record, process = ended.step, ended.record, ended.process
        for note in record.notes:
            self.progress.note(note)
        if process.stopped == "interrupted":
            record.reason = "interrupted by the user"
            raise KeyboardInterrupt
        failure = ended.failure
        record.status, record.reason = ("failed", failure.message) if failure else ("complete", "")
        if step.told:
            self.run.save()
            how = record.status if ended.stops or not failure else f"failed ({record.reason})"
            self.progress.end(step.title, how, process.duration_s)
        if failure is not None and ended.stops:
            log = self.run.path.parent / self.run.run_id / "logs" / f"{step.name}.log"
            lines = [failure.message, *ended.listener.tail(), f"log: {log}"]
            raise type(failure)("\n".join(lines), failure.hint)
        return ended


_ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def _terminable() -> Iterator[None]:
    """Treat a request to end, by a batch system, a closed terminal or its quit key, like Ctrl-C: the run is closed properly.

    A signal that the caller ignores (`nohup`) or handles stays so.
    """
    in_main = threading.current_thread() is threading.main_thread()
    taken = [number for number in _ENDS if in_main and signal.getsignal(number) is signal.SIG_DFL]

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _ending(run: RunDir, job: Job) -> Iterator[None]:
    """See to it that a run that does not end well is marked failed, with the reason."""
    try:
        yield
    except BaseException as error:
        failure = storage_error(run.path, error) if isinstance(error, OSError) else error
        if job.imported:
            # a run that holds nothing of its own is no record worth keeping
            shutil.rmtree(run.path, ignore_errors=True)
        else:
            _finish(run, job, "failed", _reason(failure, job))
        if failure is not error:
            raise failure from error
        raise


def _reason(error: BaseException, job: Job) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "; ".join(filter(None, ("interrupted by the user", job.going_on)))
    return error.message.partition("\n")[0] if isinstance(error, ProfilerError) else f"{type(error).__name__}: {error}"


def _finish(run: RunDir, job: Job, status: str, reason: str = "") -> None:
    run.manifest.status, run.manifest.reason = status, reason
    job.close(run)
    run.finish(status, reason)
