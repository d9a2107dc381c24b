"""A column that grows block by block in 32 bits, and widens when a value needs it."""

from __future__ import annotations

import numpy as np

_LIMITS = np.iinfo(np.int32)


class ColumnBuffer:
    """Collects integers without ever holding a column twice.

    Memory that was reserved but not written to costs nothing, so reserving the expected number of rows at once spares
    the copying of a list of parts.

    Args:
        capacity: Expected number of rows; more may come.
    """

    def __init__(self, capacity: int) -> None:
        self._values = np.empty(capacity, dtype=np.int32)
        self._missing: np.ndarray | None = None
        self._rows = 0

    def append(self, values: np.ndarray, missing: np.ndarray | None = None) -> None:
        """Append a block.

        Args:
            values: Integers of any width.
            missing: True where there is no value.
        """
        if not len(values):
            return
        end = self._rows + len(values)
        wide = values.dtype.itemsize > 4 and not _LIMITS.min <= int(values.min()) <= int(values.max()) <= _LIMITS.max
        dtype = np.int64 if wide else self._values.dtype
        if end > len(self._values) or dtype != self._values.dtype:
            self._move(max(end + end // 2 if end > len(self._values) else 0, len(self._values)), dtype)
        self._values[self._rows : end] = values
        if missing is not None and missing.any():
            if self._missing is None:
                self._missing = np.zeros(len(self._values), dtype=bool)
            self._missing[self._rows : end] = missing
        self._rows = end

    def _move(self, capacity: int, dtype: np.dtype | type) -> None:
        values = np.empty(capacity, dtype=dtype)
        values[: self._rows] = self._values[: self._rows]
        self._values = values
        if self._missing is not None:
            missing = np.zeros(capacity, dtype=bool)
            missing[: self._rows] = self._missing[: self._rows]
            self._missing = missing

    def array(self) -> np.ndarray:
        """Return the column; masked where a value is missing."""
        values = self._values[: self._rows]
        return values if self._missing is None else np.ma.masked_array(values, self._missing[: self._rows])
