"""Name the fastest launch configuration per op, shape and type, and all that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.options import FormatOption, GivenRunsOption, SourceOption, ThresholdOption, read_value
from profiler.cli.printing import console, echo, print_frame, print_rows
from profiler.units import format_ns, format_value

if TYPE_CHECKING:
    import pandas as pd

    from profiler.compare.winners import Winner

_NUMBERS = frozenset(("median", "behind", "bandwidth", "launches", "in all", "under tool"))


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="Runs or files; several are processes of one sweep.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the losers too.")] = False,
    by: Annotated[str, typer.Option("--by", help="Keys in which points agree that do the same work (op,shape,dtype).")] = "",
    source: SourceOption = None,
    threshold: ThresholdOption = None,
    format: FormatOption = "table",
    runs: GivenRunsOption = None,
) -> None:
    """Name the fastest launch configurations."""
    from profiler.cli.compare_output import make_rule
    from profiler.compare.ranking import rank_targets
    from profiler.compare.winners import UNRANKED, winners

    rule = make_rule(threshold)
    frame = rank_targets(targets or ["latest"], rule, runs, source, read_value("words", by))
    shown = frame if everything or frame["place"].isna().all() else frame[frame["tied"] | frame["undecided"]]
    if format == "json":
        print_frame(shown)
    elif shown.empty:
        echo("no configuration has a valid time")
    else:
        _print(shown, winners(frame, rule))
        if frame["total_ns"].notna().any():
            echo(f"{UNRANKED}: these kernels are not known to do the same work. Mark sweep points to compare alternatives.")


def _print(shown: pd.DataFrame, found: Sequence[Winner]) -> None:
    """Print rows of a ranking, where their times come from, and of which work none is the winner."""
    from profiler.compare.ranking import configuration_of
    from profiler.compare.winners import format_tracing
    from profiler.report.exporters.compare_markdown import format_change

    first = {winner.label: winner for winner in found}
    rows = [
        {
            "op": row["op"],
            "shape": row["shape"],
            "type": row["dtype"],
            "measured": row["conditions"],
            "": _standing(row, first.get(row["row"])),
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
    may_be_empty = ("op", "shape", "type", "", "measured", "behind", "under tool", "note")
    empty = [name for name in may_be_empty if not any(row[name] for row in rows)]
    empty += ["behind", "bandwidth"] if shown["total_ns"].notna().any() else ["launches", "in all"]
    rows = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    print_rows(rows, None, _NUMBERS, optional=("bandwidth", "under tool", "op", "behind", "note"))
    processes = int(shown["processes"].max())
    told = f"times: {shown['source'].iloc[0]}, {processes} process{'es' if processes > 1 else ''}"
    console().print(told, markup=False, style="dim")
    for winner in found:
        if winner.as_fast:
            needed = f"; about {winner.processes_needed} processes would tell" if winner.processes_needed else ""
            echo(f"no winner of {winner.work or 'all'}: {winner.as_fast}{needed}")


def _standing(row: Mapping[Hashable, Any], winner: Winner | None) -> str:
    """Return what became of a row in its group, in one word; winner: the fastest of its group, if it is this row."""
    if row["place"] != row["place"] or row["place"] is None:
        return "" if row["total_ns"] == row["total_ns"] else "void"
    if winner:
        return "only one" if winner.rivals == 1 else "first" if winner.as_fast else "fastest"
    return "tied" if row["tied"] else "undecided" if row["undecided"] else "slower"
