"""Knows the other reports that `nsys stats` prints, and says what they hold and what to give instead."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from profiler.errors import BadExportError
from profiler.tools.base import ReadResult
from profiler.tools.nsys.stats_csv import TraceCsvReader

_CSV = re.compile(
    rb'^"?(?:Time ?\(%\)"?,"?Total Time|Total Time \(\w+\)"?,|Start \(\w+\)"?,|API Start \(\w+\)"?,|Total \()', re.MULTILINE
)
_JSON = re.compile(rb'^\s*\[\s*\{\s*"(?:Time \(%\)|Total Time \(|Start \(|API Start \(|Total \()')
_COUNTS = ("Instances", "Num Calls", "Count", "NVTX Inst", "Range Instances", "Kern Inst")
_NAMES = ("Name", "Range", "Operation", "Kernel Name", "NVTX Range")
_TOTAL = re.compile(r"^Total (?:Time |Proj Time )?\((ns|us|ms|s)\)$")
_FIX = "give the .sqlite or .nsys-rep; or print single times: nsys stats --report cuda_gpu_trace --format csv REPORT"


class SummaryReader:
    """Recognises summaries and other traces of `nsys stats`, CSV and JSON; none of them holds what the tables need."""

    tool = "nsys"
    suffixes = (".csv", ".json")
    tables = TraceCsvReader.tables
    parser_version = 1

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the header of such a report stands in the first lines; nsys may print notices before it."""
        return _CSV.search(head) is not None or _JSON.match(head) is not None

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Refuse the file with what it holds.

        Raises:
            BadExportError: Always: a summary has lost the single times.
        """
        rows = _json_rows(path) if path.read_bytes()[:64].lstrip().startswith(b"[") else _csv_rows(path)
        raise BadExportError(f"{path}: a report that nsys stats printed, without the single times of GPU work{_held(rows)}", _FIX)


def _csv_rows(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8", "replace")
    found = _CSV.search(text.encode())
    lines = text.encode()[found.start() :].decode("utf-8", "replace").splitlines() if found else []
    return [row for row in csv.DictReader(lines) if None not in row.values()]


def _json_rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return []
    return [row for row in rows if isinstance(row, dict)]


def _held(rows: list[dict[str, Any]]) -> str:
    """Say what the longest row of a summary tells; empty for other reports."""
    if not rows:
        return ""
    count, name = (next((key for key in keys if key in rows[0]), "") for keys in (_COUNTS, _NAMES))
    total = next((key for key in rows[0] if _TOTAL.match(key)), "")
    if not (count and name and total):
        return ""
    first = rows[0]
    unit = total[total.index("(") + 1 : -1]
    return f"; it sums up {len(rows)} names, first {str(first[name]).strip()!r}: count {first[count]}, total {first[total]} {unit}"


READERS = (SummaryReader(),)
