"""The head of a page: what was recorded, where, how, and what is therefore missing."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from profiler.errors import ProfilerError
from profiler.metrics.gpu_operations import operations_tool
from profiler.report.view import View
from profiler.units import format_value

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording
    from profiler.store.manifest import CaptureRecord, Manifest


_GPU = (("sm_count", "count", "SMs"), ("memory_bandwidth_bytes_per_s", "bytes/s", "peak"), ("l2_cache_bytes", "bytes", "L2"))


@dataclass
class RecordingHead:
    """What the head says of one recording.

    Attributes:
        name: Display name.
        status: `complete` or `failed`; empty for a plain file.
        reason: Why it failed.
        command: The command that was recorded, as one would type it.
        when: Start, in UTC.
        facts: Label and value pairs: GPU, driver, tools, engine, host.
        notes: Warnings, each with its source.
        absent: Metric tables without data, with the reason.
    """

    name: str
    status: str
    reason: str
    command: str
    when: str
    facts: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    absent: list[tuple[str, list[str]]]


def build_header(view: View) -> list[RecordingHead]:
    """Describe each recording."""
    return [_head(name, recording) for name, recording in zip(view.names, view.recordings, strict=True)]


def _head(name: str, recording: Recording) -> RecordingHead:
    manifest = recording.manifest
    info = {tool: recording.info(tool) for tool in recording.tools}
    status, reason = (manifest.status, manifest.reason) if manifest else ("", "")
    command, when, facts = _command(manifest, info), _when(manifest, info), _facts(recording, manifest, info)
    return RecordingHead(name, status, reason, command, when, facts, _notes(recording, manifest), _absent(recording))


def _command(manifest: Manifest | None, info: dict[str, dict[str, Any]]) -> str:
    command = manifest.command if manifest else first(info, "command", "argv", "command_line")
    if isinstance(command, (list, tuple)):
        return shlex.join(map(str, command))
    return str(command or "")


def _when(manifest: Manifest | None, info: dict[str, dict[str, Any]]) -> str:
    when = (manifest.created_utc if manifest else "") or str(first(info, "start_utc", "started_utc", "created_utc", "time") or "")
    return when.replace("T", " ").replace("+00:00", " UTC")


def first(info: dict[str, dict[str, Any]], *keys: str) -> Any:
    """Return the first value that any tool's facts hold under one of the keys."""
    for key in keys:
        for facts in info.values():
            if facts.get(key):
                return facts[key]
    return None


def _facts(recording: Recording, manifest: Manifest | None, info: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    environment = manifest.environment if manifest else {}
    unknown = "not described" if operations_tool(recording) else "none in this recording"
    same = Counter(_gpu(row) for row in _rows(recording, "devices")) or {unknown: 1}
    facts = [("GPU", f"{count} × {text}" if count > 1 else text) for text, count in same.items()]
    driver = _nested(environment, "driver") or first(info, "driver", "driver_version")
    cuda = _nested(environment, "cuda") or _cuda_version(first(info, "cuda", "cuda_version", "cuda_driver"))
    versions = (("Driver", driver), ("CUDA", cuda), ("TensorRT", _nested(environment, "tensorrt")))
    facts += [(label, str(value)) for label, value in versions if _stated(value)]
    facts.append(("Recorded with", ", ".join(_tools(recording, manifest, info)) or "nothing"))
    imported = manifest.options.get("imported_from") if manifest else None
    if imported:
        facts.append(("Imported from", ", ".join(map(str, imported))))
    engine = manifest.engine if manifest else first(info, "engine")
    if engine:
        facts.append(("Engine", str(engine)))
    return facts


def _stated(version: Any) -> bool:
    """Return whether a version was found: tools write 0 where there is no driver."""
    return bool(version) and str(version).strip("0. ") != ""


def _cuda_version(value: Any) -> str:
    """Return `13.0` for 13000, the way CUDA numbers its versions, and any other text unchanged."""
    text = str(value or "")
    return f"{int(text) // 1000}.{int(text) % 1000 // 10}" if text.isdigit() and len(text) >= 4 else text


def _nested(environment: dict[str, Any], key: str) -> str:
    """Find a version in the environment, whether it stands alone, in `versions`, or in a record of its own."""
    versions = environment.get("versions")
    value = environment.get(key, versions.get(key) if isinstance(versions, dict) else None)
    if isinstance(value, dict):
        value = value.get("version") or value.get("runtime") or ""
    return "" if value is None else str(value)


def device_names(recording: Recording) -> list[str]:
    """Return the names of the GPUs that a recording knows, each once."""
    return list(dict.fromkeys(str(row["name"]) for row in _rows(recording, "devices")))


def _rows(recording: Recording, table: str) -> list[dict[str, Any]]:
    try:
        return recording.columns(table).to_records()
    except ProfilerError:
        return []


def _gpu(row: dict[str, Any]) -> str:
    known = {name: format_value(float(row[name]), unit) for name, unit, _ in _GPU if (row.get(name) or 0) > 0}
    return " · ".join([str(row["name"]), *(f"{known[name]} {word}" for name, _, word in _GPU if name in known)])


def _tools(recording: Recording, manifest: Manifest | None, info: dict[str, dict[str, Any]]) -> list[str]:
    records = {record.tool: record for record in manifest.captures} if manifest else {}
    return [_tool(tool, records.get(tool), info.get(tool, {})) for tool in dict.fromkeys((*recording.tools, *records))]


def _tool(tool: str, record: CaptureRecord | None, info: dict[str, Any]) -> str:
    version = (record.tool_version if record else "") or str(info.get("version") or info.get("tool_version") or "")
    named = tool in version.lower() or "nsight" in version.lower()
    text = version if named else f"{tool} {version}".strip()
    return f"{text} (failed)" if record is not None and record.status == "failed" else text


def _notes(recording: Recording, manifest: Manifest | None) -> list[tuple[str, str]]:
    notes = []
    for record in manifest.captures if manifest else []:
        notes += [(record.tool, record.reason or "the capture failed")] * (record.status == "failed")
        notes += [(record.tool, note) for note in record.notes]
    for row in _rows(recording, "diagnostics"):
        # what ncu's rules say of one launch tells nothing of the recording
        if row["severity"] in ("warning", "error") and row.get("launch_id") is None:
            notes.append((str(row["source"]), str(row["text"])))
    return list(dict.fromkeys(notes))


def _absent(recording: Recording) -> list[tuple[str, list[str]]]:
    """Group the metric tables without data by the reason."""
    from profiler.metrics import catalog

    grouped: dict[str, list[str]] = {}
    for metric in catalog.METRIC_TABLES:
        try:
            recording.metric(metric.name)
        except ProfilerError as error:
            grouped.setdefault(error.message.removeprefix(f"{metric.name}: "), []).append(metric.title)
    return list(grouped.items())
