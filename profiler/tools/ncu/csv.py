"""Reads what `ncu --page raw --csv` and `ncu --page details --csv` print, of every unit mode and version."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from profiler.columns import Columns
from profiler.errors import BadExportError
from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.assemble import TABLES, assemble
from profiler.tools.ncu.launch import Launch
from profiler.tools.ncu.number_format import COMMA, NumberFormat, UndecidedError, decide, to_number
from profiler.tools.ncu.nvtx_columns import PUSH_POP_HEADER, START_STOP_HEADER, parse_ranges
from profiler.tools.ncu.quantities import dimension, metric_of_label
from profiler.tools.ncu.unit_names import base_unit
from profiler.tools.text_files import read_plain

FIRST_COLUMNS = ("ID", "Process ID")
_NUMBERS = {"process_id": "Process ID", "device_id": "Device", "context_id": "Context", "stream_id": "Stream"}
_TEXTS = ("ID", "Process Name", "Host Name", "Kernel Name", "Kernel Time", "Block Size", "Grid Size", "CC")
_LAUNCH_COLUMNS = {*_TEXTS, *_NUMBERS.values(), PUSH_POP_HEADER, START_STOP_HEADER}
_EMPTY_VALUES = ("", "no data", "n/a", "nan", "-nan")
_WHOLE_UNITS = frozenset((unit, 1) for unit in ("ns", "byte", "inst", "sector", "thread", "request", "cycle", ""))
_RULE_SEVERITY = {"WRN": "warning", "ERR": "error"}
_EXPORT_AGAIN = "export it again: ncu -i FILE.ncu-rep --page raw --csv --print-units base > FILE.csv"
_HEADER = re.compile(r'^"?ID"?([,;\t])"?Process ID"?\1', re.MULTILINE)
_PRINTED = re.compile(r'^"?Process ID"?,.*"Invocations"|^ +Section: \w', re.MULTILINE)
"""A summary over launches, and what ncu prints for people."""


@dataclass
class _Page:
    """One log of the file: everything below one header row."""

    header: list[str]
    rows: list[list[str]]

    @property
    def is_details(self) -> bool:
        """The long page, one row a metric; else the wide one, one row a launch."""
        return "Metric Name" in self.header


@dataclass
class _Found:
    """What the pages of a file hold, before their numbers are read."""

    launches: list[Launch] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    rules: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    cells: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Launch, metric, unit and printed value."""


def _pages(path: Path) -> list[_Page]:
    """Split the file at its header rows; what the tool or the program printed around the pages is passed over."""
    text = read_plain(path).decode("utf-8", "replace")
    starts = [match.start() for match in _HEADER.finditer(text)]
    if not starts:
        printed = "ncu printed it for reading, or as a summary over launches; " if _PRINTED.search(text) else ""
        found = f"{printed}no header row that begins with {', '.join(FIRST_COLUMNS)}, expected a CSV page of ncu"
        raise BadExportError(f"{path}: {found}", _EXPORT_AGAIN)
    pages = []
    for start, end in pairwise([*starts, len(text)]):
        separator = re.sub(r'^"?ID"?', "", text[start:end])[0]
        try:
            rows = [row for row in csv.reader(StringIO(text[start:end], newline=""), delimiter=separator) if row]
        except csv.Error as error:
            raise BadExportError(f"{path}: cannot be read as CSV ({error})", _EXPORT_AGAIN) from error
        pages.append(_Page(rows[0], [row for row in rows[1:] if not row[0].startswith("==")]))
    return pages


def _size(text: str, kind: str) -> dict[str, int]:
    """Return the columns of a size written `(64, 1, 1)` or `64,1,1`."""
    numbers = re.findall(r"\d+", text)
    return {f"{kind}_{axis}": int(number) for axis, number in zip("xyz", numbers, strict=True)} if len(numbers) == 3 else {}


def _short_name(kernel: str) -> str:
    """Return the function name of a demangled signature: no result type, namespace, template arguments, parameters."""
    head = re.split(r"[<(]", kernel.replace("(anonymous namespace)::", ""), maxsplit=1)[0].strip()
    return head.rpartition(" ")[2].rpartition("::")[2]


def _launch(cells: dict[str, str]) -> Launch:
    facts: dict[str, Any] = {**_size(cells.get("Grid Size", ""), "grid"), **_size(cells.get("Block Size", ""), "block")}
    facts |= {column: int(cells[header]) for column, header in _NUMBERS.items() if cells.get(header, "").isdigit()}
    if cells.get("CC"):
        facts["compute_capability"] = cells["CC"]
    ranges = [item for header in (START_STOP_HEADER, PUSH_POP_HEADER) for item in parse_ranges(cells.get(header, ""))]
    return Launch(cells.get("Kernel Name", ""), _short_name(cells.get("Kernel Name", "")), facts, ranges)


def _add_raw(path: Path, page: _Page, found: _Found) -> None:
    """Take a wide page: names, units, then one row a launch; a further row of units counts for what follows it."""
    header, width = page.header, len(page.header)
    if not page.rows or page.rows[0][0] != "":
        raise BadExportError(f"{path}: no row of units below the names, expected the raw page of ncu", _EXPORT_AGAIN)
    if len(page.rows[0]) < width:
        found_cells = f"the row of units has {len(page.rows[0])} cells, expected {width} as in the header"
        raise BadExportError(f"{path}: {found_cells}", _EXPORT_AGAIN)
    passed_over = [name in _LAUNCH_COLUMNS or name.startswith(frames.UNINFORMATIVE_PREFIXES) for name in header]
    columns = [index for index, passed in enumerate(passed_over) if not passed]
    units = page.rows[0]
    for row in page.rows[1:]:
        if row[0] == "" and len(row) == width:
            units = row
        elif len(row) == width:
            found.launches.append(_launch(dict(zip(header, row, strict=True))))
            launch_id = len(found.launches) - 1
            found.cells += [(launch_id, header[index], units[index], row[index].strip()) for index in columns]
        elif row[0].isdigit():
            found.messages.append(_torn_message(row, width))


def _add_details(path: Path, page: _Page, found: _Found) -> None:
    """Take a long page: one row a metric or a rule. A launch is its number within its process."""
    header, width = page.header, len(page.header)
    known: dict[tuple[str, ...], int] = {}
    seen: dict[int, dict[str, str]] = {}
    for row in page.rows:
        if len(row) > width:
            found.messages += [_torn_message(row, width)] if row[0].isdigit() else []
            continue
        record = dict(zip(header, row, strict=False))
        key = (record["ID"], record.get("Process ID", ""), record.get("Kernel Name", ""))
        section, label, unit = (record.get(name) or "" for name in ("Section Name", "Metric Name", "Metric Unit"))
        metric = metric_of_label(section, label, unit) if label else ""
        # a metric that comes again in its section is that of another launch: the program ran twice into one file
        if key not in known or (metric and seen[known[key]].get(metric) == section):
            known[key] = len(found.launches)
            seen[known[key]] = {}
            found.launches.append(_launch(record))
        launch_id = known[key]
        if record.get("Rule Name"):
            found.rules.append((launch_id, record))
        # a label can stand in two sections: the first is kept
        if metric and seen[launch_id].setdefault(metric, section) == section:
            found.cells.append((launch_id, metric, unit, record.get("Metric Value", "").strip()))


def _counters(path: Path, found: _Found, way: NumberFormat) -> Columns:
    """Read the printed values as numbers in base units.

    Raises:
        BadExportError: A duration, size, rate or share has a unit that no version of ncu prints.
    """
    rows: list[frames.Counter] = []
    for launch_id, metric, printed, cell in found.cells:
        number, (unit, factor), expected = to_number(cell, way), base_unit(printed), dimension(metric)
        if number is None:
            rows.append((launch_id, metric, math.nan, None if cell.lower() in _EMPTY_VALUES else cell, unit))
            continue
        if expected and unit != expected:
            raise BadExportError(f"{path}: {metric} has the unit {printed!r}, expected one of {expected}", _EXPORT_AGAIN)
        rows.append((launch_id, metric, number * factor, None, unit))
    return frames.counters_table(rows)


@cache
def _is_whole(metric: str, unit: str) -> bool:
    """Return whether a value printed in this unit counts something without fractions."""
    counted = metric.endswith((".sum", ".max", ".min")) or metric in ("launch__grid_size", "launch__thread_count")
    return counted and base_unit(unit) in _WHOLE_UNITS


def _decide(path: Path, found: _Found) -> tuple[NumberFormat, str]:
    """Find how the numbers of a file are written.

    Raises:
        BadExportError: That cannot be told.
    """
    cells = dict.fromkeys((cell, _is_whole(metric, unit)) for _, metric, unit, cell in found.cells)
    try:
        return decide(cells)
    except UndecidedError as error:
        fix = "print it in the language C: LC_ALL=C ncu -i FILE.ncu-rep --page raw --csv --print-units base > FILE.csv"
        raise BadExportError(f"{path}: the decimal sign cannot be told: {error}", fix) from error


def _torn_message(row: list[str], width: int) -> dict[str, Any]:
    text = f"the row of launch {row[0]} has {len(row)} of {width} cells and is left out"
    return frames.message("reader", "warning", text, _EXPORT_AGAIN)


def _rule_message(row: dict[str, str], launch_id: int, way: NumberFormat) -> dict[str, Any]:
    speedup = to_number(row.get("Estimated Speedup", ""), way)
    severity = _RULE_SEVERITY.get(row.get("Rule Type", ""), "info")
    return {
        **frames.message(f"ncu {row.get('Rule Name', '')}", severity, row.get("Rule Description", "")),
        "launch_id": launch_id,
        "section": row.get("Section Name", ""),
        "speedup_pct": math.nan if speedup is None else speedup,
        "speedup_kind": row.get("Estimated Speedup Type", ""),
    }


def _read(path: Path, pages: list[_Page]) -> ReadResult:
    found = _Found()
    for page in pages:
        (_add_details if page.is_details else _add_raw)(path, page, found)
    if not found.launches:
        torn = f"no row of {path.name} is whole: {found.messages[0]['text']}" if found.messages else ""
        return ReadResult(absent=dict.fromkeys(TABLES, torn or f"{path.name} holds no profiled kernel"))
    way, example = _decide(path, found)
    messages = found.messages + [_rule_message(row, launch, way) for launch, row in found.rules]
    if way is COMMA:
        text = f"numbers are read with a decimal comma, as {example!r} tells: the machine that printed them set it"
        messages.append(frames.message("reader", "info", text, "print it in the language C for certainty: LC_ALL=C"))
    return assemble(_counters(path, found, way), found.launches, messages, path.name)


class NcuCsvReader:
    """Reads the CSV pages of ncu."""

    tool = "ncu"
    suffixes = (".csv",)
    tables = TABLES
    parser_version = 3

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the first bytes hold a header of ncu's CSV, after whatever was printed before it."""
        text = head.decode("utf-8", "replace")
        return bool(_HEADER.search(text) or _PRINTED.search(text)) or (text.startswith("==PROF==") and path.suffix == ".csv")

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables of a CSV page.

        Raises:
            BadExportError: The file holds no header row of ncu, no row of units, or numbers that can be read in two ways.
        """
        pages = _pages(path)
        result = _read(path, pages)
        result.info = {"tool": "Nsight Compute", "page": "details" if pages[0].is_details else "raw"}
        if len(pages) > 1:
            result.info["logs"] = len(pages)
        return result


READERS = (NcuCsvReader(),)
