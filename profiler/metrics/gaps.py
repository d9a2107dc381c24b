"""Idle time of the GPU: gaps between operations, and gaps around memory copies."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns
from profiler.metrics.gpu_operations import MEMCPY, GpuOperations, gpu_operations, operations_tool
from profiler.metrics.point_ranges import operation_points
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures
from profiler.tables.segments import BREAKS

_COPY_TO_KERNEL, _KERNEL_TO_COPY, _COPY_IN_ITERATION = "copy_to_kernel", "kernel_to_copy", "copy_in_iteration"


def idle_gaps(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the spans between the first start and the last end in which nothing ran.

    Args:
        start: int64 ns, ascending.
        end: int64 ns.

    Returns:
        Gap starts and ends, the position of the operation that ended last before the gap, and of the next one.
    """
    reach = np.maximum.accumulate(end)
    after = np.flatnonzero(start[1:] > reach[:-1]) + 1
    # the last operation that moved the reach before the gap is the one it waits after
    moved = np.concatenate(([True], reach[1:] > reach[:-1]))
    last_mover = np.maximum.accumulate(np.where(moved, np.arange(len(start)), 0))
    return reach[after - 1], start[after], last_mover[after - 1], after


def recorded(recording: Captures, begin: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Return which spans lie within one capture: between two captures of a run nothing is recorded, so nothing is idle."""
    breaks = recording.info(operations_tool(recording) or "").get(BREAKS, ())
    return np.asarray(np.searchsorted(breaks, begin, side="right") == np.searchsorted(breaks, stop, side="right"))


def gaps(recording: Captures) -> Columns:
    """List every span in which a device had nothing to do, per device in order of time."""
    operations = gpu_operations(recording)
    parts = []
    for number, own in operations.by_device():
        found = idle_gaps(operations.start[own], operations.end[own])
        kept = recorded(recording, found[0], found[1])
        begin, stop, before, after = (values[kept] for values in found)
        label = operations.label.codes[own]
        parts.append((np.full(len(begin), number, np.int64), begin, stop, label[before], label[after]))
    device, begin, stop, before, after = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Columns(
        {
            "device": device,
            "start_ns": begin,
            "end_ns": stop,
            "duration_ns": stop - begin,
            "before": Coded(before, operations.label.values),
            "after": Coded(after, operations.label.values),
        }
    )


def memcpy_gaps(recording: Captures) -> Columns:
    """List what copies cost around them: waits between copy and kernel or graph, and copies inside measured iterations."""
    operations = gpu_operations(recording)
    parts = [_transitions(operations, own) for _, own in operations.by_device()]
    first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = recorded(recording, operations.end[first], operations.start[second])
    first, second = first[kept], second[kept]
    iteration, label = operation_points(recording)
    inside = np.flatnonzero((operations.kind == MEMCPY) & (iteration >= 0))
    kinds = np.where(operations.kind[first] == MEMCPY, 0, 1)
    places, others = np.concatenate((first, inside)), np.concatenate((second, inside))
    kinds = np.concatenate((kinds, np.full(len(inside), 2)))
    frame = Columns({**_between(operations, places, others, kinds), "point": label.take(others)})
    return frame.take(np.lexsort((kinds, frame.array("start_ns"), frame.array("device"))))


def _transitions(operations: GpuOperations, own: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of neighbours in time of which one is a copy and the other a kernel or a graph.

    Neighbours among all operations: with a fill or a graph between them, a copy and a kernel do not wait for each other alone.
    """
    positions = np.arange(len(operations.start))[own]
    kind = operations.kind[positions]
    copy, work = kind == MEMCPY, operations.runs_kernels[positions]
    change = np.flatnonzero((copy[:-1] & work[1:]) | (work[:-1] & copy[1:]))
    return positions[change], positions[change + 1]


def _between(operations: GpuOperations, first: np.ndarray, second: np.ndarray, kinds: np.ndarray) -> dict[str, Column]:
    same = kinds == 2
    begin = np.where(same, operations.start[first], operations.end[first])
    stop = np.where(same, operations.end[second], operations.start[second])
    streams = operations.lanes.array("stream_id")
    return {
        "device": operations.device[first].astype(np.int64),
        "start_ns": np.minimum(begin, stop),
        "end_ns": stop,
        "duration_ns": np.maximum(stop - begin, 0),
        "overlap_ns": np.maximum(begin - stop, 0),
        "kind": Coded(kinds.astype(np.int32), [_COPY_TO_KERNEL, _KERNEL_TO_COPY, _COPY_IN_ITERATION]),
        "before": operations.label.take(first),
        "after": operations.label.take(second),
        "stream_before": streams[operations.lane[first]],
        "stream_after": streams[operations.lane[second]],
    }


_PLACE = (
    ColumnSpec("device", text="CUDA device ordinal"),
    ColumnSpec("start_ns", text="begin of the gap"),
    ColumnSpec("end_ns", text="end of the gap"),
)
GAPS = MetricTable(
    name="gaps",
    title="Idle gaps",
    text="a span between the first and last operation of a device in which no kernel, copy, fill or graph ran",
    keys=("device", "start_ns"),
    columns=(
        *_PLACE,
        ColumnSpec("duration_ns", "lower", "idle time", "complement of the union of all operations of the device"),
        ColumnSpec("before", text="operation that ended last before the gap"),
        ColumnSpec("after", text="operation that ended the gap"),
    ),
    compute=gaps,
    work="harness",
)
MEMCPY_GAPS = MetricTable(
    name="memcpy_gaps",
    title="Memory copy gaps",
    text="a wait between a copy and a kernel or graph that follow each other on a device, or a copy inside a measured iteration",
    needs=("memcpys",),
    keys=("device", "start_ns", "kind"),
    columns=(
        *_PLACE,
        ColumnSpec("duration_ns", "lower", "wait between the two, 0 when they overlap; for copy_in_iteration the copy"),
        ColumnSpec("overlap_ns", "higher", "time by which the second began before the first had ended"),
        ColumnSpec("kind", text="copy_to_kernel, kernel_to_copy (a graph counts as a kernel) or copy_in_iteration"),
        ColumnSpec("before", text="first operation"),
        ColumnSpec("after", text="second operation"),
        ColumnSpec("stream_before", kind="id", text="stream of the first operation"),
        ColumnSpec("stream_after", kind="id", text="stream of the second operation"),
        ColumnSpec("point", text="sweep point whose measured iteration launched the second operation"),
    ),
    compute=memcpy_gaps,
    work="harness",
)
