"""Interval arithmetic on millions of spans, vectorised: unions, intersections, range minima, innermost owners.

Spans are half-open [start, end) in integer ns. All functions are exact.
"""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np


def union(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge spans that overlap or touch.

    Args:
        start: int64, any order.
        end: int64, not before start.

    Returns:
        Starts and ends of the disjoint spans, ascending; spans of length 0 that touch nothing are kept.
    """
    if not len(start):
        return start, end
    if not bool(np.all(start[1:] >= start[:-1])):
        order = np.argsort(start, kind="stable")
        start, end = start[order], end[order]
    reach = np.maximum.accumulate(end)
    opens = np.flatnonzero(np.concatenate(([True], start[1:] > reach[:-1])))
    return start[opens], reach[np.concatenate((opens[1:], [len(start)])) - 1]


def total(spans: tuple[np.ndarray, np.ndarray]) -> int:
    """Return the summed length of disjoint spans."""
    return int((spans[1] - spans[0]).sum())


def intersection_length(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> int:
    """Return for how long two sets of disjoint, ascending spans are both active."""
    if len(a[0]) > len(b[0]):
        a, b = b, a
    if not len(a[0]):
        return 0
    return int((covered_before(b, a[1]) - covered_before(b, a[0])).sum())


def covered_before(spans: tuple[np.ndarray, np.ndarray], times: np.ndarray) -> np.ndarray:
    """Return how much of disjoint, ascending spans lies before each time."""
    start, end = spans
    lengths = np.concatenate(([0], np.cumsum(end - start)))
    index = np.searchsorted(start, times, side="right")
    past = lengths[index]
    inside = index > 0
    # the last span begun may still be open at that time
    past[inside] -= np.maximum(end[index[inside] - 1] - times[inside], 0)
    return past


def concurrent_pairs(spans: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return for how long each two of several lanes are active at the same time.

    Args:
        spans: Per lane disjoint, ascending spans.

    Returns:
        Symmetric matrix, int64 ns; the diagonal holds each lane's own active time.
    """
    lanes = len(spans)
    result = np.zeros((lanes, lanes), dtype=np.int64)
    for lane, own in enumerate(spans):
        result[lane, lane] = total(own)
    if lanes <= 62:
        _sweep(spans, result)
    else:
        # a bit per lane no longer fits one word: compare pair by pair
        for a, b in combinations(range(lanes), 2):
            result[a, b] = result[b, a] = intersection_length(spans[a], spans[b])
    return result


def _sweep(spans: list[tuple[np.ndarray, np.ndarray]], result: np.ndarray) -> None:
    """Walk along all boundaries once; a bit per lane says which lanes are active between two boundaries."""
    parts = [part for own in spans for part in own]
    times = np.concatenate(parts or [np.zeros(0, np.int64)])
    if not len(times):
        return
    signs = np.array([sign << lane for lane in range(len(spans)) for sign in (1, -1)], dtype=np.int64)
    bits = np.repeat(signs, [len(part) for part in parts])
    order = np.argsort(times, kind="stable")
    times = times[order]
    active = np.cumsum(bits[order])[:-1]
    length = np.diff(times)
    several = (length > 0) & (active & (active - 1) != 0)
    masks, inverse = np.unique(active[several], return_inverse=True)
    sums = np.zeros(len(masks), np.int64)
    np.add.at(sums, inverse.reshape(-1), length[several])
    for mask, duration in zip(masks.tolist(), sums.tolist(), strict=True):
        for a, b in permutations([lane for lane in range(len(spans)) if mask >> lane & 1], 2):
            result[a, b] += duration


def range_minimum(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the minimum of values[low:high] for many ranges at once.

    Args:
        values: Integers.
        low: First position of each range.
        high: Position after the last; greater than low.

    Returns:
        One minimum per range. Memory stays proportional to the values: a level of the sparse table is dropped once the
        ranges whose length it suits are answered.
    """
    result = np.empty(len(low), dtype=values.dtype)
    if not len(low):
        return result
    level_of = np.frexp((high - low).astype(np.float64))[1] - 1
    order = np.argsort(level_of, kind="stable")
    bounds = np.searchsorted(level_of[order], np.arange(int(level_of.max()) + 2))
    table = values
    for level in range(len(bounds) - 1):
        chosen = order[bounds[level] : bounds[level + 1]]
        if len(chosen):
            result[chosen] = np.minimum(table[low[chosen]], table[high[chosen] - (1 << level)])
        if level + 2 < len(bounds):
            table = np.minimum(table[: len(table) - (1 << level)], table[1 << level :])
    return result


def last_covering(low: np.ndarray, high: np.ndarray, positions: int) -> np.ndarray:
    """Find for each position the last of many ranges that covers it.

    Args:
        low: First position of each range, in order of rank: a later range wins.
        high: Position after the last; equal to low for a range that covers nothing.
        positions: Number of positions.

    Returns:
        Index of the winning range, int64; -1 where none covers the position.
    """
    used = np.flatnonzero(high > low)
    if not len(used):
        return np.full(positions, -1, dtype=np.int64)
    level_of = np.frexp((high[used] - low[used]).astype(np.float64))[1] - 1
    table = np.zeros(0, dtype=np.int64)
    for level in range(int(level_of.max()), -1, -1):
        width = positions - (1 << level) + 1
        current = np.full(width, -1, dtype=np.int64)
        # a window of twice this length covers the two windows that it is made of
        current[: len(table)] = table
        second = current[1 << level :][: len(table)]
        np.maximum(second, table, out=second)
        chosen = used[level_of == level]
        np.maximum.at(current, low[chosen], chosen)
        np.maximum.at(current, high[chosen] - (1 << level), chosen)
        table = current
    return table
