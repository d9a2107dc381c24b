"""Reads columns straight from the pages of a SQLite file, many rows at a time.

SQLite's own interface hands out one value after the other; for millions of rows that costs more than the whole analysis.
Here the leaf pages of one table are read in blocks, rows with equal record headers are decoded together, and every column
becomes an array. The file is opened for reading only, nothing is locked or mapped, and a block is small, so memory stays
bounded. Whatever this reader does not know (a write-ahead log, values beyond the first page of a record, tables without
row ids) it refuses with `Unsupported`; the caller then asks SQLite itself.

Source: https://www.sqlite.org/fileformat2.html, sections 1.3, 1.6 and 2.1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Union

import numpy as np

_LEAF, _INTERIOR = 0x0D, 0x05
_BLOCK_PAGES = 1024
_MAX_SPREAD = 8
_PADDING = 256
# bytes of the body by serial type; text and blobs follow from the number itself
_WIDTHS = np.array([0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0], dtype=np.int64)
_BYTE_MASKS = np.array([(1 << 8 * kept) - 1 for kept in range(9)], dtype=np.uint64)
if sys.byteorder == "big":
    _BYTE_MASKS = _BYTE_MASKS.byteswap()
_NULL_TYPE, _REAL_TYPE, _ONE_TYPE = 0, 7, 9
_MULTIPLIER, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


Values = tuple[np.ndarray, Union[np.ndarray, None]]  # noqa: UP007 - evaluated at run time, also on Python 3.10


class Unsupported(Exception):
    """The file or the table needs SQLite itself."""


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Attributes:
        rowid: Row ids, int64; none when not asked for.
        columns: Column number to (values int64, null mask or None).
        group: Number of each row's combination of the spanned columns; None when no span was asked for.
        group_columns: As `columns`, for the spanned columns, one row per number.
    """

    rowid: np.ndarray
    columns: dict[int, Values]
    group: np.ndarray | None = None
    group_columns: dict[int, Values] = field(default_factory=dict)


def journals(path: Path) -> list[Path]:
    """Return the files beside a database that hold changes not yet in it, or the way back from half a change."""
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-journal")]
    return [file for file in beside if file.is_file() and file.stat().st_size > 0]


class PageFile:
    """A SQLite file read by pages.

    Args:
        path: The file.

    Raises:
        Unsupported: It is in write-ahead mode, or another process left a journal beside it.
    """

    def __init__(self, path: Path) -> None:
        if journals(path):
            raise Unsupported("a journal stands beside the file")
        self._file = os.open(path, os.O_RDONLY)
        head = os.pread(self._file, 100, 0)
        if len(head) < 100:
            raise Unsupported("no header")
        size = int.from_bytes(head[16:18], "big")
        self.page_size = 65536 if size == 1 else size
        self.usable = self.page_size - head[20]
        self._buffer = np.zeros(0, dtype=np.uint8)
        self._pages = os.fstat(self._file).st_size // max(self.page_size, 1)
        if self.page_size < 512 or self.usable < 480:
            raise Unsupported("no page size")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _page(self, number: int) -> np.ndarray:
        data = os.pread(self._file, self.page_size, (number - 1) * self.page_size)
        if len(data) != self.page_size:
            raise Unsupported("a page lies outside the file")
        return np.frombuffer(data, dtype=np.uint8)

    def leaves(self, root: int) -> np.ndarray:
        """Return the leaf pages of a table in the order of its rows.

        Args:
            root: Root page of the table.
        """
        level = np.array([root], dtype=np.int64)
        for _ in range(32):
            first = self._page(int(level[0]))
            kind = first[100 if level[0] == 1 else 0]
            if kind == _LEAF:
                return level
            if kind != _INTERIOR:
                raise Unsupported("not a table with row ids")
            level = np.concatenate([self._children(int(number)) for number in level])
            if len(level) > self._pages or level.min() < 1 or level.max() > self._pages:
                raise Unsupported("a damaged tree")
        raise Unsupported("a damaged tree")

    def _children(self, number: int) -> np.ndarray:
        page = self._page(number)
        start = 100 if number == 1 else 0
        if page[start] != _INTERIOR:
            raise Unsupported("a damaged tree")
        count = int(page[start + 3]) << 8 | int(page[start + 4])
        pointers = page[start + 12 : start + 12 + 2 * count].astype(np.int64)
        cells = pointers[0::2] << 8 | pointers[1::2]
        if len(cells) != count or (count and int(cells.max()) + 4 > len(page)):
            raise Unsupported("a damaged page")
        places = np.concatenate((cells, [start + 8]))
        numbers: np.ndarray = np.sum([page[places + i].astype(np.int64) << (24 - 8 * i) for i in range(4)], axis=0)
        return numbers

    def blocks(
        self, root: int, wanted: Sequence[int], columns: int, rowid: bool = False, span: Sequence[int] = ()
    ) -> Iterator[Block]:
        """Yield a table's rows block by block, in the order of their row ids.

        Args:
            root: Root page of the table.
            wanted: Numbers of the columns to decode, ascending from 0 in the order of the table.
            columns: Number of columns that the table has.
            rowid: Decode row ids too.
            span: Columns to number together: rows with equal values share a number. Whatever stands between them in the
                record keeps rows apart too.

        Raises:
            Unsupported: A record cannot be decoded here.
        """
        leaves = self.leaves(root)
        for begin in range(0, len(leaves), _BLOCK_PAGES):
            try:
                block = self._block(leaves[begin : begin + _BLOCK_PAGES], wanted, columns, rowid, span)
            except IndexError as error:
                raise Unsupported("a pointer leads out of its page") from error
            if block is not None:
                yield block

    def _block(self, pages: np.ndarray, wanted: Sequence[int], columns: int, rowid: bool, span: Sequence[int]) -> Block | None:
        first, last = int(pages.min()), int(pages.max())
        if last - first + 1 > _MAX_SPREAD * len(pages) + 64:
            raise Unsupported("pages of the table lie far apart")
        length = (last - first + 1) * self.page_size
        if length + _PADDING > len(self._buffer):
            # used for block after block: what is decoded from it is copied out
            self._buffer = np.zeros(length + _PADDING, dtype=np.uint8)
        buffer = self._buffer[: length + _PADDING]
        if os.preadv(self._file, [buffer.data[:length]], (first - 1) * self.page_size) != length:
            raise Unsupported("a page lies outside the file")
        base = (pages - first) * self.page_size
        cells = self._cells(buffer, base, pages == 1)
        return _decode(buffer, cells, wanted, columns, rowid, span, self.usable) if len(cells) else None

    def _cells(self, buffer: np.ndarray, base: np.ndarray, is_first: np.ndarray) -> np.ndarray:
        head = base + np.where(is_first, 100, 0)
        if (buffer[head] != _LEAF).any():
            raise Unsupported("a damaged tree")
        count = buffer[head + 3].astype(np.int64) << 8 | buffer[head + 4]
        if int(count.max()) * 2 + 8 > self.page_size:
            raise Unsupported("a damaged page")
        offset = np.cumsum(count) - count
        index = np.arange(int(count.sum())) - np.repeat(offset, count)
        pointer = np.repeat(head + 8, count) + 2 * index
        inside = buffer[pointer].astype(np.int64) << 8 | buffer[pointer + 1]
        if len(inside) and int(inside.max()) >= self.page_size:
            raise Unsupported("a damaged page")
        places: np.ndarray = np.repeat(base, count) + inside
        return places


def _varint(buffer: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Decode one variable-length integer per row; return values and the places after them."""
    byte = buffer[place]
    value, after = (byte & 0x7F).astype(np.int64), place + 1
    more = np.flatnonzero(byte >= 0x80)
    for _ in range(7):
        if not len(more):
            return value, after
        byte = buffer[after[more]]
        value[more] = value[more] << 7 | (byte & 0x7F)
        after[more] += 1
        more = more[byte >= 0x80]
    if len(more):
        # row ids beyond 2**56 do not occur in a capture
        raise Unsupported("a number of nine bytes")
    return value, after


def _fetch(buffer: np.ndarray, place: np.ndarray, words: int) -> np.ndarray:
    """Return some bytes from each place, as rows of 8-byte words in the machine's own byte order."""
    # a view whose elements begin at every byte: one index then copies whole elements
    view = np.ndarray((len(buffer) - 8 * words,), dtype=f"V{8 * words}", buffer=buffer, strides=(1,))
    rows: np.ndarray = view[place].view(np.uint64).reshape(len(place), words)
    return rows


def _decode(
    buffer: np.ndarray, cells: np.ndarray, wanted: Sequence[int], columns: int, rowid: bool, span: Sequence[int], usable: int
) -> Block:
    payload, place = _varint(buffer, cells)
    ids, place = _varint(buffer, place)
    header = buffer[place].astype(np.int64)
    if (header >= 0x80).any():
        raise Unsupported("a record header of more than 127 bytes")
    codes, signatures = _signatures(buffer, place, header)
    types, offsets = _layout(signatures, columns)
    if int(payload.max()) > usable - 35:
        # the tail of a long record lies on other pages: only what is surely on this one may be read
        local = (usable - 12) * 32 // 255 - 23
        furthest = (offsets[:, [*wanted, *span]] + 8).max(initial=0) + int(header.max())
        if furthest > local:
            raise Unsupported("a value lies on an overflow page")
    body = place + header
    found = {number: _column(buffer, body, codes, types[:, number], offsets[:, number]) for number in wanted}
    block = Block(ids if rowid else ids[:0], found)
    if not span:
        return block
    group, members = _groups(buffer, body, codes, types, offsets, span)
    values = {n: _column(buffer, body[members], codes[members], types[:, n], offsets[:, n]) for n in span}
    return replace(block, group=group, group_columns=values)


def number_rows(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct rows of 8-byte words.

    Rows are told apart by a hash first and then compared word by word, so no two different rows share a number.

    Args:
        words: uint64, one row each.

    Returns:
        Each row's number (int32) and one member of each number.
    """
    parts = list(words.T)
    mixed = parts[0] * _MULTIPLIER
    for part in parts[1:]:
        mixed ^= mixed >> _HALF
        mixed ^= part
        mixed *= _MULTIPLIER
    _, first, numbers = np.unique(mixed, return_index=True, return_inverse=True)
    if any((part[first][numbers] != part).any() for part in parts):  # two rows of one hash
        _, first, numbers = np.unique(words, axis=0, return_index=True, return_inverse=True)
    return numbers.reshape(-1).astype(np.int32), first


def _signatures(buffer: np.ndarray, place: np.ndarray, header: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct record headers.

    Returns:
        Number of each row's header, and the headers, one row each, padded with zeros (a zero is a NULL column).
    """
    width = -(-int(header.max()) // 8)
    words = _fetch(buffer, place, width)
    _clear_after(words, header)
    codes, members = number_rows(words)
    return codes, words[members].view(np.uint8)


def _clear_after(words: np.ndarray, length: np.ndarray) -> None:
    """Set the bytes after each row's length to zero."""
    for column in range(int(length.min()) // 8, words.shape[1]):
        kept = np.clip(length - 8 * column, 0, 8)
        words[:, column] &= _BYTE_MASKS[kept]


def _groups(
    buffer: np.ndarray, body: np.ndarray, codes: np.ndarray, types: np.ndarray, offsets: np.ndarray, span: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Number the rows whose bytes from the first to the last column of the span are equal."""
    first, last = min(span), max(span)
    length = offsets[:, last] + _widths(types[:, last]) - offsets[:, first]
    words = _fetch(buffer, body + offsets[:, first][codes], -(-max(int(length.max()), 1) // 8))
    _clear_after(words, length[codes])
    # equal bytes under different types are different values
    return number_rows(np.column_stack((words, codes.astype(np.uint64))))


def _widths(types: np.ndarray) -> np.ndarray:
    return np.where(types < 12, _WIDTHS[np.minimum(types, 11)], (types - 12) // 2)


def _layout(signatures: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return serial type and body offset of every column of every header; columns that a record lacks are NULL."""
    types = np.zeros((len(signatures), columns), dtype=np.int64)
    begin = np.arange(len(signatures)) * signatures.shape[1]
    place, end = begin + 1, begin + signatures[:, 0]
    data = np.append(signatures, np.zeros(8, np.uint8))
    for column in range(columns):
        values, after = _varint(data, place)
        inside = place < end
        types[inside, column], place = values[inside], np.where(inside, after, place)
    if (place > end).any():
        raise Unsupported("a damaged record header")
    if ((types == 10) | (types == 11)).any():
        raise Unsupported("a reserved serial type")
    width = _widths(types)
    return types, np.cumsum(width, axis=1) - width


def _column(buffer: np.ndarray, body: np.ndarray, codes: np.ndarray, types: np.ndarray, offsets: np.ndarray) -> Values:
    if (types >= 12).any():
        raise Unsupported("text in a column of numbers")
    if (types == _REAL_TYPE).any():
        # its eight bytes are no whole number: SQLite itself is asked what stands there
        raise Unsupported("a floating-point value in a column of whole numbers")
    null = types == _NULL_TYPE
    mask = null[codes] if null.any() else None
    width = _WIDTHS[types]
    constant = (types == _ONE_TYPE).astype(np.int64)
    if not width.any():
        return constant[codes], mask
    raw = _fetch(buffer, body + offsets[codes], 1).reshape(-1).byteswap(inplace=True).view(np.int64)
    if (width == width[0]).all():
        raw >>= 64 - 8 * int(width[0])
        return raw, mask
    raw >>= np.where(width == 0, 0, 64 - 8 * width)[codes]
    return raw if width.all() else np.where((width == 0)[codes], constant[codes], raw), mask
