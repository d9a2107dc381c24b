"""One pass of one tool over the target: prepare, run, export, judge, and write down how it went."""

from __future__ import annotations

import os
import re
from collections import deque
from dataclasses import replace
from pathlib import Path

from profiler.capture.output import Input
from profiler.capture.process import ProcessResult, describe_exit, run_process
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.target import OWNER_VARIABLE, importable_package, pass_request, sweep_command
from profiler.errors import CaptureError, ProfilerError
from profiler.runner.request import JOURNAL, REQUEST, RESULT
from profiler.runner.result import Journal
from profiler.runner.supervisor import collect
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir
from profiler.tools.base import RecordPlan
from profiler.tools.registry import TOOLS

_POINT_LINE = re.compile(r"^\[(\d+)/(\d+)\] (ok|failed|skipped|wrong_output): (.*)$")
_TOOL_CHATTER = re.compile(r"^(\[\d+/\d+\] \[[= \d%]*|Generat(ed|ing)\b.*|==PROF==.*|\s*/\S+\.(nsys-rep|sqlite|qdstrm))")
_SHOWN_LINES = 5
_KEPT_LINES = 40


def stem_of(segment: int) -> str:
    """Return the file name of a capture: the first attempt's is `capture`, the second's `capture-2`."""
    return "capture" if segment == 1 else f"capture-{segment}"


def own_request(request: CaptureRequest, tool: str, folder: Path) -> CaptureRequest:
    """Return the request with the command of this pass, and with the tool's options that a sweep needs.

    Args:
        request: What to record; a program of the user's own passes unchanged.
        tool: Tool of this pass.
        folder: Folder of its files, as the target's working directory sees it.
    """
    if request.sweep is None:
        return request
    own = request.with_command(sweep_command(request.python, folder))
    return recorders()[tool].for_sweep(own, request.sweep.engine)


class Listener:
    """Sorts the lines of a tool and its target: finished points, chatter, and the rest, which is shown and kept."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.tail: deque[str] = deque(maxlen=_KEPT_LINES)

    def __call__(self, line: str) -> None:
        """Take one line."""
        match = _POINT_LINE.match(line)
        if match:
            self._progress.point(int(match[1]), int(match[2]), match[3], match[4])
        elif not _TOOL_CHATTER.match(line):
            self.tail.append(line)
            self._progress.line(line)

    def after(self, prefix: str) -> str:
        """Return what follows a prefix in the first line that has it; empty when none has."""
        return next((line[len(prefix) :] for line in self.tail if line.startswith(prefix)), "")


class ToolPass:
    """One pass of one tool.

    Args:
        run: Run that is being recorded.
        request: What to record.
        tool: Tool of this pass.
        progress: Told what happens.
    """

    def __init__(self, run: RunDir, request: CaptureRequest, tool: str, progress: Progress) -> None:
        self._run, self._request, self._progress = run, request, progress
        self._folder = run.raw(tool)
        earlier = [capture for capture in run.manifest.captures if capture.tool == tool]
        self._segment = len(earlier) + 1
        self._earlier = earlier
        self._recorder = recorders()[tool]
        self._capture = CaptureRecord(tool, status="failed", reason="not finished")
        self.lost = 0
        """Finished points that the capture does not hold; another pass runs them again."""

    def execute(self) -> None:
        """Run the pass.

        Raises:
            CaptureError: It failed; the run's manifest and logs say how.
            KeyboardInterrupt: The user stopped it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        sweep = self._request.sweep
        if sweep is not None:
            self._recover_earlier()
        folder = Path("raw") / self._capture.tool if sweep is not None else self._folder.absolute()
        if sweep is not None:
            pass_request(sweep, self._capture.tool, folder, self._segment).write(self._folder / REQUEST)
        own = own_request(self._request, self._capture.tool, folder)
        with importable_package(self._request) as variables:
            if sweep is not None:
                own = replace(own, environment={**variables, OWNER_VARIABLE: str(os.getpid())})
            steps = self._recorder.plan(own, folder, stem_of(self._segment))
            self._begin(steps)
            listener = Listener(self._progress)
            result = self._run_target(steps, listener)
        self._finish(own, result, listener)

    def _recover_earlier(self) -> None:
        """Take over what earlier attempts left on disk; forget the points whose capture is lost."""
        lost = []
        for number, capture in enumerate(self._earlier, 1):
            if capture.artefacts:
                continue
            try:
                artefacts, notes = self._recorder.finish(self._request, self._folder, run_process, stem_of(number))
            except ProfilerError:
                lost.append(number)
                continue
            capture.artefacts, capture.notes = self._relative(artefacts), [*capture.notes, *notes]
            self._forget_lost_points(number)
        journal = Journal(self._folder / JOURNAL)
        if lost and journal.path.is_file():
            journal.drop_segments(lost)

    def _begin(self, steps: RecordPlan) -> None:
        version = self._recorder.probe()
        self._capture.tool_version = version.text if version else ""
        self._capture.argv = list(steps.argv)
        self._run.manifest.captures.append(self._capture)
        self._run.save()
        count = len(self._request.sweep.points) if self._request.sweep else 0
        self._progress.begin(self._capture.tool, steps.argv, count)

    def _run_target(self, steps: RecordPlan, listener: Listener) -> ProcessResult:
        suffix = "" if self._segment == 1 else f"-{self._segment}"
        return run_process(
            steps.argv,
            log=self._run.logs / f"{self._capture.tool}{suffix}.log",
            environment=steps.environment,
            folder=self._run.path if self._request.sweep is not None else None,
            timeout_s=self._request.timeout_s,
            on_line=listener,
            reads=self._input(),
        )

    def _input(self) -> Input:
        """A program of the user's own reads what this process was given, in each of several passes."""
        if self._request.sweep is not None:
            return Input.EMPTY
        return Input.AGAIN if len(self._request.tools) > 1 else Input.OWN

    def _finish(self, own: CaptureRequest, result: ProcessResult, listener: Listener) -> None:
        capture = self._capture
        capture.returncode, capture.duration_s = result.returncode, round(result.duration_s, 3)
        failure = self._export(own, result)
        if self._request.sweep is not None:
            failure = self._judge_sweep(result, listener) or failure
        elif TOOLS[capture.tool].untraced:
            # no tool stands between: that the program failed is the cause, that it wrote nothing the consequence
            failure = self._judge_command(result) or failure
        else:
            failure = failure or self._judge_command(result)
        if result.stopped == "time-out":
            failure = CaptureError(
                f"{capture.tool}: stopped after {self._request.timeout_s:g} s", "raise --timeout, or record less"
            )
        if self._request.sweep is not None and capture.artefacts:
            self.lost = self._forget_lost_points(self._segment)
        for note in capture.notes:
            self._progress.note(note)
        if result.stopped == "interrupted":
            capture.reason = "interrupted by the user"
            raise KeyboardInterrupt
        if failure is not None:
            capture.reason = failure.message
            self._progress.end(capture.tool, "failed", result.duration_s)
            raise self._with_log(failure, result, listener)
        capture.status, capture.reason = "complete", ""
        self._run.save()
        self._progress.end(capture.tool, "complete", result.duration_s)

    def _export(self, own: CaptureRequest, result: ProcessResult) -> ProfilerError | None:
        capture = self._capture
        known = self._recorder.diagnose(result.output, result.returncode)
        try:
            artefacts, notes = self._recorder.finish(own, self._folder, run_process, stem_of(self._segment))
        except ProfilerError as error:
            return known or error
        capture.artefacts = self._relative(artefacts)
        capture.notes += notes
        if known is not None:
            capture.notes.append(f"{known.message}; {known.hint}")
        else:
            remarks = self._recorder.remarks(result.output)[:_SHOWN_LINES]
            capture.notes += [f"{capture.tool} reports: {text}" for text in remarks]
        return None

    def _relative(self, artefacts: list[Path]) -> list[str]:
        result = self._folder / RESULT
        found = [*artefacts, *([result] if result.is_file() else [])]
        return list(dict.fromkeys(str(path.relative_to(self._run.path)) for path in found))

    def _judge_command(self, result: ProcessResult) -> ProfilerError | None:
        if result.returncode == 0:
            return None
        program = self._request.command[0]
        return CaptureError(
            f"{program}: {describe_exit(result.returncode)}; what was recorded until then is kept",
            "mend the program, or read its log",
        )

    def _judge_sweep(self, result: ProcessResult, listener: Listener) -> ProfilerError | None:
        sweep = self._request.sweep
        assert sweep is not None
        journal = Journal(self._folder / JOURNAL)
        finished = journal.read().finished
        if finished and not (self._folder / RESULT).is_file():
            collect(list(sweep.points), journal, sweep.engine, list(self._capture.argv), self._folder / RESULT, "profiler.runner")
        for status in ("wrong_output", "failed"):
            labels = [label for label, point in finished.items() if point["status"] == status]
            self._capture.notes += [f"{status.replace('_', ' ')}: {label}: {finished[label]['reason']}" for label in labels]
        missing = [point for point in sweep.points if point.label not in finished]
        if not missing:
            return None
        reason = listener.after("error: ") or result.stopped or describe_exit(result.returncode)
        hint = listener.after("fix: ") or f"go on with: profiler run --resume {self._run.run_id}"
        return CaptureError(f"{len(missing)} of {len(sweep.points)} points were not run: {reason}", hint)

    def _forget_lost_points(self, segment: int) -> int:
        """Strike points off the journal that an attempt finished but its capture does not hold."""
        find = getattr(self._recorder, "recorded_points", None)
        recorded = find(self._folder, stem_of(segment)) if find else None
        if recorded is None:
            return 0
        journal = Journal(self._folder / JOURNAL)
        finished = [item["point"] for item in journal.events() if item["event"] == "point" and item["segment"] == segment]
        lost = [point["label"] for point in finished if point["status"] == "ok" and point["label"] not in recorded]
        if lost:
            journal.drop_points(lost)
            self._capture.notes.append(f"{len(lost)} finished points were lost with the process that ran them and are run again")
        return len(lost)

    def _with_log(self, error: ProfilerError, result: ProcessResult, listener: Listener) -> ProfilerError:
        tail = [f"  | {line}" for line in list(listener.tail)[-_SHOWN_LINES:]]
        log = [f"log: {self._run.path.parent / self._run.run_id / 'logs' / result.log.name}"] if result.log else []
        return type(error)("\n".join([error.message, *tail, *log]), error.hint)
