"""Times of sweep points: GPU time of their measured iterations from a tool, and the program's own samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Coded
from profiler.distinct import distinct
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import KERNEL, MEMCPY, gpu_operations
from profiler.metrics.grouping import percentile
from profiler.metrics.point_ranges import iterations, operation_points
from profiler.metrics.time_sources import iteration_times

if TYPE_CHECKING:
    from profiler.tables.captures import Captures


@dataclass(frozen=True)
class PointTimes:
    """Statistics per label; labels are the keys of `position`.

    Attributes:
        position: Label to row.
        count: Iterations or samples that entered the statistics.
        median, p05, p95, minimum, maximum, mean, stddev: float64 ns, NaN without samples.
    """

    position: dict[str, int]
    count: np.ndarray
    median: np.ndarray
    p05: np.ndarray
    p95: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    stddev: np.ndarray


def statistics_of(labels: Coded, values: np.ndarray) -> PointTimes:
    """Compute statistics of durations per label; rows without label or without a value are left out.

    Args:
        labels: Point of each value.
        values: float64 ns.
    """
    groups = len(labels.values)
    keep = (labels.codes >= 0) & ~np.isnan(values)
    codes, kept = labels.codes[keep], values[keep]
    order = np.lexsort((kept, codes))
    ordered = kept[order]
    count = np.bincount(codes, minlength=groups)
    starts = np.concatenate(([0], np.cumsum(count)))
    mean, stddev, low, high = (np.full(groups, np.nan) for _ in range(4))
    filled = count > 0
    if len(ordered):
        first = starts[:-1][filled]
        mean[filled] = np.add.reduceat(ordered, first) / count[filled]
        low[filled], high[filled] = ordered[first], ordered[starts[1:][filled] - 1]
        deviation = ordered - np.repeat(mean[filled], count[filled])
        squares = np.zeros(groups)
        squares[filled] = np.add.reduceat(deviation * deviation, first)
        several = count > 1
        stddev[several] = np.sqrt(squares[several] / (count[several] - 1))
    median, p05, p95 = (percentile(ordered, starts, fraction) for fraction in (0.5, 0.05, 0.95))
    position = {label: row for row, label in enumerate(labels.values)}
    return PointTimes(position, count, median, p05, p95, low, high, mean, stddev)


@dataclass(frozen=True)
class GpuPoints:
    """What a tool recorded on the GPU for each point.

    Attributes:
        times: Time of an iteration on the GPU (`time_sources.IterationTimes.time_ns`).
        parts: Medians of the other quantities by their names in the metric table, float64 ns; empty without GPU work.
        overlaps: Whether the point's iterations overlap, so that its time is their period.
        host: Host time of the iteration's range.
        payload_bytes: Bytes an iteration must move, NaN when unknown.
        kernels_per_iteration: Mean number of kernels and graphs.
        copies: Copies inside measured iterations, NaN when no GPU work was recorded.
        launch_configuration: Configuration that took the most time, -1 when none.
    """

    times: PointTimes
    parts: dict[str, np.ndarray]
    overlaps: np.ndarray
    host: PointTimes
    payload_bytes: np.ndarray
    kernels_per_iteration: np.ndarray
    copies: np.ndarray
    launch_configuration: np.ndarray


def gpu_points(recording: Captures) -> GpuPoints | None:
    """Return GPU figures per point of a recording of one tool; None when it has no sweep point."""
    found = iterations(recording)
    if found is None:
        return None
    labels = Coded(found.label.codes, found.labels)
    groups, rows = len(found.labels), len(found.row)
    host = statistics_of(labels, found.duration_ns.astype(np.float64))
    payload = np.full(groups, np.nan)
    known = (labels.codes >= 0) & ~np.isnan(found.payload_bytes)
    payload[labels.codes[known]] = found.payload_bytes[known]
    kernels, copies = np.full(groups, np.nan), np.full(groups, np.nan)
    dominant = np.full(groups, -1)
    try:
        operations = gpu_operations(recording)
    except DataMissingError:
        nothing = statistics_of(labels, np.full(rows, np.nan))
        return GpuPoints(nothing, {}, np.zeros(groups, dtype=bool), host, payload, kernels, copies, dominant)
    iteration, _ = operation_points(recording)
    each = iteration_times(recording)
    inside = labels.codes >= 0
    with np.errstate(invalid="ignore", divide="ignore"):
        kernels = np.bincount(labels.codes[inside], weights=each.kernels[inside], minlength=groups) / host.count
    moved = np.flatnonzero((iteration >= 0) & (operations.kind == MEMCPY))
    owner = labels.codes[iteration[moved]]
    copies = np.bincount(owner[owner >= 0], minlength=groups).astype(np.float64)
    dominant = _dominant(recording, labels, iteration, groups)
    overlaps = np.zeros(groups, dtype=bool)
    overlaps[labels.codes[each.overlaps]] = True
    quantities = {"span_ns": each.span_ns, "kernel_time_ns": each.kernel_ns, "busy_ns": each.busy_ns,
                  "gap_ns": each.span_ns - each.busy_ns, "period_ns": each.period_ns}  # fmt: skip
    parts = {name: statistics_of(labels, values).median for name, values in quantities.items()}
    return GpuPoints(statistics_of(labels, each.time_ns), parts, overlaps, host, payload, kernels, copies, dominant)


def _dominant(recording: Captures, labels: Coded, iteration: np.ndarray, groups: int) -> np.ndarray:
    """Return per point the launch configuration on which its iterations spent most time."""
    result = np.full(groups, -1)
    if not recording.has("kernels"):
        return result
    operations = gpu_operations(recording)
    chosen = np.flatnonzero((iteration >= 0) & (operations.kind == KERNEL))
    point = labels.codes[iteration[chosen]]
    chosen, point = chosen[point >= 0], point[point >= 0]
    configurations = recording.columns("launch_configurations").rows
    ids = recording.columns("kernels").array("launch_configuration_id")[operations.row[chosen]]
    pair = point.astype(np.int64) * max(configurations, 1) + ids
    found, codes = distinct(pair)
    spent = np.bincount(codes, weights=(operations.end - operations.start)[chosen], minlength=len(found))
    order = np.lexsort((-found, spent))
    result[found[order] // max(configurations, 1)] = found[order] % max(configurations, 1)
    return result


def sample_times(recording: Captures, tool: str) -> tuple[PointTimes, PointTimes] | None:
    """Return statistics of the program's own samples, device and host time, by label; None when there are none."""
    if not (recording.has("points", tool) and recording.has("samples", tool)):
        return None
    points, samples = recording.columns("points", tool), recording.columns("samples", tool)
    label = points.coded("label")
    # points are numbered by row within their document
    codes = label.codes[samples.array("point_id")]
    device = statistics_of(Coded(codes, label.values), _as_float(samples.array("duration_ns")))
    host = _as_float(samples.array("host_duration_ns")) if "host_duration_ns" in samples else np.full(samples.rows, np.nan)
    return device, statistics_of(Coded(codes, label.values), host)


def _as_float(values: np.ndarray) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
