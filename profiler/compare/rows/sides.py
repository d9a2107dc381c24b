"""A side of a comparison: its rows, where their times come from, and its facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from profiler.compare.rows.kernel_rows import kernel_rows
from profiler.compare.rows.point_rows import gpu_point_rows, rows_from_points, untimed_row
from profiler.compare.rows.row import Row
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording
    from profiler.metrics.time_sources import TimeSource


@dataclass
class Side:
    """One recording, ready to be compared.

    Attributes:
        name: Name for people.
        source: Where the times come from.
        rows: Rows in the recording's order.
        facts: GPU, driver, versions, options (see `comparability`).
        recording: The recording, when there is one.
    """

    name: str
    source: TimeSource | None
    rows: list[Row]
    facts: dict[str, str] = field(default_factory=dict)
    recording: Recording | None = None


def side_rows(recording: Recording, source: TimeSource) -> list[Row]:
    """Return the rows of a recording.

    Args:
        recording: A loaded recording.
        source: One of its available sources.

    Raises:
        DataMissingError: The recording has no such table.
    """
    if source.kind == "kernels":
        return kernel_rows(recording, source.tool)
    if source.kind == "gpu_points":
        return gpu_point_rows(recording, source.tool)
    samples = recording.table("samples", source.tool) if recording.has("samples", source.tool) else None
    rows = rows_from_points(recording.table("points", source.tool), samples)
    if source.tool == UNTRACED:
        known = {point["label"]: point for point in recording.metric_columns("point_summary").to_records()}
        measured = {row.label for row in rows}
        for row in rows:
            point = known[row.label]
            row.remark, row.kernel_ns = point["note"] or "", float(point["kernel_time_ns"] or "nan")
            row.tracing_cost_pct = float(point["tracing_cost_pct"] or "nan")
        rows += [alone for label, point in known.items() if label not in measured and (alone := untimed_row(point))]
    return rows
