"""NVTX ranges: time on the CPU, and the GPU work launched inside them."""

from __future__ import annotations

import numpy as np

from profiler.columns import Column, Columns, encode, stack
from profiler.distinct import distinct_rows
from profiler.metrics.gpu_operations import KERNEL
from profiler.metrics.grouping import group_statistics, statistic_specs
from profiler.metrics.range_projection import Projection, nvtx_source, projection
from profiler.metrics.serial_names import grouped_names
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_PROJECTION, _KERNELS = "nsys stats nvtx_gpu_proj_sum", "nsys stats nvtx_kern_sum"
UNRANGED = "unranged"
_HOST = ("mean", "median", "min", "max")
_PROJECTED = ("total", "mean", "median", "min", "max", "stddev")


def nvtx(recording: Captures) -> Columns:
    """Summarise ranges by domain, name and kind, longest host time first; GPU work outside all ranges comes last.

    Names that differ in a serial number alone are one; table `nvtx_kernels` and the ranges themselves keep them apart.
    """
    ranges = nvtx_source(recording)
    domain, name, kind = ranges.coded("domain"), grouped_names(ranges), ranges.coded("kind")
    first, group = distinct_rows([domain.codes, name.codes, kind.codes])
    host = group_statistics(group, ranges.array("duration_ns"), len(first))
    projected = projection(recording)
    frame = Columns(
        {
            "domain": domain.take(first),
            "range": name.take(first),
            "count": host.count,
            "host_total_ns": host.total,
            **(_gpu_columns(projected, group, len(first)) if projected else _no_gpu_columns(len(first))),
            "kind": kind.take(first),
            **host.columns("host_{}_ns", _HOST),
        }
    )
    frame = frame.take(np.argsort(-host.total, kind="stable"))
    return stack([frame, _unranged(projected)]) if projected is not None and len(projected.unranged) else frame


def _gpu_columns(projected: Projection, group: np.ndarray, groups: int) -> dict[str, Column]:
    operations, duration = projected.operations, projected.operations.duration

    def summed(values: np.ndarray) -> np.ndarray:
        totals = np.zeros(groups, np.int64)
        np.add.at(totals, group, projected.per_range(values))
        return totals

    begin, stop = projected.extent()
    busy = np.flatnonzero(projected.high > projected.low)
    stats = group_statistics(group[busy], (stop - begin)[busy], groups)
    inner = np.zeros(groups, np.int64)
    owned = projected.owner >= 0
    np.add.at(inner, group[projected.owner[owned]], duration[projected.order[owned]])
    return {
        "gpu_total_ns": summed(duration),
        "kernel_count": summed(operations.runs_kernels),
        "kernel_total_ns": summed(np.where(operations.kind == KERNEL, duration, 0)),
        "innermost_gpu_ns": inner,
        "proj_count": stats.count,
        **stats.columns("proj_{}_ns", _PROJECTED),
        "operation_count": summed(np.ones(len(duration), np.int64)),
        "launch_count": summed(projected.first_of_launch),
    }


def _no_gpu_columns(groups: int) -> dict[str, Column]:
    """Without GPU work or API calls nothing is known of the GPU side: absent, not 0."""
    nothing = group_statistics(np.zeros(0, np.int64), np.zeros(0, np.int64), groups)
    absent = np.ma.masked_array(np.zeros(groups, np.int64), np.ones(groups, bool))
    names = ("gpu_total_ns", "kernel_count", "kernel_total_ns", "innermost_gpu_ns", "proj_count")
    projected = {**nothing.columns("proj_{}_ns", _PROJECTED), "proj_total_ns": absent}
    return {**dict.fromkeys(names, absent), **projected, "operation_count": absent, "launch_count": absent}


def _unranged(projected: Projection) -> Columns:
    """Return the row of the GPU work outside every range."""
    operations, loose = projected.operations, projected.unranged
    duration = operations.duration[loose]
    values = {
        "gpu_total_ns": duration.sum(),
        "kernel_count": operations.runs_kernels[loose].sum(),
        "kernel_total_ns": duration[operations.kind[loose] == KERNEL].sum(),
        "operation_count": len(loose),
        "launch_count": projected.first_of_launch[loose].sum(),
        "count": 0,
    }
    texts = {"domain": "", "range": "(outside every range)", "kind": UNRANGED}
    numbers = {name: np.array([value], dtype=np.int64) for name, value in values.items()}
    return Columns({**{name: encode([text]) for name, text in texts.items()}, **numbers})


NVTX = MetricTable(
    name="nvtx",
    title="NVTX ranges",
    text="all ranges of one name; GPU work counts once for every range around its launch",
    needs=("nvtx_ranges",),
    keys=("domain", "range", "kind"),
    columns=(
        ColumnSpec("domain", text="NVTX domain, empty for the default one"),
        ColumnSpec("range", text="message of the range, # in place of a serial number"),
        ColumnSpec("count", text="ranges"),
        ColumnSpec("host_total_ns", "lower", "time between begin and end on the CPU, summed", _PROJECTION),
        ColumnSpec("gpu_total_ns", "lower", "durations of all GPU work launched inside, summed", "sum(end - start)"),
        ColumnSpec("kernel_count", text="kernels launched inside; a graph traced as a whole counts as one"),
        ColumnSpec("kernel_total_ns", "lower", "durations of the kernels launched inside, summed", _KERNELS),
        ColumnSpec("innermost_gpu_ns", "lower", "durations of GPU work for which this range is the innermost one"),
        ColumnSpec("proj_count", text="ranges that launched GPU work", source=_PROJECTION),
        *statistic_specs("proj_{}_ns", _PROJECTED, "first start to last end of the GPU work of each range", _PROJECTION),
        ColumnSpec("operation_count", text="kernels, copies, fills and graphs launched inside"),
        ColumnSpec("launch_count", text="API calls inside that launched GPU work", source=_PROJECTION),
        ColumnSpec("kind", text="push_pop, start_end, or unranged for GPU work outside every range"),
        *statistic_specs("host_{}_ns", _HOST, "time on the CPU"),
    ),
    compute=nvtx,
    compact=(
        *("domain", "range", "count", "host_total_ns", "host_median_ns", "gpu_total_ns", "proj_total_ns"),
        *("innermost_gpu_ns", "kernel_count"),
    ),
    narrow=("range", "host_median_ns", "gpu_total_ns"),
    matching=Matching(("domain", "range", "kind"), steady=False),
)
