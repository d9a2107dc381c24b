"""Which measured iteration launched what: by thread, by time where another thread launched it; and what has no GPU record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import Columns
from profiler.metrics.gpu_operations import api_rows, gpu_operations, gpu_recording
from profiler.metrics.intervals import last_covering
from profiler.metrics.range_projection import Projection, item_order, projection, spans, thread_keys
from profiler.tables.captures import Captures
from profiler.tables.marks import in_domain

LAUNCHES = ("cudaLaunchKernel", "cudaLaunchCooperativeKernel", "cudaGraphLaunch", "cuLaunch", "cuGraphLaunch")
"""Beginnings of the names of calls that always make GPU work."""
_TRANSFERS = ("cudaMemcpy", "cudaMemset", "cuMemcpy", "cuMemset")
"""Of calls that make GPU work, unless they have nothing to move."""
_HOST_FUNCTIONS = ("cuLaunchHostFunc",)


@dataclass(frozen=True)
class Owners:
    """What belongs to the measured iterations.

    Attributes:
        iteration: Position in `Iterations.row` of the iteration that launched each GPU operation, -1 outside; int64.
        by_time: For each iteration, its operations that another thread launched while it alone was open in its process.
        unclear: For each iteration, operations of other threads while several iterations were open, this one among them.
        lost: For each iteration, launch calls that have no GPU record.
        doubtful: For each iteration, moments during it or its GPU work at which the tool said that it lost events.
    """

    iteration: np.ndarray
    by_time: np.ndarray
    unclear: np.ndarray
    lost: np.ndarray
    doubtful: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """Say which iterations have all their work recorded, as far as is known."""
        return np.asarray(self.unclear + self.lost + self.doubtful == 0)

    @property
    def causes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Say which iterations are not whole because work is lost, only because it is unclear, only because it is doubtful."""
        lost, clear = self.lost > 0, self.unclear == 0
        return lost, ~lost & ~clear, ~lost & clear & (self.doubtful > 0)


def find_owners(recording: Captures, iterations: np.ndarray) -> Owners:
    """Find what the measured iterations launched.

    Args:
        recording: A recording as seen by the tool that recorded the GPU work.
        iterations: Rows of the measured iterations among the ranges.

    Raises:
        DataMissingError: The recording holds no GPU work.
    """
    own = gpu_recording(recording)
    owner = np.full(len(gpu_operations(own).start), -1, dtype=np.int64)
    projected = projection(own)
    if projected is None or not len(iterations):
        return Owners(owner, *(np.zeros(len(iterations), dtype=np.int64) for _ in range(4)))
    for wide, order in ((False, projected.order), (True, projected.process_order)):
        mine = np.flatnonzero(projected.wide[iterations] == wide)
        if len(mine):
            rows = iterations[mine]
            found = last_covering(projected.low[rows], projected.high[rows], len(order))
            owner[order[found >= 0]] = mine[found[found >= 0]]
    launched, calls = api_rows(own), own.columns("api_calls")
    placed = calls.select(("start_ns", "duration_ns", "process_id", "thread_id"))
    loose = np.flatnonzero((owner < 0) & (launched >= 0))
    found, unclear = _by_time(projected.ranges, iterations, placed.take(launched[loose]))
    owner[loose] = found
    by_time = np.bincount(found[found >= 0], minlength=len(iterations))
    lost_calls = placed.take(_without_record(calls, launched, gpu_operations(own).correlation, gpu_operations(own).process))
    lost, found, several = _owners_of(projected.ranges, iterations, lost_calls)
    lost += np.bincount(found[found >= 0], minlength=len(iterations))
    return Owners(owner, by_time, unclear + several, lost, _doubtful(own, projected, iterations))


def _doubtful(recording: Captures, projected: Projection, iterations: np.ndarray) -> np.ndarray:
    """Count the moments of lost events between the begin of each iteration and the end of it and its GPU work."""
    if not recording.has("lost_events"):
        return np.zeros(len(iterations), dtype=np.int64)
    moments = np.sort(recording.columns("lost_events").array("start_ns"))
    start, end, _ = (values[iterations] for values in spans(projected.ranges))
    end = np.maximum(end, projected.extent()[1][iterations])
    return np.asarray(np.searchsorted(moments, end, side="right") - np.searchsorted(moments, start, side="left"))


def _owners_of(ranges: Columns, iterations: np.ndarray, calls: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the calls inside each iteration on its own thread, and of the others what `_by_time` says."""
    start, end, thread = (values[iterations] for values in spans(ranges))
    ordered = item_order(*spans(calls), np.arange(calls.rows))
    low, high = ordered.inside(start, end, thread)
    others = calls.take(ordered.order[last_covering(low, high, calls.rows) < 0])
    return high - low, *_by_time(ranges, iterations, others)


def _by_time(ranges: Columns, iterations: np.ndarray, calls: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Give calls to the one iteration of their process that was open when they began.

    Threads that have ranges of the convention open themselves (another point's warm-up, say) work for those.

    Returns:
        Position among the iterations for each call, -1 without one; for each iteration, calls while it was one of several.
    """
    owner, unclear = np.full(calls.rows, -1, dtype=np.int64), np.zeros(len(iterations), dtype=np.int64)
    (start, end, thread), call = spans(ranges), spans(calls)
    calling = calls.array("process_id")
    process = ranges.array("process_id")[iterations]
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for number in np.unique(process).tolist():
        mine, asked = np.flatnonzero(process == number), np.flatnonzero(calling == number)
        opened, closed = (mine[np.argsort(times[iterations[mine]], kind="stable")] for times in (start, end))
        begun = np.searchsorted(start[iterations[opened]], call[0][asked], side="right")
        ended = np.searchsorted(end[iterations[closed]], call[0][asked], side="left")
        # of the iterations that began and have not ended, the sum of their numbers is the number of the only one
        numbers = np.r_[0, np.cumsum(opened)][begun] - np.r_[0, np.cumsum(closed)][ended]
        found.append((asked[begun > ended], numbers[begun > ended], (begun - ended)[begun > ended]))
    asked, numbers, count = (np.concatenate(part) for part in zip(*found, strict=True))
    if not len(asked):
        return owner, unclear
    rows = np.flatnonzero(in_domain(ranges))
    ordered = item_order(*call, asked)
    busy = ordered.order[last_covering(*ordered.inside(start[rows], end[rows], thread[rows]), len(asked)) >= 0]
    free = ~np.isin(asked, busy)
    alone = free & (count == 1)
    owner[asked[alone]] = numbers[alone]
    for number in np.unique(process).tolist():
        mine = np.flatnonzero(process == number)
        several = asked[free & (count > 1)]
        times = np.sort(call[0][several[calling[several] == number]])
        rows = iterations[mine]
        unclear[mine] = np.searchsorted(times, end[rows], side="right") - np.searchsorted(times, start[rows], side="left")
    return owner, unclear


def _without_record(calls: Columns, launched: np.ndarray, correlation: np.ndarray, process: np.ndarray) -> np.ndarray:
    """Return the rows of calls that launched work of which the capture has no record.

    Args:
        calls: The API calls.
        launched: Row of the call that launched each GPU operation, -1 when unknown.
        correlation: Correlation id of each GPU operation.
        process: Process of each GPU operation.
    """
    names = calls.coded("name")
    recorded = np.zeros(calls.rows, dtype=bool)
    recorded[launched[launched >= 0]] = True
    # no value is the code -1
    calls_of, found = (
        np.bincount(codes + 1, minlength=len(names.values) + 1)[1:] for codes in (names.codes, names.codes[recorded])
    )
    mostly = {str(name) for name, many in zip(names.values, 2 * found > calls_of, strict=True) if many}

    def makes_work(name: str) -> bool:
        always = name.startswith(LAUNCHES) and not name.startswith(_HOST_FUNCTIONS)
        return always or (name.startswith(_TRANSFERS) and name in mostly)

    missing = names.passing(makes_work) & ~recorded
    if "return_value" in calls and missing.any():
        missing &= np.ma.filled(np.ma.asarray(calls.array("return_value")), 0) == 0
    rows = np.flatnonzero(missing)
    if not len(rows):
        return rows
    known = process.astype(np.int64) << 32 | correlation.astype(np.int64)
    own = calls.take(rows)
    rows = rows[~np.isin(own.array("process_id").astype(np.int64) << 32 | own.array("correlation_id").astype(np.int64), known)]
    rows = rows[~_captured(calls, rows)]
    return np.asarray(rows[~_nested(calls, rows, np.flatnonzero(recorded))])


def _captured(calls: Columns, rows: np.ndarray) -> np.ndarray:
    """Say which calls went into a graph that their thread was capturing, and so ran nothing."""
    thread, start = thread_keys(calls), calls.array("start_ns")
    names = calls.coded("name")
    marks = names.passing(lambda name: "BeginCapture" in name), names.passing(lambda name: "EndCapture" in name)
    inside = np.zeros(len(rows), dtype=bool)
    for key in np.unique(thread[marks[0]]).tolist():
        began, ended = (np.sort(start[mark & (thread == key)]) for mark in marks)
        mine = thread[rows] == key
        inside[mine] = np.searchsorted(began, start[rows[mine]]) > np.searchsorted(ended, start[rows[mine]])
    return inside


def _nested(calls: Columns, rows: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Say which calls made, or are made by, one that has its record: a runtime call and the driver call within."""
    start, end, thread = spans(calls)
    ordered = item_order(start, end, thread, recorded)
    low, high = ordered.inside(start[rows], end[rows], thread[rows])
    around = item_order(start, end, thread, rows)
    inner_low, inner_high = around.inside(start[recorded], end[recorded], thread[recorded])
    inner = around.order[last_covering(inner_low, inner_high, len(rows)) >= 0]
    return np.asarray((high > low) | np.isin(rows, inner))
