"""Renders the history of a store as one page: medians run by run, levels, and the runs at which a level changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.report.blocks import Block, Missing, Note, Table, Widget
from profiler.report.columns import view_columns
from profiler.report.document import Section, write_document
from profiler.report.embed import pack_column
from profiler.units import format_percent

if TYPE_CHECKING:
    import pandas as pd

    from profiler.compare.history.trend import Trend


def render_trend(trend: Trend, out: Path) -> Path:
    """Write the page of a trend.

    Args:
        trend: What `profiler.compare.history.trend.trend` found.
        out: File to write.

    Raises:
        CaptureError: The file cannot be written.
    """
    changed = trend.points[trend.points["step_ratio"].notna()]
    sections = [
        Section("history", "History", _history(trend), "The median of every run, and the level it belongs to.", ("points",)),
        Section(
            "changes",
            "Changes",
            [*_changes(changed), *map(Note, trend.notes)],
            "The runs at which a level changed, the latest first.",
            ("points",),
        ),
        Section("left-out", "Runs left out", _left_out(trend), "", ("runs",)),
    ]
    context = {"trend": trend, "changed": len(changed), "threshold": format_percent(trend.rule.threshold)}
    return write_document(out, "trend.html.j2", "Trend", sections, runs=trend.points["run"].nunique(), **context)


def _history(trend: Trend) -> list[Block]:
    points = trend.points
    if points.empty:
        return [Missing("no run holds a row that fits", "choose other patterns, or record some runs")]
    series = [_series(str(name), rows) for name, rows in points.groupby("row", sort=False)]
    # the rows that changed come first: they are why one looks
    series.sort(key=lambda item: -item["changes"])
    return [Widget("history", "trend", {"series": series}, description="Median and level of each row, by run")]


def _series(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    levels = rows["level_ns"].dropna()
    first, last = (float(levels.iloc[index]) if len(levels) else None for index in (0, -1))
    return {
        "row": name,
        "run": rows["run"].astype(str).tolist(),
        "when": rows["created_utc"].map(_minute).tolist(),
        "commit": ["" if not isinstance(text, str) else text[:12] for text in rows["commit"]],
        "median": rows["median_ns"].tolist(),
        "level": rows["level_ns"].tolist(),
        "step": rows["step_ratio"].tolist(),
        "verdict": rows["verdict"].fillna("").astype(str).tolist(),
        "first": first,
        "last": last,
        "changes": int(rows["step_ratio"].notna().sum()),
    }


def _minute(created: Any) -> str:
    return str(created)[:16].replace("T", " ")


def _changes(changed: pd.DataFrame) -> list[Block]:
    if changed.empty:
        return [Note("No level changed.", "hint")]
    change = (changed["step_ratio"].astype("float64") - 1.0) * 100.0
    frame = changed.assign(change_pct=change, created_utc=changed["created_utc"].map(_minute)).iloc[::-1]
    names = [
        name for name in ("verdict", "change_pct", "row", "created_utc", "commit", "run", "level_ns") if frame[name].notna().any()
    ]
    columns = view_columns("trend", frame, names)
    data = [pack_column(frame[column.name]) for column in columns]
    return [Table("changes-table", columns, data, len(frame), len(frame), "", "changes.csv")]


def _left_out(trend: Trend) -> list[Block]:
    if not trend.left_out:
        return [Note(f"None: all runs were recorded under the conditions of {trend.reference}.", "hint")]
    reasons = [Note(f"{run}: {reason}") for run, reason in trend.left_out.items()]
    return [Note(f"Only runs under the conditions of {trend.reference} are comparable.", "hint"), *reasons]
