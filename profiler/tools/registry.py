"""The readers of all tools: one line a module, tried in this order."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from profiler.errors import BadExportError
from profiler.tools.base import Reader

READER_MODULES = (
    "profiler.tools.nsys.reader",
    "profiler.tools.nsys.report",
    "profiler.tools.nsys.stats_csv",
    "profiler.tools.ncu.report",
    "profiler.tools.ncu.csv",
    "profiler.tools.builtin.reader",
    "profiler.tools.cupti.reader",
)
"""Modules with a `READERS` tuple."""

HEAD_BYTES = 4096


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are asked."""
    return tuple(reader for name in READER_MODULES for reader in import_module(name).READERS)


def known_suffixes() -> tuple[str, ...]:
    """Return the file endings that readers expect."""
    return tuple(dict.fromkeys(suffix for reader in readers() for suffix in reader.suffixes))


def find_reader(path: Path) -> Reader:
    """Return the reader whose content a file holds; the file's ending does not count.

    Raises:
        BadExportError: The file is absent, empty, a folder, or nothing that a reader knows.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise BadExportError(f"{path}: {error.strerror or error}", "check the path") from error
    if not head:
        raise BadExportError(f"{path}: the file is empty", "record or export it again")
    for reader in readers():
        if reader.recognise(path, head):
            return reader
    kinds = ", ".join(known_suffixes())
    raise BadExportError(
        f"{path}: no reader knows this content (begins with {head[:8]!r}); known: {kinds}",
        "give an nsys, Nsight Compute or profiler result file",
    )
