"""Records a request into a run folder, one pass a tool; whatever happens, the folder says how it ended."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from profiler.capture.choice import resolve
from profiler.capture.environment import environment_facts
from profiler.capture.lock import locked
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.tool_pass import ToolPass, own_request, stem_of
from profiler.errors import CaptureError, ProfilerError, UsageError, WrongOutputError
from profiler.redaction import lost_variables
from profiler.store.run_dir import RunDir, create_run, find_run, storage_error
from profiler.tools.base import RecordPlan

MAX_PASSES = 3


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
    run = create_run(root, request.label or default_label(request))
    run.manifest.argv = list(sys.argv)
    run.manifest.options = {"request": request.to_dict()}
    run.manifest.environment = environment_facts()
    run.manifest.command = list(request.command)
    run.manifest.engine = request.sweep.engine if request.sweep else ""
    return _record_into(run, request, progress)


def resume(target: str, root: Path, progress: Progress | None = None, environment: Mapping[str, str] | None = None) -> RunDir:
    """Go on with a sweep that was cut off, without repeating a finished point.

    Args:
        target: Run id, label, unique prefix or `latest`, of those that `unfinished_runs` names.
        root: Folder that holds runs.
        progress: Told what happens.
        environment: Variables given once more, where they hold credentials: these are not kept.

    Raises:
        UsageError: The run is complete, is being recorded now, or was no sweep, or credentials are missing.
        CaptureError: Recording failed again.
    """
    progress = progress or Progress()
    run = _find_unfinished(target, root)
    if run.manifest.status == "complete":
        raise UsageError(f"{run.run_id} is complete", "record anew without --resume")
    request = CaptureRequest.from_dict(run.manifest.options.get("request", {}))
    if request.sweep is None:
        raise UsageError(f"{run.run_id} recorded a program of its own, which cannot go on in the middle", "record it anew")
    request = replace(request, environment={**request.environment, **(environment or {})})
    lost = lost_variables(request.environment)
    if lost:
        raise UsageError(
            f"{run.run_id}: {', '.join(lost)} held credentials, which are not kept",
            f"give them once more: {' '.join(f'--env {name}=VALUE' for name in lost)}",
        )
    return _record_into(run, request, progress)


def unfinished_runs(root: Path) -> list[RunDir]:
    """Return the sweeps that were cut off or failed, oldest first; `resume` takes their `run_id`."""
    found = []
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            run = RunDir(folder)
        except ProfilerError:
            continue
        if run.manifest.status != "complete" and run.manifest.options.get("request", {}).get("sweep"):
            found.append(run)
    return sorted(found, key=lambda run: run.manifest.created_utc)


def _find_unfinished(target: str, root: Path) -> RunDir:
    runs = unfinished_runs(root)
    if target == "latest" and runs:
        return runs[-1]
    exact = [run for run in runs if target in (run.run_id, run.manifest.label, str(run.path))]
    prefixed = [run for run in runs if run.run_id.startswith(target)]
    if exact or len(prefixed) == 1:
        return (exact or prefixed)[-1]
    if not runs:
        raise UsageError(f"no unfinished sweep in {root}", "profiler list shows the runs that are there")
    return find_run(target, root)


def exit_code(run: RunDir) -> int:
    """Return the exit status for a run: 0, or that of the worst thing that its points report."""
    # the last attempt of each tool speaks for all points, those of the attempts before it too
    last = {capture.tool: capture.returncode for capture in run.manifest.captures}
    return next((code for code in (WrongOutputError.exit_code, CaptureError.exit_code) if code in last.values()), 0)


def plan(request: CaptureRequest, progress: Progress | None = None) -> list[tuple[str, RecordPlan]]:
    """Return the exact command line of every pass, without running or writing anything.

    Returns:
        Tool and plan. The command lines of a sweep run in the run folder; for a program of the user's own, `RUN` stands
        for that folder.

    Raises:
        ToolMissingError: A tool is not installed.
    """
    request = resolve(request, (progress or Progress()).note)
    plans = []
    for tool in request.tools:
        folder = Path("raw" if request.sweep is not None else "RUN/raw") / tool
        plans.append((tool, recorders()[tool].plan(own_request(request, tool, folder), folder, stem_of(1))))
    return plans


def default_label(request: CaptureRequest) -> str:
    """Return the label of a run that the user did not name."""
    if request.sweep is not None:
        return f"{request.sweep.points[0].op}-{request.sweep.engine}"
    return Path(request.command[0]).name


def _record_into(run: RunDir, request: CaptureRequest, progress: Progress) -> RunDir:
    with locked(run), _terminable(), _closing(run):
        run.manifest.status, run.manifest.reason = "recording", ""
        run.save()
        done = {capture.tool for capture in run.manifest.captures if capture.status == "complete"}
        for tool in request.tools:
            if tool not in done:
                _record_tool(run, request, tool, progress)
        run.finish("complete")
    return run


def _record_tool(run: RunDir, request: CaptureRequest, tool: str, progress: Progress) -> None:
    for _ in range(MAX_PASSES):
        attempt = ToolPass(run, request, tool, progress)
        attempt.execute()
        if not attempt.lost:
            return
    raise CaptureError(
        f"{tool} lost {attempt.lost} finished points in each of {MAX_PASSES} attempts",
        "leave out the points that crash, then record again",
    )


@contextmanager
def _terminable() -> Iterator[None]:
    """Treat a request to terminate, as batch systems send it, like Ctrl-C: the run is then closed properly."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _closing(run: RunDir) -> Iterator[None]:
    """See to it that a run that does not end well is marked failed, with the reason."""
    try:
        yield
    except KeyboardInterrupt:
        run.finish("failed", "interrupted by the user")
        raise
    except ProfilerError as error:
        run.finish("failed", error.message.partition("\n")[0])
        raise
    except OSError as error:
        failure = storage_error(run.path, error)
        run.finish("failed", failure.message)
        raise failure from error
    except BaseException as error:
        run.finish("failed", f"{type(error).__name__}: {error}")
        raise
