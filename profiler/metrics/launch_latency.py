"""From API call to kernel: what a launch costs the CPU, and how long the kernel then waits."""

from __future__ import annotations

import numpy as np

from profiler.columns import Columns
from profiler.metrics.gpu_operations import KERNEL, GpuOperations, api_rows, first_of_call, gpu_operations, operations_tool
from profiler.metrics.grouping import group_statistics, statistic_specs
from profiler.metrics.kernel_time import configuration_groups
from profiler.metrics.launch_columns import LAUNCH, LAUNCH_KEYS
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_STATISTICS = ("median", "mean", "p95", "min", "max")


def launch_latency(recording: Captures) -> Columns:
    """Compute launch costs per kernel and launch configuration, in the order of the kernel summary."""
    operations = gpu_operations(recording)
    tool = operations_tool(recording)
    calls = recording.columns("api_calls", tool)
    group, keys = configuration_groups(recording.columns("launch_configurations", tool))
    groups, events = keys.rows, recording.columns("kernels", tool).array("launch_configuration_id")
    known, call = first_launches(recording)
    own = group[events[operations.row[known]]]
    empty = _finished_before(operations)[known] <= calls.array("start_ns")[call] + calls.array("duration_ns")[call]
    duration = calls.array("duration_ns")[call]
    api = group_statistics(own, duration, groups)
    # one array serves for both: tens of millions of launches are kept in memory once
    waiting = operations.start[known]
    waiting -= calls.array("start_ns")[call]
    latency = group_statistics(own, waiting, groups)
    waiting -= duration
    queue = group_statistics(own, waiting, groups)
    launched = group[events]
    launches, totals = np.bincount(launched, minlength=groups), np.zeros(groups, np.int64)
    np.add.at(totals, launched, recording.columns("kernels", tool).array("duration_ns"))
    frame = Columns(
        {
            **{name: keys[name] for name in LAUNCH_KEYS},
            "count": launches,
            "graph_count": np.bincount(launched[_graph_nodes(recording, tool)], minlength=groups),
            "matched_count": api.count,
            "empty_queue_count": np.bincount(own[empty], minlength=groups),
            **api.columns("api_{}_ns", _STATISTICS),
            **latency.columns("latency_{}_ns", _STATISTICS),
            **queue.columns("queue_{}_ns", _STATISTICS),
            "negative_queue_count": np.bincount(own[waiting < 0], minlength=groups),
        }
    )
    used = np.flatnonzero(launches)
    return frame.take(used[np.lexsort((keys.array("launch_configuration_id")[used], -totals[used]))])


def first_launches(recording: Captures) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernels that are the first GPU work of their API call: what a launch's costs are told of.

    Returns:
        Position of each among the GPU operations, and the row of its API call.

    Raises:
        DataMissingError: The recording holds no GPU work or no API calls.
    """
    operations, rows = gpu_operations(recording), api_rows(recording)
    known = np.flatnonzero((operations.kind == KERNEL) & first_of_call(rows))
    return known, rows[known]


def _finished_before(operations: GpuOperations) -> np.ndarray:
    """Return when all that began before each operation on its device had ended, int64 ns; 0 for a device's first."""
    result = np.zeros(len(operations.start), dtype=np.int64)
    for _, own in operations.by_device():
        reach = np.maximum.accumulate(operations.end[own])
        result[own] = np.r_[0, reach[:-1]]
    return result


def _graph_nodes(recording: Captures, tool: str | None) -> np.ndarray:
    """Say which kernels were nodes of a CUDA graph: they have a node id (not in older exports), or a graph launch as their call."""
    events, calls = recording.columns("kernels", tool), recording.columns("api_calls", tool)
    nodes = np.zeros(events.rows, dtype=bool)
    if "graph_node_id" in events:
        nodes |= ~np.ma.getmaskarray(events.array("graph_node_id"))
    operations, rows = gpu_operations(recording), api_rows(recording)
    known = np.flatnonzero((operations.kind == KERNEL) & (rows >= 0))
    nodes[operations.row[known[calls.coded("name").take(rows[known]).passing(lambda name: "GraphLaunch" in name)]]] = True
    return nodes


LAUNCH_LATENCY = MetricTable(
    name="launch_latency",
    title="Launch latency",
    text="one kernel with one launch configuration, joined with its API calls",
    needs=("kernels", "launch_configurations", "api_calls"),
    keys=LAUNCH_KEYS,
    columns=(
        *LAUNCH,
        ColumnSpec("count", text="executions"),
        ColumnSpec("graph_count", text="executions that were nodes of a CUDA graph"),
        ColumnSpec(
            "matched_count",
            text="executions whose API call was recorded and put nothing on the GPU before them; the others enter no statistic",
        ),
        ColumnSpec("empty_queue_count", text="those of them until whose call ended the GPU had finished all that came before"),
        *statistic_specs("api_{}_ns", _STATISTICS, "time in the API call that launched it", "call.end - call.start"),
        *statistic_specs("latency_{}_ns", _STATISTICS, "begin of the API call to begin of the kernel", "kernel.start - call.start"),
        *statistic_specs(
            "queue_{}_ns",
            _STATISTICS,
            "end of the API call to begin of the kernel, negative when the kernel began before the call returned",
            "kernel.start - call.end; nsys stats cuda_kern_exec_sum leaves negative ones out",
        ),
        ColumnSpec("negative_queue_count", text="executions that began before their API call returned"),
    ),
    compute=launch_latency,
    work="harness",
    lead=("kernel", "grid", "block", "count"),
    compact=(
        *("kernel", "grid", "block", "count", "api_median_ns", "api_p95_ns", "latency_median_ns", "latency_p95_ns"),
        *("queue_median_ns", "queue_p95_ns", "negative_queue_count"),
    ),
    narrow=("kernel", "latency_median_ns", "api_median_ns", "block"),
    matching=Matching(("kernel", "grid", "block"), steady=False),
)
