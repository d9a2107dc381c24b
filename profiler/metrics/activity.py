"""How busy each GPU was, and what ran at the same time."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from profiler.columns import Columns, from_records
from profiler.metrics.device_limits import device_rows
from profiler.metrics.gaps import recorded
from profiler.metrics.gpu_operations import MEMCPY, GpuOperations, gpu_operations, operations_tool
from profiler.metrics.intervals import concurrent_pairs, intersection_length, total, union
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

Spans = tuple[np.ndarray, np.ndarray]
_STREAMS, _COPY_COMPUTE = "streams", "copy_compute"


def _span(operations: GpuOperations, mask: np.ndarray) -> Spans:
    return union(operations.start[mask], operations.end[mask])


def device_activity(recording: Captures) -> Columns:
    """Compute busy and idle time per device."""
    operations, known = gpu_operations(recording), device_rows(recording, operations_tool(recording))
    devices = [(device, known.get(device, {}).get("name")) for device, _ in operations.by_device()]
    return from_records([_device_row(recording, operations, *device) for device in devices], DEVICE_ACTIVITY.columns)


def _device_row(recording: Captures, operations: GpuOperations, device: int, name: str | None) -> dict[str, Any]:
    mine = operations.device == device
    busy = _span(operations, mine)
    kernels, copies = mine & operations.runs_kernels, mine & (operations.kind == MEMCPY)
    start, end = int(busy[0][0]), int(busy[1][-1])
    gap = busy[0][1:] - busy[1][:-1]
    known = recorded(recording, busy[1][:-1], busy[0][1:])
    span, gap = end - start - int(gap[~known].sum()), gap[known]
    summed = int(operations.duration[mine].sum())
    return {
        "device": device,
        "name": name,
        "start_ns": start,
        "end_ns": end,
        "span_ns": span,
        "busy_ns": total(busy),
        "idle_ns": span - total(busy),
        "busy_pct": 100.0 * total(busy) / span if span else float("nan"),
        "kernel_busy_ns": total(_span(operations, kernels)),
        "memcpy_busy_ns": total(_span(operations, copies)),
        "overlap_ns": summed - total(busy),
        "operation_count": int(mine.sum()),
        "kernel_count": int(kernels.sum()),
        "gap_count": len(gap),
        "longest_gap_ns": int(gap.max()) if len(gap) else 0,
    }


def stream_overlap(recording: Captures) -> Columns:
    """Compute for how long each two streams of a device worked at the same time, and copies beside kernels."""
    operations = gpu_operations(recording)
    devices = [device for device, _ in operations.by_device()]
    rows = [row for device in devices for kind in (_stream_pairs, _copy_compute) for row in kind(operations, device)]
    return from_records(rows, STREAM_OVERLAP.columns)


def _overlap(device: int, kind: str, names: tuple[str, str], overlap: int, busy: tuple[int, int]) -> dict[str, Any]:
    share = 100.0 * float(overlap) / min(busy) if min(busy) else float("nan")
    times = {"overlap_ns": overlap, "first_busy_ns": busy[0], "second_busy_ns": busy[1], "overlap_pct": share}
    return {"device": device, "kind": kind, "first": names[0], "second": names[1], **times}


def _lane_names(lanes: Columns, numbers: list[int]) -> list[str]:
    """Name streams by their number, with context and process where the number alone is ambiguous."""
    stream, context, process = (lanes.array(name)[numbers].tolist() for name in ("stream_id", "context_id", "process_id"))
    lanes_of = list(zip(process, context, stream, strict=True))
    in_process, in_context = "process {} " * (len(set(process)) > 1), "context {} " * (len({lane[:2] for lane in lanes_of}) > 1)
    return [f"{in_process.format(p)}{in_context.format(c)}stream {s}" for p, c, s in lanes_of]


def _stream_pairs(operations: GpuOperations, device: int) -> list[dict[str, Any]]:
    numbers = np.flatnonzero(operations.lanes.array("device_id") == device).tolist()
    if len(numbers) < 2:
        return []
    spans = [_span(operations, operations.lane == number) for number in numbers]
    matrix, names = concurrent_pairs(spans), _lane_names(operations.lanes, numbers)
    return [
        _overlap(device, _STREAMS, (names[a], names[b]), matrix[a, b], (matrix[a, a], matrix[b, b]))
        for a, b in combinations(range(len(numbers)), 2)
    ]


def _copy_compute(operations: GpuOperations, device: int) -> list[dict[str, Any]]:
    mine = operations.device == device
    copies = mine & (operations.kind == MEMCPY)
    kernels = mine & operations.runs_kernels
    if not copies.any() or not kernels.any():
        return []
    compute, rows = _span(operations, kernels), []
    codes, names = operations.label.codes, operations.label.values
    directions = sorted((names[code], code) for code in set(codes[copies].tolist()))
    for name, mask in (("copies", copies), *((name.strip("[]"), copies & (codes == code)) for name, code in directions)):
        copying = _span(operations, mask)
        overlap = intersection_length(copying, compute)
        rows.append(_overlap(device, _COPY_COMPUTE, (name, "kernels"), overlap, (total(copying), total(compute))))
    return rows


DEVICE_ACTIVITY = MetricTable(
    name="device_activity",
    title="Device activity",
    text="one GPU over the time in which it had work",
    keys=("device",),
    columns=(
        ColumnSpec("device", text="CUDA device ordinal"),
        ColumnSpec("name", text="product name"),
        ColumnSpec("start_ns", text="start of the first operation"),
        ColumnSpec("end_ns", text="end of the last operation"),
        ColumnSpec("span_ns", "lower", "first start to last end, without what lies between two captures"),
        ColumnSpec("busy_ns", "lower", "time in which at least one operation ran: union of all their spans"),
        ColumnSpec("idle_ns", "lower", "span_ns - busy_ns"),
        ColumnSpec("busy_pct", "higher", "busy_ns of span_ns"),
        ColumnSpec("kernel_busy_ns", "lower", "time in which at least one kernel or graph ran"),
        ColumnSpec("memcpy_busy_ns", "lower", "time in which at least one copy ran"),
        ColumnSpec("overlap_ns", "higher", "sum of all durations minus busy_ns"),
        ColumnSpec("operation_count", text="kernels, copies, fills and graphs"),
        ColumnSpec("kernel_count", text="kernels and graphs"),
        ColumnSpec("gap_count", "lower", "idle gaps between operations"),
        ColumnSpec("longest_gap_ns", "lower", "longest idle gap"),
    ),
    compute=device_activity,
    work="harness",
    matching=Matching(("device",), steady=False),
)
STREAM_OVERLAP = MetricTable(
    name="stream_overlap",
    title="Stream overlap",
    text="two streams of one device, or copies and kernels, and for how long both were active",
    keys=("device", "kind", "first", "second"),
    columns=(
        ColumnSpec("device", text="CUDA device ordinal"),
        ColumnSpec("kind", text="streams or copy_compute"),
        ColumnSpec("first", text="stream, or the copies of one direction", dtype="text"),
        ColumnSpec("second", text="other stream, or kernels", dtype="text"),
        ColumnSpec("overlap_ns", "higher", "time in which both were active"),
        ColumnSpec("first_busy_ns", "lower", "time in which the first was active"),
        ColumnSpec("second_busy_ns", "lower", "time in which the second was active"),
        ColumnSpec("overlap_pct", "higher", "overlap_ns of the shorter of the two busy times"),
    ),
    compute=stream_overlap,
    work="harness",
    matching=Matching(("device", "kind", "first", "second"), steady=False),
)
