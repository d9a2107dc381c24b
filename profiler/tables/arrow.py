"""Columns to Arrow arrays and back, by their buffers.

The plain conversions of pyarrow (`pa.array`, `to_numpy`) import pandas when it is installed, which takes longer than reading
a capture of a million kernels does. Buffers carry over without it, and without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from profiler.columns import Coded, Column


def to_arrow(column: Column) -> pa.Array:
    """Return a column as an Arrow array: dictionary-coded text, text, numbers; null where a value is missing."""
    if isinstance(column, Coded):
        missing = column.codes < 0
        codes = _numbers(column.codes.astype(np.int32, copy=False), missing)
        return pa.DictionaryArray.from_arrays(codes, _strings(column.values))
    if isinstance(column, np.ma.MaskedArray):
        return _numbers(column.data, np.ma.getmaskarray(column))
    if column.dtype == object:
        return _strings(column.tolist())
    return _numbers(column, None)


def from_arrow(chunked: pa.ChunkedArray) -> Column:
    """Return an Arrow column as a column."""
    array = chunked.combine_chunks()
    if pa.types.is_dictionary(array.type):
        codes, missing = _values(array.indices), _missing(array.indices)
        return Coded(codes if missing is None else np.where(missing, -1, codes), array.dictionary.to_pylist())
    if pa.types.is_string(array.type):
        values = np.empty(len(array), dtype=object)
        values[:] = array.to_pylist()
        return values
    missing = _missing(array)
    values = _values(array)
    return values if missing is None else np.ma.masked_array(values, missing)


def _bitmap(missing: np.ndarray | None) -> pa.Buffer | None:
    if missing is None or not missing.any():
        return None
    return pa.py_buffer(np.packbits(~missing, bitorder="little"))


def _numbers(values: np.ndarray, missing: np.ndarray | None) -> pa.Array:
    values = np.ascontiguousarray(values)
    if values.dtype == bool:
        data = pa.py_buffer(np.packbits(values, bitorder="little"))
        return pa.Array.from_buffers(pa.bool_(), len(values), [_bitmap(missing), data])
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [_bitmap(missing), pa.py_buffer(values)])


def _strings(texts: Sequence[str | None]) -> pa.Array:
    raw = [b"" if text is None else text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.concatenate(([0], np.cumsum([len(item) for item in raw]))).astype(np.int32)
    missing = np.array([text is None for text in texts], dtype=bool)
    return pa.StringArray.from_buffers(len(raw), pa.py_buffer(offsets), pa.py_buffer(b"".join(raw)), _bitmap(missing))


def _missing(array: pa.Array) -> np.ndarray | None:
    bitmap = array.buffers()[0]
    if bitmap is None or not array.null_count:
        return None
    bits = np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8), bitorder="little")
    return np.asarray(bits[array.offset : array.offset + len(array)] == 0)


def _values(array: pa.Array) -> np.ndarray:
    data = array.buffers()[1]
    if pa.types.is_boolean(array.type):
        bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
        return bits[array.offset : array.offset + len(array)].astype(bool)
    dtype = np.dtype(array.type.to_pandas_dtype())
    if data is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(data, dtype=dtype)[array.offset : array.offset + len(array)]
