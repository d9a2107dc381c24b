"""Which time counts: where a recording's times can come from, which of them comes first, and what an iteration took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from profiler.errors import DataMissingError, UsageError
from profiler.metrics.gpu_operations import gpu_operations
from profiler.metrics.point_ranges import iterations, operation_points
from profiler.metrics.range_projection import counts_as_kernel
from profiler.tools.registry import KERNEL_TIMERS, UNTRACED

if TYPE_CHECKING:
    from profiler.tables.captures import Captures

_KINDS = {
    "points": "own timing of sweep points",
    "gpu_points": "kernel time of sweep points",
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
        """Beginning of its columns in the metric table `points`; empty when that table does not hold it."""
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
    if not recording.has("kernels", source.tool):
        return False
    found = iterations(recording.only(source.tool))
    return found is not None and len(found.row) > 0


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


def iteration_times(recording: Captures) -> tuple[np.ndarray, np.ndarray]:
    """Return what each measured iteration took on the GPU, and its number of kernels.

    Args:
        recording: A recording as one tool saw it, with measured iterations.

    Returns:
        float64 ns, the durations of its kernels and graphs summed, NaN where it launched none; and their number, int64.

    Raises:
        DataMissingError: No GPU work was recorded.
    """
    found = iterations(recording)
    rows = 0 if found is None else len(found.row)
    operations, (owner, _) = gpu_operations(recording), operation_points(recording)
    timed = np.flatnonzero((owner >= 0) & counts_as_kernel(operations))
    duration = (operations.end - operations.start)[timed]
    count = np.bincount(owner[timed], minlength=rows)
    # an iteration without kernels has no kernel time: NaN, not 0
    return np.where(count > 0, np.bincount(owner[timed], weights=duration, minlength=rows), np.nan), count
