"""NVTX ranges and marks of an nsys export, with the names, domains and payloads that `nsys stats` gives them."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Column, Columns, encode
from profiler.tools.nsys.identifiers import named, process_ids, spans, start_order, thread_ids
from profiler.tools.nsys.sqlite_export import SqliteExport

NVTX = "NVTX_EVENTS"

_DOMAIN, _CATEGORY = 75, 33
# Source: ENUM_NSYS_EVENT_TYPE; 65, 70 and 71 are the same events imported from nvtxt files
_KINDS = {59: "push_pop", 60: "start_end", 34: "mark", 65: "mark", 70: "push_pop", 71: "start_end"}
_INTEGER_PAYLOADS = ("int64Value", "uint64Value", "int32Value", "uint32Value")
_FLOAT_PAYLOADS = ("doubleValue", "floatValue")


def read_nvtx_ranges(export: SqliteExport) -> dict[str, Columns]:
    """Read `nvtx_ranges`. A range that never ended ends with the last NVTX event, as in `nsys stats`."""
    optional = ("endGlobalTid", "textId", "domainId", "category", *_INTEGER_PAYLOADS, "jsonTextId")
    raw = export.integers(NVTX, ("rowid", "start", "end", "eventType", "globalTid"), optional)
    raw = export.timed(NVTX, raw, open_ends=True)
    events = np.isin(np.ma.getdata(raw["eventType"]), list(_KINDS))
    last = _last_time(raw["start"], raw["end"])
    raw = {name: values[events] for name, values in raw.items()}
    start = np.ma.getdata(raw["start"])
    kind = named(np.ma.getdata(raw["eventType"]), _KINDS)
    is_mark = kind.codes == (list(kind.values).index("mark") if "mark" in kind.values else -2)
    end = np.where(is_mark, start, np.ma.filled(raw["end"].astype(np.int64), last))
    start, duration = spans(start, end)
    thread = np.ma.filled(raw["globalTid"], 0)
    columns: dict[str, Column] = {
        "start_ns": start,
        "duration_ns": np.ma.masked_array(duration, is_mark) if is_mark.any() else duration,
        "kind": kind,
        "domain": _domains(export, raw, thread),
        "name": _names(export, raw),
        "process_id": process_ids(thread),
        "thread_id": thread_ids(thread),
    }
    columns |= _optional(export, raw)
    frame = Columns(columns)
    # an enclosing range comes before what it encloses, also when both start in the same ns
    order = np.lexsort((-np.ma.getdata(duration), start)) if len(start) else start_order(start)
    return {"nvtx_ranges": frame.take(order)}


def _last_time(start: np.ndarray, end: np.ndarray) -> int:
    values = [array.max() for array in (np.ma.asarray(start), np.ma.asarray(end)) if np.ma.count(array)]
    return int(max(values)) if values else 0


def _optional(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    if "endGlobalTid" in raw and not np.ma.getmaskarray(raw["endGlobalTid"]).all():
        columns["end_thread_id"] = np.ma.masked_array(
            thread_ids(np.ma.getdata(raw["endGlobalTid"])), np.ma.getmaskarray(raw["endGlobalTid"])
        )
    if "category" in raw and not np.ma.getmaskarray(raw["category"]).all():
        columns["category"] = _categories(export, raw)
    columns |= _payloads(export, raw)
    json_texts = _texts(export, raw, "jsonText", "jsonTextId")
    if (json_texts.codes >= 0).any():
        columns["payload_json"] = json_texts
    return columns


def _names(export: SqliteExport, raw: dict[str, np.ndarray]) -> Coded:
    """Registered strings stand in textId, plain ones in text."""
    return _texts(export, raw, "text", "textId").filled("")


def _texts(export: SqliteExport, raw: dict[str, np.ndarray], plain: str, registered: str) -> Coded:
    rows = len(raw["rowid"])
    coded = Coded(np.full(rows, -1, np.int32), [])
    if registered in raw:
        coded = named(raw[registered], export.strings)
    if not export.has(NVTX, plain):
        return coded
    found = export.query(f'SELECT rowid, "{plain}" FROM {NVTX} WHERE "{plain}" IS NOT NULL')
    if not found:
        return coded
    known = {text: code for code, text in enumerate(coded.values)}
    ids = np.fromiter((row[0] for row in found), np.int64, len(found))
    codes = np.fromiter((known.setdefault(row[1], len(known)) for row in found), np.int32, len(found))
    place = np.minimum(np.searchsorted(raw["rowid"], ids), max(rows - 1, 0))
    hit = raw["rowid"][place] == ids if rows else np.zeros(len(ids), bool)
    merged = coded.codes.copy()
    place, codes = place[hit], codes[hit]
    free = merged[place] < 0
    merged[place[free]] = codes[free]
    return Coded(merged, list(known))


def _domains(export: SqliteExport, raw: dict[str, np.ndarray], thread: np.ndarray) -> Coded:
    """Name the domain of each range, empty for the default one and for one that was never created."""
    rows = len(thread)
    if "domainId" not in raw or not export.has(NVTX, "text", "domainId"):
        return Coded(np.zeros(rows, np.int32), [""])
    has_id = "StringIds" in export.columns and export.has(NVTX, "textId")
    name = "coalesce(s.value, n.text)" if has_id else "n.text"
    join = "LEFT JOIN StringIds AS s ON s.id = n.textId" if has_id else ""
    created = export.query(
        f"SELECT n.globalTid, n.domainId, {name} FROM {NVTX} AS n {join} WHERE n.eventType = {_DOMAIN} ORDER BY n.start"
    )
    table: dict[tuple[int, int], str] = {}
    for tid, domain, text in created:
        table.setdefault(((tid or 0) >> 24 & 0xFFFFFF, domain or 0), text or "")
    domain_id = np.ma.filled(raw["domainId"], 0).astype(np.int64)
    pair = process_ids(thread).astype(np.int64) << 32 | (domain_id & 0xFFFFFFFF)
    distinct, inverse = np.unique(pair, return_inverse=True)
    texts = encode([table.get((key >> 32, key & 0xFFFFFFFF), "") for key in distinct.tolist()])
    return Coded(texts.codes[inverse.reshape(-1)], texts.values)


def _categories(export: SqliteExport, raw: dict[str, np.ndarray]) -> Coded:
    has_id = "StringIds" in export.columns and export.has(NVTX, "textId")
    name = "coalesce(s.value, n.text)" if has_id else "n.text"
    join = "LEFT JOIN StringIds AS s ON s.id = n.textId" if has_id else ""
    rows = export.query(f"SELECT n.domainId, n.category, {name} FROM {NVTX} AS n {join} WHERE n.eventType = {_CATEGORY}")
    table = {((domain or 0), category): text for domain, category, text in rows}
    category = np.ma.filled(raw["category"], -1).astype(np.int64)
    domain_id = np.ma.filled(raw["domainId"], 0).astype(np.int64) if "domainId" in raw else np.zeros_like(category)
    pair = domain_id << 33 | (category + 1)
    distinct, inverse = np.unique(pair, return_inverse=True)
    texts: list[str | None] = []
    for key in distinct.tolist():
        number = (key & (1 << 33) - 1) - 1
        texts.append(None if number < 0 else table.get((key >> 33, number)) or str(number))
    coded = encode(texts)
    return Coded(coded.codes[inverse.reshape(-1)], coded.values)


def _payloads(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    rows = len(raw["rowid"])
    value, missing = np.zeros(rows, np.int64), np.ones(rows, bool)
    as_float = np.full(rows, np.nan)
    for name in _INTEGER_PAYLOADS:
        if name not in raw:
            continue
        given = missing & ~np.ma.getmaskarray(raw[name])
        data = np.ma.getdata(raw[name])
        if name == "uint64Value":
            # stored as a signed number: what does not fit is kept as floating point
            huge = given & (data < 0)
            as_float[huge] = data[huge].astype(np.uint64)
            given &= data >= 0
        value[given] = data[given]
        missing &= ~given
    for name in _FLOAT_PAYLOADS:
        if export.has(NVTX, name):
            _fill_floats(export, raw["rowid"], name, as_float)
    columns: dict[str, Column] = {}
    if not missing.all():
        columns["payload_int"] = np.ma.masked_array(value, missing) if missing.any() else value
    if not np.isnan(as_float).all():
        columns["payload_float"] = as_float
    return columns


def _fill_floats(export: SqliteExport, rowid: np.ndarray, name: str, target: np.ndarray) -> None:
    found = export.query(f'SELECT rowid, "{name}" FROM {NVTX} WHERE "{name}" IS NOT NULL')
    if not found or not len(rowid):
        return
    ids, values = (np.asarray(part) for part in zip(*found, strict=True))
    place = np.minimum(np.searchsorted(rowid, ids), len(rowid) - 1)
    hit = rowid[place] == ids
    target[place[hit]] = values[hit]
