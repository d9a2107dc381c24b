"""Show the medians of the stored runs over time, and the runs at which a level changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.options import RunsOption, SourceOption, SummaryFormat, ThresholdOption
from profiler.cli.printing import echo


def run(
    label: Annotated[str, typer.Option("--label", help="Pattern of the runs' labels.")] = "*",
    row: Annotated[str, typer.Option("--row", help="Pattern of the row labels, e.g. '*dtype=fp16*'.")] = "*",
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    format: Annotated[SummaryFormat, typer.Option("--format", help="table or json.")] = SummaryFormat.TABLE,
    page: Annotated[Path | None, typer.Option("--page", help="Write an offline HTML page here.")] = None,
    runs: RunsOption = None,
) -> int:
    """Show the medians of the stored runs over time."""
    from profiler.cli.compare_output import make_rule
    from profiler.compare.history.trend import changes, trend
    from profiler.store.run_dir import runs_root

    found = trend(runs_root(runs), make_rule(threshold), label, row, source)
    if page is not None:
        from profiler.report.trend_page import render_trend

        render_trend(found, page)
    for run_id, reason in found.left_out.items():
        echo(f"left out: {run_id}: {reason}", err=True)
    for note in found.notes:
        echo(note, err=True)
    if format is SummaryFormat.JSON:
        echo(found.points.to_json(orient="records", indent=1, double_precision=15, force_ascii=False), data=True)
        return 0
    from profiler.cli.printing import print_rows
    from profiler.units import format_ns

    summary = []
    for name, part in found.points.groupby("row", sort=False):
        levels = part["level_ns"].dropna()
        summary.append(
            {
                "row": name,
                "runs": len(part),
                "first": format_ns(levels.iloc[0] if len(levels) else None),
                "now": format_ns(levels.iloc[-1] if len(levels) else None),
                "changes": int(part["step_ratio"].notna().sum()),
            }
        )
    if summary:
        print_rows(summary, None, frozenset(("runs", "first", "now", "changes")))
    for item in changes(found):
        step = 100.0 * (item["step_ratio"] - 1.0)
        where = f"{item['run']}{' at ' + str(item['commit'])[:12] if item['commit'] else ''}"
        echo(f"{item['verdict']} by {step:+.1f} % since {where}: {item['row']}")
    return 0
