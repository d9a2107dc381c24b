"""Measure the tool on this machine: identical code against itself, many times, and the smallest slowdown surely found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo
from profiler.units import format_percent

if TYPE_CHECKING:
    from profiler.compare.judge.selftest import SelfTest
    from profiler.jobs.ab import RoundProgress


def run(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Command after --; only options: those of profiler-driver --direct; without, every op."),
    ] = None,
    budget: Annotated[float, typer.Option("--budget", help="Time to measure, seconds.")] = 300.0,
    rounds: Annotated[int, typer.Option("--rounds", help="Rounds at most.")] = 400,
    trial_rounds: Annotated[int, typer.Option("--trial-rounds", help="Rounds of one trial at most.")] = 28,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the order.")] = 1,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="text or json.")] = "text",
    label: Annotated[str, typer.Option("--label", "-l", help="Name of the run.")] = "selftest",
    runs: RunsOption = Path("runs"),
) -> None:
    """Measure the tool on this machine."""
    from profiler.jobs.selftest import run_selftest, selftest_request

    request = selftest_request(command or (), seed)
    folder, result = run_selftest(request, runs, label, budget, rounds, trial_rounds, _report)
    echo(f"run: {folder.path}", err=True)
    if format == "json":
        echo(result.to_json(), nl=False, data=True)
    else:
        _print(result)


def _report(progress: RoundProgress) -> None:
    echo(f"round {progress.rounds}, {progress.elapsed_s:.0f} s", err=True)


def _print(result: SelfTest) -> None:
    echo(f"{result.gpu or 'no GPU'}: {result.trials} trials of {len(result.rows)} rows, {result.rounds} rounds")
    rate, below = format_percent(result.alarm_rate), format_percent(result.alarm_rate_high)
    echo(f"identical code: {result.alarms} of {result.comparisons} called faster or slower, {result.undecided} undecided")
    echo(f"false alarms: {rate}, surely below {below}")
    echo(f"spread between processes: {format_percent(result.process_spread)}")
    found = result.smallest_slowdown
    least = f"{format_percent(found)} (surely {format_percent(result.smallest_power_low)})" if found else ""
    echo(f"smallest slowdown found with 95 % power: {least or 'none: too few trials, or too noisy'}")
