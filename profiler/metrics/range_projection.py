"""Projection of NVTX ranges onto the GPU work that was launched inside them.

An operation belongs to a range when the API call that launched it began and ended inside the range on the same thread; a
start/end range that another thread closed is process-wide and takes every call that began inside it on any thread.
Operations that one API call started together (a CUDA graph traced by node) belong together.

Source: `nsys stats` nvtx_gpu_proj_sum and nvtx_kern_sum, which leave out ranges closed by another thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from profiler.columns import Columns
from profiler.distinct import distinct_rows
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import GpuOperations, api_rows, first_of_call, gpu_operations, gpu_recording, operations_tool
from profiler.metrics.intervals import last_covering, range_minimum
from profiler.tables.captures import Captures


@dataclass(frozen=True)
class ItemOrder:
    """Items (API calls, or ranges) ordered by lane and start, ready for bisection.

    Attributes:
        order: Item indices, lane by lane, ascending start within a lane.
        start: Their starts, in that order.
        reach: Latest end so far within the lane, in that order.
        bounds: Lane to its first position; one more entry at the end.
        lanes: Lane key to lane number.
    """

    order: np.ndarray
    start: np.ndarray
    reach: np.ndarray
    bounds: np.ndarray
    lanes: dict[int, int]

    def inside(self, start: np.ndarray, end: np.ndarray, lane_key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for spans the positions [low, high) of the items that lie wholly inside them, lane by lane."""
        low, high = np.zeros(len(start), np.int64), np.zeros(len(start), np.int64)
        for key, lane in self.lanes.items():
            mine = np.flatnonzero(lane_key == key)
            if len(mine):
                first, last = int(self.bounds[lane]), int(self.bounds[lane + 1])
                low[mine] = first + np.searchsorted(self.start[first:last], start[mine], side="left")
                high[mine] = first + np.searchsorted(self.reach[first:last], end[mine], side="right")
        return low, np.maximum(low, high)


def item_order(start: np.ndarray, end: np.ndarray, lane_key: np.ndarray, items: np.ndarray) -> ItemOrder:
    """Order items by lane and start.

    Args:
        start, end, lane_key: Of every item, int64.
        items: Indices of the items to keep.
    """
    first, lane = distinct_rows([lane_key[items]])
    keys = lane_key[items][first]
    begin = start[items]
    in_order = len(first) == 1 and bool(np.all(begin[1:] >= begin[:-1]))
    order = items if in_order else items[np.lexsort((begin, lane))]
    bounds = np.concatenate(([0], np.cumsum(np.bincount(lane, minlength=len(first)))))
    stop = end[order]
    reach = np.concatenate([np.maximum.accumulate(stop[a:b]) for a, b in pairwise(bounds)] or [stop])
    return ItemOrder(order, start[order], reach, bounds, {int(key): number for number, key in enumerate(keys)})


def thread_keys(frame: Columns) -> np.ndarray:
    """Return process and thread of each row in one number."""
    return frame.array("process_id").astype(np.int64) << 32 | frame.array("thread_id").astype(np.int64)


def spans(frame: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return start and end of each row, int64 ns, and its process and thread in one number."""
    start = frame.array("start_ns")
    return start, start + frame.array("duration_ns"), thread_keys(frame)


def closed_elsewhere(ranges: Columns) -> np.ndarray:
    """Say which ranges another thread closed."""
    if "end_thread_id" not in ranges:
        return np.zeros(ranges.rows, dtype=bool)
    end = ranges.array("end_thread_id")
    return np.asanyarray(~np.ma.getmaskarray(end) & (np.ma.getdata(end) != ranges.array("thread_id")))


@dataclass(frozen=True)
class Projection:
    """GPU work of each NVTX range.

    Attributes:
        ranges: The ranges (marks left out), ordered by start, enclosing ones first.
        order: GPU operations whose API call is known, in launch order, one thread after the other.
        low, high: Range to its positions [low, high) in `order`; for process-wide ranges in `process_order`.
        process_order: GPU operations in launch order, one process after the other.
        wide: Ranges that another thread closed.
        owner: Position in `order` to the innermost range, -1 outside all.
        unranged: GPU operations that no range holds.
        first_of_launch: 1 for the first GPU operation of each API call and for one without a known call, else 0.
    """

    ranges: Columns
    operations: GpuOperations
    order: np.ndarray
    process_order: np.ndarray
    low: np.ndarray
    high: np.ndarray
    wide: np.ndarray
    owner: np.ndarray
    unranged: np.ndarray
    first_of_launch: np.ndarray

    def per_range(self, values: np.ndarray) -> np.ndarray:
        """Sum a value of the operations over each range.

        Args:
            values: Per GPU operation, integers.
        """
        result = np.zeros(len(self.low), np.int64)
        for wide, order in ((False, self.order), (True, self.process_order)):
            mine = self.wide == wide
            if mine.any():
                sums = np.concatenate(([0], np.cumsum(values[order], dtype=np.int64)))
                result[mine] = sums[self.high[mine]] - sums[self.low[mine]]
        return result

    def extent(self) -> tuple[np.ndarray, np.ndarray]:
        """Return first start and last end of each range's operations, ns; 0 and 0 for a range without any."""
        first, last = np.zeros(len(self.low), np.int64), np.zeros(len(self.low), np.int64)
        for wide, order in ((False, self.order), (True, self.process_order)):
            mine = np.flatnonzero((self.wide == wide) & (self.high > self.low))
            if len(mine):
                first[mine] = range_minimum(self.operations.start[order], self.low[mine], self.high[mine])
                last[mine] = -range_minimum(-self.operations.end[order], self.low[mine], self.high[mine])
        return first, last


def nvtx_source(recording: Captures) -> Columns:
    """Return the ranges (marks left out) of the tool that recorded the GPU work, or of the first that has any.

    Raises:
        DataMissingError: The recording holds no range.
    """

    own = range_recording(recording)

    def build() -> Columns:
        ranges = own.columns("nvtx_ranges")
        durations = ranges.array("duration_ns")
        if isinstance(durations, np.ma.MaskedArray):
            ranges = ranges.take(~np.ma.getmaskarray(durations))
            ranges = ranges.with_columns(duration_ns=np.ma.getdata(ranges.array("duration_ns")))
        return ranges

    return own.memo("nvtx source", build)


def range_recording(recording: Captures) -> Captures:
    """Return the recording as seen by the tool whose ranges the metrics use; the recording itself when none has any."""
    tools = [operations_tool(recording), *recording.tools]
    found = next((tool for tool in tools if tool and recording.has("nvtx_ranges", tool)), None)
    return recording.only(found) if found else recording


def projection(recording: Captures) -> Projection | None:
    """Project the ranges of a recording; None when it has no ranges, no GPU work or no API calls of the same tool."""
    if operations_tool(recording) is None:
        return None
    own = gpu_recording(recording)
    return own.memo("projection", lambda: _build(own))


def _build(recording: Captures) -> Projection | None:
    try:
        operations, ranges, rows = gpu_operations(recording), nvtx_source(recording), api_rows(recording)
    except DataMissingError:
        return None
    calls = recording.columns("api_calls")
    known = np.flatnonzero(rows >= 0)
    call = rows[known]
    begin, done, caller = (values[call] for values in spans(calls))
    launches = item_order(begin, done, caller, np.arange(len(known)))
    start, end, thread = spans(ranges)
    wide = closed_elsewhere(ranges)
    low, high = launches.inside(start, end, np.where(wide, -1, thread))
    process_order = np.zeros(0, np.int64)
    covered = np.zeros(len(operations.start), dtype=bool)
    if wide.any():
        process = operations.process[known].astype(np.int64)
        by_process = item_order(begin, begin, process, np.arange(len(known)))
        processes = np.where(wide, ranges.array("process_id"), -1)
        low_wide, high_wide = by_process.inside(start, end, processes)
        low[wide], high[wide] = low_wide[wide], high_wide[wide]
        process_order = known[by_process.order]
        covered[process_order[last_covering(low_wide, high_wide, len(known)) >= 0]] = True
    owner = last_covering(np.where(wide, 0, low), np.where(wide, 0, high), len(known))
    order = known[launches.order]
    covered[order[owner >= 0]] = True
    unranged = np.flatnonzero(~covered)
    # one that no call is known of counts for itself
    first = (first_of_call(rows) | (rows < 0)).astype(np.int8)
    return Projection(ranges, operations, order, process_order, low, high, wide, owner, unranged, first)
