"""The errors that a user can meet, one exit code each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ProfilerError(Exception):
    """Something the user can fix.

    Args:
        message: One line: the file or option, what was found, what was expected.
        hint: One line: what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ProfilerError):
    """The command line, a preset or an argument is wrong."""

    exit_code = 2


class ToolMissingError(ProfilerError):
    """A program or package that the request needs is not installed."""

    exit_code = 3


class CaptureError(ProfilerError):
    """Recording failed: the target, the tool or its export."""

    exit_code = 4


class BadExportError(ProfilerError):
    """A file is not what its reader expects."""

    exit_code = 5


class DataMissingError(ProfilerError):
    """The recording holds no data for what was asked."""

    exit_code = 6


class WrongOutputError(ProfilerError):
    """A kernel's output did not match its reference."""

    exit_code = 7


class CheckFailedError(ProfilerError):
    """An experiment did not show what it must show."""

    exit_code = 8


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names what is nearest to an unknown name.

    Args:
        name: What the user wrote.
        known: The names that exist.

    Returns:
        "did you mean A or B?", or the list of known names when nothing is near.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known names: {', '.join(names)}" if names else "none is known"
