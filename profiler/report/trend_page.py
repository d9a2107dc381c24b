"""Renders the history of a store as one page: medians run by run, levels, and the runs at which a level changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.columns import view_columns
from profiler.report.document import Section, write_document
from profiler.report.tables import pack_table
from profiler.spec import ColumnSpec, TableSpec
from profiler.units import format_percent

if TYPE_CHECKING:
    from profiler.compare.history.trend import Trend

_NARROW = ("row", "change_pct", "last_level_ns")
_TABLE = TableSpec(
    name="trend",
    text="one row and its levels",
    columns=(
        ColumnSpec("first_level_ns", "lower", "median of the first run's level"),
        ColumnSpec("last_level_ns", "lower", "median of the level that holds now"),
        ColumnSpec("change_pct", "lower", "the last level against the first"),
        ColumnSpec("changes", "lower", "runs at which the level changed"),
    ),
)


def render_trend(trend: Trend, out: Path) -> Path:
    """Write the page of a trend.

    Args:
        trend: What `profiler.compare.history.trend.trend` found.
        out: File to write.

    Raises:
        CaptureError: The file cannot be written.
    """
    changed = trend.points[trend.points["step_ratio"].notna()]
    changes = [*_changes(changed), *map(Note, trend.notes)]
    sections = [
        Section("history", "History", _history(trend), "The median of every run, and the level it belongs to.", ("points",)),
        Section("changes", "Changes", changes, "The runs at which a level changed, the latest first.", ("points",)),
        Section("left-out", "Runs left out", _left_out(trend), "", ("runs",)),
    ]
    context = {"trend": trend, "changed": len(changed), "threshold": format_percent(trend.rule.threshold)}
    return write_document(out, "trend.html.j2", "Trend", sections, runs=trend.points["run"].nunique(), **context)


def _history(trend: Trend) -> list[Block]:
    points = trend.points
    if points.empty:
        return [Missing("no run holds a row that fits", "choose other patterns, or record some runs")]
    groups = dict(list(points.groupby("row", sort=False)))
    frame = pd.DataFrame([_row(name, rows) for name, rows in groups.items()])
    # the rows that changed come first: they are why one looks
    frame = frame.sort_values("changes", ascending=False, kind="stable")
    table = pack_table("trend", view_columns(_TABLE, frame), frame, narrow=_NARROW, compact=list(frame.columns))
    data = {"table": table.payload(), "series": [_series(groups[name]) for name in frame["row"]]}
    return [Widget("history", "trend", data, description="Median and level of each row, by run")]


def _row(name: Any, rows: pd.DataFrame) -> dict[str, Any]:
    first, last = rows["level_ns"].dropna().iloc[[0, -1]] if rows["level_ns"].notna().any() else (math.nan, math.nan)
    return {
        "row": str(name),
        "runs": len(rows),
        "first_level_ns": first,
        "last_level_ns": last,
        "change_pct": 100 * (last / first - 1) if first else math.nan,
        "changes": int(rows["step_ratio"].notna().sum()),
    }


def _series(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "run": rows["run"].astype(str).tolist(),
        "when": rows["created_utc"].map(_minute).tolist(),
        "commit": ["" if not isinstance(text, str) else text[:12] for text in rows["commit"]],
        "median": rows["median_ns"].tolist(),
        "level": rows["level_ns"].tolist(),
        "step": rows["step_ratio"].tolist(),
        "verdict": rows["verdict"].fillna("").astype(str).tolist(),
    }


def _minute(created: Any) -> str:
    return str(created)[:16].replace("T", " ")


def _changes(changed: pd.DataFrame) -> list[Block]:
    if changed.empty:
        return [Note("No level changed.", "hint")]
    change = (changed["step_ratio"].astype("float64") - 1.0) * 100.0
    frame = changed.assign(change_pct=change, created_utc=changed["created_utc"].map(_minute)).iloc[::-1]
    names = ("verdict", "change_pct", "row", "created_utc", "commit", "run", "level_ns")
    columns = view_columns("trend", frame, [name for name in names if frame[name].notna().any()])
    return [pack_table("changes-table", columns, frame, file_name="changes.csv", compact=names, narrow=names[:3])]


def _left_out(trend: Trend) -> list[Block]:
    if not trend.left_out:
        return [Note(f"None: all runs were recorded under the conditions of {trend.reference}.", "hint")]
    reasons = [Note(f"{run}: {reason}") for run, reason in trend.left_out.items()]
    return [Note(f"Only runs under the conditions of {trend.reference} are comparable.", "hint"), *reasons]
