"""CPU side of the CUDA calls in an nsys export: API calls and waits for the GPU."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns, narrow
from profiler.tools.nsys.gpu_tables import PLACE, placed
from profiler.tools.nsys.identifiers import api_name, in_order, named, process_ids, spans, thread_ids
from profiler.tools.nsys.sqlite_export import SqliteExport

RUNTIME = "CUPTI_ACTIVITY_KIND_RUNTIME"
SYNCHRONIZATION = "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION"

_DRIVER_CLASS = 1


def read_api_calls(export: SqliteExport) -> dict[str, Columns]:
    """Read `api_calls`: runtime and driver calls together, as nsys stores them."""
    raw = export.integers(RUNTIME, ("start", "end", "globalTid", "correlationId", "nameId"), ("eventClass", "returnValue"))
    raw = export.timed(RUNTIME, raw, open_ends=True)
    start, duration = spans(raw["start"], _closed(raw["start"], raw["end"]))
    driver = np.ma.getdata(raw["eventClass"]) == _DRIVER_CLASS if "eventClass" in raw else np.zeros(len(start), bool)
    columns: dict[str, Column] = {
        "start_ns": start,
        "duration_ns": duration,
        "api": Coded(driver.astype(np.int8), ["runtime", "driver"]),
        "name": named(raw["nameId"], export.strings, api_name),
        "process_id": process_ids(np.ma.getdata(raw["globalTid"])),
        "thread_id": thread_ids(np.ma.getdata(raw["globalTid"])),
        "correlation_id": narrow(np.ma.filled(raw["correlationId"], 0)),
    }
    if "returnValue" in raw:
        values = raw["returnValue"]
        columns["return_value"] = values if isinstance(values, np.ma.MaskedArray) else narrow(values)
    return {"api_calls": in_order(columns)}


def _closed(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Give a call that never returned the last time stamp of the table as its end."""
    if not isinstance(end, np.ma.MaskedArray) or not len(end):
        return end
    last = max(int(np.max(np.ma.getdata(start))), int(end.max() if end.count() else 0))
    return np.where(np.ma.getmaskarray(end), last, np.ma.getdata(end).astype(np.int64))


def read_synchronizations(export: SqliteExport) -> dict[str, Columns]:
    """Read `synchronizations`.

    The kind comes from the API call that waited: `syncType` labels a cudaStreamSynchronize as a stream wait
    (seen in 2025.3).
    """
    raw, kinds = export.integers(SYNCHRONIZATION, PLACE, ("syncType",)), _kinds(export)
    raw = export.timed(SYNCHRONIZATION, {**raw, "kind": kinds.codes}, open_ends=True)
    place = placed(export, raw, _closed(raw["start"], raw["end"]))
    return {"synchronizations": in_order({**place, "kind": Coded(raw["kind"], kinds.values)})}


_KIND_OF_CALL = (
    ("EventSynchronize", "event"),
    ("StreamWaitEvent", "stream-wait"),
    ("StreamSynchronize", "stream"),
    ("DeviceSynchronize", "context"),
    ("CtxSynchronize", "context"),
)
_KIND_OF_TYPE = {1: "event", 2: "stream-wait", 3: "stream", 4: "context"}


def _kinds(export: SqliteExport) -> Coded:
    has_type = export.has(SYNCHRONIZATION, "syncType")
    kind = "y.syncType" if has_type else "0"
    call, join = "NULL", ""
    if export.has(RUNTIME, "correlationId", "nameId", "globalTid") and "StringIds" in export.columns:
        call, join = (
            "s.value",
            f"""LEFT JOIN (
            SELECT correlationId AS c, globalTid & ~0xFFFFFF AS p, min(nameId) AS n FROM {RUNTIME}
            WHERE correlationId IN (SELECT correlationId FROM {SYNCHRONIZATION}) GROUP BY 1, 2
            ) AS r ON r.c = y.correlationId AND r.p = y.globalPid LEFT JOIN StringIds AS s ON s.id = r.n""",
        )
    rows = export.query(f"SELECT {call}, {kind} FROM {SYNCHRONIZATION} AS y {join} ORDER BY y.rowid")
    known: dict[str, int] = {}
    codes = [known.setdefault(_kind(name, sync_type), len(known)) for name, sync_type in rows]
    return Coded(np.asarray(codes, dtype=np.int32), list(known))


def _kind(call: str | None, sync_type: int | None) -> str:
    for part, kind in _KIND_OF_CALL:
        if call and part in call:
            return kind
    # memory copies and profiler calls wait too: their own name tells more than the type
    return api_name(call) if call else _KIND_OF_TYPE.get(sync_type or 0, "unknown")
