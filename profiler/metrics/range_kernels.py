"""The kernels of each NVTX range: which range launched how much of which kernel."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns, from_records
from profiler.distinct import distinct, distinct_rows
from profiler.metrics.gpu_operations import KERNEL
from profiler.metrics.grouping import group_statistics, statistic_specs
from profiler.metrics.range_projection import Projection, projection
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_KERNELS = "nsys stats nvtx_kern_sum"
_STATISTICS = ("total", "mean", "median", "min", "max", "stddev")
_BATCH_PAIRS = 4_000_000


def nvtx_kernels(recording: Captures) -> Columns:
    """Summarise the kernels of each range, by domain, name, kind and thread; the largest total first."""
    projected = projection(recording)
    if projected is None:
        return from_records([], NVTX_KERNELS.columns)
    ranges = projected.ranges
    keys = [ranges.coded(column).codes for column in ("domain", "name", "kind")]
    first, group = distinct_rows([*keys, ranges.array("process_id"), ranges.array("thread_id")])
    parts = [
        part
        for wide, order in ((False, projected.order), (True, projected.process_order))
        for part in _batches(projected, order, np.flatnonzero(projected.wide == wide), group)
    ]
    return _frame(parts, ranges, first, projected.operations.label)


def _batches(projected: Projection, order: np.ndarray, mine: np.ndarray, group: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Pair ranges with their kernels, a bounded number of pairs at a time, all ranges of a group together.

    Args:
        projected: The projection.
        order: Operations in the launch order that the positions of these ranges refer to.
        mine: The ranges.
        group: Group of every range.
    """
    operations = projected.operations
    position = np.flatnonzero(operations.kind[order] == KERNEL)
    low = np.searchsorted(position, projected.low[mine])
    count = np.searchsorted(position, projected.high[mine]) - low
    used = np.flatnonzero(count)
    used = used[np.lexsort((low[used], group[mine[used]]))]
    groups, low, count = group[mine[used]], low[used], count[used]
    pairs = np.cumsum(count)
    kernel = order[position]
    duration, code = operations.duration[kernel], operations.label.codes[kernel]
    parts, begin, names = [], 0, max(len(operations.label.values), 1)
    while begin < len(used):
        stop = int(np.searchsorted(pairs, (pairs[begin - 1] if begin else 0) + _BATCH_PAIRS, side="right"))
        last_group = groups[min(max(stop, begin + 1), len(groups)) - 1]
        stop = int(np.searchsorted(groups, last_group, side="right"))
        chosen = slice(begin, stop)
        parts.append(_pair_statistics(groups[chosen], low[chosen], count[chosen], duration, code, names))
        begin = stop
    return parts


def _pair_statistics(
    group: np.ndarray, low: np.ndarray, count: np.ndarray, duration: np.ndarray, code: np.ndarray, names: int
) -> dict[str, np.ndarray]:
    """Compute the statistics of each (group, kernel name).

    Args:
        group, low, count: Group, first position and number of kernels of each range, ordered by group and position.
        duration, code: Duration and name of the kernel at each position.
        names: Number of names.
    """
    own, local = distinct(group)
    first_pair = np.cumsum(count) - count
    member = np.arange(int(count.sum()), dtype=np.int32)
    member += np.repeat((low - first_pair).astype(np.int32), count)
    kernel = code[member]
    # small numbers without holes: group and name side by side need no look-up
    wide = np.int32 if len(own) * names < 2**31 else np.int64
    codes = np.repeat(np.multiply(local, names, dtype=wide), count)
    codes += kernel
    stats = group_statistics(codes, duration[member], len(own) * names)
    used = np.flatnonzero(stats.count)
    touching = (group[1:] == group[:-1]) & (low[1:] < (low + count)[:-1])
    ranges = _ranges_per_pair(local, count, kernel, names, len(own))
    # a kernel inside two ranges of one name is one kernel, though its time counts twice
    kernels = _distinct_members(codes, member, len(own) * names) if touching.any() else stats.count
    columns = {"range_count": ranges, "kernel_count": kernels, **stats.columns("{}_ns", _STATISTICS)}
    pair = own[used // names].astype(np.int64) * names + used % names
    return {"pair": pair, **{name: np.ma.getdata(values)[used] for name, values in columns.items()}}


def _ranges_per_pair(local: np.ndarray, count: np.ndarray, kernel: np.ndarray, names: int, groups: int) -> np.ndarray:
    """Count the ranges of each (group, kernel name); a range counts once however often it launched the kernel."""
    wide = np.int32 if len(local) * names < 2**31 else np.int64
    instance = np.repeat(np.multiply(np.arange(len(local), dtype=wide), names, dtype=wide), count)
    instance += kernel
    instance, _ = distinct(instance)
    return np.bincount(local[instance // names].astype(np.int64) * names + instance % names, minlength=groups * names)


def _distinct_members(codes: np.ndarray, member: np.ndarray, groups: int) -> np.ndarray:
    width = int(member.max()) + 1
    return np.bincount(np.unique(codes.astype(np.int64) * width + member) // width, minlength=groups)


def _frame(parts: list[dict[str, np.ndarray]], ranges: Columns, first: np.ndarray, kernels: Coded) -> Columns:
    if not parts:
        return from_records([], NVTX_KERNELS.columns)
    names = max(len(kernels.values), 1)
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    row, code = first[merged["pair"] // names], merged["pair"] % names
    columns: dict[str, Column] = {
        "domain": ranges.coded("domain").take(row),
        "range": ranges.coded("name").take(row),
        "kernel": Coded(code.astype(np.int32), kernels.values),
        "kind": ranges.coded("kind").take(row),
        "process_id": ranges.array("process_id")[row],
        "thread_id": ranges.array("thread_id")[row],
        **{name: values for name, values in merged.items() if name != "pair"},
    }
    return Columns(columns).take(np.lexsort((code, row, -merged["total_ns"])))


NVTX_KERNELS = MetricTable(
    name="nvtx_kernels",
    title="Kernels by NVTX range",
    text="one kernel name launched inside the ranges of one name on one thread",
    needs=("nvtx_ranges", "kernels", "api_calls"),
    keys=("domain", "range", "kernel", "kind", "process_id", "thread_id"),
    columns=(
        ColumnSpec("domain", text="NVTX domain, empty for the default one"),
        ColumnSpec("range", text="message of the range", source=_KERNELS),
        ColumnSpec("kernel", text="demangled kernel name", source=_KERNELS),
        ColumnSpec("kind", text="push_pop or start_end", source=_KERNELS),
        ColumnSpec("process_id", text="operating system process", source=_KERNELS),
        ColumnSpec("thread_id", text="operating system thread", source=_KERNELS),
        ColumnSpec("range_count", text="ranges that hold the kernel", source=_KERNELS),
        ColumnSpec("kernel_count", text="executions of the kernel", source=_KERNELS),
        *statistic_specs("{}_ns", _STATISTICS, "duration", _KERNELS),
    ),
    compute=nvtx_kernels,
    compact=("range", "kernel", "range_count", "kernel_count", "total_ns", "median_ns", "min_ns", "max_ns"),
    narrow=("range", "kernel", "median_ns"),
)
