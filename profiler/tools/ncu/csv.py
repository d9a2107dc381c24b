"""Reads what `ncu --page raw --csv` and `ncu --page details --csv` print, of every unit mode and version."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from profiler.errors import BadExportError
from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.assemble import TABLES, assemble
from profiler.tools.ncu.detail_labels import metric_of_label
from profiler.tools.ncu.launch import Launch
from profiler.tools.ncu.nvtx_columns import PUSH_POP_HEADER, START_STOP_HEADER, parse_ranges
from profiler.tools.ncu.unit_names import base_unit

FIRST_COLUMNS = ("ID", "Process ID")
_LAUNCH_COLUMNS = {
    "ID", "Process ID", "Process Name", "Host Name", "Kernel Name", "Kernel Time", "Context", "Stream", "Block Size",
    "Grid Size", "Device", "CC", PUSH_POP_HEADER, START_STOP_HEADER,
}  # fmt: skip
_EMPTY_VALUES = ("", "no data", "n/a", "nan", "-nan")
_RULE_SEVERITY = {"WRN": "warning", "ERR": "error"}
_EXPORT_AGAIN = "export it again: ncu -i FILE.ncu-rep --page raw --csv --print-units base > FILE.csv"
_HEADER = re.compile(rb'(?m)^"?ID"?,"?Process ID"?,')


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header row and the rows below it; what the tool or the program printed before is passed over."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, csv.Error) as error:
        raise BadExportError(f"{path}: cannot be read as CSV ({error})", _EXPORT_AGAIN) from error
    for index, row in enumerate(rows):
        if tuple(row[:2]) == FIRST_COLUMNS:
            return row, [line for line in rows[index + 1 :] if not line[0].startswith("==")]
    raise BadExportError(
        f"{path}: no header row that begins with {', '.join(FIRST_COLUMNS)}, expected a CSV page of ncu", _EXPORT_AGAIN
    )


def _size(text: str, kind: str) -> dict[str, int]:
    """Return the columns of a size written `(64, 1, 1)` or `64,1,1`."""
    numbers = [int(item) for item in re.findall(r"\d+", text)]
    if len(numbers) != len(frames.AXES):
        return {}
    return {f"{kind}_{axis}": number for axis, number in zip(frames.AXES, numbers, strict=True)}


def _short_name(kernel: str) -> str:
    """Return the function name of a demangled signature: no result type, namespace, template arguments, parameters."""
    head = re.split(r"[<(]", kernel.replace("(anonymous namespace)::", ""), maxsplit=1)[0].strip()
    return head.rpartition(" ")[2].rpartition("::")[2]


def _launch(cells: dict[str, str]) -> Launch:
    facts: dict[str, Any] = {**_size(cells.get("Grid Size", ""), "grid"), **_size(cells.get("Block Size", ""), "block")}
    for column, header in (
        ("process_id", "Process ID"), ("device_id", "Device"), ("context_id", "Context"), ("stream_id", "Stream"),
    ):  # fmt: skip
        if cells.get(header, "").isdigit():
            facts[column] = int(cells[header])
    if cells.get("CC"):
        facts["compute_capability"] = cells["CC"]
    ranges = [item for header in (START_STOP_HEADER, PUSH_POP_HEADER) for item in parse_ranges(cells.get(header, ""))]
    return Launch(cells.get("Kernel Name", ""), _short_name(cells.get("Kernel Name", "")), facts, ranges)


def _numbers(cells: Iterable[str], factors: Iterable[float]) -> tuple[np.ndarray, list[str | None]]:
    """Split printed values into numbers in base units (NaN for others) and the texts that are no number."""
    numbers: list[float] = []
    texts: list[str | None] = []
    for cell in cells:
        try:
            numbers.append(float(cell.replace(",", "")))
            texts.append(None)
        except ValueError:
            numbers.append(math.nan)
            texts.append(None if cell.strip().lower() in _EMPTY_VALUES else cell)
    return np.asarray(numbers) * np.asarray(list(factors)), texts


def _read_raw(path: Path, header: list[str], rows: list[list[str]]) -> ReadResult:
    """Read the wide page: names, units, then one row a launch."""
    if not rows or rows[0][0] != "":
        raise BadExportError(f"{path}: no row of units below the names, expected the raw page of ncu", _EXPORT_AGAIN)
    if len(rows[0]) < len(header):
        raise BadExportError(
            f"{path}: the row of units has {len(rows[0])} cells, expected {len(header)} as in the header", _EXPORT_AGAIN
        )
    units, body = rows[0], [row for row in rows[1:] if len(row) == len(header)]
    torn = [_torn_message(row, len(header)) for row in rows[1:] if row[0].isdigit() and len(row) != len(header)]
    if not body:
        return _nothing(path, torn)
    columns = [
        index for index, name in enumerate(header)
        if name not in _LAUNCH_COLUMNS and not name.startswith(frames.UNINFORMATIVE_PREFIXES)
    ]  # fmt: skip
    scaled = [base_unit(units[index]) for index in columns]
    values, texts = _numbers((row[i] for row in body for i in columns), [factor for _, factor in scaled] * len(body))
    counters = frames.counters_table(
        [launch for launch in range(len(body)) for _ in columns],
        [header[index] for index in columns] * len(body),
        values,
        texts,
        [unit for unit, _ in scaled] * len(body),
    )
    return assemble(counters, [_launch(dict(zip(header, row, strict=True))) for row in body], torn, path.name)


def _nothing(path: Path, torn: list[dict[str, Any]]) -> ReadResult:
    reason = f"no row of {path.name} is whole: {torn[0]['text']}" if torn else f"{path.name} holds no profiled kernel"
    return ReadResult(absent=dict.fromkeys(TABLES, reason))


def _torn_message(row: list[str], width: int) -> dict[str, Any]:
    return {
        "source": "reader",
        "severity": "warning",
        "text": f"the row of launch {row[0]} has {len(row)} of {width} cells and is left out",
        "hint": _EXPORT_AGAIN,
        "launch_id": -1,
        "section": "",
        "speedup_pct": math.nan,
        "speedup_kind": "",
    }


def _rule_message(row: dict[str, str], launch_id: int) -> dict[str, Any]:
    speedup = row.get("Estimated Speedup", "").replace(",", "")
    return {
        "source": f"ncu {row.get('Rule Name', '')}",
        "severity": _RULE_SEVERITY.get(row.get("Rule Type", ""), "info"),
        "text": row.get("Rule Description", ""),
        "hint": "",
        "launch_id": launch_id,
        "section": row.get("Section Name", ""),
        "speedup_pct": float(speedup) if speedup else float("nan"),
        "speedup_kind": row.get("Estimated Speedup Type", ""),
    }


def _read_details(path: Path, header: list[str], rows: list[list[str]]) -> ReadResult:
    """Read the long page: one row a metric or a rule."""
    torn = [_torn_message(row, len(header)) for row in rows if row[0].isdigit() and len(row) > len(header)]
    records = [dict(zip(header, row, strict=False)) for row in rows if len(row) <= len(header)]
    ids: dict[str, int] = {}
    launches: list[Launch] = []
    for record in records:
        if record["ID"] not in ids:
            ids[record["ID"]] = len(ids)
            launches.append(_launch(record))
    if not launches:
        return _nothing(path, torn)
    # a label can stand in two sections: the first is kept
    unique = {
        (record["ID"], metric_of_label(record.get("Section Name", ""), record["Metric Name"])): record
        for record in reversed(records)
        if record.get("Metric Name")
    }
    measured = list(unique.values())
    scaled = [base_unit(record.get("Metric Unit", "")) for record in measured]
    values, texts = _numbers((record.get("Metric Value", "") for record in measured), [factor for _, factor in scaled])
    counters = frames.counters_table(
        [ids[record["ID"]] for record in measured],
        [metric for _, metric in unique],
        values,
        texts,
        [unit for unit, _ in scaled],
    )
    messages = torn + [_rule_message(record, ids[record["ID"]]) for record in records if record.get("Rule Name")]
    return assemble(counters, launches, messages, path.name)


class NcuCsvReader:
    """Reads the CSV pages of ncu."""

    tool = "ncu"
    suffixes = (".csv",)
    tables = TABLES
    parser_version = 2

    def recognise(self, path: Path, head: bytes) -> bool:
        """Say whether the first bytes hold a header of ncu's CSV, after whatever was printed before it."""
        if _HEADER.search(head):
            return True
        return head.startswith(b"==PROF==") and path.suffix == ".csv"

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables of a CSV page.

        Raises:
            BadExportError: The file holds no header row of ncu, or no row of units.
        """
        header, rows = _rows(path)
        result = _read_details(path, header, rows) if "Metric Name" in header else _read_raw(path, header, rows)
        result.info = {"tool": "Nsight Compute", "page": "details" if "Metric Name" in header else "raw"}
        return result


READERS = (NcuCsvReader(),)
