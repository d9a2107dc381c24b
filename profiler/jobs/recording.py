"""What `profiler run` does: record a request, go on with a sweep that was cut off, and say how a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profiler.capture import session
from profiler.capture.choice import resolve
from profiler.capture.progress import Progress
from profiler.capture.request import CaptureRequest
from profiler.errors import CaptureError, ProfilerError, UsageError, WrongOutputError
from profiler.jobs.program import ProgramJob
from profiler.jobs.sweep import SweepJob
from profiler.redaction import lost_variables
from profiler.store.run_dir import RunDir, find_run
from profiler.tools.base import RecordPlan


def _job(request: CaptureRequest) -> ProgramJob | SweepJob:
    return SweepJob(request, request.sweep) if request.sweep is not None else ProgramJob(request)


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
    return session.record(_job(resolve(request, progress.note)), root, progress)


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
    return session.go_on(_job(request), run, progress)


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
    job = _job(resolve(request, (progress or Progress()).note))
    folder = Path("raw") if request.sweep is not None else Path("RUN/raw")
    return [(step.tool, session.plan_step(step, folder / step.tool)) for step in job.first_steps()]
