"""Loads the package's own C++ libraries, which have a version of their interface."""

from __future__ import annotations

import ctypes
from pathlib import Path

from profiler.errors import ToolMissingError

BUILD_HINT = "install a C++17 compiler, then: profiler build (or install this package again)"


def load_library(path: Path | None, version_of: str, expected: int, what: str) -> ctypes.CDLL:
    """Load a library.

    Args:
        path: The library; None: there is none.
        version_of: Its function that gives the version of its interface.
        expected: That version.
        what: What it is, for messages.

    Raises:
        ToolMissingError: It was not built, cannot be loaded, or is of another version.
    """
    if path is None:
        raise ToolMissingError(f"the {what} was not built with this package", BUILD_HINT)
    try:
        library = ctypes.CDLL(str(path))
        version = getattr(library, version_of)()
    except (OSError, AttributeError) as error:
        raise ToolMissingError(f"{path}: cannot be used as {what} ({error})", BUILD_HINT) from error
    if version != expected:
        raise ToolMissingError(f"{path}: interface version {version}, expected {expected}", BUILD_HINT)
    return library
