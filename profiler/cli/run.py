"""Record a program, or a sweep of a plugin, under nsys, ncu, cupti or the built-in recorder."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo
from profiler.cli.request_options import build_request, parse_variable, read_preset, with_request_options
from profiler.units import NS_PER_S, format_ns

if TYPE_CHECKING:
    from profiler.runner.request import SweepOptions
    from profiler.store.run_dir import RunDir


@with_request_options
def run(
    command: Annotated[list[str] | None, typer.Argument(help="Program and arguments, after --. Without: a sweep.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request and exactly what would run, and stop.")] = False,
    preset: Annotated[Path | None, typer.Option("--preset", help="TOML or YAML file of these options; a flag beats it.")] = None,
    resume: Annotated[str | None, typer.Option("--resume", help="Go on with an interrupted run; finished points are kept.")] = None,
    runs: RunsOption = Path("runs"),
    **options: Any,
) -> int:
    """Record a program, or a sweep of a plugin."""
    from profiler.cli.progress import RichProgress
    from profiler.jobs import recording

    with RichProgress() as progress:
        if resume:
            given = dict(parse_variable(item) for item in options["env"] or ())
            return report_run(recording.resume(resume, runs, progress, given))
        request = build_request({"command": command, **options}, read_preset(preset) if preset else None)
        if request.sweep is not None:
            announce(request.sweep, len(request.tools), progress.note)
        if not dry_run:
            return report_run(recording.record(request, runs, progress))
        plans = recording.plan(request, progress)
    if request.sweep is not None:
        print_sweep(request.sweep)
    for _, steps in plans:
        echo(shlex.join(steps.argv))
    return 0


def print_sweep(sweep: SweepOptions) -> None:
    """Print a sweep as it was asked for: its options as JSON, and the label of each point."""
    options = {name: value for name, value in sweep.to_dict().items() if name != "points"}
    echo(json.dumps(options, ensure_ascii=False, indent=1), err=True)
    for point in sweep.points:
        echo(f"  {point.label}", err=True)


def announce(sweep: SweepOptions, passes: int, note: Callable[[str], None]) -> None:
    """Say how many points will run and how long that takes at most."""
    from profiler.capture.sweep import longest_seconds

    count = len(sweep.points)
    longest = format_ns(longest_seconds(count, sweep.settings, passes) * NS_PER_S)
    told = f"{count} points in {passes} pass{'es' if passes > 1 else ''}"
    note(f"{told}: about {longest} to measure at most (--max-time is per point), checks beside")


def report_run(recorded: RunDir) -> int:
    """Print where a run lies and what to do next; return its exit code."""
    from profiler.jobs.recording import exit_code

    echo(f"run: {recorded.path}")
    echo(f"next: profiler show {recorded.run_id}   or   profiler dashboard {recorded.run_id} --open", err=True)
    return exit_code(recorded)
