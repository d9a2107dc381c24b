"""GPU work of an nsys export: kernels with their launch configurations, copies, fills and whole graph launches."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns, narrow
from profiler.distinct import distinct_rows
from profiler.tools.nsys.device_numbers import device_numbers
from profiler.tools.nsys.identifiers import named, process_ids, spans, start_order
from profiler.tools.nsys.sqlite_export import SqliteExport

KERNEL = "CUPTI_ACTIVITY_KIND_KERNEL"
MEMCPY = "CUPTI_ACTIVITY_KIND_MEMCPY"
MEMSET = "CUPTI_ACTIVITY_KIND_MEMSET"
GRAPH = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"

_PLACE = ("start", "end", "deviceId", "contextId", "streamId", "correlationId", "globalPid")
_LAUNCH = {
    "gridX": "grid_x",
    "gridY": "grid_y",
    "gridZ": "grid_z",
    "blockX": "block_x",
    "blockY": "block_y",
    "blockZ": "block_z",
    "registersPerThread": "registers_per_thread",
    "staticSharedMemory": "static_shared_memory_bytes",
    "dynamicSharedMemory": "dynamic_shared_memory_bytes",
}
_LAUNCH_OPTIONAL = {
    "sharedMemoryExecuted": "shared_memory_executed_bytes",
    "localMemoryPerThread": "local_memory_per_thread_bytes",
}
# Source: ENUM_CUDA_MEMCPY_OPER of nsys 2023.4 to 2025.3
_DIRECTIONS = {
    0: "unknown",
    1: "HtoD",
    2: "DtoH",
    3: "HtoA",
    4: "AtoH",
    5: "AtoA",
    6: "AtoD",
    7: "DtoA",
    8: "DtoD",
    9: "HtoH",
    10: "PtoP",
    11: "UVM HtoD",
    12: "UVM DtoH",
    13: "UVM DtoD",
}
# Source: ENUM_CUDA_MEM_KIND of nsys 2023.4 to 2025.3; CUPTI's own numbers are others
_MEMORY_KINDS = {
    0: "pageable",
    1: "pinned",
    2: "device",
    3: "array",
    4: "managed",
    5: "device static",
    6: "managed static",
    7: "unknown",
}


def _place(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    start, duration = spans(raw["start"], raw["end"])
    process = process_ids(raw["globalPid"])
    return {
        "start_ns": start,
        "duration_ns": duration,
        "process_id": process,
        "device_id": device_numbers(export, process, np.ma.getdata(raw["deviceId"])),
        "context_id": narrow(np.ma.getdata(raw["contextId"])),
        "stream_id": narrow(np.ma.getdata(raw["streamId"])),
        "correlation_id": narrow(np.ma.filled(raw["correlationId"], 0)),
    }


def _in_order(columns: dict[str, Column]) -> Columns:
    frame = Columns(columns)
    order = start_order(frame.array("start_ns"))
    return frame if isinstance(order, slice) else frame.take(order)


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
    raw, group, key_columns = export.grouped(KERNEL, _PLACE, ("sharedMemoryExecuted", "graphNodeId"), keys)
    raw = export.timed(KERNEL, {**raw, "group": group})
    more = {name: raw[name] for name in ("sharedMemoryExecuted",) if name in raw}
    ids, configurations = _configurations(key_columns, raw["group"], more, export.strings)
    columns = _place(export, raw)
    columns["launch_configuration_id"] = ids
    if "graphNodeId" in raw and not np.ma.getmaskarray(raw["graphNodeId"]).all():
        columns["graph_node_id"] = raw["graphNodeId"]
    return {"kernels": _in_order(columns), "launch_configurations": configurations}


def read_memcpys(export: SqliteExport) -> dict[str, Columns]:
    """Read `memcpys`."""
    raw = export.timed(MEMCPY, export.integers(MEMCPY, (*_PLACE, "bytes", "copyKind"), ("srcKind", "dstKind")))
    columns = _place(export, raw)
    columns["size_bytes"] = np.ma.getdata(raw["bytes"])
    columns["direction"] = _labelled(raw["copyKind"], _DIRECTIONS)
    unknown = np.full(len(raw["start"]), 7)
    columns["source_kind"] = _labelled(raw.get("srcKind", unknown), _MEMORY_KINDS)
    columns["destination_kind"] = _labelled(raw.get("dstKind", unknown), _MEMORY_KINDS)
    return {"memcpys": _in_order(columns)}


def read_memsets(export: SqliteExport) -> dict[str, Columns]:
    """Read `memsets`."""
    raw = export.timed(MEMSET, export.integers(MEMSET, (*_PLACE, "bytes"), ("memKind",)))
    columns = _place(export, raw)
    columns["size_bytes"] = np.ma.getdata(raw["bytes"])
    columns["memory_kind"] = _labelled(raw.get("memKind", np.full(len(raw["start"]), 7)), _MEMORY_KINDS)
    return {"memsets": _in_order(columns)}


def read_graph_launches(export: SqliteExport) -> dict[str, Columns]:
    """Read `graph_launches`."""
    raw = export.timed(GRAPH, export.integers(GRAPH, _PLACE, ("graphId",)))
    columns = _place(export, raw)
    if "graphId" in raw:
        columns["graph_id"] = raw["graphId"]
    return {"graph_launches": _in_order(columns)}


def _labelled(kinds: np.ndarray, labels: dict[int, str]) -> Coded:
    return named(np.ma.filled(kinds, -1), labels).filled("unknown")
