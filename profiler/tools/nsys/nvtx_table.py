"""NVTX ranges and marks of an nsys export, with the names, domains and payloads that `nsys stats` gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from profiler.columns import Coded, Column, Columns, encode
from profiler.distinct import distinct_rows
from profiler.tools.nsys.identifiers import named, process_ids, spans, thread_ids
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
        # registered strings stand in textId, plain ones in text
        "name": _texts(export, raw, "text", "textId").filled(""),
        "process_id": process_ids(thread),
        "thread_id": thread_ids(thread),
    }
    # an enclosing range comes before what it encloses, also when both start in the same ns
    order = np.lexsort((-np.ma.getdata(duration), start))
    return {"nvtx_ranges": Columns(columns | _optional(export, raw)).take(order)}


def _last_time(start: np.ndarray, end: np.ndarray) -> int:
    values = [array.max() for array in (np.ma.asarray(start), np.ma.asarray(end)) if np.ma.count(array)]
    return int(max(values)) if values else 0


def _optional(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    if "endGlobalTid" in raw and not np.ma.getmaskarray(raw["endGlobalTid"]).all():
        ended = raw["endGlobalTid"]
        columns["end_thread_id"] = np.ma.masked_array(thread_ids(np.ma.getdata(ended)), np.ma.getmaskarray(ended))
    if "category" in raw and not np.ma.getmaskarray(raw["category"]).all():
        columns["category"] = _categories(export, raw)
    columns |= _payloads(export, raw)
    json_texts = _texts(export, raw, "jsonText", "jsonTextId")
    if (json_texts.codes >= 0).any():
        columns["payload_json"] = json_texts
    return columns


def _texts(export: SqliteExport, raw: dict[str, np.ndarray], plain: str, registered: str) -> Coded:
    coded = named(raw[registered], export.strings) if registered in raw else Coded(np.full(len(raw["rowid"]), -1, np.int32), [])
    if not export.has(NVTX, plain):
        return coded
    place, found = _rows_with(export, plain, raw["rowid"])
    known = {text: code for code, text in enumerate(coded.values)}
    codes = np.fromiter((known.setdefault(text, len(known)) for text in found), np.int32, len(found))
    merged = coded.codes.copy()
    free = merged[place] < 0
    merged[place[free]] = codes[free]
    return Coded(merged, list(known))


def _rows_with(export: SqliteExport, column: str, rowid: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Return which of some rows have a value in a column, and these values."""
    found = dict(export.query(f'SELECT rowid, "{column}" FROM {NVTX} WHERE "{column}" IS NOT NULL'))
    place = np.flatnonzero(np.isin(rowid, np.fromiter(found, np.int64, len(found))))
    return place, [found[row] for row in rowid[place].tolist()]


def _domains(export: SqliteExport, raw: dict[str, np.ndarray], thread: np.ndarray) -> Coded:
    """Name the domain of each range, empty for the default one and for one that was never created."""
    if "domainId" not in raw or not export.has(NVTX, "text", "domainId"):
        return Coded(np.zeros(len(thread), np.int32), [""])
    table: dict[tuple[int, int], str] = {}
    for tid, domain, text in _created(export, _DOMAIN, "n.globalTid, n.domainId"):
        table.setdefault(((tid or 0) >> 24 & 0xFFFFFF, domain or 0), text or "")
    return _named_pairs(process_ids(thread), np.ma.filled(raw["domainId"], 0), lambda pair: table.get(pair, ""))


def _categories(export: SqliteExport, raw: dict[str, np.ndarray]) -> Coded:
    table = {(domain or 0, category): text for domain, category, text in _created(export, _CATEGORY, "n.domainId, n.category")}
    category = np.ma.filled(raw["category"], -1)
    domain = np.ma.filled(raw["domainId"], 0) if "domainId" in raw else np.zeros_like(category)
    return _named_pairs(domain, category, lambda pair: None if pair[1] < 0 else table.get(pair) or str(pair[1]))


def event_text(export: SqliteExport) -> tuple[str, str]:
    """Return the SQL expression for the text of an event `n`, and the join that it needs."""
    if "StringIds" in export.columns and export.has(NVTX, "textId"):
        return "coalesce(s.value, n.text)", "LEFT JOIN StringIds AS s ON s.id = n.textId"
    return "n.text", ""


def _created(export: SqliteExport, event: int, keys: str) -> list[tuple[Any, ...]]:
    """Return the keys and the name of each domain or category that the program created."""
    name, join = event_text(export)
    return export.query(f"SELECT {keys}, {name} FROM {NVTX} AS n {join} WHERE n.eventType = {event} ORDER BY n.start, n.rowid")


def _named_pairs(first: np.ndarray, second: np.ndarray, name: Callable[[tuple[int, int]], str | None]) -> Coded:
    """Name each row by a pair of numbers."""
    last, pair = distinct_rows([first, second])
    coded = encode([name(key) for key in zip(first[last].tolist(), second[last].tolist(), strict=True)])
    return coded.take(pair)


def _payloads(export: SqliteExport, raw: dict[str, np.ndarray]) -> dict[str, Column]:
    rows = len(raw["rowid"])
    value, missing = np.zeros(rows, np.int64), np.ones(rows, bool)
    as_float = np.full(rows, np.nan)
    for name in (name for name in _INTEGER_PAYLOADS if name in raw):
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
            place, found = _rows_with(export, name, raw["rowid"])
            as_float[place] = found
    columns: dict[str, Column] = {}
    if not missing.all():
        columns["payload_int"] = np.ma.masked_array(value, missing) if missing.any() else value
    if not np.isnan(as_float).all():
        columns["payload_float"] = as_float
    return columns
