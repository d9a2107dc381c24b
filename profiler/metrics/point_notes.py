"""What a reader must know of a sweep point's time: which iterations it leaves out, and which of them differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.units import format_ns

if TYPE_CHECKING:
    import pandas as pd

_GROUPS_NAMED = 3


def iteration_notes(each: pd.DataFrame) -> pd.DataFrame:
    """Say what is missing from each point's iterations, and how they differ.

    Args:
        each: One row an iteration inside a point: point, time_ns, lost, unclear, by_time, operations, kind.

    Returns:
        By point: `note`, sentences or None; `lost_iterations`, iterations that are left out of the times; `why_partial`, where
        that leaves none.
    """
    import pandas as pd

    grouped = each.assign(is_lost=each["lost"] > 0, is_unclear=(each["lost"] == 0) & (each["unclear"] > 0)).groupby("point")
    found = grouped.agg(
        count=("time_ns", "size"), lost=("is_lost", "sum"), unclear=("is_unclear", "sum"), by_time=("by_time", "sum")
    )
    groups = _groups(each[(each["lost"] == 0) & (each["unclear"] == 0)])
    records = {}
    for point, row in found.to_dict("index").items():
        left_out = []
        if row["lost"]:
            left_out.append(f"{row['lost']} of {row['count']} iterations lost the GPU record of a launch")
        if row["unclear"]:
            left_out.append(
                f"in {row['unclear']} of {row['count']} another thread launched work while several iterations were open"
            )
        missing = row["lost"] + row["unclear"]
        said = [f"{' and '.join(left_out)}: left out"] if left_out else []
        said += ["assigned by time (another thread launched work of it)"] if row["by_time"] else []
        said += [groups[point]] if point in groups else []
        why = " and ".join(left_out) if missing == row["count"] else None
        records[point] = {"note": "; ".join(said) or None, "lost_iterations": missing, "why_partial": why}
    return pd.DataFrame.from_dict(records, orient="index", columns=["note", "lost_iterations", "why_partial"])


def _operations(count: float) -> str:
    return f"{count:.0f} operation{'' if count == 1 else 's'}"


def _groups(whole: pd.DataFrame) -> dict[object, str]:
    """Name the groups of iterations of one point that do not consist of the same operations, the largest first."""
    differing = whole.groupby("point")["kind"].nunique()
    whole = whole[whole["point"].isin(differing.index[differing > 1])]
    if whole.empty:
        return {}
    found = whole.groupby(["point", "kind"]).agg(
        count=("time_ns", "size"), time=("time_ns", "median"), operations=("operations", "first")
    )
    groups: dict[object, list[dict[str, float]]] = {}
    for row in found.sort_values("count", ascending=False, kind="stable").reset_index().to_dict("records"):
        groups.setdefault(row["point"], []).append(row)
    return {point: f"iterations differ in their operations: {_named(rows)}" for point, rows in groups.items()}


def _named(groups: list[dict[str, float]]) -> str:
    named = [f"{row['count']} of {_operations(row['operations'])} ({format_ns(row['time'])})" for row in groups[:_GROUPS_NAMED]]
    return ", ".join(named) + (f", {len(groups) - _GROUPS_NAMED} more groups" if len(groups) > _GROUPS_NAMED else "")
