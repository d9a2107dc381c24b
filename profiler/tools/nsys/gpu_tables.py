"""GPU work of an nsys export: kernels with their launch configurations, copies, fills and whole graph launches."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns, narrow
from profiler.distinct import distinct_rows
from profiler.tools.nsys.device_numbers import device_numbers
from profiler.tools.nsys.identifiers import in_order, named, process_ids, spans
from profiler.tools.nsys.sqlite_export import SqliteExport

KERNEL = "CUPTI_ACTIVITY_KIND_KERNEL"
MEMCPY = "CUPTI_ACTIVITY_KIND_MEMCPY"
MEMSET = "CUPTI_ACTIVITY_KIND_MEMSET"
GRAPH = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"

PLACE = ("start", "end", "deviceId", "contextId", "streamId", "correlationId", "globalPid")
_LAUNCH = {f"{kind}{axis.upper()}": f"{kind}_{axis}" for kind in ("grid", "block") for axis in "xyz"}
_LAUNCH |= {"registersPerThread": "registers_per_thread"}
_LAUNCH |= {"staticSharedMemory": "static_shared_memory_bytes", "dynamicSharedMemory": "dynamic_shared_memory_bytes"}
_LAUNCH_OPTIONAL = {
    "sharedMemoryExecuted": "shared_memory_executed_bytes",
    "localMemoryPerThread": "local_memory_per_thread_bytes",
}
# Source: ENUM_CUDA_MEMCPY_OPER of nsys 2023.4 to 2025.3
_DIRECTIONS = dict(enumerate("unknown HtoD DtoH HtoA AtoH AtoA AtoD DtoA DtoD HtoH PtoP".split()))
_DIRECTIONS |= {11: "UVM HtoD", 12: "UVM DtoH", 13: "UVM DtoD"}
# Source: ENUM_CUDA_MEM_KIND of nsys 2023.4 to 2025.3; CUPTI's own numbers are others
_MEMORY_KINDS = dict(enumerate(("pageable", "pinned", "device", "array", "managed", "device static", "managed static", "unknown")))
_UNKNOWN_KIND = 7


def placed(export: SqliteExport, raw: dict[str, np.ndarray], end: np.ndarray) -> dict[str, Column]:
    """Return when and where each row of a table took place, for rows that end at `end`."""
    start, duration = spans(raw["start"], end)
    process = process_ids(np.ma.getdata(raw["globalPid"]))
    return {
        "start_ns": start,
        "duration_ns": duration,
        "process_id": process,
        "device_id": device_numbers(export, process, np.ma.filled(raw["deviceId"], -1)),
        "context_id": narrow(np.ma.filled(raw["contextId"], -1)),
        "stream_id": narrow(np.ma.filled(raw["streamId"], -1)),
        "correlation_id": narrow(np.ma.filled(raw["correlationId"], 0)),
    }


def _configurations(
    keys: dict[str, np.ndarray], group: np.ndarray, more: dict[str, np.ndarray], names: dict[int, str]
) -> tuple[np.ndarray, Columns]:
    """Number launch configurations.

    Args:
        keys: Most columns of a configuration, one row per combination.
        group: Combination of each kernel.
        more: The other columns of a configuration, one row per kernel.
        names: Id to name.
    """
    order, rank = distinct_rows([np.ma.filled(values, -1) for values in keys.values()])
    row, ids = distinct_rows([rank[group], *(np.ma.filled(values, -1) for values in more.values())])
    first = order[rank[group[row]]]
    raw = {**{name: values[first] for name, values in keys.items()}, **{n: values[row] for n, values in more.items()}}
    table: dict[str, Column] = {"kernel": _name_of(raw["demangledName"], names)}
    if "shortName" in raw:
        table["short_name"] = _name_of(raw["shortName"], names)
    for source, target in {**_LAUNCH, **_LAUNCH_OPTIONAL}.items():
        if source in raw:
            table[target] = raw[source]
    return ids, Columns(table)


def _name_of(ids: np.ndarray, names: dict[int, str]) -> Coded:
    return named(ids, names).filled("[name not in the export]")


def read_kernels(export: SqliteExport) -> dict[str, Columns]:
    """Read `kernels` and `launch_configurations`."""
    present = export.columns[KERNEL]
    # gridId, which no two launches share, stands between these and the carve-out
    keys = [*("demangledName", *_LAUNCH), *(name for name in ("shortName", "localMemoryPerThread") if name in present)]
    raw, group, key_columns = export.grouped(KERNEL, PLACE, ("sharedMemoryExecuted", "graphNodeId"), keys)
    raw = export.timed(KERNEL, {**raw, "group": group})
    more = {name: raw[name] for name in ("sharedMemoryExecuted",) if name in raw}
    ids, configurations = _configurations(key_columns, raw["group"], more, export.strings)
    columns = placed(export, raw, raw["end"])
    columns["launch_configuration_id"] = ids
    if "graphNodeId" in raw and not np.ma.getmaskarray(raw["graphNodeId"]).all():
        columns["graph_node_id"] = raw["graphNodeId"]
    return {"kernels": in_order(columns), "launch_configurations": configurations}


def read_memcpys(export: SqliteExport) -> dict[str, Columns]:
    """Read `memcpys`."""
    kinds = {"srcKind": "source_kind", "dstKind": "destination_kind"}
    raw = export.timed(MEMCPY, export.integers(MEMCPY, (*PLACE, "bytes", "copyKind"), tuple(kinds)))
    direction = {"direction": _labelled(raw["copyKind"], _DIRECTIONS)}
    return {"memcpys": in_order(_moved(export, raw) | direction | _kinds(raw, kinds))}


def read_memsets(export: SqliteExport) -> dict[str, Columns]:
    """Read `memsets`."""
    raw = export.timed(MEMSET, export.integers(MEMSET, (*PLACE, "bytes"), ("memKind",)))
    return {"memsets": in_order(_moved(export, raw) | _kinds(raw, {"memKind": "memory_kind"}))}


def _moved(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    return {**placed(export, raw, raw["end"]), "size_bytes": np.ma.getdata(raw["bytes"])}


def _kinds(raw: dict[str, np.ndarray], names: dict[str, str]) -> dict[str, Column]:
    unknown = np.full(len(raw["start"]), _UNKNOWN_KIND)
    return {column: _labelled(raw.get(name, unknown), _MEMORY_KINDS) for name, column in names.items()}


def read_graph_launches(export: SqliteExport) -> dict[str, Columns]:
    """Read `graph_launches`."""
    raw = export.timed(GRAPH, export.integers(GRAPH, PLACE, ("graphId",)))
    graph: dict[str, Column] = {"graph_id": raw["graphId"]} if "graphId" in raw else {}
    return {"graph_launches": in_order(placed(export, raw, raw["end"]) | graph)}


def _labelled(kinds: np.ndarray, labels: dict[int, str]) -> Coded:
    return named(np.ma.filled(kinds, -1), labels).filled("unknown")
