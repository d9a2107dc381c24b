"""The recording at a glance: one row per key figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Columns, encode
from profiler.errors import DataMissingError
from profiler.metrics.activity import DEVICE_ACTIVITY
from profiler.metrics.gpu_operations import KERNEL, MEMCPY, api_rows, gpu_operations, operations_tool
from profiler.metrics.point_ranges import iterations
from profiler.metrics.points import POINTS
from profiler.metrics.range_projection import counts_as_kernel, nvtx_source, projection
from profiler.metrics.spec import MetricSpec, MetricTable

if TYPE_CHECKING:
    from profiler.tables.captures import Captures

Row = tuple[str, float, str, str]


def summary(recording: Captures) -> Columns:
    """Collect the key figures that the recording allows.

    Raises:
        DataMissingError: It allows none.
    """
    rows: list[Row] = [
        *_gpu(recording),
        *_launches(recording),
        *_ranges(recording),
        *_points(recording),
        *_counters(recording),
    ]
    if not rows:
        raise DataMissingError(f"summary: {recording.reason('kernels')}", "choose another recording")
    key, value, unit, text = zip(*rows, strict=True)
    return Columns(
        {
            "key": np.array(key, dtype=object),
            "value": np.array(value, dtype=np.float64),
            "unit": encode(unit),
            "text": np.array(text, dtype=object),
        }
    )


def _gpu(recording: Captures) -> Iterator[Row]:
    if operations_tool(recording) is None:
        return
    activity = DEVICE_ACTIVITY.of(recording)
    span, busy = (int(activity.array(name).sum()) for name in ("span_ns", "busy_ns"))
    operations = gpu_operations(recording)
    duration = operations.end - operations.start
    kernels, copies = counts_as_kernel(operations), operations.kind == MEMCPY
    devices = activity.rows
    over = "" if devices == 1 else f", summed over {devices} devices"
    yield "device_count", devices, "count", "GPUs that had work"
    yield "span_ns", span, "ns", f"first GPU operation to last{over}"
    yield "busy_ns", busy, "ns", f"time in which the GPU had work: union of all operations{over}"
    yield "gpu_busy_pct", 100.0 * busy / span if span else float("nan"), "%", "busy_ns of span_ns"
    yield "idle_ns", span - busy, "ns", f"gaps between operations{over}"
    yield "gap_count", int(activity.array("gap_count").sum()), "count", "idle gaps"
    yield "longest_gap_ns", int(activity.array("longest_gap_ns").max()), "ns", "longest idle gap"
    yield "kernel_count", int(kernels.sum()), "count", "kernels, and graphs traced as a whole"
    yield "kernel_time_ns", int(duration[kernels].sum()), "ns", "their durations, summed"
    yield "memcpy_count", int(copies.sum()), "count", "memory copies"
    yield "memcpy_time_ns", int(duration[copies].sum()), "ns", "their durations, summed"
    tool = operations_tool(recording)
    if recording.has("memcpys", tool):
        yield "memcpy_bytes", int(recording.columns("memcpys", tool).array("size_bytes").sum()), "bytes", "bytes copied"
    yield "overlap_ns", int(activity.array("overlap_ns").sum()), "ns", "sum of all durations minus busy time"


def _launches(recording: Captures) -> Iterator[Row]:
    tool = operations_tool(recording)
    if tool is None or not recording.has("api_calls", tool):
        return
    calls, rows, operations = recording.columns("api_calls", tool), api_rows(recording), gpu_operations(recording)
    kernel = np.flatnonzero((operations.kind == KERNEL) & (rows >= 0))
    call = rows[kernel]
    latency = operations.start[kernel] - calls.array("start_ns")[call]
    api = calls.array("duration_ns")[call]
    if len(kernel):
        yield "launch_api_median_ns", float(np.median(api)), "ns", "time in the API call that launched a kernel, median"
        yield (
            "launch_latency_median_ns",
            float(np.median(latency)),
            "ns",
            "begin of the API call to begin of the kernel, median",
        )
    unmatched = int((operations.kind == KERNEL).sum()) - len(kernel)
    yield "unmatched_kernel_count", unmatched, "count", "kernels whose API call was not recorded"
    yield "api_call_count", calls.rows, "count", "CUDA API calls recorded"


def _ranges(recording: Captures) -> Iterator[Row]:
    try:
        yield "nvtx_range_count", nvtx_source(recording).rows, "count", "NVTX ranges"
    except DataMissingError:
        return
    projected = projection(recording)
    if projected is not None:
        loose = projected.unranged
        spent = projected.operations.end[loose] - projected.operations.start[loose]
        yield "unranged_gpu_ns", int(spent.sum()), "ns", "durations of GPU work that no range launched, summed"


def _points(recording: Captures) -> Iterator[Row]:
    try:
        table = POINTS.of(recording)
    except DataMissingError:
        return
    yield "point_count", table.rows, "count", "sweep points"
    status = table.array("status").tolist()
    bad = sum(1 for value in status if value not in (None, "ok", "skipped"))
    yield "failed_point_count", bad, "count", "sweep points that failed or gave wrong output"
    bandwidth = table.array("effective_bandwidth_bytes_per_s")
    if (~np.isnan(bandwidth)).any():
        yield "best_effective_bandwidth_bytes_per_s", float(np.nanmax(bandwidth)), "bytes/s", "of the best sweep point"
    found = iterations(recording)
    if found is not None:
        yield "iteration_count", len(found.row), "count", "measured iterations"


def _counters(recording: Captures) -> Iterator[Row]:
    if recording.has("profiled_launches"):
        rows = recording.columns("profiled_launches").rows
        yield "profiled_launch_count", rows, "count", "kernel launches measured by Nsight Compute"


SUMMARY = MetricTable(
    name="summary",
    title="Summary",
    text="one key figure of the recording",
    needs=(),
    keys=("key",),
    columns=(
        MetricSpec("key", text="name of the figure"),
        MetricSpec("value", text="value, in the unit of the row"),
        MetricSpec("unit", text="unit of the value"),
        MetricSpec("text", text="what it tells"),
    ),
    compute=summary,
)
