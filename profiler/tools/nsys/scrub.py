"""Takes secrets and other people's data out of an nsys export: environments, and processes that are not the target's.

nsys stores the whole environment of the machine it ran on in three places of its SQLite export, and every process of the
host in a fourth. The export is rewritten in a copy which then replaces it; deleted bytes do not stay in free pages.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from pathlib import Path

from profiler.errors import BadExportError
from profiler.redaction import REMOVED, is_secret_name, redact_command, redact_text

_ENVIRONMENT_NAME = re.compile(r"ENV", re.IGNORECASE)
_ARGUMENT_NAME = re.compile(r"ARGUMENT_\d+$")
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_().]*=")
_USUAL = ("PATH=", "HOME=", "PWD=", "SHELL=", "USER=")
_EVENT_TABLES = ("NVTX_", "CUPTI_", "OSRT_", "CUBLAS_", "CUDNN_", "OPENGL_", "VULKAN_", "MPI_", "OPENMP_")
_PROCESS_COLUMNS = ("globalPid", "globalTid", "globalProcessId")
_THREAD_BITS = 0xFFFFFF
_NAME_COLUMNS = ("textId", "jsonTextId", "nameId", "shortName", "demangledName", "mangledName")


def is_environment_block(text: str) -> bool:
    """Return whether a text is an environment: `NAME=value` joined by NUL, `;` or line ends, and little else.

    Lines of the form `name=value` are also what programs print, so with line ends a variable that every shell sets must
    be among them.
    """
    for separator in ("\0", ";", "\n"):
        parts = [part for part in text.split(separator) if part]
        assignments = [part for part in parts if _ASSIGNMENT.match(part)]
        usual = len(parts) > 1 and any(part.startswith(_USUAL) for part in assignments)
        if len(assignments) * 2 > len(parts) and (usual or (separator == "\0" and "\0" in text)):
            return True
    return False


def scrub(path: Path) -> None:
    """Remove environments and foreign processes from an export, in place.

    Args:
        path: nsys SQLite export; replaced by a cleaned, compacted copy.

    Raises:
        BadExportError: The file is no SQLite database, or damaged.
    """
    copy = path.with_name(f".{path.name}.scrub")
    try:
        _scrub_into(path, copy)
        copy.replace(path)
    except sqlite3.DatabaseError as error:
        raise BadExportError(f"{path}: not a whole nsys export ({error})", "record it again") from error
    finally:
        copy.unlink(missing_ok=True)


def _scrub_into(path: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        database.execute("PRAGMA journal_mode=OFF")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        for table, scrub_table in _SCRUBBED.items():
            if table in tables:
                scrub_table(database, tables)
        database.execute("VACUUM")


def _scrub_metadata(database: sqlite3.Connection, tables: set[str]) -> None:
    rows = database.execute("SELECT rowid, name, value FROM META_DATA_CAPTURE ORDER BY rowid").fetchall()
    texts = [(row, str(name), value) for row, name, value in rows if isinstance(value, str)]
    clean = {row: _clean_metadata(name, value) for row, name, value in texts}
    # the words of a command line stand in rows of their own
    words = [(row, value) for row, name, value in texts if _ARGUMENT_NAME.search(name)]
    clean |= dict(zip((row for row, _ in words), redact_command(value for _, value in words), strict=True))
    changes = [(clean[row], row) for row, _, value in texts if clean[row] != value]
    database.executemany("UPDATE META_DATA_CAPTURE SET value = ? WHERE rowid = ?", changes)


def _clean_metadata(name: str, value: str) -> str:
    environment = _ENVIRONMENT_NAME.search(name) and "=" in value
    return REMOVED if environment or is_environment_block(value) else redact_text(value)


def _scrub_system_environment(database: sqlite3.Connection, tables: set[str]) -> None:
    columns = {row[1] for row in database.execute("PRAGMA table_info(TARGET_INFO_SYSTEM_ENV)")}
    if "value" not in columns:
        return
    label = "name" if "name" in columns else "NULL"
    rows = database.execute(f"SELECT rowid, {label}, value FROM TARGET_INFO_SYSTEM_ENV").fetchall()
    texts = [(row, str(name), value) for row, name, value in rows if isinstance(value, str)]
    named = [(row, value, is_secret_name(name) or _ENVIRONMENT_NAME.search(name)) for row, name, value in texts]
    changes = [(REMOVED, row) for row, value, secret in named if secret or is_environment_block(value)]
    database.executemany("UPDATE TARGET_INFO_SYSTEM_ENV SET value = ? WHERE rowid = ?", changes)


def _distinct(database: sqlite3.Connection, tables: Iterable[str], columns: Collection[str]) -> set[int | None]:
    """Return every value of some columns, wherever they stand."""
    found: set[int | None] = set()
    for table in tables:
        for column in [row[1] for row in database.execute(f'PRAGMA table_info("{table}")') if row[1] in columns]:
            found |= {value for (value,) in database.execute(f'SELECT DISTINCT "{column}" FROM "{table}"')}
    return found


def _scrub_processes(database: sqlite3.Connection, tables: set[str]) -> None:
    """Keep the processes that have events of their own."""
    found = _distinct(database, tables - {"PROCESSES", "ThreadNames"}, _PROCESS_COLUMNS)
    keep = {value & ~_THREAD_BITS for value in found if value is not None}
    if not keep:
        return
    marks = ",".join("?" * len(keep))
    database.execute(f"DELETE FROM PROCESSES WHERE globalPid NOT IN ({marks})", tuple(keep))
    if "ThreadNames" in tables:
        database.execute(f"DELETE FROM ThreadNames WHERE (globalTid & ~16777215) NOT IN ({marks})", tuple(keep))


def _scrub_strings(database: sqlite3.Connection, tables: set[str]) -> None:
    """Blank environment blocks. SQL's own text functions stop at the first NUL, so the values are read here."""
    # what names ranges, kernels and calls is data, whatever it looks like
    names = _distinct(database, [table for table in tables if table.startswith(_EVENT_TABLES)], _NAME_COLUMNS)
    changes = []
    for key, raw in database.execute("SELECT id, CAST(value AS BLOB) FROM StringIds"):
        text = (raw or b"").decode("utf-8", "surrogateescape")
        clean = text if key in names else REMOVED if is_environment_block(text) else redact_text(text)
        if clean != text:
            changes.append((clean, key))
    database.executemany("UPDATE StringIds SET value = ? WHERE id = ?", changes)


_SCRUBBED: dict[str, Callable[[sqlite3.Connection, set[str]], None]] = {
    "META_DATA_CAPTURE": _scrub_metadata,
    "TARGET_INFO_SYSTEM_ENV": _scrub_system_environment,
    "PROCESSES": _scrub_processes,
    "StringIds": _scrub_strings,
}
