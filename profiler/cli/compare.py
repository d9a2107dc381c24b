"""Compare runs or files with a base: faster, slower, same, or cannot tell, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.compare_output import Decision, GatedDecision, Output, emit
from profiler.cli.options import BaselineOption, RunsOption, SourceOption, with_options
from profiler.errors import UsageError


def answer(
    decision: Decision,
    output: Output,
    targets: Annotated[
        list[str],
        typer.Argument(help="BASE CANDIDATE…: runs or files; several joined by commas are processes of one side. Or one A/B run."),
    ],
    base: BaselineOption = None,
    source: SourceOption = None,
    runs: RunsOption = Path("runs"),
) -> int:
    """Compare, print and return the exit code."""
    from profiler.compare.history.baseline import baseline_target
    from profiler.compare.judge.captures import compare_targets
    from profiler.metrics.time_sources import check_source

    rule = decision.rule()
    check_source(source)
    if base is None and len(targets) == 1:
        if Path(targets[0]).is_file():
            raise UsageError(f"{targets[0]}: nothing to compare it with", "name a candidate too, or one run made by profiler ab")
        if source is not None:
            raise UsageError(f"--source {source}: a run of profiler ab has the sides' own timing only", "leave --source out")
        from profiler.jobs.ab import load_comparison

        return emit(load_comparison(targets[0], runs, decision.judge_anew), decision, output)
    first = baseline_target(runs, base) if base else targets[0]
    candidates = targets if base else targets[1:]
    return emit(compare_targets(first, candidates, rule, runs=runs, source=source, **decision.rows()), decision, output)


run = with_options(answer, decision=GatedDecision)
