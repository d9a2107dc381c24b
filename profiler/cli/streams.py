"""The standard streams of a command line: what a terminal lacks is substituted, and a reader that has gone is no error."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from typing import Any, TextIO


class _LastingFile(io.FileIO):
    """Writes to a descriptor; once its reader (`head`, a terminal) has gone, what follows is lost and the program goes on."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)


class _NamesOnly(io.TextIOWrapper):
    """Text of which no line is a command to the log that it may land in.

    A name from a capture may hold a line break and `::error::`, which the log of a GitHub workflow obeys at the start of a
    line; the two colons become one sign there.
    """

    _starts_line = True

    def write(self, text: str, /) -> int:
        if "::" in text:
            head = "" if self._starts_line else "|"
            text = re.sub(r"(?m)^(\s*)::", r"\1∷", head + text)[len(head) :]
        self._starts_line = text.endswith("\n") if text else self._starts_line
        return super().write(text)


def prepare_streams() -> None:
    """Make standard output and error ready for a verb; a stream that is no file of the process is left as it is."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream is getattr(sys, f"__{name}__"):
            stream.flush()
            setattr(sys, name, _lasting(stream))


def _lasting(stream: io.TextIOWrapper) -> TextIO:
    raw = _LastingFile(stream.fileno(), "w", closefd=False)
    line_buffered = stream.line_buffering or stream.isatty()
    return _NamesOnly(io.BufferedWriter(raw), stream.encoding, "replace", line_buffering=line_buffered)
