"""The file of the embedded recorder: tables of columns in one .npz, text as codes into a list; nothing is pickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from profiler.columns import Coded, Column, Columns, concatenate
from profiler.errors import BadExportError
from profiler.tools.damage import DAMAGE, damage_text, reading

FORMAT = "profiler-cupti"
FORMAT_VERSION = 1
_FORMAT_KEY = "format"


def write_archive(path: Path, tables: Mapping[str, Columns]) -> None:
    """Write tables by name, whole or not at all."""
    arrays: dict[str, np.ndarray] = {_FORMAT_KEY: np.array([FORMAT, str(FORMAT_VERSION)])}
    for name, column in ((f"{table}/{name}", column) for table, columns in tables.items() for name, column in columns.items()):
        if isinstance(column, Coded):
            arrays |= {f"{name}/codes": column.codes, f"{name}/texts": np.array(column.values, dtype=np.str_)}
        else:
            arrays[name] = column
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # no name of these is one of its own options
    temporary.replace(path)


def read_archive(path: Path) -> dict[str, Columns]:
    """Read tables by name.

    Raises:
        BadExportError: The file is damaged, or of another or a newer format.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        kind, version = (str(item) for item in arrays.pop(_FORMAT_KEY))
    except (OSError, *DAMAGE) as error:
        what = f"not a whole recording of the embedded recorder ({damage_text(error)})"
        raise BadExportError(f"{path}: {what}", "record it again") from error
    if kind != FORMAT or not version.isdecimal() or int(version) > FORMAT_VERSION:
        raise BadExportError(f"{path}: {kind} version {version}, expected {FORMAT} up to {FORMAT_VERSION}", "upgrade profiler")
    tables: dict[str, dict[str, Column]] = {}
    for key, values in arrays.items():
        if key.count("/") not in (1, 2):
            raise BadExportError(f"{path}: a member {key!r}, expected TABLE/COLUMN", "record it again")
        table, name, *part = key.split("/")
        if not part:
            tables.setdefault(table, {})[name] = values
        elif part == ["codes"]:
            texts = arrays.get(f"{table}/{name}/texts")
            if texts is None:
                raise BadExportError(f"{path}: column {name} of {table} has no texts", "record it again")
            tables.setdefault(table, {})[name] = Coded(values, [str(text) for text in texts])
    with reading(path, "record it again"):
        return {name: Columns(columns) for name, columns in tables.items()}


def merge_archives(paths: Sequence[Path], target: Path) -> None:
    """Join the archives of several processes of one machine; CUPTI's clock is the same for all of them.

    Raises:
        BadExportError: One of them is damaged.
    """
    parts = [read_archive(path) for path in paths]
    names = dict.fromkeys(name for part in parts for name in part)
    write_archive(target, {name: _joined([part[name] for part in parts if name in part]) for name in names})


def _joined(tables: Sequence[Columns]) -> Columns:
    joined = Columns({name: concatenate([table[name] for table in tables]) for name in tables[0]})
    return joined.take(np.argsort(joined.array("start_ns"), kind="stable"))
