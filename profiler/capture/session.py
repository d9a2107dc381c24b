"""Records a request into a run folder, one pass a tool; whatever happens, the folder says how it ended."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from profiler.capture.choice import resolve
from profiler.capture.environment import environment_facts
from profiler.capture.lock import locked
from profiler.capture.process import ProcessResult, describe_exit, run_process
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.target import ITERATION_FILTER, JOURNAL, POINTS, RESULT, importable_package, sweep_command
from profiler.errors import CaptureError, ProfilerError, UsageError, WrongOutputError
from profiler.runner.point import write_points
from profiler.runner.result import Journal
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, create_run, find_run, storage_error
from profiler.tools.base import RecordPlan
from profiler.tools.nsys.record import error_lines
from profiler.tools.nsys.scrub import is_secret_name, redact_text

_POINT_LINE = re.compile(r"^\[(\d+)/(\d+)\] (ok|failed|skipped|wrong_output): (.*)$")
_PROGRESS_BAR = re.compile(r"^\[\d+/\d+\] \[[= \d%]*\]?")
_SHOWN_LINES = 5


def record(request: CaptureRequest, root: Path, progress: Progress | None = None) -> RunDir:
    """Record a program or a sweep.

    Args:
        request: What to record and how.
        root: Folder that holds runs.
        progress: Told what happens.

    Returns:
        The run, complete. Points that failed or gave wrong output are in its results and in the notes of its captures;
        `exit_code` says what a command line should end with.

    Raises:
        UsageError: The request cannot be fulfilled on this machine.
        ToolMissingError: A tool is not installed; nothing was recorded.
        CaptureError: Recording failed; the run is kept, marked failed, with its logs.
        KeyboardInterrupt: The user stopped it; the run is kept likewise.
    """
    progress = progress or Progress()
    request = resolve(request, progress.note)
    run = create_run(root, request.label or _default_label(request))
    run.manifest.argv = [redact_text(item) for item in sys.argv]
    run.manifest.options = {"request": _without_secrets(request)}
    run.manifest.environment = environment_facts()
    run.manifest.command = [redact_text(item) for item in request.command]
    run.manifest.engine = request.sweep.engine if request.sweep else ""
    run.save()
    return _record_into(run, request, progress)


def resume(target: str, root: Path, progress: Progress | None = None) -> RunDir:
    """Go on with a sweep that was cut off, without repeating a finished point.

    Args:
        target: Run, as `profiler list` names it; an unfinished one as `unfinished_runs` does.
        root: Folder that holds runs.
        progress: Told what happens.

    Raises:
        UsageError: The run is complete, is being recorded now, or was no sweep.
        CaptureError: Recording failed again.
    """
    progress = progress or Progress()
    run = _find_unfinished(target, root)
    if run.manifest.status == "complete":
        raise UsageError(f"{run.run_id} is complete", "record anew without --resume")
    request = CaptureRequest.from_dict(run.manifest.options.get("request", {}))
    if request.sweep is None:
        raise UsageError(f"{run.run_id} recorded a program of its own, which cannot go on in the middle", "record it anew")
    return _record_into(run, request, progress)


def unfinished_runs(root: Path) -> list[RunDir]:
    """Return the sweeps that were cut off or failed, oldest first; `resume` takes their `run_id`."""
    found = []
    folders = sorted(root.iterdir(), key=lambda path: path.name.removeprefix(".partial-")) if root.is_dir() else []
    for folder in folders:
        try:
            run = RunDir(folder)
        except ProfilerError:
            continue
        if run.manifest.status != "complete" and run.manifest.options.get("request", {}).get("sweep"):
            found.append(run)
    return found


def _find_unfinished(target: str, root: Path) -> RunDir:
    matches = [
        run for run in unfinished_runs(root)
        if target == "latest" or target in (run.run_id, run.manifest.label, str(run.path)) or run.run_id.startswith(target)
    ]  # fmt: skip
    if matches:
        return matches[-1]
    return find_run(target, root)


def exit_code(run: RunDir) -> int:
    """Return the exit status for a run: 0, or that of the worst thing that its points report."""
    codes = [record.returncode or 0 for record in run.manifest.captures]
    return max((code for code in codes if code in (CaptureError.exit_code, WrongOutputError.exit_code)), default=0)


def plan(request: CaptureRequest, progress: Progress | None = None) -> list[tuple[str, RecordPlan]]:
    """Return the exact command line of every pass, without running or writing anything.

    Raises:
        ToolMissingError: A tool is not installed.
    """
    request = resolve(request, (progress or Progress()).note)
    plans = []
    for tool in request.tools:
        folder = Path("raw") / tool
        plans.append((tool, recorders()[tool].plan(_for_tool(request, tool, folder, 1), folder, _stem(1))))
    return plans


def _default_label(request: CaptureRequest) -> str:
    if request.sweep is not None:
        return f"{request.sweep.points[0].op}-{request.sweep.engine}"
    return Path(request.command[0]).name


def _without_secrets(request: CaptureRequest) -> dict:
    data = request.to_dict()
    data["command"] = [redact_text(item) for item in request.command]
    data["environment"] = {name: "" if is_secret_name(name) else value for name, value in request.environment.items()}
    return data


def _record_into(run: RunDir, request: CaptureRequest, progress: Progress) -> RunDir:
    with locked(run), _closing(run):
        run.manifest.status, run.manifest.reason = "recording", ""
        for tool in request.tools:
            if not _is_complete(run, tool):
                _record_pass(run, request, tool, progress)
        run.finish("complete")
    return run


@contextmanager
def _closing(run: RunDir) -> Iterator[None]:
    """See to it that a run that does not end well is marked failed, with the reason."""
    try:
        yield
    except KeyboardInterrupt:
        run.finish("failed", "interrupted by the user")
        raise
    except ProfilerError as error:
        run.finish("failed", error.message)
        raise
    except OSError as error:
        failure = storage_error(run.path, error)
        run.finish("failed", failure.message)
        raise failure from error
    except BaseException as error:
        run.finish("failed", f"{type(error).__name__}: {error}")
        raise


def _is_complete(run: RunDir, tool: str) -> bool:
    return any(capture.tool == tool and capture.status == "complete" for capture in run.manifest.captures)


def _stem(segment: int) -> str:
    return "capture" if segment == 1 else f"capture-{segment}"


def _for_tool(request: CaptureRequest, tool: str, folder: Path, segment: int) -> CaptureRequest:
    """Return the request with the command of this pass."""
    if request.sweep is None:
        return request
    own = request.with_command(sweep_command(request.sweep, tool, request.python, folder, segment))
    if tool == "ncu" and not own.ncu.nvtx_include:
        own = replace(own, ncu=replace(own.ncu, nvtx_include=(ITERATION_FILTER,)))
    if request.sweep.engine == "reference":
        own = replace(own, nsys=replace(own.nsys, trace=tuple(item for item in own.nsys.trace if item != "cuda") or ("nvtx",)))
    return own


def _record_pass(run: RunDir, request: CaptureRequest, tool: str, progress: Progress) -> None:
    folder = run.raw(tool)
    folder.mkdir(parents=True, exist_ok=True)
    earlier = [capture for capture in run.manifest.captures if capture.tool == tool]
    segment = len(earlier) + 1
    if request.sweep is not None:
        _prepare_sweep(request, folder, earlier)
    seen_folder = Path("raw") / tool if request.sweep is not None else folder.absolute()
    own = _for_tool(request, tool, seen_folder, segment)
    with importable_package(request) as variables:
        own = replace(own, environment=variables if request.sweep is not None else own.environment)
        steps = recorders()[tool].plan(own, seen_folder, _stem(segment))
        capture = CaptureRecord(tool, [redact_text(item) for item in steps.argv], status="failed", reason="not finished")
        run.manifest.captures.append(capture)
        run.save()
        progress.begin(tool, steps.argv, len(request.sweep.points) if request.sweep else 0)
        _run_and_finish(run, own, request, steps, capture, segment, progress)


def _prepare_sweep(request: CaptureRequest, folder: Path, earlier: list[CaptureRecord]) -> None:
    assert request.sweep is not None  # noqa: S101  the caller looked
    write_points(folder / POINTS, list(request.sweep.points))
    lost = [number for number, capture in enumerate(earlier, 1) if not capture.artefacts]
    journal = Journal(folder / JOURNAL)
    if lost and journal.path.is_file():
        journal.drop_segments(lost)


def _run_and_finish(
    run: RunDir,
    own: CaptureRequest,
    request: CaptureRequest,
    steps: RecordPlan,
    capture: CaptureRecord,
    segment: int,
    progress: Progress,
) -> None:
    recorder = recorders()[capture.tool]
    version = recorder.probe()
    capture.tool_version = version.text if version else ""
    suffix = "" if segment == 1 else f"-{segment}"
    result = run_process(
        steps.argv, log=run.logs / f"{capture.tool}{suffix}.log", environment=steps.environment,
        folder=run.path if request.sweep is not None else None, timeout_s=request.timeout_s, on_line=_listener(progress),
    )  # fmt: skip
    capture.returncode, capture.duration_s = result.returncode, round(result.duration_s, 3)
    failure: ProfilerError | None = None
    try:
        artefacts, notes = recorder.finish(own, run.raw(capture.tool), run_process, _stem(segment))
        capture.artefacts = _relative(run, artefacts)
        capture.notes += notes
    except ProfilerError as error:
        failure = recorder.diagnose(result.output, result.returncode) or error
    failure = _ending(result, request, run, capture) or failure
    for note in capture.notes:
        progress.note(note)
    if result.stopped == "interrupted":
        capture.reason = "interrupted by the user"
        raise KeyboardInterrupt
    if failure is not None:
        capture.reason = failure.message
        progress.end(capture.tool, "failed", result.duration_s)
        raise _with_log(failure, result, run)
    capture.status, capture.reason = "complete", ""
    run.save()
    progress.end(capture.tool, "complete", result.duration_s)


def _relative(run: RunDir, artefacts: list[Path]) -> list[str]:
    found = [str(path.relative_to(run.path)) for path in artefacts]
    for name in (RESULT,):
        path = artefacts[0].parent / name if artefacts else None
        if path is not None and path.is_file() and str(path.relative_to(run.path)) not in found:
            found.append(str(path.relative_to(run.path)))
    return found


def _ending(result: ProcessResult, request: CaptureRequest, run: RunDir, capture: CaptureRecord) -> ProfilerError | None:
    """Judge how the target ended; the sentences that a reader of the run needs go into the capture's notes."""
    if result.stopped == "time-out":
        return CaptureError(f"{capture.tool}: stopped after {request.timeout_s:g} s", "raise --timeout, or record less")
    if capture.tool == "nsys":
        capture.notes += [f"nsys reports: {text}" for text in error_lines(result.output)[:_SHOWN_LINES]]
    if request.sweep is None:
        if result.returncode == 0:
            return None
        how = describe_exit(result.returncode)
        return CaptureError(f"{request.command[0]}: {how}; what was recorded until then is kept", "mend the program, or see its log")
    return _sweep_ending(result, request, run, capture)


def _sweep_ending(result: ProcessResult, request: CaptureRequest, run: RunDir, capture: CaptureRecord) -> ProfilerError | None:
    assert request.sweep is not None  # noqa: S101  the caller looked
    finished = Journal(run.raw(capture.tool) / JOURNAL).read().finished
    for status in ("wrong_output", "failed"):
        labels = [label for label, point in finished.items() if point["status"] == status]
        capture.notes += [f"{status.replace('_', ' ')}: {label}: {finished[label]['reason']}" for label in labels]
    missing = [point.label for point in request.sweep.points if point.label not in finished]
    if not missing:
        return None
    error = next((line[7:] for line in result.last_lines if line.startswith("error: ")), describe_exit(result.returncode))
    hint = next((line[5:] for line in result.last_lines if line.startswith("fix: ")), f"go on with: --resume {run.run_id}")
    return CaptureError(f"{len(missing)} of {len(request.sweep.points)} points were not run: {error}", hint)


def _with_log(error: ProfilerError, result: ProcessResult, run: RunDir) -> ProfilerError:
    """Return the error with the end of the log and where the rest of it is."""
    tail = "\n".join(f"  | {line}" for line in result.last_lines[-_SHOWN_LINES:])
    log = run.path.parent / run.run_id / "logs" / result.log.name if result.log else None
    message = "\n".join(part for part in (error.message, tail, f"log: {log}" if log else "") if part)
    return type(error)(message, error.hint)


def _listener(progress: Progress):
    def on_line(line: str) -> None:
        match = _POINT_LINE.match(line)
        if match:
            progress.point(int(match[1]), int(match[2]), match[3], match[4])
        elif not _PROGRESS_BAR.match(line):
            progress.line(line)

    return on_line


def run_failures(run: RunDir) -> list[str]:
    """Return the sentences about failed points that the run's captures hold."""
    return [note for capture in run.manifest.captures for note in capture.notes if note.startswith(("failed: ", "wrong output: "))]

