"""The recording at a glance: one row per key figure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from profiler.columns import Columns, from_records
from profiler.errors import DataMissingError
from profiler.metrics.activity import DEVICE_ACTIVITY
from profiler.metrics.gpu_operations import KERNEL, MEMCPY, api_rows, gpu_operations, operations_tool
from profiler.metrics.launch_latency import first_launches
from profiler.metrics.point_ranges import iterations
from profiler.metrics.points import POINTS
from profiler.metrics.range_projection import nvtx_source, projection
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

Figure = tuple[str, float]

FIGURES: tuple[ColumnSpec, ...] = (
    ColumnSpec("device_count", text="GPUs that had work"),
    ColumnSpec("span_ns", text="first GPU operation to last", work="harness"),
    ColumnSpec("busy_ns", text="time in which the GPU had work: union of all operations", work="harness"),
    ColumnSpec("gpu_busy_pct", text="busy_ns of span_ns", work="harness"),
    ColumnSpec("idle_ns", text="gaps between operations", work="harness"),
    ColumnSpec("gap_count", text="idle gaps", work="harness"),
    ColumnSpec("longest_gap_ns", text="longest idle gap", work="harness"),
    ColumnSpec("kernel_count", text="kernels, and graphs traced as a whole"),
    ColumnSpec("kernel_time_ns", text="their durations, summed"),
    ColumnSpec("memcpy_count", text="memory copies"),
    ColumnSpec("memcpy_time_ns", text="their durations, summed"),
    ColumnSpec("memcpy_bytes", text="bytes copied"),
    ColumnSpec("overlap_ns", text="sum of all durations minus busy time", work="harness"),
    ColumnSpec("launch_api_median_ns", text="time in the API call that launched a kernel, median", work="harness"),
    ColumnSpec("launch_latency_median_ns", text="begin of the API call to begin of the kernel, median", work="harness"),
    ColumnSpec("unmatched_kernel_count", text="kernels whose API call was not recorded", work="harness"),
    ColumnSpec("api_call_count", text="CUDA API calls recorded", work="harness"),
    ColumnSpec("nvtx_range_count", text="NVTX ranges", work="harness"),
    ColumnSpec("unranged_gpu_ns", text="durations of GPU work that no range launched, summed", work="harness"),
    ColumnSpec("point_count", text="sweep points"),
    ColumnSpec("failed_point_count", text="sweep points that failed or gave wrong output"),
    ColumnSpec("best_effective_bandwidth_bytes_per_s", text="of the best sweep point"),
    ColumnSpec("iteration_count", text="measured iterations"),
    ColumnSpec("iteration_span_ns", text="time of measured iterations on the GPU: the points' medians, times their iterations"),
    ColumnSpec("iteration_busy_pct", text="of that, busy: an operation of the iteration ran"),
    ColumnSpec("profiled_launch_count", text="kernel launches measured by Nsight Compute"),
)
"""Every key figure, in the order in which they are told."""
_OVER_DEVICES = ("span_ns", "busy_ns", "idle_ns")


def summary(recording: Captures) -> Columns:
    """Collect the key figures that the recording allows.

    Raises:
        DataMissingError: It allows none.
    """
    parts = (_gpu, _launches, _ranges, _points, _counters)
    values = dict(figure for part in parts for figure in part(recording))
    if not values:
        raise DataMissingError(f"summary: {recording.reason('kernels')}", "choose another recording")
    devices = int(values.get("device_count", 1))
    over = f", summed over {devices} devices" if devices > 1 else ""
    told = [item for item in FIGURES if item.name in values]
    texts = [item.text + over * (item.name in _OVER_DEVICES) for item in told]
    rows = [
        {"key": item.name, "value": float(values[item.name]), "unit": item.unit, "text": text}
        for item, text in zip(told, texts, strict=True)
    ]
    return from_records(rows, SUMMARY.columns)


def _gpu(recording: Captures) -> Iterator[Figure]:
    if operations_tool(recording) is None:
        return
    activity = DEVICE_ACTIVITY.of(recording)
    span, busy = (int(activity.array(name).sum()) for name in ("span_ns", "busy_ns"))
    operations = gpu_operations(recording)
    kernels, copies = operations.runs_kernels, operations.kind == MEMCPY
    yield "device_count", activity.rows
    yield "span_ns", span
    yield "busy_ns", busy
    yield "gpu_busy_pct", 100.0 * busy / span if span else float("nan")
    yield "idle_ns", span - busy
    yield "gap_count", int(activity.array("gap_count").sum())
    yield "longest_gap_ns", int(activity.array("longest_gap_ns").max())
    yield "kernel_count", int(kernels.sum())
    yield "kernel_time_ns", int(operations.duration[kernels].sum())
    yield "memcpy_count", int(copies.sum())
    yield "memcpy_time_ns", int(operations.duration[copies].sum())
    tool = operations_tool(recording)
    if recording.has("memcpys", tool):
        yield "memcpy_bytes", int(recording.columns("memcpys", tool).array("size_bytes").sum())
    yield "overlap_ns", int(activity.array("overlap_ns").sum())


def _launches(recording: Captures) -> Iterator[Figure]:
    tool = operations_tool(recording)
    if tool is None or not recording.has("api_calls", tool):
        return
    launch, call = first_launches(recording)
    if len(launch):
        calls, operations = recording.columns("api_calls", tool), gpu_operations(recording)
        yield "launch_api_median_ns", float(np.median(calls.array("duration_ns")[call]))
        yield "launch_latency_median_ns", float(np.median(operations.start[launch] - calls.array("start_ns")[call]))
    kernel = gpu_operations(recording).kind == KERNEL
    yield "unmatched_kernel_count", int((kernel & (api_rows(recording) < 0)).sum())
    yield "api_call_count", recording.columns("api_calls", tool).rows


def _ranges(recording: Captures) -> Iterator[Figure]:
    try:
        yield "nvtx_range_count", nvtx_source(recording).rows
    except DataMissingError:
        return
    projected = projection(recording)
    if projected is not None:
        yield "unranged_gpu_ns", int(projected.operations.duration[projected.unranged].sum())


def _points(recording: Captures) -> Iterator[Figure]:
    try:
        table = POINTS.of(recording)
    except DataMissingError:
        return
    yield "point_count", table.rows
    yield "failed_point_count", sum(value not in (None, "ok", "skipped") for value in table.array("status").tolist())
    bandwidth = table.array("effective_bandwidth_bytes_per_s")
    if (~np.isnan(bandwidth)).any():
        yield "best_effective_bandwidth_bytes_per_s", float(np.nanmax(bandwidth))
    found = iterations(recording)
    if found is not None:
        yield "iteration_count", len(found.row)
    span, busy = ((table.array(name) * table.array("iterations")) for name in ("span_ns", "busy_ns"))
    if np.nansum(span) > 0:
        yield "iteration_span_ns", int(np.nansum(span))
        yield "iteration_busy_pct", 100.0 * float(np.nansum(busy) / np.nansum(span))


def _counters(recording: Captures) -> Iterator[Figure]:
    if recording.has("profiled_launches"):
        yield "profiled_launch_count", recording.columns("profiled_launches").rows


SUMMARY = MetricTable(
    name="summary",
    title="Summary",
    text="one key figure of the recording",
    keys=("key",),
    columns=(
        ColumnSpec("key", text="name of the figure"),
        ColumnSpec("value", text="value, in the unit of the row", dtype="float"),
        ColumnSpec("unit", text="unit of the value"),
        ColumnSpec("text", text="what it tells"),
    ),
    compute=summary,
    work="iterations",
)
