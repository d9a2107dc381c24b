"""The tools, one line each, the first to take a table from at the top; and which reader knows a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from profiler.errors import BadExportError
from profiler.tools.base import Reader, Tool
from profiler.tools.damage import opening
from profiler.tools.text_files import plain

TOOL_MODULES = (
    "profiler.tools.nsys",
    "profiler.tools.cupti",
    "profiler.tools.builtin",
    "profiler.tools.ncu",
)
"""Packages with a `TOOL`."""

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (import_module(name).TOOL for name in TOOL_MODULES)}
"""Every tool by its name."""

KERNEL_TIMERS = tuple(tool.name for tool in TOOLS.values() if tool.times_kernels)
RANGE_MARKERS = tuple(tool.name for tool in TOOLS.values() if tool.marks_ranges)
UNTRACED = next(tool.name for tool in TOOLS.values() if tool.untraced)
REPLAYERS = tuple(tool.name for tool in TOOLS.values() if tool.replays)

TIMED_TABLES = frozenset({"points", "samples"})
"""What a program measured itself: taken from the pass without a tool first, because a tool costs time."""

HEAD_BYTES = 4096
TEXT_BYTES = 8 << 20
_TEXTS = (".csv", ".txt", ".log")


def tool_order(table: str, tools: tuple[str, ...] = tuple(TOOLS)) -> tuple[str, ...]:
    """Return tools in the order in which a table is taken from them; names that no tool has come last."""
    places = {name: place for place, name in enumerate(TOOLS)}
    if table in TIMED_TABLES:
        places[UNTRACED] = -1
    return tuple(sorted(tools, key=lambda name: (places.get(name, len(places)), name)))


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are asked."""
    return tuple(reader for tool in TOOLS.values() for name in tool.readers for reader in import_module(name).READERS)


def known_suffixes() -> tuple[str, ...]:
    """Return the file endings that readers expect."""
    return tuple(dict.fromkeys(suffix for reader in readers() for suffix in reader.suffixes))


def find_folder_reader(path: Path) -> Reader | None:
    """Return the reader of a folder that is one export, a file a table; None for any other folder."""
    return next((reader for reader in readers() if reader.recognise(path, b"")), None) if path.is_dir() else None


def find_reader(path: Path) -> Reader:
    """Return the reader whose content a file or a folder holds; the file's ending does not count.

    Raises:
        BadExportError: The file is absent, empty, or nothing that a reader knows.
    """
    folder = find_folder_reader(path)
    if folder is not None:
        return folder
    with opening(path), path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        # a page can stand below all that the program has printed
        heads = [plain(head)] + ([plain(head + stream.read(TEXT_BYTES))] if path.suffix in _TEXTS else [])
    if not head:
        raise BadExportError(f"{path}: the file is empty", "record or export it again")
    found = next((reader for text in heads for reader in readers() if reader.recognise(path, text)), None)
    if found is not None:
        return found
    what = f"no reader knows this content (begins with {head[:8]!r}); known: {', '.join(known_suffixes())}"
    raise BadExportError(f"{path}: {what}", "give an nsys, Nsight Compute or profiler result file")
