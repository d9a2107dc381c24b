"""Which time counts: where a recording's times can come from, which of them comes first, and what an iteration took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from profiler.errors import DataMissingError, UsageError
from profiler.metrics.gpu_operations import OPERATION_TABLES, gpu_operations
from profiler.metrics.point_ranges import iterations, owners
from profiler.tables.captures import Captures
from profiler.tools.registry import KERNEL_TIMERS, UNTRACED

_KINDS = {
    "points": "own timing of sweep points",
    "gpu_points": "device time of sweep points",
    "kernels": "kernel time of each launch configuration",
}
SOURCE_KINDS = tuple(_KINDS)


@dataclass(frozen=True)
class TimeSource:
    """Where times come from.

    Attributes:
        kind: `points` (the program's own timing of its sweep points), `gpu_points` (time of each measured iteration of a
            sweep point on the GPU, by a tool) or `kernels` (every kernel by itself, by a tool).
        tool: Tool whose capture it is.
    """

    kind: str
    tool: str

    def __str__(self) -> str:
        """Name it for people."""
        return f"{_KINDS[self.kind]} ({self.tool})"

    @property
    def asked(self) -> str:
        """How a user asks for it."""
        return f"{self.kind}:{self.tool}"

    @property
    def column(self) -> str:
        """Beginning of its columns in the metric table `point_summary`; empty when that table does not hold it."""
        if self.kind == "kernels":
            return ""
        return self.tool if self.kind == "gpu_points" or self.tool == UNTRACED else f"{self.tool}_event"


TIME_SOURCES = (
    TimeSource("points", UNTRACED),
    *(TimeSource("gpu_points", tool) for tool in KERNEL_TIMERS),
    *(TimeSource("points", tool) for tool in KERNEL_TIMERS),
    *(TimeSource("kernels", tool) for tool in KERNEL_TIMERS),
)
"""Every source of times, preferred first: a pass without a tool, for tools cost time; then what was timed on the GPU; then
the program's own timing under a tool. Kernels count by themselves only where the program marks no sweep point."""


def available_sources(recording: Captures) -> tuple[TimeSource, ...]:
    """Return where a recording's times can come from, preferred first."""
    return tuple(source for source in TIME_SOURCES if source.tool in recording.tools and _is_available(recording, source))


def _is_available(recording: Captures, source: TimeSource) -> bool:
    if source.kind != "gpu_points":
        return recording.has(source.kind, source.tool)
    if not any(recording.has(name, source.tool) for name in OPERATION_TABLES):
        return False
    found = iterations(recording.only(source.tool))
    return found is not None and bool((found.point_row >= 0).any())


def has_unnamed_iterations(recording: Captures) -> bool:
    """Return whether a recording marks iterations and no sweep point: then nothing says which belong together."""
    found = [iterations(recording.only(tool)) for tool in KERNEL_TIMERS if recording.has("kernels", tool)]
    return any(item is not None and len(item.row) > 0 and not item.labels for item in found)


def check_source(asked: str | None) -> str | None:
    """Return a source as a user may ask for it: a kind, or `KIND:TOOL`; None takes the first there is.

    Raises:
        UsageError: There is no such kind, or no such tool has times of that kind.
    """
    if asked is not None and not any(_is_asked(source, asked) for source in TIME_SOURCES):
        kinds = ", ".join(SOURCE_KINDS)
        raise UsageError(
            f"--source {asked}: expected {kinds}", "leave it out for the best there is, or add a tool: gpu_points:nsys"
        )
    return asked


def _is_asked(source: TimeSource, asked: str | None) -> bool:
    return asked in (None, source.kind, source.asked)


def choose_source(recordings: Sequence[Captures], asked: str | None = None) -> TimeSource | None:
    """Return the first source of times that every recording has; None when no recording has any.

    Args:
        recordings: At least one.
        asked: Kind of source, or `KIND:TOOL`; None takes any.

    Raises:
        DataMissingError: Some have times and one has none.
        UsageError: They share none (of the kind that was asked for).
    """
    available = [available_sources(recording) for recording in recordings]
    for source in available[0]:
        if _is_asked(source, asked) and all(source in other for other in available):
            return source
    if not any(available):
        return None
    for recording, own in zip(recordings, available, strict=True):
        if not own:
            raise DataMissingError(f"{recording.name}: holds no times", "compare it with a recording of the same tool")
    found = "; ".join(f"{r.name}: {', '.join(map(str, own))}" for r, own in zip(recordings, available, strict=True))
    of_kind = f" of kind {asked}" if asked else ""
    raise UsageError(f"the recordings share no source of times{of_kind} ({found})", "record both sides with the same tool")


@dataclass(frozen=True)
class IterationTimes:
    """What each measured iteration took on the GPU, float64 ns, NaN where it launched nothing or not all its work is known.

    Attributes:
        time_ns: The time of its point: the span, or the period where the point's iterations overlap.
        span_ns: From the start of its first operation to the end of its last, over all streams and devices.
        kernel_ns: Durations of its kernels and graphs, summed; NaN without any.
        busy_ns: Time in which at least one of its operations ran.
        period_ns: From the start of its first operation to that of the next iteration of its point; NaN for the last.
        kernels: Number of its kernels and graphs, int64.
        overlaps: Whether the iterations of its point overlap on the GPU, bool.
        operations: Number of its GPU operations, int64.
        kind: The same number for iterations of the same operations, in whatever order, uint64.
    """

    time_ns: np.ndarray
    span_ns: np.ndarray
    kernel_ns: np.ndarray
    busy_ns: np.ndarray
    period_ns: np.ndarray
    kernels: np.ndarray
    overlaps: np.ndarray
    operations: np.ndarray
    kind: np.ndarray


def iteration_times(recording: Captures) -> IterationTimes:
    """Return what each measured iteration took; in the order of `Iterations.row`.

    Args:
        recording: A recording as one tool saw it, with measured iterations.

    Raises:
        DataMissingError: No GPU work was recorded.
    """
    return recording.memo("iteration times", lambda: _iteration_times(recording))


def _iteration_times(recording: Captures) -> IterationTimes:
    found = iterations(recording)
    rows = 0 if found is None else len(found.row)
    operations, owned = gpu_operations(recording), owners(recording)
    owner = owned.iteration
    kernel = np.flatnonzero((owner >= 0) & operations.runs_kernels)
    kernels = np.bincount(owner[kernel], minlength=rows)
    kernel_ns = np.bincount(owner[kernel], operations.duration[kernel], rows)
    inside = np.flatnonzero(owner >= 0)
    inside = inside[np.argsort(owner[inside], kind="stable")]
    start, end, busy = _extents(operations.start[inside], operations.end[inside], owner[inside], rows)
    kind = np.zeros(rows, dtype=np.uint64)
    np.add.at(kind, owner[inside], _scattered(len(operations.label.values))[operations.label.codes[inside]])
    span = np.where(owned.whole, end - start, np.nan)
    period, overlaps = np.full(rows, np.nan), np.zeros(rows, dtype=bool)
    if found is not None:
        period, overlaps = _periods(start, end, found.point_row, found.label.codes, owned.whole)
    # an iteration without kernels has no kernel time: NaN, not 0
    kernel_ns = np.where(owned.whole & (kernels > 0), kernel_ns, np.nan)
    busy = np.where(owned.whole, busy, np.nan)
    count = np.bincount(owner[inside], minlength=rows)
    return IterationTimes(np.where(overlaps, period, span), span, kernel_ns, busy, period, kernels, overlaps, count, kind)


def _scattered(count: int) -> np.ndarray:
    """Return a number for each code, such that sums of other codes are hardly ever equal.

    Source: the finishing steps of splitmix64.
    """
    mixed = np.arange(count, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _extents(start: np.ndarray, end: np.ndarray, owner: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first start, last end and busy time of each iteration; operations come by iteration, then by start."""
    first, last, busy = (np.full(rows, np.nan) for _ in range(3))
    if not len(start):
        return first, last, busy
    edges = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    own = owner[edges]
    first[own], last[own] = start[edges], np.maximum.reduceat(end, edges)
    # each iteration moved behind the one before it, so that one running maximum serves all
    place = np.repeat(np.arange(len(edges)), np.diff(np.r_[edges, len(owner)]))
    shift = place * (int(np.nanmax(last - first)) + 1) - start[edges][place]
    reached = np.maximum.accumulate(end + shift)
    fresh = np.maximum(start + shift, np.r_[np.iinfo(np.int64).min, reached[:-1]])
    busy[own] = np.add.reduceat(np.maximum(end + shift - fresh, 0), edges)
    return first, last, busy


def _periods(
    start: np.ndarray, end: np.ndarray, point: np.ndarray, label: np.ndarray, whole: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the time to the next iteration of the same point, and whether most of the label's iterations overlap the next.

    Two between which an iteration is not whole tell nothing.
    """
    period, overlaps = np.full(len(start), np.nan), np.zeros(len(start), dtype=bool)
    known = np.flatnonzero(np.isfinite(start) & (label >= 0))
    known = known[np.lexsort((start[known], point[known]))]
    this, following = known[:-1], known[1:]
    in_order = np.lexsort((np.arange(len(point)), point))
    broken = np.zeros(len(point), dtype=np.int64)
    broken[in_order] = np.cumsum(~whole[in_order])
    same = (point[this] == point[following]) & (broken[this] == broken[following]) & whole[this] & whole[following]
    this, following = this[same], following[same]
    period[this] = start[following] - start[this]
    pairs = np.bincount(label[this])
    crossing = np.bincount(label[this], start[following] < end[this], len(pairs))
    mostly = np.r_[crossing > pairs / 2, np.zeros(int(label.max(initial=-1)) + 2, dtype=bool)]
    overlaps[known] = mostly[label[known]]
    return period, overlaps
