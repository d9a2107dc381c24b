"""Columns: the narrow table that readers fill and metrics compute on, turned into a DataFrame only at the edge.

A capture holds millions of events. NumPy arrays of the narrowest dtype and dictionary-coded text keep them small and
fast to read, and spare every caller that needs no DataFrame the import of pandas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from profiler.spec import ColumnSpec


_INTEGER_LIMIT = 2.0**63


@dataclass(frozen=True)
class Coded:
    """Text as codes into a list of distinct values.

    Attributes:
        codes: Row to position in `values`; -1 means no value.
        values: Distinct texts; some may be used by no row.
    """

    codes: np.ndarray
    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, index: np.ndarray | slice) -> Coded:
        """Return the rows that an index array, mask or slice selects."""
        return Coded(self.codes[index], self.values)

    def renamed(self, rename: Callable[[str], str]) -> Coded:
        """Return the same rows with every distinct text renamed; texts that become equal share a code."""
        known: dict[str, int] = {}
        target = [known.setdefault(rename(value), len(known)) for value in self.values]
        return Coded(np.asarray([*target, -1], dtype=np.int32)[self.codes], list(known))

    def passing(self, test: Callable[[str], bool]) -> np.ndarray:
        """Return whether each row's text passes a test; a row without text does not."""
        return np.asarray(np.array([*(test(str(value)) for value in self.values), False], dtype=bool)[self.codes])

    def filled(self, text: str) -> Coded:
        """Return the same rows with a text where there was none."""
        missing = self.codes < 0
        if not missing.any():
            return self
        values = list(self.values) if text in self.values else [*self.values, text]
        return Coded(np.where(missing, values.index(text), self.codes).astype(np.int32), values)

    def decode(self) -> np.ndarray:
        """Return the texts as an object array, None where there is none."""
        table = np.empty(len(self.values) + 1, dtype=object)
        table[: len(self.values)] = list(self.values)
        return np.asarray(table[self.codes])


Column = Union[np.ndarray, Coded]  # noqa: UP007 - evaluated at run time, also on Python 3.10


def encode(texts: Sequence[str | None]) -> Coded:
    """Dictionary-code a short list of texts, values in order of first appearance."""
    known: dict[str, int] = {}
    codes = [-1 if text is None else known.setdefault(text, len(known)) for text in texts]
    return Coded(np.asarray(codes, dtype=np.int32), list(known))


def integers(values: Sequence[Any]) -> np.ndarray:
    """Return whole numbers, masked where there is None."""
    missing = [value is None for value in values]
    numbers = np.array([0 if value is None else int(value) for value in values], dtype=np.int64)
    return np.ma.masked_array(numbers, missing) if any(missing) else numbers


def floats(values: Sequence[Any]) -> np.ndarray:
    """Return floating-point numbers, NaN where there is None."""
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def texts(values: Sequence[Any]) -> np.ndarray:
    """Return texts, None where there is None."""
    return np.array([None if value is None else str(value) for value in values], dtype=object)


_MAKERS: dict[str, Callable[[Sequence[Any]], np.ndarray]] = {"int": integers, "float": floats, "text": texts}


def from_records(records: Sequence[Mapping[str, Any]], specs: Iterable[ColumnSpec], every: bool = False) -> Columns:
    """Turn a few rows into columns; unless `every` is asked for, one that may be absent and has no value is left out."""
    rows = {spec: [record.get(spec.name) for record in records] for spec in specs}
    every = every or not records
    kept = {spec: some for spec, some in rows.items() if every or spec.required or any(value is not None for value in some)}
    return Columns({spec.name: _maker(spec, values)(values) for spec, values in kept.items()}, len(records))


def _maker(spec: ColumnSpec, values: Sequence[Any]) -> Callable[[Sequence[Any]], np.ndarray]:
    """Return what makes a column; where its description names no dtype, the values say which of them it is."""
    kinds = {type(value) for value in values}
    text = str in kinds or not (spec.unit or spec.kind == "id")
    return _MAKERS[spec.dtype or ("text" if text else "float" if any(issubclass(kind, float) for kind in kinds) else "int")]


def concatenate(columns: Sequence[Column]) -> Column:
    """Join columns end to end; where one is coded text all become it, equal texts sharing a code.

    Readers may code a text in one capture and not in another.
    """
    arrays = [column for column in columns if not isinstance(column, Coded)]
    if len(arrays) == len(columns):
        masked = any(isinstance(column, np.ma.MaskedArray) for column in arrays)
        join: Callable[[Sequence[np.ndarray]], np.ndarray] = np.ma.concatenate if masked else np.concatenate
        return join(arrays)
    known: dict[str, int] = {}
    codes = []
    for column in columns:
        coded = column if isinstance(column, Coded) else encode(column.tolist())
        rename = [known.setdefault(value, len(known)) for value in coded.values]
        codes.append(np.asarray([*rename, -1], dtype=np.int32)[coded.codes])
    return Coded(np.concatenate(codes), list(known))


def narrow(values: np.ndarray) -> np.ndarray:
    """Return integers in 32 bits when they fit, else unchanged."""
    if values.dtype.itemsize <= 4 and len(values):
        return values
    limits = np.iinfo(np.int32)
    fit = not len(values) or (limits.min <= np.min(values) and np.max(values) <= limits.max)
    return values.astype(np.int32) if fit else values


def as_floats(values: np.ndarray) -> np.ndarray:
    """Return numbers as float64, NaN where a value is missing."""
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan))


def whole(values: np.ndarray) -> np.ndarray:
    """Return floats as int64, masked where they are not finite or do not fit: ncu prints `inf` for a division by zero."""
    missing = ~(np.abs(values) < _INTEGER_LIMIT)
    numbers = np.rint(np.where(missing, 0, values)).astype(np.int64)
    return np.ma.masked_array(numbers, missing) if missing.any() else numbers


def absent_like(values: np.ndarray) -> np.ndarray:
    """Return what stands for a missing value among others, an array of no dimension: None among objects, else NaN."""
    return np.array(None, dtype=object) if values.dtype == object else np.array(np.nan)


def objects(values: Sequence[Any]) -> np.ndarray:
    """Return an array of objects, None where a value is missing."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


class Columns(Mapping[str, Column]):
    """An ordered set of equally long columns.

    Args:
        columns: Name to array (integers, floats, object text, or a masked array where values are missing) or `Coded`.
        rows: Number of rows; needed only when there is no column.
    """

    def __init__(self, columns: Mapping[str, Column], rows: int | None = None) -> None:
        self._columns = dict(columns)
        sizes = {name: len(column) for name, column in self._columns.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"columns differ in length: {sizes}")
        self.rows: int = next(iter(sizes.values()), rows or 0)

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def array(self, name: str) -> np.ndarray:
        """Return a column as an array, text decoded."""
        column = self._columns[name]
        return column.decode() if isinstance(column, Coded) else column

    def coded(self, name: str) -> Coded:
        """Return a text column dictionary-coded."""
        column = self._columns[name]
        return column if isinstance(column, Coded) else encode(list(column))

    def take(self, index: np.ndarray | slice) -> Columns:
        """Return the rows that an index array, mask or slice selects, in its order."""
        taken = {n: c.take(index) if isinstance(c, Coded) else c[index] for n, c in self._columns.items()}
        return Columns(taken)

    def select(self, names: Sequence[str]) -> Columns:
        """Return some columns, in the order asked."""
        return Columns({name: self._columns[name] for name in names}, self.rows)

    def with_columns(self, **columns: Column) -> Columns:
        """Return a copy with columns added or replaced."""
        return Columns({**self._columns, **columns}, self.rows)

    def to_lists(self) -> dict[str, list[Any]]:
        """Return plain Python lists, None where a value is missing; the way to JSON without pandas."""
        return {name: _plain(self.array(name)) for name in self}

    def to_records(self) -> list[dict[str, Any]]:
        """Return one plain dictionary per row, None where a value is missing."""
        lists = self.to_lists()
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame: integers 64-bit, `Int64` where values are missing, coded text as categories."""
        import pandas as pd

        return pd.DataFrame({name: _series(column) for name, column in self._columns.items()}, index=range(self.rows))


def _plain(values: np.ndarray) -> list[Any]:
    plain: list[Any] = values.tolist()
    if isinstance(values, np.ma.MaskedArray) or values.dtype.kind != "f":
        return plain
    return [None if value != value else value for value in plain]


def _series(column: Column) -> Any:
    import pandas as pd

    if isinstance(column, Coded):
        values = pd.Index(list(column.values), dtype=object if not len(column.values) else None)
        return pd.Categorical.from_codes(column.codes, categories=values)
    if isinstance(column, np.ma.MaskedArray) and column.dtype.kind in "iu":
        mask = np.ma.getmaskarray(column)
        data = np.where(mask, 0, column.data).astype(np.int64)
        return pd.arrays.IntegerArray(data, mask.copy())
    if column.dtype.kind in "iu" and column.dtype != np.uint64:
        return column.astype(np.int64)
    return column


def stack(frames: Sequence[Columns]) -> Columns:
    """Put frames below each other; what one of them lacks is missing in its rows."""
    if len(frames) == 1:
        return frames[0]
    examples: dict[str, Column] = {name: frame[name] for frame in reversed(frames) for name in frame}
    joined: dict[str, Column] = {}
    for name in dict.fromkeys(name for frame in frames for name in frame):
        joined[name] = concatenate([frame[name] if name in frame else _missing(examples[name], frame.rows) for frame in frames])
    return Columns(joined)


def _missing(like: Column, rows: int) -> Column:
    if isinstance(like, Coded):
        return Coded(np.full(rows, -1, dtype=np.int32), [])
    if like.dtype == object or like.dtype.kind == "f":
        return np.full(rows, absent_like(like))
    return np.ma.masked_array(np.zeros(rows, like.dtype), mask=np.ones(rows, bool))
