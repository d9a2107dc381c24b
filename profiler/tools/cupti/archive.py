"""The file of the embedded recorder: tables of columns in one .npz, text as codes into a list; nothing is pickled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from profiler.errors import BadExportError
from profiler.tools.damage import DAMAGE, damage_text

FORMAT = "profiler-cupti"
FORMAT_VERSION = 1
_FORMAT_KEY = "format"


@dataclass
class RecordTable:
    """One table.

    Attributes:
        name: Name of the table.
        columns: Name to numbers.
        texts: Name to codes and the texts they stand for.
    """

    name: str
    columns: dict[str, np.ndarray]
    texts: dict[str, tuple[np.ndarray, list[str]]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def numbers(self, name: str, values: Sequence[Any]) -> None:
        """Add a column of whole numbers."""
        self.columns[name] = np.array([int(value) for value in values], np.int64)

    def text(self, name: str, values: Sequence[str]) -> None:
        """Add a column of text."""
        known: dict[str, int] = {}
        codes = np.array([known.setdefault(value, len(known)) for value in values], np.int32)
        self.texts[name] = (codes, list(known))


def write_archive(path: Path, tables: Sequence[RecordTable]) -> None:
    """Write tables whole or not at all."""
    arrays: dict[str, np.ndarray] = {_FORMAT_KEY: np.array([FORMAT, str(FORMAT_VERSION)])}
    for table in tables:
        for name, values in table.columns.items():
            arrays[f"{table.name}/{name}"] = values
        for name, (codes, texts) in table.texts.items():
            arrays[f"{table.name}/{name}/codes"] = codes
            arrays[f"{table.name}/{name}/texts"] = np.array(texts, dtype=np.str_)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # no name of these is one of its own options
    temporary.replace(path)


def read_archive(path: Path) -> dict[str, RecordTable]:
    """Read tables by name.

    Raises:
        BadExportError: The file is damaged, or of another or a newer format.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        kind, version = (str(item) for item in arrays.pop(_FORMAT_KEY))
    except (OSError, *DAMAGE) as error:
        raise BadExportError(
            f"{path}: not a whole recording of the embedded recorder ({damage_text(error)})", "record it again"
        ) from error
    if kind != FORMAT or not version.isdecimal() or int(version) > FORMAT_VERSION:
        raise BadExportError(f"{path}: {kind} version {version}, expected {FORMAT} up to {FORMAT_VERSION}", "upgrade profiler")
    tables: dict[str, RecordTable] = {}
    for key, values in arrays.items():
        if key.count("/") not in (1, 2):
            raise BadExportError(f"{path}: a member {key!r}, expected TABLE/COLUMN", "record it again")
        table_name, name, *part = key.split("/")
        table = tables.setdefault(table_name, RecordTable(table_name, {}))
        if not part:
            table.columns[name] = values
        elif part == ["codes"]:
            texts = arrays.get(f"{table_name}/{name}/texts")
            if texts is None:
                raise BadExportError(f"{path}: column {name} of {table_name} has no texts", "record it again")
            table.texts[name] = (values, [str(text) for text in texts])
    return tables


def merge_archives(paths: Sequence[Path], target: Path) -> None:
    """Join the archives of several processes of one machine; CUPTI's clock is the same for all of them.

    Raises:
        BadExportError: One of them is damaged.
    """
    parts = [read_archive(path) for path in paths]
    names = dict.fromkeys(name for part in parts for name in part)
    write_archive(target, [_joined(name, [part[name] for part in parts if name in part]) for name in names])


def _joined(name: str, tables: Sequence[RecordTable]) -> RecordTable:
    columns = {column: np.concatenate([table.columns[column] for table in tables]) for column in tables[0].columns}
    order = np.argsort(columns["start_ns"], kind="stable")
    joined = RecordTable(name, {column: values[order] for column, values in columns.items()})
    for column in tables[0].texts:
        texts = [text for table in tables for text in table.texts[column][1]]
        known = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        codes = [
            np.array([known[text] for text in table.texts[column][1]] or [0], np.int32)[table.texts[column][0]] for table in tables
        ]
        joined.texts[column] = (np.concatenate(codes)[order], list(known))
    return joined
