"""Show what this machine can record with, and what to do about each gap."""

from __future__ import annotations

from pathlib import Path

from profiler.cli.options import FormatOption, RunsOption
from profiler.cli.printing import print_json, print_rows


def run(runs: RunsOption = Path("runs"), format: FormatOption = "table") -> None:
    """Show what this machine can record with."""
    from profiler.capture.environment import doctor

    rows = doctor(runs)
    if format == "json":
        print_json(rows)
    else:
        print_rows(rows, title=None)
