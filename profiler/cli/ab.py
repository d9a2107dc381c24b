"""Measure two or more sides interleaved on this machine until each row is decided: revisions, folders, libraries, commands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from profiler.cli.compare_output import GatedDecision, Output, emit
from profiler.cli.options import RunsOption, with_options
from profiler.cli.printing import echo
from profiler.errors import UsageError
from profiler.runner.option import described, option

if TYPE_CHECKING:
    from profiler.jobs.ab import RoundProgress
    from profiler.jobs.ab_store import AbRequest
    from profiler.jobs.sides import AbSide

_ANEW = ("budget", "max_rounds", "timeout", "resume")


@dataclass(frozen=True)
class Sides:
    """What is measured.

    Attributes:
        base, candidate: Revision, source folder, build folder or plugin library.
        base_command, candidate_command: Command line, in place of these.
        architectures: Compute capabilities to build for.
    """

    PANEL: ClassVar[str] = "Sides"
    base: str = option("", "Revision, source folder, build folder or plugin library.", "--base")
    candidate: tuple[str, ...] = option((), "The same; may be repeated.", "--candidate", "list")
    base_command: str = option("", "Command line of the base, instead of --base.", "--base-command")
    candidate_command: tuple[str, ...] = option((), "Command line of a candidate; may be repeated.", "--candidate-command", "list")
    architectures: str | None = option(None, "Compute capabilities to build for, e.g. 90.", "--architectures")


@dataclass(frozen=True)
class Measuring:
    """How it is measured.

    Attributes:
        budget: Time, s.
        max_rounds: Rounds at most.
        timeout: Longest time of one process, s.
        points: File of labels for commands with `{points}`.
        seed: Seed of the order of the sides.
        measure_identical: Measure rows of identical machine code too.
        resume: Job to go on with.
        label: Name of the run.
        dry_run: Print the command lines and stop.
    """

    PANEL: ClassVar[str] = "Measuring"
    budget: float = option(300.0, "Time to measure, seconds.", "--budget", "number")
    max_rounds: int = option(64, "Rounds at most, up to 64.", "--max-rounds", "integer")
    timeout: float = option(600.0, "Longest time of one process, seconds.", "--timeout", "number")
    points: Path | None = option(
        None, "Points, one label a line, for commands with {points}: later rounds get the undecided ones.", "--points", "path"
    )
    seed: int = option(1, "Seed of the order of the sides.", "--seed", "integer")
    measure_identical: bool = option(False, "Measure rows of identical machine code too.", "--measure-identical", "flag")
    resume: str = option("", "Go on with a job.", "--resume")
    label: str = option("ab", "Name of the run.", "--label -l")
    dry_run: bool = option(False, "Print the command line of each side, and stop.", "--dry-run", "flag")


@with_options
def run(
    sides: Sides,
    measuring: Measuring,
    decision: GatedDecision,
    output: Output,
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Command after --, with {driver} or {library}; only options: those of profiler-driver --direct."),
    ] = None,
    runs: RunsOption = Path("runs"),
) -> int:
    """Measure sides interleaved until each row is decided."""
    from profiler.jobs.ab import resume_job, start_job
    from profiler.jobs.ab_store import AbRequest
    from profiler.jobs.sides import refuse_same

    if measuring.resume:
        given = _given_anew(runs, sides, measuring, decision, command or [])

        def change(job: AbRequest) -> AbRequest:
            longest = job.process_timeout_s if measuring.timeout == Measuring.timeout else measuring.timeout
            return replace(decision.judge_anew(job), process_timeout_s=longest)

        limits = measuring.budget, measuring.max_rounds
        folder, comparison = resume_job(measuring.resume, runs, *limits, _report, change, given)
    else:
        made = _sides(sides, command or [], measuring.dry_run)
        refuse_same(made)
        if measuring.dry_run:
            for side in made:
                echo(f"{side.name}: {shlex.join(side.argv)}")
            return 0
        request = AbRequest(
            tuple(made),
            decision.rule(),
            **decision.rows(),
            points=_read_points(measuring.points),
            seed=measuring.seed,
            skip_identical=not measuring.measure_identical,
            process_timeout_s=measuring.timeout,
        )
        folder, comparison = start_job(request, runs, measuring.label, measuring.budget, measuring.max_rounds, _report)
    echo(f"run: {folder.path}", err=True)
    return emit(comparison, decision, output)


def _given(part: Any) -> list[str]:
    """Return the options of a part that the user gave."""
    silent = type(part)()
    return [item.flags.split()[0] for item in described(type(part)) if getattr(part, item.field) != getattr(silent, item.field)]


def _given_anew(root: Path, sides: Sides, measuring: Measuring, decision: GatedDecision, command: list[str]) -> list[AbSide]:
    """Return the sides given again to a job that has lost some, or none.

    Raises:
        UsageError: An option is given that the job cannot take once it has begun.
    """
    from profiler.jobs.ab import find_job
    from profiler.jobs.ab_store import read_request
    from profiler.jobs.sides import lost_sides

    job, about_sides = measuring.resume, [*_given(sides), *(["a command"] if command else [])]
    again = bool(about_sides) and bool(lost_sides(read_request(find_job(job, root)).sides))
    kept = {f"--{name.replace('_', '-')}" for name in _ANEW}
    fixed = [name for name in _given(measuring) if name not in kept] + [n for n in _given(decision) if n in ("--key", "--alias")]
    names = [*([] if again else about_sides), *fixed]
    if names:
        raise UsageError(
            f"--resume {job} goes on with the job as it was begun: {', '.join(names)} cannot be given anew",
            "leave them out, or start another job; profiler compare RUN takes --key, --alias and --allow",
        )
    return _sides(sides, command, False) if again else []


def _read_points(path: Path | None) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})", "one label a line: op=swish shape=65536x1024 dtype=fp32") from error
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _report(progress: RoundProgress) -> None:
    state = f"round {progress.rounds}: {progress.rows - progress.undecided} of {progress.rows} rows decided"
    echo(f"{state}, {progress.elapsed_s:.0f} s", err=True)


def _sides(sides: Sides, command: list[str], dry_run: bool) -> list[AbSide]:
    """Return the sides, the base first; a dry run builds nothing.

    Raises:
        UsageError: There is no base or no candidate, or two bases.
    """
    from profiler.capture.build import build
    from profiler.capture.process import run_process
    from profiler.jobs.sides import cache_folder, command_side, resolve_side

    if bool(sides.base) == bool(sides.base_command):
        raise UsageError("give --base or --base-command, one of them", "for example --base main --candidate HEAD")
    if not (sides.candidate or sides.candidate_command):
        raise UsageError("there is no candidate", "give --candidate or --candidate-command")

    def make(source: Path, target: Path) -> None:
        build(source, target, sides.architectures)

    def resolve(text: str) -> AbSide:
        return resolve_side(text, command, None if dry_run else make, run_process, cache_folder())

    first = resolve(sides.base) if sides.base else command_side("base", shlex.split(sides.base_command))
    commands = sides.candidate_command
    names = [f"candidate {index}" for index in range(1, len(commands) + 1)] if len(commands) > 1 else ["candidate"]
    others = [command_side(name, shlex.split(text)) for name, text in zip(names, commands, strict=False)]
    return [first, *map(resolve, sides.candidate), *others]
