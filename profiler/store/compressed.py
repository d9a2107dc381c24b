"""Compressed artefacts: a file `NAME.xz` is read as the file `NAME`, unpacked once into the user's cache."""

from __future__ import annotations

import atexit
import hashlib
import lzma
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from profiler.errors import BadExportError
from profiler.store.run_dir import storage_error

SUFFIX = ".xz"
MAX_BYTES = 64 << 30
"""A file that unpacks to more is refused: no capture is that large, and a small file can be made to fill a disk."""

_BLOCK = 1 << 20


def stored(path: Path) -> Path:
    """Return where a file is kept: `path`, or `path` with `.xz` when only that exists."""
    packed = path.with_name(path.name + SUFFIX)
    return packed if not path.exists() and packed.is_file() else path


def plain_name(path: Path) -> Path:
    """Return a path without the ending of a compressed file."""
    return path.with_suffix("") if path.suffix == SUFFIX else path


def readable(path: Path) -> Path:
    """Return a path with a file's plain content: the file itself, or its unpacked copy.

    Args:
        path: A file, compressed or not; the ending `.xz` may be left off.

    Raises:
        BadExportError: The compressed file is damaged, or unpacks to more than `MAX_BYTES`.
        CaptureError: There is no room for the copy.
    """
    kept = stored(path)
    if kept.suffix != SUFFIX or not kept.is_file():
        return kept
    # readers take the tool from the folder, so the copy lies in folders of the same names
    target = _cache_folder() / _digest(kept) / kept.parent.parent.name / kept.parent.name / kept.stem
    if not target.is_file():
        _unpack(kept, target)
    return target


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise BadExportError(f"{path}: {error.strerror or error}", "check the path") from error
    return digest.hexdigest()


def _unpack(packed: Path, target: Path) -> None:
    """Write the plain content beside the target first, so that the target is whole or absent."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".unpacking-")
        try:
            with os.fdopen(handle, "wb") as out:
                _copy(packed, out)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except (lzma.LZMAError, EOFError) as error:
        raise BadExportError(f"{packed}: damaged ({error})", "copy the file again") from error
    except OSError as error:
        raise storage_error(target, error) from error


def _copy(packed: Path, out: BinaryIO) -> None:
    size = 0
    with lzma.open(packed, "rb") as source:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > MAX_BYTES:
                raise BadExportError(f"{packed}: unpacks to more than {MAX_BYTES >> 30} GiB", "unpack it yourself if you trust it")
            out.write(block)


def _cache_folder() -> Path:
    """Return the folder for unpacked copies: the user's cache, or a temporary one where that cannot be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "profiler" / "unpacked"
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    return home if os.access(home, os.W_OK) else _temporary_folder()


@cache
def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="profiler-unpacked-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
