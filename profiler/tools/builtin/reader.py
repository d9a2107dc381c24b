"""Readers of the result JSON and the ranges JSON (docs/formats.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from profiler.columns import Coded, Column, Columns, encode, floats, from_records, integers, stack
from profiler.point_label import decode_label
from profiler.point_status import PointStatus
from profiler.schema import DEVICES, DIAGNOSTICS, POINTS
from profiler.store.document import read_document
from profiler.tools.base import ReadResult
from profiler.tools.damage import reading

RESULT_VERSION = 1
RANGES_VERSION = 1
_FIX = "run the program again, or give a file written with --json"
_LONGEST_SAMPLE_NS = 1 << 48
_STATUSES = tuple(status.value for status in PointStatus)
_KINDS: dict[str, type] = {"launch": dict, "verification": dict, "samples_ns": list, "host_samples_ns": list}
_WHOLE = {int, type(None)}
_RESERVED = ("op", "variant", "shape", "dtype")
_DEVICE_TEXTS = ("name", "compute_capability", "uuid")
_DEVICE = tuple(spec.name for spec in DEVICES.columns if "_per_block" not in spec.name)


def _canonical(value: Any) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _outcome(point: dict[str, Any]) -> tuple[str, str | None]:
    """Return status and reason of a point: what is not surely ok is not taken for it."""
    status, reason = point["status"], point.get("reason")
    if status not in _STATUSES:
        return PointStatus.FAILED.value, reason or f"status {status!r}, expected {', '.join(_STATUSES)}"
    if status == PointStatus.OK.value and (point.get("verification") or {}).get("passed") is False:
        return PointStatus.WRONG_OUTPUT.value, reason or "its verification did not pass, though its status is ok"
    return status, reason


def _sample_times(values: list[Any]) -> np.ndarray:
    times = floats(values)
    outside = times[(times < 0) | (times >= _LONGEST_SAMPLE_NS)]
    if len(outside):
        raise ValueError(f"a sample of {outside[0]:g} ns")
    return times


class ResultReader:
    """Reads a result JSON into `points`, `samples` and `devices`."""

    tool = "builtin"
    suffixes = (".json",)
    tables = ("points", "samples", "devices", "diagnostics")
    parser_version = 4

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a result JSON; its schema name stands at the beginning."""
        return head.lstrip()[:1] == b"{" and b'"profiler-result"' in head

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables.

        Raises:
            BadExportError: The document is cut off, of a newer version, or lacks a required field.
        """
        document = read_document(path, "profiler-result", RESULT_VERSION, _FIX)
        tool = path.parent.name if path.parent.parent.name == "raw" else self.tool
        with reading(path, "write it as docs/formats.md says", "a field is missing or of the wrong type"):
            result = ReadResult(info=_info(document, path))
            for point in document["points"]:
                _check_point(point)
            for name in tables:
                _READ[name](document, tool, result)
        return result


def _info(document: dict[str, Any], path: Path) -> dict[str, Any]:
    program = document.get("program") or {}
    return {
        "file": path.name,
        "program": program.get("name"),
        "program_version": program.get("version"),
        "engine": document.get("engine"),
        "versions": document.get("versions") or {},
        "digests": document.get("digests") or {},
        "command": document.get("argv") or [],
    }


def _check_point(point: dict[str, Any]) -> None:
    """Refuse what the tables would carry on unread, for a consumer to fall over.

    Times must be whole ns: seconds would be read as a billionth of themselves.
    """
    label = point.get("label")
    _check_kinds(point, _KINDS, label)
    _check_kinds(point.get("launch") or {}, {"grid": list, "block": list}, label, "launch.")
    times = {name: point.get(name) or () for name in ("samples_ns", "host_samples_ns")} | {"wall_ns": [point.get("wall_ns")]}
    for name, values in times.items():
        if not set(map(type, values)) <= _WHOLE:
            found = next(value for value in values if type(value) not in _WHOLE)
            raise ValueError(f"{name} of point {label!r} must hold whole nanoseconds, found {found!r}")


def _check_kinds(fields: dict[str, Any], kinds: dict[str, type], label: Any, within: str = "") -> None:
    for name, kind in kinds.items():
        if not isinstance(fields.get(name), (kind, type(None))):
            raise TypeError(f"{within}{name} of point {label!r} is no {'object' if kind is dict else 'list'}")


def _points(document: dict[str, Any], tool: str, result: ReadResult) -> None:
    points = document["points"]
    if not points:
        result.absent["points"] = "the result holds no sweep point"
        return
    shared = {"tool": tool, "program": (document.get("program") or {}).get("name"), "engine": document.get("engine")}
    records = [{**_record(point), "point_id": place} for place, point in enumerate(points)]
    rows = [{**record, **shared, "engine": record.get("engine") or shared["engine"]} for record in records]
    result.frames["points"] = from_records(rows, POINTS.columns, every=True)


def _record(point: dict[str, Any]) -> dict[str, Any]:
    """Return a point by the columns of `points`; what it leaves out stands in its label: a user's own marks have nothing else."""
    label, attributes = decode_label(point["label"]), point.get("attributes") or {}
    shape = "x".join(map(str, point["shape"])) if point.get("shape") is not None else label.get("shape")
    status, reason = _outcome(point)
    rest = {key: value for key, value in attributes.items() if key not in _RESERVED}
    return {
        **point,
        **{name: point.get(name) or label.get(name) for name in ("op", "dtype")},
        "variant": attributes.get("variant", label.get("variant")),
        "shape": shape,
        "attributes": _canonical(rest),
        "status": status,
        "reason": reason,
        "period_ns": _period_ns(point),
        **{name: _canonical(point.get(name)) for name in ("launch", "verification", "layers")},
    }


def _period_ns(point: dict[str, Any]) -> float | None:
    """Return the wall time over the iterations of a point whose lanes ran beside each other; None where one ran after the other."""
    lanes = point.get("lanes") or ()
    beside = max((point.get("streams") or 1) * (point.get("threads") or 1), len(lanes)) > 1
    count = max(sum(lane["sample_count"] for lane in lanes), len(point.get("samples_ns") or ()))
    return point["wall_ns"] / count if beside and count and point.get("wall_ns") else None


def _samples(document: dict[str, Any], tool: str, result: ReadResult) -> None:
    """Every sample counts, except those of a point whose output was wrong: a fast wrong answer has no speed."""
    parts = []
    for point_id, point in enumerate(document["points"]):
        samples, host_samples = (point.get(name) or [] for name in ("samples_ns", "host_samples_ns"))
        if not samples or _outcome(point)[0] == "wrong_output":
            continue
        rows, times, period = len(samples), _sample_times(samples), _period_ns(point)
        columns: dict[str, Column] = {"point_id": np.full(rows, point_id), "sample_index": np.arange(rows)}
        # an iteration beside others takes longer than it costs: its spread is kept, its size is that of the period
        columns["duration_ns"] = times * period / np.nanmedian(times) if period and np.nanmedian(times) > 0 else times
        columns["host_duration_ns"] = _sample_times([*host_samples[:rows], *[None] * (rows - len(host_samples))])
        parts.append(Columns(columns))
    if parts:
        result.frames["samples"] = stack(parts)
    else:
        result.absent["samples"] = "no sweep point of the result has a valid sample"


def _devices(document: dict[str, Any], tool: str, result: ReadResult) -> None:
    device = document.get("device") or {}
    if all(device.get(name) is None for name in _DEVICE_TEXTS):
        result.absent["devices"] = "the result names no GPU: it was measured on the CPU"
        return
    threads = device.get("max_threads_per_sm")
    known = {name: device.get(name) for name in _DEVICE}
    row = {**known, "device_id": 0, "max_warps_per_sm": threads // 32 if threads is not None else None}
    result.frames["devices"] = from_records([row], DEVICES.columns)


def _diagnostics(document: dict[str, Any], tool: str, result: ReadResult) -> None:
    outcomes = ((point["label"], *_outcome(point)) for point in document["points"])
    rows = [
        {"severity": "info" if status == "skipped" else "warning", "text": f"{label}: {status}: {reason or 'no reason given'}"}
        for label, status, reason in outcomes
        if status != "ok"
    ]
    rows = [{"source": "reader", "hint": "", **row} for row in rows]
    result.frames["diagnostics"] = from_records(rows, DIAGNOSTICS.columns)


_READ: dict[str, Callable[[dict[str, Any], str, ReadResult], None]] = {
    "points": _points,
    "samples": _samples,
    "devices": _devices,
    "diagnostics": _diagnostics,
}


class RangesReader:
    """Reads the ranges that the runner kept on a machine without a tool into `nvtx_ranges`."""

    tool = "builtin"
    suffixes = (".json",)
    tables = ("nvtx_ranges",)
    parser_version = 1

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a ranges JSON."""
        return head.lstrip()[:1] == b"{" and b'"profiler-ranges"' in head

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the ranges; times count from the first one.

        Raises:
            BadExportError: The document is cut off, of a newer version, or its columns do not fit together.
        """
        document = read_document(path, "profiler-ranges", RANGES_VERSION, _FIX)
        result = ReadResult(info={"file": path.name, "clock": document.get("clock")})
        if "nvtx_ranges" not in tables:
            return result
        with reading(path, "record again", "its columns do not fit together"):
            frame = _range_columns(document)
        if frame.rows:
            result.frames["nvtx_ranges"] = frame
        else:
            result.absent["nvtx_ranges"] = "the runner opened no range"
        return result


def _range_columns(document: dict[str, Any]) -> Columns:
    columns = document["columns"]
    start, duration = (np.array(columns[name], dtype=np.int64) for name in ("start_ns", "duration_ns"))
    alike = np.zeros(len(start), np.int32)
    table: dict[str, Column] = {
        "start_ns": start - (start.min() if len(start) else 0),
        "duration_ns": duration,
        "kind": Coded(alike, ["push_pop"]),
        "domain": Coded(alike, [str(document.get("domain") or "")]),
        "name": encode([str(name) for name in columns["name"]]),
        **{name: integers(columns[name]) for name in ("process_id", "thread_id", "payload_int")},
    }
    return Columns(table).take(np.lexsort((-duration, start)))


READERS = (ResultReader(), RangesReader())
