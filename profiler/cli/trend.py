"""Show the medians of the stored runs over time, and the runs at which a level changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.options import FormatOption, RunsOption, SourceOption, ThresholdOption
from profiler.cli.printing import echo, print_frame, print_rows
from profiler.units import format_ns


def run(
    label: Annotated[str, typer.Option("--label", help="Pattern of the runs' labels.")] = "*",
    row: Annotated[str, typer.Option("--row", help="Pattern of the row labels, e.g. '*dtype=fp16*'.")] = "*",
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    format: FormatOption = "table",
    page: Annotated[Path | None, typer.Option("--page", help="Write an offline HTML page here.")] = None,
    runs: RunsOption = Path("runs"),
) -> None:
    """Show the medians of the stored runs over time."""
    from profiler.cli.compare_output import make_rule
    from profiler.compare.history.trend import changes, trend

    found = trend(runs, make_rule(threshold), label, row, source)
    if page is not None:
        from profiler.report.trend_page import render_trend

        render_trend(found, page)
    for run_id, reason in found.left_out.items():
        echo(f"left out: {run_id}: {reason}", err=True)
    for note in found.notes:
        echo(note, err=True)
    if format == "json":
        print_frame(found.points)
        return
    grouped = found.points.groupby("row", sort=False, as_index=False)
    rows = grouped.agg(runs=("row", "size"), first=("level_ns", "first"), now=("level_ns", "last"), changes=("step_ratio", "count"))
    summary = [{**row, **{name: format_ns(row[name]) for name in ("first", "now")}} for row in rows.to_dict("records")]
    if summary:
        print_rows(summary, None, frozenset(("runs", "first", "now", "changes")))
    for item in changes(found):
        step = 100.0 * (item["step_ratio"] - 1.0)
        where = f"{item['run']}{' at ' + str(item['commit'])[:12] if item['commit'] else ''}"
        echo(f"{item['verdict']} by {step:+.1f} % since {where}: {item['row']}")
