"""Kernel summary: time statistics per kernel and launch configuration."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns
from profiler.distinct import distinct_rows
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import device_rows
from profiler.metrics.gpu_operations import KERNEL, gpu_operations, gpu_recording, operations_tool
from profiler.metrics.grouping import group_statistics, share_pct, statistic_specs
from profiler.metrics.launch_columns import LAUNCH, LAUNCH_KEYS, LIMITER, THEORETICAL_OCCUPANCY, launch_columns, size_texts
from profiler.metrics.occupancy_limits import limits_of_launches
from profiler.metrics.point_ranges import operation_points
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_NSYS = "nsys stats cuda_gpu_kern_gb_sum"
_STATISTICS = ("mean", "median", "p05", "p95", "min", "max", "stddev")


def configuration_groups(configurations: Columns) -> tuple[np.ndarray, Columns]:
    """Merge launch configurations that differ only in what the summary does not tell apart.

    Args:
        configurations: Table `launch_configurations`.

    Returns:
        For each configuration its group, and one row per group with kernel, grid, block, registers and shared memory.
    """
    described = Columns({**launch_columns(configurations), "launch_configuration_id": np.arange(configurations.rows)})
    axes = [configurations.array(f"{what}_{axis}") for what in ("grid", "block") for axis in "xyz"]
    resources = (described.array(name) for name in ("registers_per_thread", "shared_memory_bytes"))
    keys = np.stack([described.coded("kernel").codes, *axes, *resources]).astype(np.int64)
    _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    return group.reshape(-1).astype(np.int32), described.take(first)


def kernels(recording: Captures) -> Columns:
    """Compute the kernel summary, the largest total first."""
    events = recording.columns("kernels")
    configurations = recording.columns("launch_configurations")
    group, keys = configuration_groups(configurations)
    codes = group[events.array("launch_configuration_id")]
    stats = group_statistics(codes, events.array("duration_ns"), keys.rows)
    configuration = keys.array("launch_configuration_id")
    frame = Columns(
        {
            **{name: keys[name] for name in LAUNCH_KEYS},
            "count": stats.count,
            "total_ns": stats.total,
            "share_pct": share_pct(stats.total),
            **stats.columns("{}_ns", _STATISTICS),
            **first_device_occupancy(recording, configurations.take(configuration)),
        }
    )
    used = np.flatnonzero(stats.count > 0)
    return frame.take(used[np.lexsort((configuration[used], -stats.total[used]))])


def first_device_occupancy(recording: Captures, configurations: Columns) -> dict[str, Column]:
    """Return theoretical occupancy on the first device; no value where no device was recorded or it is unknown.

    Args:
        recording: What holds the devices.
        configurations: Rows of the table `launch_configurations`.
    """
    rows = configurations.rows
    try:
        found = limits_of_launches(configurations, next(iter(device_rows(recording).values()), {}))
    except DataMissingError:
        return {"theoretical_occupancy_pct": np.full(rows, np.nan), "occupancy_limiter": Coded(np.full(rows, -1, np.int32), [])}
    return {"theoretical_occupancy_pct": found.array("occupancy_pct"), "occupancy_limiter": found.coded("limiter")}


def launched_in_points(recording: Captures) -> list[tuple[tuple[str, str, str], str]]:
    """Return each kernel, grid and block that measured iterations launched, with their point; none without GPU work."""
    if operations_tool(recording) is None or not recording.has("kernels", operations_tool(recording)):
        return []
    own, operations = gpu_recording(recording), gpu_operations(recording)
    _, label = operation_points(own)
    inside = np.flatnonzero((label.codes >= 0) & (operations.kind == KERNEL))
    ids = own.columns("kernels").array("launch_configuration_id")[operations.row[inside]]
    last, _ = distinct_rows([label.codes[inside], ids])
    used = own.columns("launch_configurations").take(ids[last])
    sizes = (size_texts(used, what).tolist() for what in ("grid", "block"))
    launches = zip(used.array("kernel").tolist(), *sizes, strict=True)
    return list(zip(launches, label.take(inside[last]).decode().tolist(), strict=True))


KERNELS = MetricTable(
    name="kernel_summary",
    title="Kernels",
    text="one kernel with one launch configuration",
    needs=("kernels", "launch_configurations"),
    keys=LAUNCH_KEYS,
    columns=(
        *LAUNCH,
        ColumnSpec("count", text="executions", source=_NSYS),
        ColumnSpec("total_ns", "lower", "sum of durations", _NSYS),
        ColumnSpec("share_pct", "none", "share of all kernel time", _NSYS, compared="never"),
        *statistic_specs("{}_ns", _STATISTICS, "duration", _NSYS),
        THEORETICAL_OCCUPANCY,
        LIMITER,
    ),
    compute=kernels,
    work="iterations",
    lead=(
        *("kernel", "grid", "block", "count", "median_ns", "total_ns", "share_pct", "theoretical_occupancy_pct"),
        "registers_per_thread",
    ),
    compact=(
        *("kernel", "grid", "block", "count", "total_ns", "share_pct", "median_ns", "p05_ns", "p95_ns"),
        *("theoretical_occupancy_pct", "registers_per_thread", "shared_memory_bytes", "occupancy_limiter"),
    ),
    narrow=("kernel", "share_pct", "median_ns", "block"),
    matching=Matching(("kernel", "grid", "block"), timed=True),
)
