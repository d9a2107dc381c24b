"""How nsys packs processes, threads and names into numbers.

Source: `globalTid` = hardware << 56 | vm << 48 | process << 24 | thread, in every export from 2023.4 to 2025.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from profiler.columns import Coded, Column, Columns, narrow
from profiler.distinct import distinct

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


def named(ids: np.ndarray, names: Mapping[int, str], rename: Callable[[str], str] = str) -> Coded:
    """Dictionary-code a column of ids by the names that they stand for.

    Args:
        ids: Ids; masked where there is none.
        names: Id to name; an id without a name gives no value.
        rename: Applied to each distinct name; names that become equal share a code.
    """
    ids_found, codes = distinct(np.ma.getdata(ids))
    known: dict[str, int] = {}
    target = np.full(len(ids_found) + 1, -1, dtype=np.int32)
    for row, key in enumerate(ids_found.tolist()):
        name = names.get(key)
        if name is not None:
            target[row] = known.setdefault(rename(name), len(known))
    result = target[codes]
    if isinstance(ids, np.ma.MaskedArray):
        result[np.ma.getmaskarray(ids)] = -1
    return Coded(result, list(known))


def spans(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return start (int64) and duration (32 bits where it fits), ns."""
    start = np.ma.getdata(start).astype(np.int64)
    return start, narrow(np.ma.getdata(end) - start)


def in_order(columns: Mapping[str, Column]) -> Columns:
    """Return the rows of an event table by start, stable; as they are when they are sorted already."""
    frame = Columns(columns)
    start = frame.array("start_ns")
    return frame if bool(np.all(start[1:] >= start[:-1])) else frame.take(np.argsort(start, kind="stable"))
