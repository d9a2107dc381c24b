"""Show all core metrics of a recording at a glance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from profiler.cli.options import RunsOption, SourceOption, SummaryFormat, TargetArgument
from profiler.cli.printing import echo

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

ROWS_SHOWN = 20
FINDINGS_SHOWN = 5
NOTICED = ("error", "warning", "advice")
JSON_ROWS = 1000
"""Tables of events can hold millions of rows: `row_counts` says how many, `profiler metrics --table` gives all."""


def run(
    target: TargetArgument = "latest",
    source: SourceOption = None,
    format: SummaryFormat = typer.Option(SummaryFormat.TABLE, "--format", help="table or json."),
    runs: RunsOption = None,
) -> int:
    """Show all core metrics of a recording."""
    from profiler.metrics import catalog
    from profiler.metrics.recording import load

    recording = load(target, runs=runs)
    frames, absent = catalog.compute_all(recording)
    if format is SummaryFormat.JSON:
        counts = {name: frame.rows for name, frame in frames.items()}
        document = {"name": recording.name, "tools": list(recording.tools), "absent": absent, "row_counts": counts}
        tables = {name: frame.take(slice(JSON_ROWS)).to_records() for name, frame in frames.items()}
        echo(json.dumps({**document, "metrics": tables}, indent=1, ensure_ascii=False), data=True)
        return 0
    _print(recording, target, tuple(frames), absent, source)
    return 0


def _print(recording: Recording, target: str, frames: tuple[str, ...], absent: dict[str, str], source: str | None) -> None:
    from profiler.cli.metric_tables import print_metric_table
    from profiler.cli.printing import console
    from profiler.metrics import catalog
    from profiler.metrics.measured import MEASURED_NOTE, is_narrowed, is_own_sweep, shown_metric

    out = console()
    out.print(f"{recording.name}  ({', '.join(recording.tools) or 'no capture'})", markup=False)
    if recording.manifest is not None and recording.manifest.status != "complete":
        out.print(f"status: {recording.manifest.status}: {recording.manifest.reason}", markup=False)
    named = recording.run.run_id if recording.run is not None and target == "latest" else target
    _print_answer(recording, named, source)
    if is_narrowed(recording):
        out.print(f"{MEASURED_NOTE} profiler metrics has all of it.", markup=False, style="dim")
    for table in catalog.METRIC_TABLES:
        if table.name in frames and not (is_own_sweep(recording) and table.work == "harness"):
            print_metric_table(table, shown_metric(recording, table.name), ROWS_SHOWN, named)
    _print_absent(absent)


def _print_answer(recording: Recording, target: str, source: str | None) -> None:
    """Print what people come for: the fastest configurations, and what the rules noticed."""
    from profiler.cli.best import print_ranking
    from profiler.cli.printing import console
    from profiler.compare.ranking import rank_recordings
    from profiler.errors import ProfilerError
    from profiler.findings import evaluate_rows

    out = console()
    try:
        found = rank_recordings([recording], source=source)
    except ProfilerError:
        if source:
            raise
        found = None
    if found is not None and found["place"].notna().sum() > 1:
        title = f"Fastest (profiler best {target} shows what may be as fast)"
        print_ranking(found[(found["place"] == 1) | found["note"].ne("")], title)
    noticed = [row for row in evaluate_rows(recording) if row["severity"] in NOTICED]
    for row in noticed[:FINDINGS_SHOWN]:
        out.print(f"{row['severity']}: {row['title']}: {row['evidence']}", markup=False)
    if len(noticed) > FINDINGS_SHOWN:
        out.print(f"{len(noticed) - FINDINGS_SHOWN} more findings: profiler dashboard {target}", markup=False, style="dim")


def _print_absent(absent: dict[str, str]) -> None:
    """Print why tables have no data, each reason once."""
    from profiler.cli.printing import console

    names: dict[str, list[str]] = {}
    for name, reason in absent.items():
        names.setdefault(reason.removeprefix(f"{name}: "), []).append(name)
    for reason, tables in names.items():
        console().print(f"no data for {', '.join(tables)}: {reason}", markup=False, style="dim")
