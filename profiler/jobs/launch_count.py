"""What a program launches, found in a pass before Nsight Compute, which runs every launch many times over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from profiler.capture.request import CaptureRequest
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import KERNEL, gpu_operations
from profiler.metrics.point_ranges import iterations, operation_points
from profiler.metrics.recording import load
from profiler.tools.ncu.record import ITERATION_FILTER

MOST_LAUNCHES = 500
"""Launches that are profiled where the user sets no limit."""
SECONDS_PER_LAUNCH = 1.0
"""Rough: the example runs took 13 s for 12 launches and 43 s for 40, with the metrics of default, on an H200."""


@dataclass(frozen=True)
class LaunchCount:
    """What a program launched.

    Attributes:
        total: Kernels; None when none was recorded.
        measured: Those in measured iterations.
        marked: It marks measured iterations.
    """

    total: int | None = None
    measured: int = 0
    marked: bool = False

    @property
    def narrow(self) -> bool:
        """Return whether only what measured iterations launch is worth profiling."""
        return self.marked and (self.measured > 0 or self.total is None)

    def __str__(self) -> str:
        """Say in a sentence what was found and what it will cost."""
        if self.total is None:
            return f"how many kernels the program launches is not known; at most {MOST_LAUNCHES} are profiled (--launch-count)"
        inside = f", {self.measured} of them in measured iterations" if self.marked else ""
        worth = self.measured if self.narrow else self.total
        count = min(worth, MOST_LAUNCHES)
        limit = " (--launch-count sets another limit)" if count < worth else ""
        return (
            f"{self.total} kernel launches found{inside}; profiling {count} takes about {count * SECONDS_PER_LAUNCH:.0f} s{limit}"
        )


def count_launches(capture: Path) -> LaunchCount:
    """Count the kernels in a capture of the program."""
    recording = load(capture)
    found = iterations(recording)
    marked = found is not None and len(found.row) > 0
    try:
        kernels = gpu_operations(recording).kind == KERNEL
        owner, _ = operation_points(recording)
    except DataMissingError:
        return LaunchCount(marked=marked)
    return LaunchCount(int(kernels.sum()), int(np.sum(kernels & (owner >= 0))), marked)


def limited(request: CaptureRequest, count: LaunchCount) -> CaptureRequest:
    """Return the request for measured iterations alone, where there are any, and for no more launches than the limit."""
    ranges = (ITERATION_FILTER,) if count.narrow else ()
    return replace(request, ncu=replace(request.ncu, nvtx_include=ranges, launch_count=MOST_LAUNCHES))
