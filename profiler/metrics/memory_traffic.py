"""Memory operations: copies by direction and memory kind, and fills."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from profiler.columns import Coded, Columns, stack
from profiler.distinct import distinct_rows
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import operations_tool
from profiler.metrics.grouping import group_statistics, share_pct, statistic_specs
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_TIME, _SIZE = "nsys stats cuda_gpu_mem_time_sum", "nsys stats cuda_gpu_mem_size_sum"
_TIMES = ("mean", "median", "p95", "min", "max", "stddev")
_SIZES = ("mean", "median", "min", "max", "stddev")
_KEYS = ("direction", "source_kind", "destination_kind")


def memory_operations(recording: Captures) -> Columns:
    """Compute the summary of copies and fills, the largest total time first.

    Raises:
        DataMissingError: The recording holds neither copies nor fills.
    """
    tool = operations_tool(recording)
    parts = list(_parts(recording.only(tool))) if tool else []
    if not parts:
        raise DataMissingError(f"memory_operations: {recording.reason('memcpys')}", "choose another recording")
    work = stack(parts)
    coded = [work.coded(name) for name in _KEYS]
    first, codes = distinct_rows([column.codes for column in coded])
    duration, size = work.array("duration_ns"), work.array("size_bytes")
    time, sizes = group_statistics(codes, duration, len(first)), group_statistics(codes, size, len(first))
    with np.errstate(divide="ignore", invalid="ignore"):
        # bytes per ns times 1e9: copies of 0 ns have no bandwidth
        bandwidth = np.where(time.total > 0, sizes.total * 1e9 / time.total, np.nan)
    frame = Columns(
        {
            "direction": coded[0].take(first),
            "count": time.count,
            "bytes": sizes.total,
            "total_ns": time.total,
            "bandwidth_bytes_per_s": bandwidth,
            "source_kind": coded[1].take(first),
            "destination_kind": coded[2].take(first),
            "share_pct": share_pct(time.total),
            **time.columns("{}_ns", _TIMES),
            **sizes.columns("{}_bytes", _SIZES),
        }
    )
    return frame.take(np.lexsort((np.arange(frame.rows), -time.total)))


def _parts(recording: Captures) -> Iterator[Columns]:
    """Yield copies and fills in the same columns."""
    if recording.has("memcpys"):
        yield recording.columns("memcpys").select((*_KEYS, "duration_ns", "size_bytes"))
    if recording.has("memsets"):
        fills = recording.columns("memsets")
        kinds = {"direction": Coded(np.zeros(fills.rows, np.int32), ["memset"]), "destination_kind": fills.coded("memory_kind")}
        yield fills.select(("duration_ns", "size_bytes")).with_columns(**kinds, source_kind=Coded(np.full(fills.rows, -1), []))


MEMORY_OPERATIONS = MetricTable(
    name="memory_operations",
    title="Memory operations",
    text="copies of one direction between two kinds of memory, or fills",
    keys=_KEYS,
    columns=(
        ColumnSpec("direction", text="HtoD, DtoH, DtoD, PtoP, …, or memset", source="copyKind"),
        ColumnSpec("count", text="operations", source=_TIME),
        ColumnSpec("bytes", text="bytes moved", source=_SIZE),
        ColumnSpec("total_ns", "lower", "sum of durations", _TIME),
        ColumnSpec("bandwidth_bytes_per_s", "higher", "bytes moved per second of copying", "bytes / total_ns"),
        ColumnSpec("source_kind", text="memory read: pageable, pinned, device, managed, …", source="srcKind"),
        ColumnSpec("destination_kind", text="memory written", source="dstKind"),
        ColumnSpec("share_pct", text="share of all memory operation time", source=_TIME),
        *statistic_specs("{}_ns", _TIMES, "duration", _TIME),
        *statistic_specs("{}_bytes", _SIZES, "size", _SIZE, "none"),
    ),
    compute=memory_operations,
    work="iterations",
    compact=(
        *("direction", "source_kind", "destination_kind", "count", "bytes", "total_ns", "bandwidth_bytes_per_s"),
        *("median_ns", "median_bytes", "max_bytes"),
    ),
    matching=Matching(_KEYS, steady=False),
)
