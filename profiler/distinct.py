"""Numbering distinct values and rows of integer columns, without sorting where their range allows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_TABLE_LIMIT = 1 << 22


def distinct(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct values of a column.

    Ids, streams and sizes of a capture are small numbers, so a table indexed by value replaces the sort.

    Args:
        values: Integers.

    Returns:
        The distinct values, ascending, and each row's position among them (int32).
    """
    if not len(values):
        return values, np.zeros(0, np.int32)
    low, high = int(values.min()), int(values.max())
    if low == high:
        return values[:1], np.zeros(len(values), np.int32)
    if high - low > max(4 * len(values), _TABLE_LIMIT):
        found, codes = np.unique(values, return_inverse=True)
        return found, codes.reshape(-1).astype(np.int32)
    offsets = values - low
    present = np.zeros(high - low + 1, dtype=bool)
    present[offsets] = True
    position = np.cumsum(present, dtype=np.int32) - 1
    return np.flatnonzero(present) + low, position[offsets]


def distinct_rows(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct rows over several columns.

    Args:
        columns: Equally long integer columns.

    Returns:
        One row index of each distinct row (the last), and each row's number (int32). Numbers ascend with the values of
        the columns, the first column first.
    """
    rows = len(columns[0])
    codes, count = np.zeros(rows, dtype=np.int32), min(rows, 1)
    for values in columns:
        found, inner = distinct(values)
        if len(found) > 1:
            combined = codes.astype(np.int64) * len(found) + inner if count > 1 else inner
            kept, codes = distinct(combined)
            count = len(kept)
    last = np.zeros(count, dtype=np.int64)
    last[codes] = np.arange(rows)
    return last, codes
