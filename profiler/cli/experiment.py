"""Run the experiments that plugins and driver must pass, each with a table, checks and a dashboard."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import console, echo, print_rows
from profiler.errors import CaptureError, CheckFailedError, UsageError
from profiler.store.document import EXPERIMENT_NAME, read_experiment
from profiler.store.run_dir import RunDir, find_run, write_atomic
from profiler.units import format_value

if TYPE_CHECKING:
    from profiler.experiments.experiment import Experiment, Outcome, Toolbox

PAGE = "dashboard.html"


def run(
    name: Annotated[str | None, typer.Argument(help="Experiment, or all; --list shows them.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Folder for a copy of each outcome, NAME.json.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the experiments and stop.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print exactly what would run, and stop.")] = False,
    evaluate: Annotated[
        str | None, typer.Option("--evaluate", help="Judge a recorded run again, without running anything.")
    ] = None,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="Write no page.")] = False,
    device: Annotated[int, typer.Option("--device", help="CUDA device ordinal.")] = 0,
    runs: RunsOption = Path("runs"),
) -> int:
    """Run experiments; a check that fails makes the exit code 8."""
    from profiler.experiments import EXPERIMENTS, find_experiments
    from profiler.experiments.machine import find_toolbox, require

    if list_:
        print_rows(
            [
                {"experiment": item.name, "question": item.question, "in all": "yes" if item.in_all else "no"}
                for item in EXPERIMENTS
            ],
            None,
        )
        return 0
    if evaluate is not None:
        recorded = find_run(evaluate, runs)
        judged = find_experiments(name or str(read_experiment(recorded.path / EXPERIMENT_NAME)["name"]))[0]
        return _conclude(_judge(recorded, judged, json, no_dashboard))
    if name is None:
        raise UsageError("no experiment named", "profiler experiment --list shows them; all runs them all")
    chosen, toolbox = find_experiments(name), find_toolbox(device)
    if dry_run:
        return _print_commands(chosen, toolbox)
    require(chosen, toolbox)
    return _run_all(chosen, toolbox, runs, json, no_dashboard)


def _print_commands(experiments: tuple[Experiment, ...], toolbox: Toolbox) -> int:
    from profiler.jobs.experiment import commands

    for experiment in experiments:
        echo(f"{experiment.name}: {experiment.question}", err=True)
        for argv, missing in commands(experiment, toolbox):
            if missing:
                echo(f"not on this machine: {missing}:", err=True)
            echo(shlex.join(argv))
    return 0


def _run_all(experiments: tuple[Experiment, ...], toolbox: Toolbox, root: Path, json: Path | None, no_dashboard: bool) -> int:
    """Run one after the other; an experiment that cannot be recorded does not keep the others from running."""
    from profiler.cli import report_error
    from profiler.cli.progress import RichProgress
    from profiler.jobs.experiment import run_experiment

    failed: list[str] = []
    code = 0
    for experiment in experiments:
        echo(f"{experiment.name}: {experiment.question}", err=True)
        try:
            with RichProgress() as progress:
                recorded = run_experiment(experiment, toolbox, root, progress)
        except CaptureError as error:
            code = report_error(error)
            continue
        failed += _judge(recorded, experiment, json, no_dashboard)
    return _conclude(failed) or code


def _judge(recorded: RunDir, experiment: Experiment, json: Path | None, no_dashboard: bool) -> list[str]:
    """Evaluate a run, print and write its outcome; return the checks that failed."""
    from profiler.jobs.experiment import evaluate_run

    outcome = evaluate_run(recorded, experiment)
    _print(experiment, outcome)
    if json is not None:
        write_atomic(json / f"{experiment.name}.json", (recorded.path / EXPERIMENT_NAME).read_bytes())
    echo(f"run: {recorded.path}")
    if not no_dashboard:
        from profiler.metrics.recording import load
        from profiler.report.page import render

        echo(f"dashboard: {render([load(recorded.path)], recorded.path / PAGE, title=experiment.question)}")
    return [f"{experiment.name}: {check.name} ({check.found})" for check in outcome.failed]


def _conclude(failed: list[str]) -> int:
    if failed:
        count = f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed"
        raise CheckFailedError("\n  ".join([count, *failed]), "read the logs in the run folder, or look at its dashboard")
    return 0


def _print(experiment: Experiment, outcome: Outcome) -> None:
    columns = [item for item in outcome.columns if any(row.get(item.name) is not None for row in outcome.rows)]
    if columns:
        rows = [{item.name: format_value(row.get(item.name), item.unit) for item in columns} for row in outcome.rows]
        numeric = {key for row in outcome.rows for key, value in row.items() if isinstance(value, (int, float))}
        print_rows(rows, f"{experiment.name}: {experiment.question}", frozenset(numeric))
    print_rows([{"result": item.verdict, "check": item.name, "found": item.found} for item in outcome.checks], None)
    for note in outcome.notes:
        console().print(f"note: {note}", markup=False, soft_wrap=True)
