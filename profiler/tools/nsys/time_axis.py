"""Which rows of an event table stand on the time axis: the others are set aside and counted, never measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REACH_NS = 1 << 47
"""Half of the longest capture, 39 hours: a time stamp further away from the middle one is damage, not time."""


@dataclass(frozen=True)
class SetAside:
    """Rows of one table that no metric uses.

    Attributes:
        rows: All rows of the table.
        unfinished: Rows without a start or an end.
        backward: Rows that end before they start.
        far: Rows whose time stamps lie further than REACH_NS from the table's middle one.
    """

    rows: int
    unfinished: int = 0
    backward: int = 0
    far: int = 0

    @property
    def count(self) -> int:
        """Rows set aside."""
        return self.unfinished + self.backward + self.far

    @property
    def why(self) -> str:
        """The reasons with their counts, for a message."""
        parts = (
            (self.unfinished, "without a start or an end"),
            (self.backward, "ending before the start"),
            (self.far, "with a time stamp outside the capture"),
        )
        return ", ".join(f"{number} {text}" for number, text in parts if number)


def set_aside(start: np.ndarray, end: np.ndarray, open_ends: bool = False) -> tuple[np.ndarray | None, SetAside]:
    """Find the rows that have no place on the time axis.

    Args:
        start, end: ns; masked where there is none.
        open_ends: A row without an end counts: it is one that was still open when the capture ended.

    Returns:
        True where a row is to be left out, None when no row is; and how many there are of each kind.
    """
    rows = len(start)
    first, last = np.ma.getdata(start).astype(np.int64, copy=False), np.ma.getdata(end).astype(np.int64, copy=False)
    no_start, no_end = np.ma.getmaskarray(start), np.ma.getmaskarray(end)
    if isinstance(end, np.ma.MaskedArray):
        # what stands below the mask means nothing
        last = np.where(no_end, first, last)
    unfinished = no_start if open_ends else no_start | no_end
    backward = (last < first) & ~unfinished
    out = unfinished | backward
    far = _far(first, last, out)
    found = SetAside(rows, int(unfinished.sum()), int(backward.sum()), int(far.sum()) if far is not None else 0)
    if not found.count:
        return None, found
    return (out if far is None else out | far), found


def _far(first: np.ndarray, last: np.ndarray, out: np.ndarray) -> np.ndarray | None:
    """Return the other rows that lie too far from the middle one, None when there is none."""
    starts, ends = (first, last) if not out.any() else (first[~out], last[~out])
    # Python's integers: the difference of two damaged time stamps overflows 64 bits
    if not len(starts) or int(ends.max()) - int(starts.min()) < 2 * REACH_NS:
        return None
    middle = int(np.partition(starts, (len(starts) - 1) // 2)[(len(starts) - 1) // 2])
    limits = np.iinfo(np.int64)
    low, high = max(middle - REACH_NS, limits.min), min(middle + REACH_NS, limits.max)
    return ~out & ((first < low) | (last > high))
