"""Takes secrets and other people's data out of an nsys export: environments, and processes that are not the target's.

nsys stores the whole environment of the machine it ran on in three places of its SQLite export, and every process of the
host in a fourth. The export is rewritten in a copy which then replaces it; deleted bytes do not stay in free pages.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from profiler.errors import BadExportError
from profiler.redaction import REMOVED, is_secret_name, redact_command, redact_text

_ENVIRONMENT_NAME = re.compile(r"ENV", re.IGNORECASE)
_ARGUMENT_NAME = re.compile(r"ARGUMENT_\d+$")
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_().]*=")
_USUAL = ("PATH=", "HOME=", "PWD=", "SHELL=", "USER=")
_EVENT_TABLES = ("NVTX_", "CUPTI_", "OSRT_", "CUBLAS_", "CUDNN_", "OPENGL_", "VULKAN_", "MPI_", "OPENMP_")
_NAME_COLUMNS = ("textId", "jsonTextId", "nameId", "shortName", "demangledName", "mangledName")


@dataclass
class ScrubReport:
    """What was taken out.

    Attributes:
        strings: Environment blocks in StringIds that were blanked.
        metadata: Rows of META_DATA_CAPTURE that were blanked.
        environment: Rows of TARGET_INFO_SYSTEM_ENV that were removed.
        processes: Rows of PROCESSES that were removed.
    """

    strings: int = 0
    metadata: int = 0
    environment: int = 0
    processes: int = 0


def is_environment_block(text: str) -> bool:
    """Return whether a text is an environment: `NAME=value` joined by NUL, `;` or line ends, and little else.

    Lines of the form `name=value` are also what programs print, so with line ends a variable that every shell sets must
    be among them.
    """
    for separator in ("\0", ";", "\n"):
        parts = [part for part in text.split(separator) if part]
        assignments = [part for part in parts if _ASSIGNMENT.match(part)]
        usual = any(part.startswith(_USUAL) for part in assignments)
        if (
            assignments
            and len(assignments) * 2 > len(parts)
            and ((separator == "\0" and "\0" in text) or (usual and len(parts) > 1))
        ):
            return True
    return False


def scrub(path: Path) -> ScrubReport:
    """Remove environments and foreign processes from an export, in place.

    Args:
        path: nsys SQLite export; replaced by a cleaned, compacted copy.

    Raises:
        BadExportError: The file is no SQLite database, or damaged.
    """
    copy = path.with_name(f".{path.name}.scrub")
    try:
        report = _scrub_into(path, copy)
        copy.replace(path)
    except sqlite3.DatabaseError as error:
        raise BadExportError(f"{path}: not a whole nsys export ({error})", "record it again") from error
    finally:
        copy.unlink(missing_ok=True)
    return report


def _scrub_into(path: Path, copy: Path) -> ScrubReport:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        database.execute("PRAGMA journal_mode=OFF")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        report = ScrubReport()
        if "META_DATA_CAPTURE" in tables:
            report.metadata = _scrub_metadata(database)
        if "TARGET_INFO_SYSTEM_ENV" in tables:
            report.environment = _scrub_system_environment(database)
        if "PROCESSES" in tables:
            report.processes = _scrub_processes(database, tables)
        if "StringIds" in tables:
            report.strings = _scrub_strings(database, tables)
        database.execute("VACUUM")
    return report


def _scrub_metadata(database: sqlite3.Connection) -> int:
    rows = database.execute("SELECT rowid, name, value FROM META_DATA_CAPTURE ORDER BY rowid").fetchall()
    texts = [(row, str(name), value) for row, name, value in rows if isinstance(value, str)]
    clean = {row: _clean_metadata(name, value) for row, name, value in texts}
    # the words of a command line stand in rows of their own
    words = [(row, value) for row, name, value in texts if _ARGUMENT_NAME.search(name)]
    clean |= dict(zip((row for row, _ in words), redact_command(value for _, value in words), strict=True))
    changes = [(clean[row], row) for row, _, value in texts if clean[row] != value]
    database.executemany("UPDATE META_DATA_CAPTURE SET value = ? WHERE rowid = ?", changes)
    return len(changes)


def _clean_metadata(name: str, value: str) -> str:
    environment = _ENVIRONMENT_NAME.search(name) and "=" in value
    return REMOVED if environment or is_environment_block(value) else redact_text(value)


def _scrub_system_environment(database: sqlite3.Connection) -> int:
    columns = [row[1] for row in database.execute("PRAGMA table_info(TARGET_INFO_SYSTEM_ENV)")]
    text = [name for name in columns if name in ("name", "nameEnum", "value")]
    if "value" not in text:
        return 0
    changes = []
    for row, name, value in database.execute(
        f"SELECT rowid, {'name' if 'name' in text else 'NULL'}, value FROM TARGET_INFO_SYSTEM_ENV"
    ):
        label = str(name)
        if (
            isinstance(value, str)
            and value != REMOVED
            and (_ENVIRONMENT_NAME.search(label) or is_secret_name(label) or is_environment_block(value))
        ):
            changes.append((REMOVED, row))
    database.executemany("UPDATE TARGET_INFO_SYSTEM_ENV SET value = ? WHERE rowid = ?", changes)
    return len(changes)


def _target_processes(database: sqlite3.Connection, tables: set[str]) -> set[int]:
    """Return globalPid of every process that has events of its own."""
    found: set[int] = set()
    for table, column in _process_columns(database, tables):
        for (value,) in database.execute(f'SELECT DISTINCT "{column}" & ~16777215 FROM "{table}" WHERE "{column}" IS NOT NULL'):
            found.add(value)
    return found


def _process_columns(database: sqlite3.Connection, tables: set[str]) -> Iterator[tuple[str, str]]:
    for table in sorted(tables - {"PROCESSES", "ThreadNames"}):
        for row in database.execute(f'PRAGMA table_info("{table}")'):
            if row[1] in ("globalPid", "globalTid", "globalProcessId"):
                yield table, row[1]


def _scrub_processes(database: sqlite3.Connection, tables: set[str]) -> int:
    keep = _target_processes(database, tables)
    if not keep:
        return 0
    marks = ",".join("?" * len(keep))
    removed = database.execute(f"DELETE FROM PROCESSES WHERE globalPid NOT IN ({marks})", tuple(keep)).rowcount
    if "ThreadNames" in tables:
        database.execute(f"DELETE FROM ThreadNames WHERE (globalTid & ~16777215) NOT IN ({marks})", tuple(keep))
    return removed


def _names_of_events(database: sqlite3.Connection, tables: set[str]) -> set[int]:
    """Return the ids of the strings that name ranges, kernels and calls: data, whatever they look like."""
    found: set[int] = set()
    for table in sorted(tables):
        if table.startswith(_EVENT_TABLES):
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")') if row[1] in _NAME_COLUMNS]
            for column in columns:
                found |= {key for (key,) in database.execute(f'SELECT DISTINCT "{column}" FROM "{table}"')}
    return found


def _scrub_strings(database: sqlite3.Connection, tables: set[str]) -> int:
    """Blank environment blocks. SQL's own text functions stop at the first NUL, so the values are read here."""
    names = _names_of_events(database, tables)
    changes = []
    for key, raw in database.execute("SELECT id, CAST(value AS BLOB) FROM StringIds"):
        text = (raw or b"").decode("utf-8", "surrogateescape")
        clean = text if key in names else REMOVED if is_environment_block(text) else redact_text(text)
        if clean != text:
            changes.append((clean, key))
    database.executemany("UPDATE StringIds SET value = ? WHERE id = ?", changes)
    return len(changes)
