"""Compare and end with an exit code: 0 no regression, 10 regression, 11 cannot tell, 12 not comparable, 7 wrong output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.compare import answer
from profiler.cli.compare_output import Decision, Output
from profiler.cli.options import BaselineOption, RunsOption, SourceOption, with_options


@with_options
def run(
    decision: Decision,
    output: Output,
    targets: Annotated[list[str], typer.Argument(help="BASE CANDIDATE…: runs or files; or one A/B run.")],
    base: BaselineOption = None,
    source: SourceOption = None,
    runs: RunsOption = Path("runs"),
) -> int:
    """Compare and end with an exit code."""
    return answer(decision, output, targets, base, source, runs)
