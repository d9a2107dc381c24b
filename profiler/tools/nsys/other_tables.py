"""What an nsys export holds beside CUDA and NVTX: MPI, OpenACC, OpenMP, NCCL, GPU metrics and more, told in a message each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profiler.errors import BadExportError
from profiler.tools.nsys.sqlite_export import SqliteExport
from profiler.units import format_ns

_FAMILIES = {
    "MPI": r"MPI_\w*EVENTS",
    "NCCL": r"NCCL_\w+",
    "OpenACC": r"OPENACC_\w+EVENTS|CUPTI_ACTIVITY_KIND_OPENACC_\w+",
    "OpenMP": r"OPENMP_EVENT_KIND_\w+|CUPTI_ACTIVITY_KIND_OPENMP",
    "UCX": r"UCX_\w+|UCP_\w*EVENTS",
    "cuBLAS": r"CUBLAS_EVENTS",
    "cuDNN": r"CUDNN_EVENTS",
    "NVSHMEM": r"NVSHMEM_\w+",
    "network": r"NET_\w*METRIC\w*|IB_\w+",
}
_GPU_METRICS, _METRIC_NAMES = "GPU_METRICS", "TARGET_INFO_GPU_METRICS"
_HINT = "nsys stats and the timeline of Nsight Systems show them in full"
_NAMED = 3


def other_tables(export: SqliteExport) -> Iterator[tuple[str, str, str]]:
    """Yield severity, text and hint for each table of events that the analysis has no table for."""
    found = [(family, name) for family, kind in _FAMILIES.items() for name in export.columns if re.fullmatch(kind, name)]
    found += [("GPU metrics", _GPU_METRICS)] if export.has(_GPU_METRICS, "metricId", "value") else []
    for family, table in found:
        try:
            text = (_metrics if table == _GPU_METRICS else _events)(export, table)
        except BadExportError as error:
            text = f"{table} cannot be read: {error.message.rpartition('(')[2].rstrip(')')}"
        if text:
            yield "info", f"{family}: {text}", _HINT


def _events(export: SqliteExport, table: str) -> str:
    timed = export.has(table, "start", "end")
    total = "coalesce(sum(end - start), 0)" if timed else "0"
    ((count, spent),) = export.query(f'SELECT count(*), {total} FROM "{table}"')
    if not count:
        return ""
    name = next((column for column in ("textId", "nameId") if export.has(table, column)), None)
    of_names = f'SELECT s.value, count(*), {total} FROM "{table}" AS t JOIN StringIds AS s ON s.id = t."{name}"'
    rows = export.query(f"{of_names} GROUP BY 1 ORDER BY 3 DESC, 2 DESC LIMIT {_NAMED}") if name else []
    first = ", ".join(f"{text} {number} times{f', {format_ns(time)}' if timed else ''}" for text, number, time in rows)
    return f"{count} rows of {table}{f', {format_ns(spent)} in all' if timed else ''}{f'; first {first}' if first else ''}"


def _metrics(export: SqliteExport, table: str) -> str:
    named = export.has(_METRIC_NAMES, "metricId", "metricName")
    name = "n.metricName" if named else "'metric ' || m.metricId"
    join = f"JOIN (SELECT DISTINCT metricId, metricName FROM {_METRIC_NAMES}) AS n ON n.metricId = m.metricId" if named else ""
    ((count,),) = export.query(f"SELECT count(*) FROM {table}")
    rows = export.query(f"SELECT {name}, avg(m.value) FROM {table} AS m {join} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6")
    means = ", ".join(f"{text} {value:.4g}" for text, value in rows)
    return f"{count} samples; means: {means}" if count else ""
