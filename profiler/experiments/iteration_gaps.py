"""Idle time and overlap between the measured iterations of each sweep point, from a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.errors import DataMissingError
from profiler.tools.registry import KERNEL_TIMERS

if TYPE_CHECKING:
    import numpy as np

    from profiler.metrics.recording import Recording

GAPS = ("launch_gap_median_ns", "idle_pct", "overlap_pct")
"""Median idle time between two operations, 0 where the next starts before the last ends, None with one operation; idle time of the
span from the first to the last operation; share of the operations' summed time that another of them covers as well."""


def iteration_gaps(recording: Recording) -> dict[str, dict[str, float | None]]:
    """Return the `GAPS` of every point that has GPU work.

    Raises:
        DataMissingError: The recording holds no timeline of GPU work.
    """
    from profiler.metrics.gpu_operations import gpu_operations
    from profiler.metrics.point_ranges import operation_points

    tool = next((name for name in KERNEL_TIMERS if name in recording.tools), None)
    if tool is None:
        raise DataMissingError("gaps: the recording holds no timeline", "record with --tool nsys")
    own = recording.only(tool)
    operations = gpu_operations(own)
    _, labels = operation_points(own)
    mine = {label: labels.codes == code for code, label in enumerate(labels.values)}
    return {label: _gaps(operations.start[rows], operations.end[rows]) for label, rows in mine.items() if rows.any()}


def _gaps(start: np.ndarray, end: np.ndarray) -> dict[str, float | None]:
    import numpy as np

    from profiler.metrics.intervals import total, union

    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    reach = np.maximum.accumulate(end)
    busy, summed, span = total(union(start, end)), int((end - start).sum()), int(reach[-1] - start[0])
    gap = float(np.median(np.maximum(start[1:] - reach[:-1], 0))) if len(start) > 1 else None
    shares = (100.0 * (span - busy) / span if span else 0.0, 100.0 * (summed - busy) / summed if summed else 0.0)
    return dict(zip(GAPS, (gap, *shares), strict=True))
