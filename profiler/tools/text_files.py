"""Text as other programs save it: a spreadsheet puts a mark before it, the shell of Windows writes two bytes a character."""

from __future__ import annotations

import codecs
from pathlib import Path

from profiler.tools.damage import opening

_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def plain(data: bytes) -> bytes:
    """Return text as UTF-8 without a mark of its encoding; what has no such mark as it is."""
    encoding = next((name for mark, name in _ENCODINGS.items() if data.startswith(mark)), "")
    return data.decode(encoding, "replace").encode() if encoding else data


def read_plain(path: Path) -> bytes:
    """Return the text of a file as UTF-8.

    Raises:
        BadExportError: It cannot be read.
    """
    with opening(path):
        return plain(path.read_bytes())
