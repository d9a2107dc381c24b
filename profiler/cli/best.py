"""Name the fastest launch configuration per op, shape and type, and all that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.compare_output import ThresholdOption
from profiler.cli.options import RunsOption, SourceOption, SummaryFormat
from profiler.cli.printing import echo
from profiler.point_label import decode_label, encode_label

if TYPE_CHECKING:
    import pandas as pd


_NUMBERS = frozenset(("median", "behind", "bandwidth", "launches", "in all"))


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
    from profiler.cli.compare_output import make_rule, split_words
    from profiler.compare.ranking import rank_targets

    frame = rank_targets(targets or ["latest"], make_rule(threshold, False, None), runs, source, split_words([by] if by else None))
    shown = frame if everything or frame["place"].isna().all() else frame[frame["tied"] | frame["undecided"]]
    if format is SummaryFormat.JSON:
        echo(shown.to_json(orient="records", indent=1, double_precision=15, force_ascii=False), data=True)
        return 0
    if shown.empty:
        echo("no configuration has a valid time")
        return 0
    print_ranking(shown, None)
    if frame["total_ns"].notna().any():
        echo("Nothing is ranked: these kernels are not known to do the same work. Mark sweep points to compare alternatives.")
    return 0


def print_ranking(frame: pd.DataFrame, title: str | None) -> None:
    """Print rows of `rank_recordings`, and where their times come from."""
    from profiler.cli.printing import console, print_rows
    from profiler.report.exporters.compare_markdown import format_change
    from profiler.units import format_ns, format_value

    rows = [
        {
            "op": row["op"],
            "shape": row["shape"],
            "type": row["dtype"],
            "measured": row["conditions"],
            "": _standing(row),
            "configuration": configuration_of(row["row"]),
            "median": format_ns(row["median_ns"]),
            "behind": "" if row["place"] == 1 else format_change(row),
            "launches": str(row["samples"]),
            "in all": format_ns(row["total_ns"]),
            "bandwidth": format_value(row["bandwidth_bytes_per_s"], "bytes/s"),
            "note": row["note"],
        }
        for row in frame.to_dict("records")
    ]
    empty = [name for name in ("op", "shape", "type", "", "measured", "note") if not any(row[name] for row in rows)]
    empty += ["behind", "bandwidth"] if frame["total_ns"].notna().any() else ["launches", "in all"]
    empty += ["behind"] if (frame["place"] == 1).all() else []
    rows = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    print_rows(
        rows,
        title,
        _NUMBERS,
        optional=("bandwidth", "note", "op", "behind"),
    )
    processes = int(frame["processes"].max())
    told = f"times: {frame['source'].iloc[0]}, {processes} process{'es' if processes > 1 else ''}"
    console().print(told, markup=False, style="dim")


def _standing(row: Mapping[Hashable, Any]) -> str:
    """Return what became of a row in its group, in one word."""
    if row["place"] != row["place"] or row["place"] is None:
        return "" if row["total_ns"] == row["total_ns"] else "void"
    return "fastest" if row["place"] == 1 else "tied" if row["tied"] else "undecided" if row["undecided"] else "slower"


def configuration_of(label: str) -> str:
    """Return what a label says beside op, shape and type."""
    kept = {name: value for name, value in decode_label(label).items() if name not in ("op", "shape", "dtype")}
    return encode_label(kept) if kept and "op" in decode_label(label) else label
