"""Idle time and overlap between the measured iterations of each sweep point, from a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from profiler.errors import DataMissingError
from profiler.tools.registry import KERNEL_TIMERS

if TYPE_CHECKING:
    import numpy as np

    from profiler.metrics.recording import Recording


@dataclass(frozen=True)
class PointGaps:
    """How the iterations of a point follow each other on the device.

    Attributes:
        gap_median_ns: Median idle time between two operations, 0 where the next starts before the last ends; None with
            one operation.
        idle_pct: Idle time of the span from the first to the last operation.
        overlap_pct: Share of the operations' summed time that another of them covers as well.
    """

    gap_median_ns: float | None
    idle_pct: float
    overlap_pct: float


def iteration_gaps(recording: Recording) -> dict[str, PointGaps]:
    """Return the gaps of every point that has GPU work.

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
    found = {}
    for code, label in enumerate(labels.values):
        mine = labels.codes == code
        if mine.any():
            found[label] = _gaps(operations.start[mine], operations.end[mine])
    return found


def _gaps(start: np.ndarray, end: np.ndarray) -> PointGaps:
    import numpy as np

    from profiler.metrics.intervals import total, union

    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    reach = np.maximum.accumulate(end)
    busy, summed, span = total(union(start, end)), int((end - start).sum()), int(reach[-1] - start[0])
    gap = float(np.median(np.maximum(start[1:] - reach[:-1], 0))) if len(start) > 1 else None
    return PointGaps(gap, 100.0 * (span - busy) / span if span else 0.0, 100.0 * (summed - busy) / summed if summed else 0.0)
