"""Reader of the folders that `nsys export --type parquetdir` and `--type arrowdir` write: one file a table of the SQLite export."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import BadExportError
from profiler.tools.damage import reading
from profiler.tools.nsys.reader import ConvertedReader

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".parquet", ".arrow")
_MARK = "StringIds"
_BATCH_ROWS = 100_000
_EXPORT_AGAIN = "export it again: nsys export --type sqlite REPORT.nsys-rep"


class TableFolderReader(ConvertedReader):
    """Turns such a folder into a SQLite export."""

    suffixes = SUFFIXES

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether this is a folder with the strings of an export."""
        return path.is_dir() and any((path / f"{_MARK}{suffix}").is_file() for suffix in SUFFIXES)

    def convert(self, path: Path, folder: Path) -> Path:
        """Write the tables into one file."""
        return to_sqlite_file(path, folder / "capture.sqlite")


def to_sqlite_file(folder: Path, target: Path) -> Path:
    """Write the tables of a folder into one SQLite export, the lists of constants left out.

    Raises:
        BadExportError: A file is damaged, or a table's name is none.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and not file.stem.startswith("ENUM_"))
    with closing(sqlite3.connect(target)) as database:
        for file in files:
            if not file.stem.isidentifier():
                raise BadExportError(f"{file}: its name is no table of an nsys export", _EXPORT_AGAIN)
            with reading(file, _EXPORT_AGAIN):
                _write(database, file.stem, _load(file))
        database.commit()
    return target


def _load(file: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if file.suffix == ".parquet":
            return pq.read_table(file)
        with pa.memory_map(str(file)) as source:
            opened = pa.ipc.open_file if bytes(source.read(6)) == b"ARROW1" else pa.ipc.open_stream
            source.seek(0)
            return opened(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BadExportError(f"{file}: damaged ({error})", _EXPORT_AGAIN) from error


def _write(database: sqlite3.Connection, name: str, table: pa.Table) -> None:
    columns = [f'"{field.name.replace(chr(34), "")}" {_type(field.type)}' for field in table.schema]
    database.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
    marks = ", ".join("?" * len(columns))
    database.executemany(f'INSERT INTO "{name}" VALUES ({marks})', _rows(table))


def _type(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return "REAL"
    return "INTEGER" if pa.types.is_integer(kind) or pa.types.is_boolean(kind) else "TEXT"


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa

    # SQLite stores 64 bits with a sign, as the export itself does
    signed = pa.schema([field.with_type(pa.int64()) if field.type == pa.uint64() else field for field in table.schema])
    for batch in table.cast(signed, safe=False).to_batches(_BATCH_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


READERS = (TableFolderReader(),)
