"""How nsys packs processes, threads and names into numbers.

Source: `globalTid` = hardware << 56 | vm << 48 | process << 24 | thread, in every export from 2023.4 to 2025.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from profiler.columns import Coded, narrow

_LOW_24 = 0xFFFFFF
# cuGetProcAddress_v2 keeps its suffix: one digit is part of the function's name, four or five are the API version
_API_VERSION = re.compile(r"_v\d{4,5}$")


def process_ids(serialised: np.ndarray) -> np.ndarray:
    """Return the process of each globalPid or globalTid."""
    return ((np.asarray(serialised) >> 24) & _LOW_24).astype(np.int32)


def thread_ids(serialised: np.ndarray) -> np.ndarray:
    """Return the thread of each globalTid."""
    return (np.asarray(serialised) & _LOW_24).astype(np.int32)


def api_name(name: str) -> str:
    """Return a CUDA API function's name without its version suffix."""
    return _API_VERSION.sub("", name)


def unique_codes(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct ids, ascending, and each row's position among them.

    Ids are small integers in nsys exports, so a table indexed by id replaces the sort.
    """
    if not len(ids):
        return ids, np.zeros(0, np.int32)
    low, high = int(ids.min()), int(ids.max())
    if high - low > max(4 * len(ids), 1_000_000):
        distinct, codes = np.unique(ids, return_inverse=True)
        return distinct, codes.astype(np.int32)
    present = np.zeros(high - low + 1, dtype=bool)
    present[ids - low] = True
    position = np.cumsum(present, dtype=np.int32) - 1
    return np.flatnonzero(present) + low, position[ids - low]


def named(ids: np.ndarray, names: Mapping[int, str], rename: Callable[[str], str] = str) -> Coded:
    """Dictionary-code a column of ids by the names that they stand for.

    Args:
        ids: Ids; masked where there is none.
        names: Id to name; an id without a name gives no value.
        rename: Applied to each distinct name; names that become equal share a code.
    """
    distinct, codes = unique_codes(np.ma.getdata(ids))
    known: dict[str, int] = {}
    target = np.full(len(distinct) + 1, -1, dtype=np.int32)
    for row, key in enumerate(distinct.tolist()):
        name = names.get(key)
        if name is not None:
            target[row] = known.setdefault(rename(name), len(known))
    result = target[codes]
    if isinstance(ids, np.ma.MaskedArray):
        result[np.ma.getmaskarray(ids)] = -1
    return Coded(result, list(known))


def spans(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return start (int64) and duration (32 bits where it fits), ns."""
    start = np.ma.getdata(start)
    return start, narrow(np.ma.getdata(end) - start)


def start_order(start: np.ndarray) -> np.ndarray | slice:
    """Return what sorts rows by start, stable; a slice when they are sorted already."""
    if not len(start) or bool(np.all(start[1:] >= start[:-1])):
        return slice(None)
    return np.argsort(start, kind="stable")
