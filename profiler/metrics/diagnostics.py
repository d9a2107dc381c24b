"""Messages about the recording: from its tools, from the readers, and what does not fit together in the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Columns
from profiler.metrics.failed_calls import FailedCalls, failed_calls
from profiler.metrics.gpu_operations import KERNEL, api_rows, gpu_operations, operations_tool
from profiler.metrics.point_ranges import iterations
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec

if TYPE_CHECKING:
    from profiler.tables.captures import Captures

_POINTS_NAMED = 3
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
        rows += [(record.tool, "info", note, "") for record in recording.manifest.captures for note in record.notes]
        failed = [record for record in recording.manifest.captures if record.status == "failed"]
        rows += [
            (record.tool, "error", f"the capture failed: {record.reason}", "see its log in the run folder") for record in failed
        ]
    rows += [("analysis", *row) for row in _noticed(recording)]
    rows.sort(key=lambda row: _ORDER.get(row[1], 1))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    names = ("source", "severity", "text", "hint")
    return Columns({name: np.array(part, dtype=object) for name, part in zip(names, columns, strict=True)})


def _noticed(recording: Captures) -> list[tuple[str, str, str]]:
    found = [_failure(failure) for failure in failed_calls(recording)]
    tool = operations_tool(recording)
    if tool is not None and recording.has("api_calls", tool):
        kernels = gpu_operations(recording).kind == KERNEL
        lost = int((kernels & (api_rows(recording) < 0)).sum())
        if lost:
            text = f"{lost} of {int(kernels.sum())} kernels have no API call: launch latency and NVTX ranges leave them out"
            found.append(("warning", text, "record again without filtering API calls, and check for dropped events"))
    ranges = iterations(recording)
    if ranges is not None:
        outside = int((ranges.label.codes < 0).sum())
        if outside:
            text = f"{outside} measured iterations stand outside any sweep point and belong to none"
            found.append(("warning", text, "open a point range around them"))
    return found


def _failure(failure: FailedCalls) -> tuple[str, str, str]:
    where = f" in {', '.join(failure.points[:_POINTS_NAMED])}" if failure.points else ""
    more = f" and {len(failure.points) - _POINTS_NAMED} more points" if len(failure.points) > _POINTS_NAMED else ""
    if failure.breaks_context:
        return "error", f"{failure}{where}{more}", "nothing the process did afterwards counts; compute-sanitizer finds the cause"
    return "warning", f"{failure}{where}{more}", "check the codes that the program's CUDA calls return"


DIAGNOSTICS = MetricTable(
    name="diagnostics",
    title="Diagnostics",
    text="one message about the recording",
    needs=(),
    columns=(
        ColumnSpec("source", text="tool, reader or analysis"),
        ColumnSpec("severity", text="error, warning or info"),
        ColumnSpec("text", text="message"),
        ColumnSpec("hint", text="what to do"),
    ),
    compute=diagnostics,
)
