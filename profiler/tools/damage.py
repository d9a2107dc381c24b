"""Where a file that no program wrote as it stands ends: one error with the file's name instead of a trace."""

from __future__ import annotations

import lzma
import sqlite3
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profiler.errors import BadExportError

_CONTENT = (ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, SyntaxError, TypeError, ValueError)
_SIZE = (MemoryError, RecursionError)
_PARSERS = (lzma.LZMAError, sqlite3.Error, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error)
DAMAGE = (*_CONTENT, *_SIZE, *_PARSERS)
"""What parsing a damaged file raises; a number in it can be any length, index, type or code."""

_LONGEST = 200


def damage_text(error: BaseException) -> str:
    """Return what an error says, in one line of bounded length."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}" if text else type(error).__name__


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn what the operating system says of a file into an error that names it.

    Raises:
        BadExportError: It cannot be opened or read.
    """
    try:
        yield
    except OSError as error:
        raise BadExportError(f"{path}: {error.strerror or error}", "check the path") from error


@contextmanager
def reading(
    path: Path,
    fix: str = "record it again, or copy the file again from where it was recorded",
    what: str = "damaged, or not what its reader expects",
) -> Iterator[None]:
    """Turn whatever parsing a file raises into an error that names the file; errors that do so already pass through.

    Args:
        path: The file.
        fix: What the user can do.
        what: What is wrong with the file.

    Raises:
        BadExportError: The file is damaged, or not what its reader expects.
    """
    try:
        yield
    except DAMAGE as error:
        raise BadExportError(f"{path}: {what} ({damage_text(error)})", fix) from error
