"""Show what this machine can record with, and what to do about each gap."""

from __future__ import annotations

import typer

from profiler.cli.options import RunsOption, SummaryFormat
from profiler.cli.printing import print_json, print_rows


def run(
    runs: RunsOption = None,
    format: SummaryFormat = typer.Option(SummaryFormat.TABLE, "--format", help="table or json."),
) -> int:
    """Show what this machine can record with."""
    from profiler.capture.environment import doctor
    from profiler.store.run_dir import runs_root

    rows = doctor(runs_root(runs))
    if format is SummaryFormat.JSON:
        print_json(rows)
    else:
        print_rows(rows, title=None)
    return 0
