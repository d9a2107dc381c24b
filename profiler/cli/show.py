"""Show all core metrics of a recording at a glance."""

from __future__ import annotations

import json

import typer

from profiler.cli.options import RunsOption, SummaryFormat, TargetArgument
from profiler.cli.printing import echo

ROWS_SHOWN = 20
JSON_ROWS = 1000
"""Tables of events can hold millions of rows: `row_counts` says how many, `profiler metrics --table` gives all."""


def run(
    target: TargetArgument = "latest",
    format: SummaryFormat = typer.Option(SummaryFormat.TABLE, "--format", help="table or json."),
    runs: RunsOption = None,
) -> int:
    """Show all core metrics of a recording."""
    from profiler.metrics import catalog
    from profiler.tables.load import load

    recording = load(target, runs=runs)
    frames, absent = catalog.compute_all(recording)
    if format is SummaryFormat.JSON:
        counts = {name: frame.rows for name, frame in frames.items()}
        document = {"name": recording.name, "tools": list(recording.tools), "absent": absent, "row_counts": counts}
        tables = {name: frame.take(slice(JSON_ROWS)).to_records() for name, frame in frames.items()}
        echo(json.dumps({**document, "metrics": tables}, indent=1, ensure_ascii=False), data=True)
        return 0
    from profiler.cli.printing import console, print_metric_table

    out = console()
    out.print(f"{recording.name}  ({', '.join(recording.tools) or 'no capture'})", markup=False)
    if recording.manifest is not None and recording.manifest.status != "complete":
        out.print(f"status: {recording.manifest.status}: {recording.manifest.reason}", markup=False)
    for table in catalog.METRIC_TABLES:
        if table.name in frames:
            print_metric_table(table, frames[table.name].to_frame(), ROWS_SHOWN)
    for name, reason in absent.items():
        out.print(f"{name}: no data: {reason}", markup=False)
    return 0
