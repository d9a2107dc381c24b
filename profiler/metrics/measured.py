"""A recording without the work around its measured iterations: checks, fills, warm-up, and what holds streams back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.columns import Columns
from profiler.errors import DataMissingError
from profiler.metrics import catalog
from profiler.metrics.gpu_operations import OPERATION_TABLES, gpu_operations, operations_tool
from profiler.metrics.occupancy import OCCUPANCY
from profiler.metrics.point_ranges import operation_points
from profiler.metrics.summary import FIGURES, SUMMARY
from profiler.schema import OWN_PROGRAMS
from profiler.tables.captures import Captures

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

_HARNESS_REASON = (
    "left out: the sweep's driver holds streams back and checks outputs between points, so this would tell of its own work; "
    "profiler metrics has it"
)
MEASURED_NOTE = "GPU work of the measured iterations only: what lies between them is the driver's own."


def measured(recording: Recording) -> Recording:
    """Return the recording with only the GPU work that measured iterations launched.

    The recording itself where no iteration is known to have launched any. Tables of ranges and API calls stay whole.
    """
    return recording.memo("measured", lambda: _measured(recording))


def shown_metric(recording: Recording, name: str) -> pd.DataFrame:
    """Return a metric table as pages and `profiler show` have it: of an own sweep without the driver's own work.

    Args:
        recording: Any recording.
        name: Name of the metric table.

    Raises:
        DataMissingError: The recording lacks what the table needs, or the table would tell of the driver alone.
    """
    if not is_own_sweep(recording):
        return recording.metric(name)
    work = catalog.find(name).work
    if work == "harness":
        raise DataMissingError(f"{name}: {_HARNESS_REASON}", f"profiler metrics --table {name}")
    frame = measured(recording).metric(name) if work == "iterations" else recording.metric(name)
    if name == SUMMARY.name:
        return frame[~frame["key"].isin([figure.name for figure in FIGURES if figure.work == "harness"])]
    if name == OCCUPANCY.name:
        return frame[frame["count"].ne(0).fillna(True)]
    return frame


def is_own_sweep(recording: Recording) -> bool:
    """Return whether the recorded program is the project's driver or runner.

    They hold streams back while they enqueue, and check outputs between points: launch latencies, gaps and copies outside of
    iterations are theirs and say nothing about the kernels.
    """
    try:
        points = recording.columns("points")
    except DataMissingError:
        return False
    return "program" in points and any(name in OWN_PROGRAMS for name in points.coded("program").values)


def is_narrowed(recording: Recording) -> bool:
    """Return whether `shown_metric` leaves GPU work of the recording out."""
    return is_own_sweep(recording) and measured(recording) is not recording


def _measured(recording: Recording) -> Recording:
    tool = operations_tool(recording)
    if tool is None:
        return recording
    owner, _ = operation_points(recording.only(tool))
    return _selected(recording, tool, owner >= 0) if (owner >= 0).any() else recording


def within_kernels(recording: Recording) -> Recording:
    """Return the recording with only the GPU work from each device's first kernel to its last: before and after lies set-up."""
    tool = operations_tool(recording)
    if tool is None:
        return recording
    operations = gpu_operations(recording.only(tool))
    inside = np.zeros(len(operations.start), dtype=bool)
    for _, rows in operations.by_device():
        kernels = operations.runs_kernels[rows]
        if kernels.any():
            start, end = operations.start[rows], operations.end[rows]
            inside[rows] = (start >= start[kernels][0]) & (end <= end[kernels].max())
    return recording if inside.all() or not inside.any() else _selected(recording, tool, inside)


def _selected(recording: Recording, tool: str, inside: np.ndarray) -> Recording:
    """Return the recording with some of a tool's GPU operations only."""
    own = recording.only(tool)
    operations = gpu_operations(own)
    kept = {name: inside & (operations.kind == kind) for kind, name in enumerate(OPERATION_TABLES)}
    rows = {name: np.sort(operations.row[mask]) for name, mask in kept.items() if own.has(name)}
    return recording.with_sources([_SelectedRows(tool, rows, own), *recording.sources])


class _SelectedRows:
    """Chosen rows of another recording's tables; put before that one's own sources, they stand for them."""

    def __init__(self, tool: str, rows: Mapping[str, np.ndarray], whole: Captures) -> None:
        self.tool, self.path = tool, whole.path
        self._rows, self._whole, self.prefetch = rows, whole, whole.prefetch

    def read(self, name: str) -> Columns | None:
        if name not in self._rows:
            return None
        return self._whole.memo(("selected rows", name), lambda: self._whole.columns(name).take(self._rows[name]))

    def reason(self, name: str) -> str:
        return ""

    def info(self) -> dict[str, Any]:
        return {}
