"""Times of sweep points: GPU time of their measured iterations from a tool, and the program's own samples."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Columns, as_floats, objects
from profiler.distinct import distinct
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import device_rows
from profiler.metrics.gpu_operations import KERNEL, MEMCPY, gpu_operations
from profiler.metrics.grouping import GroupStatistics, group_statistics
from profiler.metrics.point_notes import iteration_notes
from profiler.metrics.point_ranges import iterations, operation_points, owners
from profiler.metrics.time_sources import iteration_times
from profiler.tables.captures import Captures

STATISTICS = ("median", "p05", "p95", "min", "max", "stddev")
"""Statistics of a point's times, by the middle of their columns' names in `point_summary`."""
PARTS = ("span_ns", "kernel_time_ns", "busy_ns", "gap_ns", "period_ns")
"""What else an iteration's work on the GPU took, by the names of `point_summary`; the medians are a point's."""
DEVICE_TOTALS = ("memory_bandwidth_bytes_per_s", "l2_cache_bytes")
"""What of the GPUs bounds how fast bytes can move."""


def _by_label(labels: Coded, values: np.ndarray) -> GroupStatistics:
    """Return statistics per label; rows without label or without a value are left out."""
    keep = (labels.codes >= 0) & ~np.isnan(values)
    return group_statistics(labels.codes[keep], values[keep], len(labels.values))


def _statistics(labels: Coded, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return label, count and, as `STATISTICS` names them, statistics of durations in float64 ns, NaN without values."""
    found = _by_label(labels, values)
    named = {name: as_floats(values) for name, values in found.columns("{}", STATISTICS).items()}
    return {"label": objects(labels.values), "count": found.count.astype(np.float64), **named}


def gpu_points(recording: Captures) -> Columns | None:
    """Return GPU figures per point of a recording of one tool; None when it has no sweep point.

    Returns:
        label; count of iterations with a time, and its statistics as `STATISTICS` names them; those of `PARTS`; timed_by: span,
        or period where the point's iterations overlap; payload_bytes: bytes that an iteration must move;
        kernels_per_iteration: mean number of kernels and graphs; memcpys_in_iterations: copies inside measured iterations;
        the columns of `iteration_notes`, and of `DEVICE_TOTALS` over the GPUs that its iterations used;
        launch_configuration: the one that took the most time. NaN where one is not known.
    """
    found = iterations(recording)
    if found is None or not found.labels:
        return None
    labels = Coded(found.label.codes, found.labels)
    points = len(found.labels)
    payload = np.full(points, np.nan)
    known = np.flatnonzero((labels.codes >= 0) & ~np.isnan(found.payload_bytes))
    payload[labels.codes[known]] = found.payload_bytes[known]
    try:
        work = _work(recording, labels)
    except DataMissingError:
        # ranges alone tell of no time, and of no loss
        work = _statistics(labels, np.full(len(found.row), np.nan))
        work |= {name: objects([None] * points) for name in ("timed_by", "note", "why_partial")}
        unknown = (*PARTS, "kernels_per_iteration", "memcpys_in_iterations", "launch_configuration", *DEVICE_TOTALS)
        work |= {name: np.full(points, np.nan) for name in unknown}
        work["lost_iterations"] = np.where(np.isin(np.arange(points), labels.codes), 0.0, np.nan)
    return Columns({**work, "payload_bytes": payload})


def _work(recording: Captures, labels: Coded) -> dict[str, np.ndarray]:
    """Return what the GPU did in the iterations of each point."""
    each, owned = iteration_times(recording), owners(recording)
    operations, (iteration, _) = gpu_operations(recording), operation_points(recording)
    points = len(labels.values)
    parts = zip(PARTS, (each.span_ns, each.kernel_ns, each.busy_ns, each.span_ns - each.busy_ns, each.period_ns), strict=True)
    overlaps = np.bincount(labels.codes[each.overlaps & (labels.codes >= 0)], minlength=points) > 0
    times = _statistics(labels, each.time_ns)
    copying = labels.codes[iteration[(iteration >= 0) & (operations.kind == MEMCPY)]]
    dominant = _dominant(recording, labels, iteration, points)
    return {
        **times,
        **{name: _by_label(labels, values).median for name, values in parts},
        "timed_by": np.where(overlaps, "period", np.where(times["count"] > 0, "span", objects([None]))),
        "kernels_per_iteration": _by_label(labels, np.where(owned.whole, each.kernels, np.nan)).mean,
        "memcpys_in_iterations": np.bincount(copying[copying >= 0], minlength=points).astype(np.float64),
        "launch_configuration": np.where(dominant >= 0, dominant, np.nan),
        **iteration_notes(labels, owned, each),
        **_device_totals(recording, labels, iteration),
    }


def _device_totals(recording: Captures, labels: Coded, iteration: np.ndarray) -> dict[str, np.ndarray]:
    """Return `DEVICE_TOTALS` summed over the GPUs that each point's iterations used; NaN where one is not known."""
    operations = gpu_operations(recording)
    used = np.zeros((len(labels.values), operations.lanes.rows), dtype=bool)
    inside = np.flatnonzero(iteration >= 0)
    code = labels.codes[iteration[inside]]
    used[code[code >= 0], operations.lane[inside[code >= 0]]] = True
    lanes = operations.lanes.array("device_id")
    rows = device_rows(recording)
    totals = {name: np.where(used.any(axis=1), 0.0, np.nan) for name in DEVICE_TOTALS}
    for number in np.unique(lanes).tolist():
        there = used[:, lanes == number].any(axis=1)
        for name in DEVICE_TOTALS:
            totals[name][there] += float(rows.get(number, {}).get(name) or np.nan)
    return totals


def _dominant(recording: Captures, labels: Coded, iteration: np.ndarray, groups: int) -> np.ndarray:
    """Return per point the launch configuration on which its iterations spent most time."""
    result = np.full(groups, -1)
    if not recording.has("kernels"):
        return result
    operations = gpu_operations(recording)
    chosen = np.flatnonzero((iteration >= 0) & (operations.kind == KERNEL))
    point = labels.codes[iteration[chosen]]
    chosen, point = chosen[point >= 0], point[point >= 0]
    configurations = max(recording.columns("launch_configurations").rows, 1)
    ids = recording.columns("kernels").array("launch_configuration_id")[operations.row[chosen]]
    found, codes = distinct(point.astype(np.int64) * configurations + ids)
    spent = np.bincount(codes, weights=operations.duration[chosen], minlength=len(found))
    order = np.lexsort((-found, spent))
    result[found[order] // configurations] = found[order] % configurations
    return result


def sample_times(recording: Captures, tool: str) -> Columns | None:
    """Return statistics of the program's own samples by label, as those of `gpu_points`; None when there are none.

    Returns:
        Device time, and `host_median`: the median host time to enqueue an iteration.
    """
    if not (recording.has("points", tool) and recording.has("samples", tool)):
        return None
    label, samples = recording.columns("points", tool).coded("label"), recording.columns("samples", tool)
    # points are numbered by row within their document
    own = Coded(label.codes[samples.array("point_id")], label.values)
    host = samples.array("host_duration_ns") if "host_duration_ns" in samples else np.full(samples.rows, np.nan)
    device = _statistics(own, as_floats(samples.array("duration_ns")))
    return Columns({**device, "host_median": _by_label(own, as_floats(host)).median})
