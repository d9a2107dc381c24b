"""Show a recording on one screen, or all of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.options import FormatOption, RunsOption, SourceOption
from profiler.cli.printing import console, echo, print_json

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

ROWS_SHOWN = 20
VERSION = 1
"""Of the JSON document; a field that goes or changes its meaning raises it."""

JSON_ROWS = 1000
"""Tables of events can hold millions of rows: `row_counts` says how many, `profiler metrics --table` gives all."""


def run(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="A run (id, label, unique prefix, `latest`) or file; several, or a folder: a line each."),
    ] = None,
    source: SourceOption = None,
    format: FormatOption = "table",
    everything: Annotated[bool, typer.Option("--all", help="Print every table, too.")] = False,
    runs: RunsOption = Path("runs"),
) -> None:
    """Show a recording on one screen: what it is, what is fastest or where the time goes, what was noticed.

    Of several recordings, or of a folder of captures, a line each.
    """
    from profiler.cli.overview import print_overview, print_short
    from profiler.cli.several import describe, is_folder_of_captures
    from profiler.metrics.recording import load

    target, *others = targets or ["latest"]
    if others or is_folder_of_captures(target):
        rows = describe([target, *others], source, runs)
        if format == "json":
            print_json(rows)
        elif dropped := print_short("", rows, "recording", console().width):
            echo(f"not shown: {', '.join(dropped)}")
        return
    recording = load(target, runs=runs)
    if format == "json":
        print_json(_document(recording, source))
        return
    named = recording.run.run_id if recording.run is not None and target == "latest" else target
    print_overview(recording, named, source)
    if everything:
        _print_tables(recording, named)


def _document(recording: Recording, source: str | None) -> dict[str, Any]:
    """Return what page and terminal say, and every table."""
    from profiler.compare.winners import winners
    from profiler.findings import evaluate_rows
    from profiler.metrics import catalog
    from profiler.report.answers import answers, rank_alone
    from profiler.report.header import build_header
    from profiler.report.view import View

    frames, absent = catalog.compute_all(recording)
    head, ranking = build_header(View([recording]))[0], rank_alone(recording, source)
    return {
        "version": VERSION,
        "name": recording.name,
        "tools": list(recording.tools),
        "status": head.status,
        "reason": head.reason,
        "command": head.command,
        "facts": [{"label": label, "value": value} for label, value in head.facts],
        "notes": [{"source": tool, "text": text} for tool, text in head.notes],
        "answers": [{"title": title, "rows": rows} for title, rows, _ in answers(recording, ranking)],
        "winners": [{name: None if value != value else value for name, value in asdict(item).items()} for item in winners(ranking)],
        "ranking": [] if ranking is None else json.loads(ranking.to_json(orient="records", double_precision=15)),
        "findings": evaluate_rows(recording),
        "absent": absent,
        "row_counts": {name: frame.rows for name, frame in frames.items()},
        "metrics": {name: frame.take(slice(JSON_ROWS)).to_records() for name, frame in frames.items()},
    }


def _print_tables(recording: Recording, target: str) -> None:
    """Print the first rows of every table, and why others have no data."""
    from profiler.cli.metric_tables import print_metric_table
    from profiler.metrics import catalog
    from profiler.metrics.measured import is_own_sweep, shown_metric

    frames, absent = catalog.compute_all(recording)
    for table in catalog.METRIC_TABLES:
        if table.name in frames and not (is_own_sweep(recording) and table.work == "harness"):
            print_metric_table(table, shown_metric(recording, table.name), ROWS_SHOWN, target)
    names: dict[str, list[str]] = {}
    for name, reason in absent.items():
        names.setdefault(reason.removeprefix(f"{name}: "), []).append(name)
    for reason, tables in names.items():
        console().print(f"no data for {', '.join(tables)}: {reason}", markup=False, style="dim")
