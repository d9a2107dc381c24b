"""Times of sweep points: GPU time of their measured iterations from a tool, and the program's own samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Coded
from profiler.distinct import distinct
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import device_rows
from profiler.metrics.gpu_operations import KERNEL, MEMCPY, gpu_operations
from profiler.metrics.grouping import group_statistics
from profiler.metrics.point_notes import iteration_notes
from profiler.metrics.point_ranges import iterations, operation_points, owners
from profiler.metrics.time_sources import IterationTimes, iteration_times

if TYPE_CHECKING:
    import pandas as pd

    from profiler.tables.captures import Captures


STATISTICS = {"median": "median", "p05": "p05", "p95": "p95", "min": "minimum", "max": "maximum", "stddev": "stddev"}
"""Statistics of a point's times, by the middle of their columns' names."""


def label_statistics(labels: Coded, values: np.ndarray) -> pd.DataFrame:
    """Compute statistics of durations per label; rows without label or without a value are left out.

    Args:
        labels: Point of each value.
        values: float64 ns.

    Returns:
        One row a label, which is the index: `count`, and float64 ns, NaN without values, as `STATISTICS` names them.
    """
    import pandas as pd

    keep = (labels.codes >= 0) & ~np.isnan(values)
    found = group_statistics(labels.codes[keep], values[keep], len(labels.values))
    frame = pd.DataFrame(
        {name: getattr(found, source) for name, source in STATISTICS.items()}, index=pd.Index(list(labels.values), dtype=object)
    )
    frame.loc[found.count == 0] = np.nan
    return frame.assign(count=found.count)


PARTS = ("span_ns", "kernel_time_ns", "busy_ns", "gap_ns", "period_ns")
"""What else an iteration's work on the GPU took, by the names of `points`; the medians are a point's."""

DEVICE_TOTALS = ("memory_bandwidth_bytes_per_s", "l2_cache_bytes")
"""What of the GPUs bounds how fast bytes can move."""


def gpu_points(recording: Captures) -> pd.DataFrame | None:
    """Return GPU figures per point of a recording of one tool; None when it has no sweep point.

    Returns:
        The columns of `label_statistics`, of the time that an iteration took on the GPU, and those of `PARTS`; timed_by: span,
        or period where the point's iterations overlap; payload_bytes: bytes that an iteration must move;
        kernels_per_iteration: mean number of kernels and graphs; memcpys_in_iterations: copies inside measured iterations;
        the columns of `iteration_notes`, and of `DEVICE_TOTALS` over the GPUs that its iterations used;
        launch_configuration: the one that took the most time. NaN where one is not known.
    """
    found = iterations(recording)
    if found is None or not found.labels:
        return None
    import pandas as pd

    labels, index = Coded(found.label.codes, found.labels), pd.Index(list(found.labels), dtype=object)
    try:
        measured, work = _measured(iteration_times(recording)), _work(recording, labels)
        owned, kernels = owners(recording), iteration_times(recording).kernels
        measured["kernels_per_iteration"] = np.where(owned.whole, kernels, np.nan)
        measured |= {"lost": owned.lost, "unclear": owned.unclear, "by_time": owned.by_time}
    except DataMissingError:
        measured = dict.fromkeys(("time_ns", *PARTS, "kernels_per_iteration", "overlaps"), np.full(len(found.row), np.nan))
        measured |= dict.fromkeys(("lost", "unclear", "by_time", "operations", "kind"), np.zeros(len(found.row), dtype=np.int64))
        work = dict.fromkeys(("memcpys_in_iterations", "launch_configuration", *DEVICE_TOTALS), np.full(len(index), np.nan))
    each = pd.DataFrame({"point": labels.codes, "payload_bytes": found.payload_bytes, **measured})
    how = {**dict.fromkeys(PARTS, "median"), "payload_bytes": "last", "kernels_per_iteration": "mean", "overlaps": "max"}
    points = each[each["point"] >= 0].groupby("point").agg(how).reindex(range(len(index))).set_axis(index).assign(**work)
    notes = iteration_notes(each[each["point"] >= 0]).reindex(range(len(index))).set_axis(index)
    points = label_statistics(labels, measured["time_ns"]).join(points).join(notes)
    timed_by = points["overlaps"].map({0.0: "span", 1.0: "period"}).astype(object).where(points["count"] > 0, None)
    return points.assign(timed_by=timed_by)


def _measured(each: IterationTimes) -> dict[str, np.ndarray]:
    """Return what each iteration took, by the names of a point's columns."""
    parts = (each.span_ns, each.kernel_ns, each.busy_ns, each.span_ns - each.busy_ns, each.period_ns)
    named = dict(zip(PARTS, parts, strict=True))
    return {
        "time_ns": each.time_ns,
        **named,
        "overlaps": each.overlaps.astype(np.float64),
        "operations": each.operations,
        "kind": each.kind,
    }


def _work(recording: Captures, labels: Coded) -> dict[str, np.ndarray]:
    """Return the copies inside each point's measured iterations, and its dominant launch configuration."""
    operations, (iteration, _) = gpu_operations(recording), operation_points(recording)
    owner = labels.codes[iteration[(iteration >= 0) & (operations.kind == MEMCPY)]]
    copies = np.bincount(owner[owner >= 0], minlength=len(labels.values)).astype(np.float64)
    dominant = _dominant(recording, labels, iteration, len(labels.values))
    chosen = {"memcpys_in_iterations": copies, "launch_configuration": np.where(dominant >= 0, dominant, np.nan)}
    return chosen | _device_totals(recording, labels, iteration)


def _device_totals(recording: Captures, labels: Coded, iteration: np.ndarray) -> dict[str, np.ndarray]:
    """Return `DEVICE_TOTALS` summed over the GPUs that each point's iterations used; NaN where one is not known."""
    operations = gpu_operations(recording)
    used = np.zeros((len(labels.values), operations.lanes.rows), dtype=bool)
    inside = np.flatnonzero(iteration >= 0)
    code = labels.codes[iteration[inside]]
    used[code[code >= 0], operations.lane[inside[code >= 0]]] = True
    lanes = operations.lanes.array("device_id")
    rows = device_rows(recording.columns("devices")) if recording.has("devices") else {}
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
    configurations = recording.columns("launch_configurations").rows
    ids = recording.columns("kernels").array("launch_configuration_id")[operations.row[chosen]]
    pair = point.astype(np.int64) * max(configurations, 1) + ids
    found, codes = distinct(pair)
    spent = np.bincount(codes, weights=(operations.end - operations.start)[chosen], minlength=len(found))
    order = np.lexsort((-found, spent))
    result[found[order] // max(configurations, 1)] = found[order] % max(configurations, 1)
    return result


def sample_times(recording: Captures, tool: str) -> pd.DataFrame | None:
    """Return statistics of the program's own samples by label, as `label_statistics`; None when there are none.

    Returns:
        Device time, and `host_median`: the median host time to enqueue an iteration.
    """
    if not (recording.has("points", tool) and recording.has("samples", tool)):
        return None
    points, samples = recording.columns("points", tool), recording.columns("samples", tool)
    label = points.coded("label")
    # points are numbered by row within their document
    own = Coded(label.codes[samples.array("point_id")], label.values)
    host = _as_float(samples.array("host_duration_ns")) if "host_duration_ns" in samples else np.full(samples.rows, np.nan)
    device = label_statistics(own, _as_float(samples.array("duration_ns")))
    return device.assign(host_median=label_statistics(own, host)["median"])


def _as_float(values: np.ndarray) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
