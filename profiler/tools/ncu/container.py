"""The block structure of a .ncu-rep file: what it holds and whether it is whole, checked before the library reads it.

The library answers a damaged file with an empty report and no reason. Layout: magic, length-prefixed file header, then
blocks, each a length-prefixed header (Protocol Buffers) that states the size of the payload behind it.

Source: ProfilerReport.proto in `extras/FileFormat` of Nsight Compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from profiler.errors import BadExportError

MAGIC = b"NVR\0"
COMPRESSED_MAGIC = b"\x28\xb5\x2f\xfd"
_RECORD_AGAIN = "record it again with ncu, or copy the file again from the machine that made it"
_HEADER_LIMIT_BYTES = 1 << 30

# field numbers of BlockHeader, ReportSessionDetails
_SOURCE_COUNT = 1
_RESULT_COUNTS = (2, 7, 8, 9)  # kernels, ranges, command lists, graphs
_SESSION, _PAYLOAD_SIZE, _PROCESS = 3, 5, 6
_CREATION_TIME, _VERSION_INFO = 2, 8
# of ProfileResult
_RESULT_SIZES = {10: "grid", 11: "block"}
_RESULT_IDS = {22: "context_id", 23: "stream_id"}


@dataclass
class ReportFacts:
    """What the headers of a report say.

    Attributes:
        result_count: Profiled kernels, ranges, command lists and graphs.
        tool_version: Version text of the ncu that recorded it.
        versions: Versions of the components, by name.
        created_s: When it was recorded, seconds since 1970; 0 when not stated.
        process_name: The profiled program.
        format_version: Version of the file format.
    """

    result_count: int = 0
    tool_version: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    created_s: int = 0
    process_name: str = ""
    format_version: int = 0


V = TypeVar("V", int, bytes)
_FIXED_BYTES = {1: 8, 5: 4}
"""Field type to the size of its value."""


class _Damaged(Exception):
    """A length or tag that does not fit."""


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise _Damaged("a number runs past its message")


@dataclass(frozen=True)
class RawField:
    """One field of a Protocol Buffers message.

    Attributes:
        number: Field number.
        value: Number, or content as bytes for text, submessages and fixed-width fields.
        encoded: The field as it stands in the message, tag included.
    """

    number: int
    value: int | bytes
    encoded: bytes

    @property
    def content(self) -> bytes:
        """Content of a text or submessage; empty for a number."""
        return self.value if isinstance(self.value, bytes) else b""


def raw_fields(data: bytes) -> Iterator[RawField]:
    """Yield the fields of a Protocol Buffers message.

    Args:
        data: The message.
    """
    position = 0
    while position < len(data):
        begin = position
        tag, position = _varint(data, position)
        wire = tag & 7
        if wire not in (0, 2, *_FIXED_BYTES):
            raise _Damaged(f"unknown field type {wire}")
        number, position = (_FIXED_BYTES[wire], position) if wire in _FIXED_BYTES else _varint(data, position)
        end = position + (number if wire else 0)
        if end > len(data):
            raise _Damaged("a field runs past its message")
        yield RawField(tag >> 3, data[position:end] if wire else number, data[begin:end])
        position = end


def _values(data: bytes, kind: type[V], *numbers: int) -> Iterator[V]:
    """Yield the values of some fields of a message that are of a kind: numbers, or the bytes of texts and submessages."""
    return (item.value for item in raw_fields(data) if item.number in numbers and isinstance(item.value, kind))


def _text(data: bytes, number: int) -> str:
    return next(_values(data, bytes, number), b"").decode("utf-8", "replace")


def _prefixed(stream: BinaryIO, what: str) -> bytes:
    """Read a message that its 32-bit length precedes."""
    prefix = stream.read(4)
    if len(prefix) < 4:
        raise _Damaged(f"the file ends inside {what}")
    size = int.from_bytes(prefix, "little")
    if size > _HEADER_LIMIT_BYTES:
        raise _Damaged(f"{what} claims {size} bytes")
    data = stream.read(size)
    if len(data) < size:
        raise _Damaged(f"the file ends inside {what}")
    return data


def _number(header: bytes, field_number: int) -> int:
    return next(_values(header, int, field_number), 0)


def _headers(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield each block's header, the stream at the begin of the block's payload."""
    while stream.tell() < size:
        header = _prefixed(stream, "a block header")
        end = stream.tell() + _number(header, _PAYLOAD_SIZE)
        if end > size:
            raise _Damaged(f"the file ends {end - size} bytes before its last block does")
        yield header
        stream.seek(end)


def _sizes(result: bytes) -> dict[str, int]:
    """Return the launch sizes of one kernel result; a size of 0 is left out by the format."""
    found = {name: value for number, name in _RESULT_IDS.items() for value in _values(result, int, number)}
    for number, name in _RESULT_SIZES.items():
        for size in _values(result, bytes, number):
            found |= {f"{name}_{axis}": _number(size, place) for place, axis in enumerate("xyz", 1)}
    return found


def _results(stream: BinaryIO, header: bytes) -> Iterator[bytes]:
    """Yield the kernel results in a block's payload; the kernels' machine code stands before them."""
    sources, results = _number(header, _SOURCE_COUNT), _number(header, _RESULT_COUNTS[0])
    for index in range(sources + results):
        entry = _prefixed(stream, "a result")
        if index >= sources:
            yield entry


def launch_sizes(path: Path) -> list[dict[str, int]]:
    """Return grid, block, context and stream of every kernel result.

    The metrics of a report state them too, but only when it collected the launch statistics.

    Args:
        path: A report.

    Returns:
        In file order: grid_x to block_z, context_id, stream_id; what a result does not state is left out.

    Raises:
        BadExportError: The report is damaged.
    """
    with opened(path) as (stream, size):
        _prefixed(stream, "the file header")
        return [_sizes(result) for header in _headers(stream, size) for result in _results(stream, header)]


def read_blocks(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield the file header (without payload), then each block's header and payload.

    Args:
        stream: A report, behind its magic number.
        size: Its size in bytes.
    """
    yield _prefixed(stream, "the file header"), None
    for header in _headers(stream, size):
        yield header, stream.read(_number(header, _PAYLOAD_SIZE))


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a report behind its magic number; what goes wrong while it is read names the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            magic = stream.read(len(MAGIC))
            if magic != MAGIC:
                found = "it is empty" if not size else f"it begins with {magic!r}"
                raise BadExportError(f"{path}: not a Nsight Compute report: {found}, expected {MAGIC!r}", _RECORD_AGAIN)
            yield stream, size
    except _Damaged as error:
        raise BadExportError(f"{path}: damaged Nsight Compute report: {error}", _RECORD_AGAIN) from error
    except OSError as error:
        raise BadExportError(f"{path}: {error.strerror or error}", "check the path") from error


def inspect(path: Path) -> ReportFacts:
    """Walk the blocks of a report and return what their headers say.

    Raises:
        BadExportError: The file cannot be read, is empty, no .ncu-rep, or not whole.
    """
    with opened(path) as (stream, size):
        facts = ReportFacts(format_version=_number(_prefixed(stream, "the file header"), 1))
        for header in _headers(stream, size):
            facts.result_count += sum(_values(header, int, *_RESULT_COUNTS))
            for session in _values(header, bytes, _SESSION):
                facts.created_s = _number(session, _CREATION_TIME) or facts.created_s
                facts.versions |= {_text(item, 1): _text(item, 2) for item in _values(session, bytes, _VERSION_INFO)}
            for process in _values(header, bytes, _PROCESS):
                facts.process_name = _text(process, 3).rpartition("/")[2]
    facts.tool_version = next((text for name, text in facts.versions.items() if name.startswith("Nsight Compute")), "")
    return facts
