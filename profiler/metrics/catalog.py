"""The list of all metric tables, and computing them together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from profiler.columns import Columns
from profiler.errors import DataMissingError, UsageError, nearest
from profiler.metrics.activity import DEVICE_ACTIVITY, STREAM_OVERLAP
from profiler.metrics.counters import COUNTERS
from profiler.metrics.diagnostics import DIAGNOSTICS
from profiler.metrics.gaps import GAPS, MEMCPY_GAPS
from profiler.metrics.kernel_time import KERNELS
from profiler.metrics.launch_latency import LAUNCH_LATENCY
from profiler.metrics.launches import LAUNCHES
from profiler.metrics.memory_traffic import MEMORY_OPERATIONS
from profiler.metrics.occupancy import OCCUPANCY
from profiler.metrics.points import POINTS
from profiler.metrics.range_kernels import NVTX_KERNELS
from profiler.metrics.ranges import NVTX
from profiler.metrics.spec import MetricTable
from profiler.metrics.summary import SUMMARY
from profiler.tables.captures import Captures

METRIC_TABLES: tuple[MetricTable, ...] = (
    SUMMARY,
    POINTS,
    KERNELS,
    OCCUPANCY,
    MEMORY_OPERATIONS,
    DEVICE_ACTIVITY,
    GAPS,
    MEMCPY_GAPS,
    LAUNCH_LATENCY,
    STREAM_OVERLAP,
    NVTX,
    NVTX_KERNELS,
    LAUNCHES,
    COUNTERS,
    DIAGNOSTICS,
)


_OFTEN_NEEDED = ("memcpys", "memsets", "graph_launches", "api_calls", "nvtx_ranges", "devices", "diagnostics")
_WORKERS = min(2, os.cpu_count() or 1)


_OLD_NAMES = {"kernels": "kernel_summary", "points": "point_summary", "counters": "launch_counters", "diagnostics": "messages"}
"""Names of 0.1, which are those of recorded tables."""


def find(name: str) -> MetricTable:
    """Return a metric table by name, one of 0.1 among them.

    Raises:
        UsageError: There is none; the hint names the nearest.
    """
    for table in METRIC_TABLES:
        if table.name == _OLD_NAMES.get(name, name):
            return table
    raise UsageError(f"no metric table {name!r}", nearest(name, [table.name for table in METRIC_TABLES]))


def compute_all(recording: Captures, names: Iterable[str] | None = None) -> tuple[dict[str, Columns], dict[str, str]]:
    """Compute all metric tables, or those named, reading each artefact once.

    Returns:
        Table name to columns, and for the tables without data the reason.
    """
    chosen = METRIC_TABLES if names is None else tuple(find(name) for name in names)
    recording.prefetch(dict.fromkeys([*_OFTEN_NEEDED, *(need for table in chosen for need in table.needs)]))

    def result(table: MetricTable) -> Columns | str:
        try:
            return table.of(recording)
        except DataMissingError as error:
            return error.message

    with ThreadPoolExecutor(max_workers=_WORKERS) as workers:
        # NumPy works outside the interpreter's lock: two tables at a time where there are two cores
        results = list(workers.map(result, chosen))
    frames = {table.name: item for table, item in zip(chosen, results, strict=True) if isinstance(item, Columns)}
    absent = {table.name: item for table, item in zip(chosen, results, strict=True) if isinstance(item, str)}
    return frames, absent
