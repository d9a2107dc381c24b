"""Name the fastest launch configuration per op, shape and type, and all that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.options import RunsOption, SourceOption, SummaryFormat, ThresholdOption, read_value
from profiler.cli.printing import echo

if TYPE_CHECKING:
    import pandas as pd


_NUMBERS = frozenset(("median", "behind", "bandwidth", "launches", "in all", "under tool"))


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="Runs or files; several are processes of one sweep.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the losers too.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="Keys in which points agree that do the same work. [default: op,shape,dtype]")
    ] = None,
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    format: Annotated[SummaryFormat, typer.Option("--format", help="table or json.")] = SummaryFormat.TABLE,
    runs: RunsOption = None,
) -> int:
    """Name the fastest launch configurations."""
    from profiler.cli.compare_output import make_rule
    from profiler.compare.ranking import rank_targets
    from profiler.compare.winners import UNRANKED

    frame = rank_targets(targets or ["latest"], make_rule(threshold), runs, source, read_value("words", by or ()))
    shown = frame if everything or frame["place"].isna().all() else frame[frame["tied"] | frame["undecided"]]
    if format is SummaryFormat.JSON:
        echo(shown.to_json(orient="records", indent=1, double_precision=15, force_ascii=False), data=True)
        return 0
    if shown.empty:
        echo("no configuration has a valid time")
        return 0
    _print(shown, frame)
    if frame["total_ns"].notna().any():
        echo(f"{UNRANKED}: these kernels are not known to do the same work. Mark sweep points to compare alternatives.")
    return 0


def _print(shown: pd.DataFrame, ranking: pd.DataFrame) -> None:
    """Print rows of a ranking, and where their times come from."""
    from profiler.cli.printing import console, print_rows
    from profiler.compare.ranking import WORK, configuration_of
    from profiler.compare.winners import format_tracing
    from profiler.report.exporters.compare_markdown import format_change
    from profiler.units import format_ns, format_value

    placed = ranking[ranking["place"].notna()]
    alone = set(placed.groupby([*WORK, "conditions"])["row"].filter(lambda rows: len(rows) == 1))
    rows = [
        {
            "op": row["op"],
            "shape": row["shape"],
            "type": row["dtype"],
            "measured": row["conditions"],
            "": "only one" if row["row"] in alone else _standing(row),
            "configuration": configuration_of(row["row"], row["conditions"]),
            "median": format_ns(row["median_ns"]),
            "behind": "" if row["place"] == 1 else format_change(row),
            "launches": str(row["samples"]),
            "in all": format_ns(row["total_ns"]),
            "bandwidth": format_value(row["bandwidth_bytes_per_s"], "bytes/s"),
            "under tool": format_tracing(row["tracing_cost_pct"]),
            "note": row["note"],
        }
        for row in shown.to_dict("records")
    ]
    empty = [
        name
        for name in ("op", "shape", "type", "", "measured", "behind", "under tool", "note")
        if not any(row[name] for row in rows)
    ]
    empty += ["behind", "bandwidth"] if shown["total_ns"].notna().any() else ["launches", "in all"]
    rows = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    print_rows(rows, None, _NUMBERS, optional=("bandwidth", "under tool", "op", "behind", "note"))
    processes = int(shown["processes"].max())
    told = f"times: {shown['source'].iloc[0]}, {processes} process{'es' if processes > 1 else ''}"
    console().print(told, markup=False, style="dim")


def _standing(row: Mapping[Hashable, Any]) -> str:
    """Return what became of a row in its group, in one word."""
    if row["place"] != row["place"] or row["place"] is None:
        return "" if row["total_ns"] == row["total_ns"] else "void"
    return "fastest" if row["place"] == 1 else "tied" if row["tied"] else "undecided" if row["undecided"] else "slower"
