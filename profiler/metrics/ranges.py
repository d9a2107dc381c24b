"""NVTX ranges: time on the CPU, and the GPU work launched inside them."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns
from profiler.distinct import distinct_rows
from profiler.metrics.grouping import group_statistics
from profiler.metrics.range_projection import Projection, counts_as_kernel, is_kernel, nvtx_source, projection
from profiler.metrics.serial_names import grouped_names
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_PROJECTION, _KERNELS = "nsys stats nvtx_gpu_proj_sum", "nsys stats nvtx_kern_sum"
UNRANGED = "unranged"


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
            "host_mean_ns": host.mean,
            "host_median_ns": host.median,
            "host_min_ns": host.minimum,
            "host_max_ns": host.maximum,
        }
    )
    frame = frame.take(np.argsort(-host.total, kind="stable"))
    return _with_unranged(frame, projected) if projected is not None and len(projected.unranged) else frame


def _gpu_columns(projected: Projection, group: np.ndarray, groups: int) -> dict[str, Column]:
    operations = projected.operations
    duration = operations.end - operations.start

    def summed(values: np.ndarray) -> np.ndarray:
        totals = np.zeros(groups, np.int64)
        np.add.at(totals, group, projected.per_range(values))
        return totals

    kernel = is_kernel(operations)
    begin, stop = projected.extent()
    busy = np.flatnonzero(projected.high > projected.low)
    stats = group_statistics(group[busy], (stop - begin)[busy], groups)
    inner = np.zeros(groups, np.int64)
    owned = projected.owner >= 0
    np.add.at(inner, group[projected.owner[owned]], duration[projected.order[owned]])
    return {
        "gpu_total_ns": summed(duration),
        "kernel_count": summed(counts_as_kernel(operations)),
        "kernel_total_ns": summed(np.where(kernel, duration, 0)),
        "innermost_gpu_ns": inner,
        "proj_count": stats.count,
        "proj_total_ns": stats.total,
        "proj_mean_ns": stats.mean,
        "proj_median_ns": stats.median,
        "proj_min_ns": _absent_where_empty(stats.minimum, stats.count),
        "proj_max_ns": _absent_where_empty(stats.maximum, stats.count),
        "proj_stddev_ns": stats.stddev,
        "operation_count": summed(np.ones(len(duration), np.int64)),
        "launch_count": summed(projected.first_of_launch),
    }


def _absent_where_empty(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.ma.masked_array(values, count == 0) if (count == 0).any() else values


def _no_gpu_columns(groups: int) -> dict[str, Column]:
    """Without GPU work or API calls nothing is known of the GPU side: absent, not 0."""
    integers = ("gpu_total_ns", "kernel_count", "kernel_total_ns", "innermost_gpu_ns", "proj_count", "proj_total_ns")
    floats = ("proj_mean_ns", "proj_median_ns")
    tail = ("proj_min_ns", "proj_max_ns")
    absent = np.ma.masked_array(np.zeros(groups, np.int64), np.ones(groups, bool))
    nan = np.full(groups, np.nan)
    columns: dict[str, Column] = {name: absent for name in integers}
    columns |= {name: nan for name in floats} | {name: absent for name in tail}
    return {**columns, "proj_stddev_ns": nan, "operation_count": absent, "launch_count": absent}


def _with_unranged(frame: Columns, projected: Projection) -> Columns:
    operations = projected.operations
    loose = projected.unranged
    duration = operations.end[loose] - operations.start[loose]
    kernel = is_kernel(operations)[loose]
    values: dict[str, int] = {
        "gpu_total_ns": int(duration.sum()),
        "kernel_count": int(counts_as_kernel(operations)[loose].sum()),
        "kernel_total_ns": int(duration[kernel].sum()),
        "operation_count": len(loose),
        "launch_count": int(projected.first_of_launch[loose].sum()),
        "count": 0,
    }
    texts = {"domain": "", "range": "(outside every range)", "kind": UNRANGED}
    columns: dict[str, Column] = {}
    for name, column in frame.items():
        if isinstance(column, Coded):
            codes, known = column.codes, list(column.values)
            if texts[name] not in known:
                known.append(texts[name])
            columns[name] = Coded(np.append(codes, known.index(texts[name])).astype(np.int32), known)
        elif column.dtype.kind == "f":
            columns[name] = np.append(column, np.nan)
        else:
            mask = np.append(np.ma.getmaskarray(column), name not in values)
            data = np.append(np.ma.getdata(column), values.get(name, 0))
            columns[name] = np.ma.masked_array(data, mask) if mask.any() else data
    return Columns(columns)


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
        ColumnSpec("proj_total_ns", "lower", "first start to last end of the GPU work of each range, summed", _PROJECTION),
        ColumnSpec("proj_mean_ns", "lower", "mean projected time", _PROJECTION),
        ColumnSpec("proj_median_ns", "lower", "median projected time", _PROJECTION),
        ColumnSpec("proj_min_ns", "lower", "shortest projected time", _PROJECTION),
        ColumnSpec("proj_max_ns", "lower", "longest projected time", _PROJECTION),
        ColumnSpec("proj_stddev_ns", "lower", "standard deviation of the projected time", _PROJECTION),
        ColumnSpec("operation_count", text="kernels, copies, fills and graphs launched inside"),
        ColumnSpec("launch_count", text="API calls inside that launched GPU work", source=_PROJECTION),
        ColumnSpec("kind", text="push_pop, start_end, or unranged for GPU work outside every range"),
        ColumnSpec("host_mean_ns", "lower", "mean time on the CPU"),
        ColumnSpec("host_median_ns", "lower", "median time on the CPU"),
        ColumnSpec("host_min_ns", "lower", "shortest time on the CPU"),
        ColumnSpec("host_max_ns", "lower", "longest time on the CPU"),
    ),
    compute=nvtx,
    compact=(
        *("domain", "range", "count", "host_total_ns", "host_median_ns", "gpu_total_ns", "proj_total_ns"),
        *("innermost_gpu_ns", "kernel_count"),
    ),
    narrow=("range", "host_median_ns", "gpu_total_ns"),
    matching=Matching(("domain", "range", "kind"), steady=False),
)
