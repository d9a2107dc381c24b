"""Takes out of a .ncu-rep what tells of the machine and its user: environment, host names, addresses, command line, paths.

Counters, launches, rules and versions stay byte for byte as ncu wrote them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from profiler.store.run_dir import storage_error
from profiler.tools.ncu.container import MAGIC, RawField, opened, raw_fields, read_blocks

# of BlockHeader, ReportSessionDetails, SystemInfo, ProcessInfo
_SESSION, _PROCESS = 3, 6
_HOST_SYSTEM, _TARGET_SYSTEM, _EXECUTABLE, _COMMAND_LINE = 3, 4, 9, 11
_COMPUTER_NAME, _ADDRESSES = 5, 7
_HOST_NAME, _PROCESS_NAME = 2, 3

Change = Callable[[RawField], "bytes | None"]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _edited(message: bytes, changes: dict[int, Change]) -> bytes:
    """Return a message with some fields changed or dropped, the others as they are."""
    out = bytearray()
    for field in raw_fields(message):
        change = changes.get(field.number)
        if change is None:
            out += field.encoded
            continue
        content = change(field)
        if content is not None:
            out += _varint(field.number << 3 | 2) + _varint(len(content)) + content
    return bytes(out)


def _drop(field: RawField) -> None:
    return None


def _system(field: RawField) -> bytes:
    return _edited(field.content, {_COMPUTER_NAME: _drop, _ADDRESSES: _drop})


def _session(field: RawField) -> bytes:
    return _edited(field.content, {_HOST_SYSTEM: _system, _TARGET_SYSTEM: _system, _EXECUTABLE: _drop, _COMMAND_LINE: _drop})


def _process(field: RawField) -> bytes:
    return _edited(field.content, {_HOST_NAME: _drop, _PROCESS_NAME: lambda name: name.content.rpartition(b"/")[2]})


def _parts(path: Path) -> Iterator[bytes]:
    with opened(path) as (stream, size):
        yield MAGIC
        for header, payload in read_blocks(stream, size):
            scrubbed = _edited(header, {_SESSION: _session, _PROCESS: _process}) if payload is not None else header
            yield len(scrubbed).to_bytes(4, "little") + scrubbed + (payload or b"")


def scrub(path: Path) -> int:
    """Scrub a report in place; the file is replaced when its copy is whole.

    Args:
        path: A .ncu-rep file.

    Returns:
        Bytes taken out.

    Raises:
        BadExportError: The file is no report, or not whole.
        CaptureError: The copy cannot be written.
    """
    copy = path.with_name(f".{path.name}.scrubbed")
    try:
        with copy.open("wb") as stream:
            stream.writelines(_parts(path))
        removed = path.stat().st_size - copy.stat().st_size
        copy.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        copy.unlink(missing_ok=True)
    return removed
