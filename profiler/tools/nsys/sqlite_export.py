"""An nsys SQLite export: opened read-only, its tables and columns probed, integer columns read as arrays."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from profiler.errors import BadExportError

SQLITE_MAGIC = b"SQLite format 3\x00"
_NULL = -(2**63)


class SqliteExport:
    """Read access to one export. The file is never changed, locked or indexed.

    Args:
        path: The `.sqlite` file.

    Raises:
        BadExportError: The file is absent, empty, truncated or no database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_size()

    def _check_size(self) -> None:
        try:
            with self.path.open("rb") as stream:
                head = stream.read(100)
            size = self.path.stat().st_size
        except OSError as error:
            raise BadExportError(f"{self.path}: {error.strerror or error}", "check the path") from error
        if not head.startswith(SQLITE_MAGIC):
            found = "an empty file" if not head else f"bytes {head[:8].hex(' ')}"
            raise BadExportError(
                f"{self.path}: not an nsys SQLite export (found {found})",
                "export again: nsys export --type sqlite REPORT.nsys-rep",
            )
        page = int.from_bytes(head[16:18], "big")
        page = 65536 if page == 1 else page
        pages = int.from_bytes(head[28:32], "big")
        if len(head) < 100 or size < page * pages:
            raise BadExportError(
                f"{self.path}: truncated, {size} bytes where its header promises {page * pages}",
                "copy the file again, or export again: nsys export --type sqlite REPORT.nsys-rep",
            )

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT and return its rows.

        Raises:
            BadExportError: The database is damaged, or a table or column is absent.
        """
        uri = f"file:{quote(str(self.path.resolve()))}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
                return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise BadExportError(
                f"{self.path}: cannot be read as an nsys export ({error})",
                "export again: nsys export --type sqlite REPORT.nsys-rep",
            ) from error

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Table name to its column names."""
        rows = self.query(
            "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
            "WHERE m.type = 'table' ORDER BY m.name, c.cid"
        )
        found: dict[str, list[str]] = {}
        for table, column in rows:
            found.setdefault(table, []).append(column)
        return {table: tuple(names) for table, names in found.items()}

    @cached_property
    def version(self) -> str:
        """Version of the exporter, empty when the export does not say."""
        if "META_DATA_EXPORT" not in self.columns:
            return ""
        rows = self.query("SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_PRODUCT_VERSION'")
        return str(rows[0][0]) if rows else ""

    def has(self, table: str, *columns: str) -> bool:
        """Say whether a table exists and holds the given columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def has_rows(self, table: str) -> bool:
        """Say whether a table holds any row."""
        return bool(self.query(f'SELECT 1 FROM "{table}" LIMIT 1'))

    def require_nsys(self) -> None:
        """Check that the database is an nsys export.

        Raises:
            BadExportError: It is another program's database, or an export that broke off.
        """
        if "StringIds" in self.columns and len(self.columns) > 2:
            return
        found = ", ".join(sorted(self.columns)[:5]) or "no table"
        raise BadExportError(
            f"{self.path}: a SQLite database, but no nsys export (found {found}; expected StringIds and event tables)",
            "export the report with the nsys version that recorded it: nsys export --type sqlite REPORT.nsys-rep",
        )

    def integers(self, table: str, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """Read integer columns in row order.

        Args:
            table: Table name.
            names: Columns that must be there.
            optional: Columns that other versions may lack; left out of the result when absent.

        Returns:
            Column name to int64 array, masked where the file holds NULL.

        Raises:
            BadExportError: A required column is absent.
        """
        present = self.columns.get(table, ())
        missing = [name for name in names if name not in (*present, "rowid")]
        if missing:
            raise BadExportError(
                f"{self.path}: table {table} lacks {', '.join(missing)}; found {', '.join(present)} "
                f"(exporter {self.version or 'unknown'})",
                "export the report again with the nsys version that recorded it",
            )
        wanted = [*names, *(name for name in optional if name in present)]
        fields = ", ".join(f'coalesce("{name}", {_NULL})' for name in wanted)
        rows = self.query(f'SELECT {fields} FROM "{table}"')
        data = np.array(rows, dtype=np.int64).reshape(-1, len(wanted))
        return {name: _masked(np.ascontiguousarray(data[:, i])) for i, name in enumerate(wanted)}

    @cached_property
    def strings(self) -> dict[int, str]:
        """The table of strings: id to text."""
        if "StringIds" not in self.columns:
            return {}
        return dict(self.query("SELECT id, value FROM StringIds"))


def _masked(values: np.ndarray) -> np.ndarray:
    mask = values == _NULL
    return np.ma.masked_array(values, mask) if mask.any() else values
