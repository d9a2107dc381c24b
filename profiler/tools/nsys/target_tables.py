"""The machine and the session behind an nsys export: devices, streams, contexts, messages and header facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from profiler.columns import Columns, from_records
from profiler.errors import BadExportError
from profiler.schema import CONTEXTS, DIAGNOSTICS, LOST_EVENTS, STREAMS
from profiler.spec import TableSpec
from profiler.tools.nsys.device_numbers import assumed_devices
from profiler.tools.nsys.device_table import implausible_bandwidths
from profiler.tools.nsys.other_tables import other_tables
from profiler.tools.nsys.sqlite_export import SqliteExport

STREAM = "TARGET_INFO_CUDA_STREAM"
CONTEXT = "TARGET_INFO_CUDA_CONTEXT_INFO"
KERNEL, GRAPH = "CUPTI_ACTIVITY_KIND_KERNEL", "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"
FIRST_YEAR_WITH_DOMAIN_QUERY = 2024
_DOMAINS_NAMED = 5

# Source: ENUM_CUPTI_STREAM_TYPE
_STREAM_KINDS = {1: "default", 2: "non-blocking", 3: "null"}
# Source: ENUM_DIAGNOSTIC_SEVERITY_LEVEL
_SEVERITIES = {1: "info", 2: "warning", 3: "error", 4: "info"}
_NO_CUDA = ("CUDA profiling might have not been started correctly", "No CUDA events collected")
_UINT32 = 1 << 32
_FACTS = {
    "start_utc": ("TARGET_INFO_SESSION_START_TIME", "utcTime", "utcTime"),
    "start_epoch_ns": ("TARGET_INFO_SESSION_START_TIME", "utcEpochNs", "utcEpochNs"),
    "duration_ns": ("ANALYSIS_DETAILS", "duration", "max(duration)"),
}
"""What one column states: table, column and the expression for it."""


def read_streams(export: SqliteExport) -> dict[str, Columns]:
    """Read `streams`, those that the driver made for itself included."""
    ids = "processId, contextId, streamId"
    rows = export.query(f"SELECT DISTINCT {ids}, priority, flag FROM {STREAM} ORDER BY {ids}")
    # priorities are signed, the export stores them as unsigned 32-bit numbers
    named = [
        (*row[:3], row[3] if row[3] is None or row[3] < _UINT32 // 2 else row[3] - _UINT32, _STREAM_KINDS.get(row[4], "unknown"))
        for row in rows
    ]
    return {"streams": _table(STREAMS, ("process_id", "context_id", "stream_id", "priority", "kind"), named)}


def read_contexts(export: SqliteExport) -> dict[str, Columns]:
    """Read `contexts`."""
    ids = "processId, contextId"
    rows = export.query(f"SELECT DISTINCT {ids}, deviceId, nullStreamId FROM {CONTEXT} ORDER BY {ids}")
    return {"contexts": _table(CONTEXTS, ("process_id", "context_id", "device_id", "null_stream_id"), rows)}


def _table(table: TableSpec, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Columns:
    return from_records([dict(zip(names, row, strict=True)) for row in rows], table.columns)


def read_lost_events(export: SqliteExport) -> dict[str, Columns]:
    """Read `lost_events`: messages about lost events whose moment lies on the time axis of the capture."""
    rows = []
    if export.has("DIAGNOSTIC_EVENT", "timestamp", "timestampType", "text"):
        # Source: ENUM_DIAGNOSTIC_TIMESTAMP_SOURCE, TargetTimestamp
        where = "timestampType = 1 AND (text LIKE '%lost%' OR text LIKE '%dropped%')"
        rows = export.query(f"SELECT timestamp, text FROM DIAGNOSTIC_EVENT WHERE {where} ORDER BY timestamp")
    return {"lost_events": _table(LOST_EVENTS, ("start_ns", "text"), rows)}


def read_diagnostics(export: SqliteExport, timed: Mapping[str, bool], unreadable: Sequence[str] = ()) -> dict[str, Columns]:
    """Read `diagnostics`: what nsys said about the capture, and what this reader noticed in it.

    Args:
        export: The export.
        timed: Event tables; whether a row without an end counts in them.
        unreadable: What is said of the tables that cannot be read.
    """
    messages: list[tuple[str, str, str, str]] = []
    if export.has("DIAGNOSTIC_EVENT", "severity", "text"):
        rows = export.query("SELECT severity, text FROM DIAGNOSTIC_EVENT ORDER BY timestamp")
        messages += [("nsys", *_judged(export, _SEVERITIES.get(severity, "info"), str(text or ""))) for severity, text in rows]
    own = [
        *_noticed(export),
        *_left_out(export, timed),
        *implausible_bandwidths(export),
        *assumed_devices(export),
        *other_tables(export),
    ]
    own += [("warning", text, "what rests on it is missing; export again with the nsys that recorded") for text in unreadable]
    messages += [("reader", *message) for message in own]
    return {"diagnostics": _table(DIAGNOSTICS, ("source", "severity", "text", "hint"), _counted(messages))}


def _counted(messages: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    """Say a message that repeats once, with how often it came."""
    times = Counter(messages).items()
    return [(row[0], row[1], f"{row[2]} ({count} times)" if count > 1 else row[2], row[3]) for row, count in times]


def _judged(export: SqliteExport, severity: str, text: str) -> tuple[str, str, str]:
    """Return severity, text and hint of a message of nsys.

    nsys warns for each process of the recording that uses no GPU, such as a launcher; no trouble when the capture holds GPU work.
    """
    if text.startswith(_NO_CUDA) and KERNEL in export.columns:
        return "info", text, "said of a process that only starts others; the capture holds GPU work"
    return severity, text, ""


def _noticed(export: SqliteExport) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    if GRAPH in export.columns:
        text = "CUDA graphs were traced as a whole: their kernels have no rows of their own"
        found.append(("warning", text, "record with --cuda-graph-trace=node to see the kernels of graphs"))
    elif KERNEL not in export.columns:
        hint = "record with -t cuda on a machine with a GPU, and a driver that suits this nsys"
        found.append(("warning", f"the capture holds no GPU work: {no_kernels(export)}", hint))
    silent = silent_domains(export)
    return found + [("warning", text, hint) for text, hint in silent if len(silent) <= _DOMAINS_NAMED]


def is_old(export: SqliteExport) -> bool:
    """Return whether the nsys that wrote the export has no domains that a program asks for by name."""
    year = re.search(r"\d{4}", export.version)
    return year is None or int(year.group()) < FIRST_YEAR_WITH_DOMAIN_QUERY


def silent_domains(export: SqliteExport) -> list[tuple[str, str]]:
    """Return text and hint for each NVTX domain that was created and then gave no range and no mark.

    Two creations of one name in one process count as one domain: what the second records is not lost.
    """
    if not export.has("NVTX_EVENTS", "domainId", "eventType", "text", "globalTid"):
        return []
    rows = export.query(
        """SELECT DISTINCT c.text, c.globalTid >> 24, EXISTS (
             SELECT 1 FROM NVTX_EVENTS e WHERE e.eventType IN (34, 59, 60) AND e.domainId = c.domainId
             AND (e.globalTid >> 24) = (c.globalTid >> 24))
           FROM NVTX_EVENTS c WHERE c.eventType = 75 AND c.text IS NOT NULL"""
    )
    heard = {row[:2] for row in rows if row[2]}
    lost = "the Python package nvtx 0.2.12 and later records nothing under Nsight Systems before 2024"
    fix = f"{lost}: use a newer nsys, nvtx==0.2.11, or profiler.point" if is_old(export) else "the program never used it"
    names = sorted({str(row[0]) for row in rows if row[:2] not in heard})
    return [(f"NVTX domain {name!r} was created but recorded no range", fix) for name in names]


def no_kernels(export: SqliteExport) -> str:
    """Say why an export holds no kernel; empty when it holds some."""
    if KERNEL in export.columns:
        return ""
    if GRAPH in export.columns:
        return "CUDA graphs were recorded as a whole, so their kernels have no rows; use --cuda-graph-trace node"
    called = export.has("CUPTI_ACTIVITY_KIND_RUNTIME", "returnValue", "nameId") and "StringIds" in export.columns
    if "TARGET_INFO_GPU" not in export.columns and not called:
        return "no CUDA activity was recorded: nsys found no usable GPU, or the program made no CUDA call"
    launched = failed = copied = 0
    if called:
        ((launched, failed, copied),) = export.query(
            """SELECT coalesce(sum(s.value LIKE '%Launch%'), 0), coalesce(sum(s.value LIKE '%Launch%' AND r.returnValue <> 0), 0),
               coalesce(sum(s.value LIKE 'cu%Memcpy%' AND r.returnValue = 0), 0)
               FROM CUPTI_ACTIVITY_KIND_RUNTIME AS r JOIN StringIds AS s ON s.id = r.nameId"""
        )
    if failed:
        return f"no kernel was recorded: {failed} of {launched} launch calls failed; the diagnostics name them"
    if launched:
        return f"no kernel was recorded, though the program made {launched} launch calls: their GPU records were lost"
    if copied and "CUPTI_ACTIVITY_KIND_MEMCPY" not in export.columns:
        return f"no GPU work was recorded, though the program made {copied} copy calls: their GPU records were lost"
    return "no kernel was recorded: the program launched none while nsys recorded"


def _left_out(export: SqliteExport, timed: Mapping[str, bool]) -> list[tuple[str, str, str]]:
    """Tell of the events that have no place on the time axis: no metric counts them."""
    hint = "record again, and let the program wait for the GPU before it ends; or export again: nsys export --type sqlite"
    found = []
    for table, open_ends in timed.items():
        try:
            left = export.left_out(table, open_ends) if export.has(table, "start", "end") else None
        except BadExportError:
            # whoever asks for the table itself is told
            continue
        if left is not None and left.count:
            found.append(("warning", f"{left.count} of {left.rows} rows of {table} are left out: {left.why}", hint))
    return found


def read_info(export: SqliteExport) -> dict[str, Any]:
    """Return the facts about the capture that a page's header shows; nothing of the recorded environment."""
    info: dict[str, Any] = {"tool": "nsys", "tool_version": export.version, "file": export.path.name}
    if export.has("META_DATA_EXPORT", "name", "value"):
        exported: dict[Any, Any] = dict(export.query("SELECT name, value FROM META_DATA_EXPORT"))
        info["schema_version"] = exported.get("EXPORT_SCHEMA_VERSION", "")
    for fact, (table, column, value) in _FACTS.items():
        if export.has(table, column):
            rows = export.query(f"SELECT {value} FROM {table}")
            info[fact] = rows[0][0] if rows else None
    if export.has("META_DATA_CAPTURE", "name", "value"):
        info |= _session(export)
    if export.has("TARGET_INFO_SYSTEM_ENV", "name", "value"):
        wanted = {"NvDriverVersion": "driver", "CudaDriverVersion": "cuda_driver", "OsDescription": "os", "CpuDescription": "cpu"}
        marks = ", ".join("?" * len(wanted))
        rows = export.query(f"SELECT name, value FROM TARGET_INFO_SYSTEM_ENV WHERE name IN ({marks})", list(wanted))
        info |= {wanted[name]: _with_dots(value) if name == "NvDriverVersion" else value for name, value in rows}
    return info


def _with_dots(driver: Any) -> str:
    """Return 450.102.04 for 45010204, as nsys writes the version of a driver on some machines."""
    return re.sub(r"^(\d{3})(\d{1,3})(\d{2})$", r"\1.\2.\3", str(driver))


def _session(export: SqliteExport) -> dict[str, Any]:
    rows = export.query(
        """SELECT name, value FROM META_DATA_CAPTURE WHERE name GLOB 'PROCESS_0:COMMAND'
           OR name GLOB 'PROCESS_0:ARGUMENT_*' OR name GLOB '*CUDA_GRAPH_TRACE_OPTIONS:MODE' OR name = 'CAPTURE_EVENT_TYPE'"""
    )
    command = [value for name, value in rows if name.endswith(":COMMAND")]
    arguments = {int(name.rsplit("_", 1)[1]): value for name, value in rows if ":ARGUMENT_" in name and name[-1].isdigit()}
    words = [*command[:1], *(arguments[key] for key in sorted(arguments))]
    modes = [value.lower() for name, value in rows if name.endswith("MODE")]
    traced = sorted({value for name, value in rows if name == "CAPTURE_EVENT_TYPE"})
    return {"command": words, "graph_trace": modes[0] if modes else "", "traced": traced}
