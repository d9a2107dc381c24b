"""An nsys SQLite export: opened read-only, its tables and columns probed, integer columns read as arrays."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import quote

import numpy as np

from profiler.columns import integers, narrow
from profiler.distinct import distinct_rows
from profiler.errors import BadExportError
from profiler.tools.damage import opening
from profiler.tools.nsys.sqlite_pages import Block, PageFile, Unsupported, Values, journals
from profiler.tools.nsys.time_axis import SetAside, set_aside

SQLITE_MAGIC = b"SQLite format 3\x00"
_EXPORT_AGAIN = "export again: nsys export --type sqlite REPORT.nsys-rep"
_NULL = -(2**63)
_ROWID = "rowid"


class SqliteExport:
    """Read access to one export. The file is never changed, locked or indexed.

    Args:
        path: The `.sqlite` file.

    Raises:
        BadExportError: The file is absent, empty, truncated or no database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        self._strings: dict[int, str] | None = None
        self._set_aside: dict[str, SetAside] = {}
        self._check_size()

    def _bad(self, what: str, fix: str = _EXPORT_AGAIN) -> BadExportError:
        return BadExportError(f"{self.path}: {what}", fix)

    def _check_size(self) -> None:
        with opening(self.path), self.path.open("rb") as stream:
            head, size = stream.read(100), self.path.stat().st_size
        if not head.startswith(SQLITE_MAGIC):
            found = "an empty file" if not head else f"bytes {head[:8].hex(' ')}"
            raise self._bad(f"not an nsys SQLite export (found {found})")
        page = int.from_bytes(head[16:18], "big")
        page = 65536 if page == 1 else page
        pages = int.from_bytes(head[28:32], "big")
        if len(head) < 100 or size < page * pages:
            what = f"truncated, {size} bytes where its header promises {page * pages}"
            raise self._bad(what, f"copy the file again, or {_EXPORT_AGAIN}")

    @cached_property
    def _address(self) -> str:
        """The address for SQLite: the file itself, never to be written; or a copy where a journal must be worked in."""
        beside = journals(self.path)
        if not beside:
            return f"file:{quote(str(self.path.resolve()))}?mode=ro&immutable=1"
        self._copy = tempfile.TemporaryDirectory(prefix="profiler-sqlite-")
        for file in (self.path, *beside):
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        return f"file:{quote(str(Path(self._copy.name) / self.path.name))}?mode=rw"

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT and return its rows.

        Raises:
            BadExportError: The database is damaged, or a table or column is absent.
        """
        try:
            with closing(sqlite3.connect(self._address, uri=True)) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
                return connection.execute(sql, parameters).fetchall()
        except (sqlite3.Error, UnicodeError) as error:
            # the text of an error itself can hold damaged bytes of the schema
            raise self._bad(f"cannot be read as an nsys export ({error})") from error

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Table name to its column names."""
        joined = "sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
        rows = self.query(f"SELECT m.name, c.name FROM {joined} WHERE m.type = 'table' ORDER BY m.name, c.cid")
        found: dict[str, list[str]] = {}
        for table, column in rows:
            found.setdefault(table, []).append(column)
        return {table: tuple(names) for table, names in found.items()}

    @cached_property
    def version(self) -> str:
        """Version of the exporter, empty when the export does not say."""
        known = "META_DATA_EXPORT" in self.columns
        rows = self.query("SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_PRODUCT_VERSION'") if known else []
        return str(rows[0][0]) if rows else ""

    def has(self, table: str, *columns: str) -> bool:
        """Return whether a table exists and holds the given columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def has_rows(self, table: str) -> bool:
        """Return whether a table holds any row."""
        return bool(self.query(f'SELECT 1 FROM "{table}" LIMIT 1'))

    def require_nsys(self) -> None:
        """Check that the database is an nsys export.

        Raises:
            BadExportError: It is another program's database, or an export that broke off.
        """
        if "StringIds" in self.columns and len(self.columns) > 2:
            return
        found = ", ".join(sorted(self.columns)[:5]) or "no table"
        fix = "export the report with the nsys version that recorded it: nsys export --type sqlite REPORT.nsys-rep"
        raise self._bad(f"a SQLite database, but no nsys export (found {found}; expected StringIds and event tables)", fix)

    def integers(self, table: str, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """Read integer columns in row order.

        Args:
            table: Table name.
            names: Columns that must be there; `rowid` gives the row ids.
            optional: Columns that other versions may lack; left out of the result when absent.

        Returns:
            Column name to integers, 32-bit where they fit, masked where the file holds NULL.

        Raises:
            BadExportError: A required column is absent, or a column holds something else than whole numbers.
        """
        return self.grouped(table, names, optional, ())[0]

    def grouped(
        self, table: str, names: Sequence[str], optional: Sequence[str], keys: Sequence[str]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, np.ndarray]]:
        """Read integer columns, and number the distinct combinations of some more.

        Args:
            table: Table name.
            names, optional: As for `integers`.
            keys: Columns to number together; all must be there.

        Returns:
            The columns; the number of each row's combination (int32); the key columns, one row per combination.

        Raises:
            BadExportError: A required column is absent, or a column holds something else than whole numbers.
        """
        wanted = self._wanted(table, names, optional)
        self._wanted(table, keys, ())
        try:
            return self._by_pages(table, wanted, keys)
        except Unsupported:
            columns = self._by_sql(table, [*wanted, *keys])
            row, group = distinct_rows([np.ma.filled(columns[key], _NULL) for key in keys] or [np.zeros(0, np.int64)])
            return {n: columns[n] for n in wanted}, group, {key: columns[key][row] for key in keys}

    def _wanted(self, table: str, names: Sequence[str], optional: Sequence[str]) -> list[str]:
        present = self.columns.get(table, ())
        missing = [name for name in names if name not in (*present, _ROWID)]
        if missing:
            what = f"table {table} lacks {', '.join(missing)}; found {', '.join(present)} (exporter {self.version or 'unknown'})"
            raise self._bad(what, "export the report again with the nsys version that recorded it")
        return [*names, *(name for name in optional if name in present)]

    def _require_integers(self, table: str, names: Sequence[str]) -> None:
        """Check that columns hold whole numbers or NULL: an array would cut a fraction off without a word."""
        kinds = [f'typeof("{name}")' for name in names]
        others = ", ".join(f"max(CASE WHEN {kind} NOT IN ('integer', 'null') THEN {kind} END)" for kind in kinds)
        for name, kind in zip(names, self.query(f'SELECT {others} FROM "{table}"')[0], strict=True):
            if kind is not None:
                raise self._bad(f"column {name} of table {table} holds a value of type {kind}, expected whole numbers")

    def _by_sql(self, table: str, wanted: Sequence[str]) -> dict[str, np.ndarray]:
        self._require_integers(table, wanted)
        fields = ", ".join(f'coalesce("{name}", {_NULL})' for name in wanted)
        rows = self.query(f'SELECT {fields} FROM "{table}" ORDER BY rowid')
        data = np.array(rows, dtype=np.int64).reshape(-1, len(wanted))
        columns = {name: np.ascontiguousarray(data[:, i]) for i, name in enumerate(wanted)}
        return {name: np.ma.masked_array(v, v == _NULL) if (v == _NULL).any() else narrow(v) for name, v in columns.items()}

    def _by_pages(
        self, table: str, wanted: Sequence[str], keys: Sequence[str]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, np.ndarray]]:
        found = self.query("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        present = self.columns[table]
        declared = self.query(f"SELECT name, type, pk FROM pragma_table_info('{table}')")
        alias = {name for name, kind, key in declared if key and kind.upper() == "INTEGER"}
        if not found or alias & {*wanted, *keys}:
            raise Unsupported("a column that stands in the row id")
        number = {name: present.index(name) for name in (*wanted, *keys) if name != _ROWID}
        parts: dict[str, list[Values]] = {name: [] for name in wanted}
        groups: list[np.ndarray] = [np.zeros(0, np.int32)]
        known: dict[tuple[int | None, ...], int] = {}
        columns = [number[name] for name in wanted if name != _ROWID]
        span = [number[name] for name in keys]
        with closing(PageFile(self.path)) as file:
            for block in file.blocks(found[0][0], columns, len(present), _ROWID in wanted, span):
                for name in wanted:
                    values, mask = (block.rowid, None) if name == _ROWID else block.columns[number[name]]
                    parts[name].append((narrow(values), mask))
                if block.group is not None:
                    groups.append(_renumbered(block, span, known))
        distinct = zip(*known, strict=True) if known else [()] * len(keys)
        table_of_keys = {name: integers(part) for name, part in zip(keys, distinct, strict=True)}
        # one column after the other gives up its parts, so memory holds no more than one twice
        return {name: _joined(parts.pop(name)) for name in wanted}, np.concatenate(groups), table_of_keys

    def timed(self, table: str, raw: dict[str, np.ndarray], open_ends: bool = False) -> dict[str, np.ndarray]:
        """Leave out the rows of an event table that have no place on the time axis, and remember how many they are.

        Args:
            table: Table name.
            raw: Its columns, `start` and `end` among them.
            open_ends: Keep rows without an end.
        """
        out, found = set_aside(raw["start"], raw["end"], open_ends)
        self._set_aside[table] = found
        return raw if out is None else {name: values[~out] for name, values in raw.items()}

    def left_out(self, table: str, open_ends: bool = False) -> SetAside:
        """Return how many rows of an event table `timed` leaves out; reads the table's times when it was not read yet."""
        if table not in self._set_aside:
            self.timed(table, self.integers(table, ("start", "end")), open_ends)
        return self._set_aside[table]

    @property
    def strings(self) -> dict[int, str]:
        """The table of strings: id to text."""
        with self._lock:
            if self._strings is None:
                known = "StringIds" in self.columns
                self._strings = dict(self.query("SELECT id, value FROM StringIds")) if known else {}
            return self._strings


def _joined(parts: Sequence[Values]) -> np.ndarray:
    """Return a column of its blocks; masked where a value is missing."""
    values = np.concatenate([np.zeros(0, np.int32), *(part for part, _ in parts)])
    if all(mask is None for _, mask in parts):
        return values
    return np.ma.masked_array(values, np.concatenate([np.zeros(len(part), bool) if mask is None else mask for part, mask in parts]))


def _renumbered(block: Block, span: Sequence[int], known: dict[tuple[int | None, ...], int]) -> np.ndarray:
    """Give a block's combinations the numbers that they have in the whole table."""
    lists = []
    for number in span:
        values, mask = block.group_columns[number]
        lists.append(values.tolist() if mask is None else np.ma.masked_array(values, mask).tolist())
    renumber = [known.setdefault(key, len(known)) for key in zip(*lists, strict=True)]
    return np.asarray(renumber, dtype=np.int32)[block.group]
