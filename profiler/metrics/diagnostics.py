"""Messages about the recording: from its tools, from the readers, and what does not fit together in the data."""

from __future__ import annotations

from collections import Counter

import numpy as np

from profiler.columns import Columns, from_records
from profiler.kernel_names import short_name
from profiler.metrics.failed_calls import FailedCalls, failed_calls
from profiler.metrics.gpu_operations import KERNEL, api_rows, gpu_operations, operations_tool
from profiler.metrics.intervals import union
from profiler.metrics.point_ranges import iterations, owners
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures

_POINTS_NAMED = 3
_LEFT_OUT = (
    ("lost the GPU record of a launch", "record fewer events at a time"),
    ("are not clear: another thread launched work while several were open", "open one iteration of a process at a time"),
    ("ran while the recording tool lost events", "record fewer events at a time"),
)
"""What is said of iterations that are left out, and what to do, by the causes of `Owners`."""
_ORDER = {"error": 0, "warning": 1, "info": 2}


def diagnostics(recording: Captures) -> Columns:
    """List all messages, errors first."""
    rows: list[tuple[str, str, str, str]] = []
    for tool in recording.tools:
        if recording.has("diagnostics", tool):
            for row in recording.columns("diagnostics", tool).to_records():
                source = row["source"] if row["source"] == tool else f"{row['source']} ({tool})"
                rows.append((source, row["severity"], row["text"], row.get("hint") or ""))
    if recording.manifest is not None:
        captures = recording.manifest.captures
        rows += [(own.tool, "info", note, "") for own in captures for note in own.notes]
        failed = [(own.tool, f"the capture failed: {own.reason}") for own in captures if own.status == "failed"]
        rows += [(tool, "error", text, "see its log in the run folder") for tool, text in failed]
    rows += [("analysis", *row) for row in _noticed(recording)]
    counts = sorted(Counter(rows).items(), key=lambda item: _ORDER.get(item[0][1], 1))
    told = [(*row[:2], row[2] + f" ({count} times)" * (count > 1), row[3]) for row, count in counts]
    return from_records([dict(zip(DIAGNOSTICS.names, row, strict=True)) for row in told], DIAGNOSTICS.columns)


def _noticed(recording: Captures) -> list[tuple[str, str, str]]:
    found = [_failure(failure) for failure in failed_calls(recording)]
    ranges = iterations(recording)
    if ranges is not None:
        outside = int((ranges.label.codes < 0).sum())
        if outside:
            text = f"{outside} measured iterations stand outside any sweep point and belong to none"
            found.append(("warning", text, "open a point range around them"))
    return found + _left_out(recording) + _odd_kernels(recording)


def _left_out(recording: Captures) -> list[tuple[str, str, str]]:
    """Name the points of which iterations are not known in full."""
    found = iterations(recording)
    if found is None or operations_tool(recording) is None:
        return []
    codes, labels = found.label.codes, found.label.values
    messages = []
    for (what, hint), mask in zip(_LEFT_OUT, owners(recording).causes, strict=True):
        count, whole = (np.bincount(codes[(codes >= 0) & rows], minlength=len(labels)) for rows in (mask, codes >= 0))
        points = np.flatnonzero(count)
        named = [f"{count[code]} of {whole[code]} iterations of {labels[code]}" for code in points[:_POINTS_NAMED].tolist()]
        more = f" (and of {len(points) - _POINTS_NAMED} more points)" if len(points) > _POINTS_NAMED else ""
        messages += [("warning", f"{', '.join(named)}{more} {what}; its times leave them out", hint)] if named else []
    return messages


def _odd_kernels(recording: Captures) -> list[tuple[str, str, str]]:
    """Name the kernels whose times contradict their launch, or that of the next one in their stream."""
    tool = operations_tool(recording)
    if tool is None or not recording.has("kernels", tool):
        return []
    own = recording.only(tool)
    operations = gpu_operations(own)
    kernel = np.flatnonzero(operations.kind == KERNEL)
    found = []
    if own.has("api_calls"):
        call = api_rows(own)[kernel]
        alone = kernel[call < 0]
        hint = "record again without filtering API calls, and check for dropped events"
        found.append((alone, "have no API call: launch latency and NVTX ranges leave them out", hint))
        inside = _during_iterations(own, operations.start[alone])
        text = "have no API call (launched on the GPU, or the call is lost) and ran during measured iterations: outside their times"
        found.append((alone[inside], text, ""))
        early = kernel[(call >= 0) & (operations.start[kernel] < own.columns("api_calls").array("start_ns")[call])]
        found.append((early, "began before the call that launched them: the clocks of host and GPU do not agree", ""))
    # the nodes of a graph run side by side and are all said to be in the stream of its launch
    nodes = own.columns("kernels").array("graph_node_id") if "graph_node_id" in own.columns("kernels") else None
    plain = kernel if nodes is None else kernel[np.ma.getmaskarray(nodes)[operations.row[kernel]]]
    ordered = plain[np.argsort(operations.lane[plain], kind="stable")]
    this, following = ordered[:-1], ordered[1:]
    over = (operations.lane[this] == operations.lane[following]) & (operations.end[this] > operations.start[following])
    found.append((this[over], "overlap the next one of their stream: their durations hold time of both", ""))
    messages = []
    for rows, what, hint in found:
        names = list(dict.fromkeys(operations.label.take(rows).decode().tolist()))[:_POINTS_NAMED]
        text = f"{len(rows)} of {len(kernel)} kernels {what} ({', '.join(map(short_name, names))})"
        messages += [("warning", text, hint)] if len(rows) else []
    return messages


def _during_iterations(recording: Captures, times: np.ndarray) -> np.ndarray:
    """Say which moments lie between the first and the last GPU operation of a measured iteration."""
    operations, owner = gpu_operations(recording), owners(recording).iteration
    rows = np.flatnonzero(owner >= 0)
    if not len(rows):
        return np.zeros(len(times), dtype=bool)
    rows = rows[np.argsort(owner[rows], kind="stable")]
    first = np.flatnonzero(np.r_[True, np.diff(owner[rows]) > 0])
    # operations are in order of start
    start, end = union(operations.start[rows[first]], np.maximum.reduceat(operations.end[rows], first))
    place = np.searchsorted(start, times, side="right") - 1
    return np.asarray((place >= 0) & (times < end[place]))


def _failure(failure: FailedCalls) -> tuple[str, str, str]:
    where = f" in {', '.join(failure.points[:_POINTS_NAMED])}" if failure.points else ""
    more = f" and {len(failure.points) - _POINTS_NAMED} more points" if len(failure.points) > _POINTS_NAMED else ""
    if failure.breaks_context:
        return "error", f"{failure}{where}{more}", "nothing the process did afterwards counts; compute-sanitizer finds the cause"
    return "warning", f"{failure}{where}{more}", "check the codes that the program's CUDA calls return"


DIAGNOSTICS = MetricTable(
    name="messages",
    title="Diagnostics",
    text="one message about the recording",
    columns=(
        ColumnSpec("source", text="tool, reader or analysis"),
        ColumnSpec("severity", text="error, warning or info"),
        ColumnSpec("text", text="message"),
        ColumnSpec("hint", text="what to do"),
    ),
    compute=diagnostics,
)
