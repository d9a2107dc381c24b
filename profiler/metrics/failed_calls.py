"""CUDA calls that failed: their return codes stand in the capture; which sweep points they fell into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import Columns
from profiler.metrics.gpu_operations import operations_tool
from profiler.tables.captures import Captures
from profiler.tables.marks import point_labels, point_rows

# Source: enum cudaError of driver_types.h, CUDA 13.0; the driver's CUresult has the same numbers
_CODES = (
    "1 invalid value; 2 out of memory; 3 not initialized; 4 driver shutting down; 9 invalid launch configuration; "
    "13 invalid symbol; 35 driver older than the runtime; 46 device busy or unavailable; 98 invalid kernel function; "
    "100 no device; 101 invalid device; 200 invalid kernel image; 201 invalid context; 209 no kernel image for this GPU; "
    "214 uncorrectable ECC error; 218 invalid PTX; 222 PTX for a newer driver; 304 operating system error; "
    "400 invalid handle; 500 not found; 700 illegal memory access; 701 too many resources for the launch; "
    "702 launch timed out; 709 context destroyed; 710 device-side assert; 714 hardware stack error; "
    "715 illegal instruction; 716 misaligned address; 717 invalid address space; 718 invalid program counter; "
    "719 launch failure; 720 cooperative launch too large; 800 not permitted; 801 not supported; 802 system not ready; "
    "900 call not permitted while a stream is captured; 999 unknown error"
)
CODES = {int(code): text for code, _, text in (item.partition(" ") for item in _CODES.split("; "))}
BREAKS_CONTEXT = frozenset({214, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999})
"""After these no call of the process succeeds any more. Source: descriptions of enum cudaError."""
_NO_FAILURE = frozenset({0, 4, 34, 600, 704, 705, 708, 712, 713})
"""Answers to a question (not ready, already enabled, already registered), and calls while the program ends."""
_ASKING = tuple(
    "cuGetProcAddress cudaGetDriverEntryPoint cudaGetLastError cudaPeekAtLastError cuGetErrorString cuGetErrorName".split()
)
"""Calls whose code answers a question, or repeats an earlier one."""


@dataclass(frozen=True)
class FailedCalls:
    """Calls of one name that returned one code.

    Attributes:
        name: Function.
        code: What it returned.
        count: How often.
        points: Labels of the sweep points into which they fell, in order.
    """

    name: str
    code: int
    count: int
    points: tuple[str, ...] = ()

    @property
    def breaks_context(self) -> bool:
        """Return whether nothing of the process works afterwards."""
        return self.code in BREAKS_CONTEXT

    @property
    def spoils_points(self) -> bool:
        """Return whether work of the points is missing or wrong."""
        return self.breaks_context or "Launch" in self.name

    def __str__(self) -> str:
        """Say it in a sentence."""
        times = "" if self.count == 1 else f" {self.count} times"
        return f"{self.name} failed{times}: {self.code} ({CODES.get(self.code, 'no code this version knows')})"


def failed_calls(recording: Captures) -> list[FailedCalls]:
    """Return the calls that failed, those that broke the context first; none where no calls were recorded."""
    tool = operations_tool(recording) or next((name for name in recording.tools if recording.has("api_calls", name)), None)
    if tool is None or not recording.has("api_calls", tool):
        return []
    own = recording.only(tool)
    return own.memo("failed calls", lambda: _find(own))


def _find(recording: Captures) -> list[FailedCalls]:
    calls = recording.columns("api_calls")
    if "return_value" not in calls:
        return []
    values = np.ma.filled(np.ma.asarray(calls.array("return_value")), 0)
    asking = calls.coded("name").passing(lambda name: name.startswith(_ASKING))
    rows = np.flatnonzero(~np.isin(values, list(_NO_FAILURE)) & ~asking)
    names = calls.coded("name").take(rows).decode()
    found: dict[tuple[str, int], list[list[str]]] = {}
    for name, code, labels in zip(names, values[rows].tolist(), _points_at(recording, calls, rows), strict=True):
        found.setdefault((str(name), code), []).append(labels)
    failures = [
        FailedCalls(name, code, len(points), tuple(dict.fromkeys(label for labels in points for label in labels)))
        for (name, code), points in found.items()
    ]
    return sorted(failures, key=lambda item: not item.breaks_context)


def _points_at(recording: Captures, calls: Columns, rows: np.ndarray) -> list[list[str]]:
    """Return the sweep points that were open in the process of each call when it began."""
    if not len(rows) or not recording.has("nvtx_ranges"):
        return [[] for _ in rows]
    ranges = recording.columns("nvtx_ranges")
    marked = point_rows(ranges)
    begin, process = ranges.array("start_ns")[marked], ranges.array("process_id")[marked]
    end = begin + np.ma.filled(ranges.array("duration_ns")[marked], 0)
    labels = point_labels(ranges, marked).decode()
    start, own = calls.array("start_ns")[rows], calls.array("process_id")[rows]
    return [
        labels[(begin <= at) & (at < end) & (process == number)].tolist()
        for at, number in zip(start.tolist(), own.tolist(), strict=True)
    ]


def spoiled_points(recording: Captures) -> dict[str, str]:
    """Return the points during which the context broke or a launch failed, with what happened."""
    found: dict[str, str] = {}
    for failure in failed_calls(recording):
        for label in failure.points if failure.spoils_points else ():
            found.setdefault(label, f"{failure.name} returned {failure.code} ({CODES.get(failure.code, 'unknown')})")
    return found
