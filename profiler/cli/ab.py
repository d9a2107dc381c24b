"""Measure two or more sides interleaved on this machine until each row is decided: revisions, folders, libraries, commands."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.compare_output import (
    AliasOption,
    AllowOption,
    ComparisonFormat,
    ConfigOption,
    FormatOption,
    GateOption,
    JsonOption,
    JunitOption,
    KeyOption,
    LinkOption,
    MarkdownOption,
    PageOption,
    StrictOption,
    ThresholdOption,
    chosen_threshold,
    emit,
    judge_anew,
    make_rule,
    run_gate,
    split_words,
)
from profiler.cli.options import RunsOption
from profiler.cli.printing import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from profiler.jobs.ab import RoundProgress
    from profiler.jobs.sides import AbSide

_SIDES, _JOB = "Sides", "Measuring"
_TIMEOUT_S = 600.0


def run(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Command after --, with {driver} or {library}; only options: those of profiler-driver --direct."),
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="Revision, source folder, build folder or plugin library.", rich_help_panel=_SIDES)
    ] = "",
    candidate: Annotated[
        list[str] | None, typer.Option("--candidate", help="The same; may be repeated.", rich_help_panel=_SIDES)
    ] = None,
    base_command: Annotated[
        str, typer.Option("--base-command", help="Command line of the base, instead of --base.", rich_help_panel=_SIDES)
    ] = "",
    candidate_command: Annotated[
        list[str] | None,
        typer.Option("--candidate-command", help="Command line of a candidate; may be repeated.", rich_help_panel=_SIDES),
    ] = None,
    architectures: Annotated[
        str | None, typer.Option("--architectures", help="Compute capabilities to build for, e.g. 90.", rich_help_panel=_SIDES)
    ] = None,
    budget: Annotated[float, typer.Option("--budget", help="Time to measure, seconds.", rich_help_panel=_JOB)] = 300.0,
    max_rounds: Annotated[int, typer.Option("--max-rounds", help="Rounds at most, up to 64.", rich_help_panel=_JOB)] = 64,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Longest time of one process, seconds.", rich_help_panel=_JOB)
    ] = _TIMEOUT_S,
    points: Annotated[
        Path | None,
        typer.Option(
            "--points",
            help="Points, one label a line, for commands with {points}: later rounds get the undecided ones.",
            rich_help_panel=_JOB,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the order of the sides.", rich_help_panel=_JOB)] = 1,
    measure_identical: Annotated[
        bool, typer.Option("--measure-identical", help="Measure rows of identical machine code too.", rich_help_panel=_JOB)
    ] = False,
    resume: Annotated[str | None, typer.Option("--resume", help="Go on with a job.", rich_help_panel=_JOB)] = None,
    label: Annotated[str, typer.Option("--label", "-l", help="Name of the run.", rich_help_panel=_JOB)] = "ab",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command line of each side, and stop.", rich_help_panel=_JOB)
    ] = False,
    threshold: ThresholdOption = None,
    key: KeyOption = None,
    alias: AliasOption = None,
    allow: AllowOption = None,
    gate: GateOption = False,
    strict: StrictOption = None,
    config: ConfigOption = None,
    format: FormatOption = ComparisonFormat.TABLE,
    markdown: MarkdownOption = None,
    json: JsonOption = None,
    junit: JunitOption = None,
    page: PageOption = None,
    link: LinkOption = "",
    runs: RunsOption = None,
) -> int:
    """Measure sides interleaved until each row is decided."""
    from dataclasses import replace

    from profiler.compare.judge.conditions import check_allowed
    from profiler.compare.rows.alignment import parse_aliases
    from profiler.jobs.ab import resume_job, start_job
    from profiler.jobs.ab_store import AbRequest
    from profiler.jobs.sides import refuse_same
    from profiler.store.run_dir import runs_root

    root = runs_root(runs)
    make_sides = partial(_sides, base, candidate or [], base_command, candidate_command or [], command or [], architectures)
    if resume:
        about_sides = {
            "--base": base,
            "--candidate": candidate,
            "--base-command": base_command,
            "--candidate-command": candidate_command,
            "--architectures": architectures,
            "a command": command,
        }
        fixed = {
            "--points": points,
            "--seed": seed != 1,
            "--measure-identical": measure_identical,
            "--label": label != "ab",
            "--dry-run": dry_run,
            "--key": key,
            "--alias": alias,
        }
        given = _given_anew(resume, root, about_sides, fixed, make_sides)
        asked = chosen_threshold(threshold, gate, config)

        def change(job: AbRequest) -> AbRequest:
            longest = job.process_timeout_s if timeout == _TIMEOUT_S else timeout
            return replace(judge_anew(job, asked, allow=allow), process_timeout_s=longest)

        folder, comparison = resume_job(resume, root, budget, max_rounds, _report, change, given)
    else:
        sides = make_sides(dry_run)
        refuse_same(sides)
        if dry_run:
            for side in sides:
                echo(f"{side.name}: {shlex.join(side.argv)}")
            return 0
        request = AbRequest(
            tuple(sides),
            make_rule(threshold, gate, config),
            keys=split_words(key),
            aliases=parse_aliases(alias or ()),
            allowed=check_allowed(split_words(allow)),
            points=_read_points(points),
            seed=seed,
            skip_identical=not measure_identical,
            process_timeout_s=timeout,
        )
        folder, comparison = start_job(request, root, label, budget, max_rounds, _report)
    echo(f"run: {folder.path}", err=True)
    answer = run_gate(comparison, config, strict) if gate else None
    return emit(comparison, answer, format, {"markdown": markdown, "json": json, "junit": junit}, page, link)


def _given_anew(
    resume: str, root: Path, about_sides: dict[str, Any], fixed: dict[str, Any], make_sides: Callable[[bool], list[AbSide]]
) -> list[AbSide]:
    """Return the sides given again to a job that has lost some, or none.

    Raises:
        UsageError: An option is given that the job cannot take once it has begun.
    """
    from profiler.jobs.ab import find_job
    from profiler.jobs.ab_store import read_request
    from profiler.jobs.sides import lost_sides

    again = any(about_sides.values()) and bool(lost_sides(read_request(find_job(resume, root)).sides))
    _refuse_fixed(resume, [name for name, value in (fixed if again else about_sides | fixed).items() if value])
    return make_sides(False) if again else []


def _refuse_fixed(job: str, names: list[str]) -> None:
    """Refuse options that a job cannot be given once it has begun.

    Raises:
        UsageError: There is one.
    """
    from profiler.errors import UsageError

    if names:
        raise UsageError(
            f"--resume {job} goes on with the job as it was begun: {', '.join(names)} cannot be given anew",
            "leave them out, or start another job; profiler compare RUN takes --key, --alias and --allow",
        )


def _read_points(path: Path | None) -> tuple[str, ...]:
    from profiler.errors import UsageError

    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})", "one label a line: op=swish shape=65536x1024 dtype=fp32") from error
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _report(progress: RoundProgress) -> None:
    state = f"round {progress.rounds}: {progress.rows - progress.undecided} of {progress.rows} rows decided"
    echo(f"{state}, {progress.elapsed_s:.0f} s", err=True)


def _sides(
    base: str,
    candidates: list[str],
    base_command: str,
    candidate_commands: list[str],
    command: list[str],
    architectures: str | None,
    dry_run: bool,
) -> list[AbSide]:
    """Return the sides, the base first; a dry run builds nothing.

    Raises:
        UsageError: There is no base or no candidate, or two bases.
    """
    from profiler.capture.build import build
    from profiler.capture.process import run_process
    from profiler.errors import UsageError
    from profiler.jobs.sides import cache_folder, command_side, resolve_side

    if bool(base) == bool(base_command):
        raise UsageError("give --base or --base-command, one of them", "for example --base main --candidate HEAD")
    if not (candidates or candidate_commands):
        raise UsageError("there is no candidate", "give --candidate or --candidate-command")

    def make(source: Path, target: Path) -> None:
        build(source, target, architectures)

    def resolve(text: str) -> AbSide:
        return resolve_side(text, command, None if dry_run else make, run_process, cache_folder())

    first = resolve(base) if base else command_side("base", shlex.split(base_command))
    named = [resolve(text) for text in candidates]
    commands = [
        command_side("candidate" if len(candidate_commands) == 1 else f"candidate {index}", shlex.split(text))
        for index, text in enumerate(candidate_commands, 1)
    ]
    return [first, *named, *commands]
