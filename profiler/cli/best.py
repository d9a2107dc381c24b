"""Name the fastest launch configuration per op, shape and type, and all that cannot be told apart from it."""

from __future__ import annotations

from typing import Annotated

import typer

from profiler.cli.compare_output import ThresholdOption
from profiler.cli.options import RunsOption, SummaryFormat
from profiler.cli.printing import echo


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="Runs or files; several are processes of one sweep.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the losers too.")] = False,
    threshold: ThresholdOption = None,
    format: Annotated[SummaryFormat, typer.Option("--format", help="table or json.")] = SummaryFormat.TABLE,
    runs: RunsOption = None,
) -> int:
    """Name the fastest launch configurations."""
    from profiler.cli.compare_output import make_rule
    from profiler.compare.best import best_rows

    frame = best_rows(targets or ["latest"], make_rule(threshold, False, None), runs)
    shown = frame if everything else frame[frame["tied"].astype(bool)]
    if format is SummaryFormat.JSON:
        echo(shown.to_json(orient="records", indent=1, double_precision=15, force_ascii=False), data=True)
        return 0
    from profiler.cli.printing import print_rows
    from profiler.report.exporters.compare_markdown import format_change
    from profiler.units import format_ns, format_value

    rows = [
        {
            "op": row["op"], "shape": row["shape"], "type": row["dtype"], "measured": row["conditions"],
            "": "fastest" if row["place"] == 1 else "tied" if row["tied"] else "slower" if row["note"] == "" else "void",
            "configuration": row["row"], "median": format_ns(row["median_ns"]),
            "behind": "" if row["place"] == 1 else format_change(row),
            "bandwidth": format_value(row["bandwidth_bytes_per_s"], "bytes/s"), "note": row["note"],
        }
        for row in shown.to_dict("records")
    ]  # fmt: skip
    if not any(row["measured"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "measured"} for row in rows]
    if not rows:
        echo("no configuration has a valid time")
        return 0
    print_rows(rows, None, frozenset(("median", "behind", "bandwidth")))
    return 0
