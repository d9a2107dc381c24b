"""What a verdict from rounds takes for granted, held against the data: rounds that know nothing of each other, one mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from profiler.units import format_ns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MODE_DISTANCE = 0.041
"""Processes of one build are known to fall into groups so far apart, on the log scale: a smaller change is believed only where
chance would not split the groups between the sides."""

_SEEN, _SURE = 0.5, 2.33
"""Standard deviations above chance from which on a job's correlation widens intervals, and from which on one stops verdicts; one of
several rows counts from the latter on. How often it errs: `python benchmarks/false_alarms.py`."""

_TOO_STRONG, _HIGHEST = 0.6, 0.95
"""From the first correlation on no number of rounds helps; a higher one than the last is taken for it."""

_MATTERS = 0.005
"""Spread of a round's difference below which a row says little of a state that a side keeps."""

_WIDE, _FAR = 10.0, 0.005
"""A gap between modes is so many times the typical one, and so wide on the log scale."""


def serial_correlation(differences: Floats, jobs: int = 1) -> tuple[Floats, Flags]:
    """Return how far each round's difference depends on that of the round before, and where that is too far for a verdict.

    A state that one side keeps from process to process (its pages, its cache, its clock) does not cancel, and more rounds
    of it say little more. It is looked for in each row, and over all rows of a job together.

    Args:
        differences: ln(candidate / base), shape (rows, rounds); NaN where a round is missing.
        jobs: The rows are those of so many jobs of equal size, one after the other.

    Returns:
        Correlations from 0 to 0.95, 0 where chance would show as much, and flags; both of shape (rows,).

    Source:
        Wald and Wolfowitz 1943, serial correlation under all orders of the rounds; for a job the sum over its rows, with the
        moments of Mantel 1967, so rows that share the state of a process count as what they are.
    """
    there = np.isfinite(differences)
    count = there.sum(axis=1)
    filled = np.where(there, differences, 0.0)
    left = np.where(there, filled - filled.sum(axis=1, keepdims=True) / np.maximum(count, 1)[:, None], 0.0)
    together = np.take_along_axis(left, np.argsort(~there, axis=1, kind="stable"), axis=1)
    squares = together**2
    trace, fourth = squares.sum(axis=1), (squares**2).sum(axis=1)
    found, sure = _lag_one((together[:, 1:] * together[:, :-1]).sum(axis=1), trace, trace**2 - fourth, fourth, count)
    several = left.shape[0] > jobs
    used, stop = np.where(sure > (_SURE if several else _SEEN), found, 0.0), (sure > _SURE) & (found > _TOO_STRONG)
    if several:
        found, sure = (np.repeat(values, left.shape[0] // jobs) for values in _pooled(left, count, jobs))
        used, stop = np.maximum(used, np.where(sure > _SEEN, found, 0.0)), stop | ((sure > _SURE) & (found > _TOO_STRONG))
    return np.clip(used, 0.0, _HIGHEST), stop


def _pooled(left: Floats, count: NDArray[np.intp], jobs: int) -> tuple[Floats, Floats]:
    """Return the correlation over all rows of each job that were measured to the end, and how sure it is."""
    rounds = left.shape[1]
    # rows whose noise is too small to matter have little weight: what keeps its state shows in the others
    scale = np.sqrt((left**2).sum(axis=1, keepdims=True) + rounds * _MATTERS**2)
    whole = count[:, None] > 0.75 * rounds
    unit = np.divide(left, scale, out=np.zeros_like(left), where=whole).reshape(jobs, -1, rounds)
    products = np.swapaxes(unit, 1, 2) @ unit
    diagonal = np.diagonal(products, axis1=1, axis2=2)
    path = np.diagonal(products, 1, axis1=1, axis2=2).sum(axis=1)
    fourth = (diagonal**2).sum(axis=1)
    return _lag_one(path, diagonal.sum(axis=1), (products**2).sum(axis=(1, 2)) - fourth, fourth, np.full(jobs, rounds))


def _lag_one(path: Floats, trace: Floats, squares: Floats, fourth: Floats, count: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return correlation and standard deviations above chance, of sums over the products of centred values at two rounds.

    Args:
        path: Sum over neighbouring rounds.
        trace: Sum over each round with itself; minus it is that over all others.
        squares: Sum of squares over all pairs of two rounds.
        fourth: Sum of squares over each round with itself.
        count: Rounds.
    """
    n = np.maximum(count.astype(float), 4.0)
    pairs = n * (n - 1.0)
    mean = -trace / n
    touching = (fourth - squares) / (pairs * (n - 2.0))
    apart = (trace**2 - 4.0 * fourth + 2.0 * squares) / (pairs * (n - 2.0) * np.maximum(n - 3.0, 1.0))
    second = (n - 1.0) * squares / pairs + 2.0 * (n - 2.0) * touching + (n - 2.0) * (n - 3.0) * apart
    known = (count >= 5) & (trace > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sure = np.where(known, (path - mean) / np.sqrt(second - mean**2), 0.0)
        found = np.where(known, (path / trace + 1.0 / n) / (1.0 - 3.0 / n), 0.0)
    return found, np.nan_to_num(sure)


def has_modes(logs: Floats) -> Flags:
    """Return of each row whether its processes fall into groups, each of two and a tenth at least, with nothing between them.

    Args:
        logs: ln(median) of the processes of one side, shape (rows, processes); NaN where one is missing.
    """
    fewest = max(2, -(-logs.shape[1] // 10))
    if logs.shape[1] < 2 * fewest:
        return np.zeros(logs.shape[0], dtype=bool)
    windows = np.lib.stride_tricks.sliding_window_view(_is_close(np.sort(logs, axis=1)), fewest - 1, axis=1)
    close = np.asarray(windows.all(axis=2))
    groups = close[:, 0].astype(int) + (close[:, 1:] & ~close[:, :-1]).sum(axis=1)
    return np.asarray(groups >= 2)


def describe_modes(medians_ns: Floats) -> list[tuple[float, int]]:
    """Return the typical time and the number of the processes of each group of one side; nothing where they are one."""
    values = np.sort(medians_ns[np.isfinite(medians_ns)])
    if not has_modes(np.log(values)[None, :])[0]:
        return []
    edges = np.flatnonzero(~_is_close(np.log(values)[None, :])[0]) + 1
    return [(float(np.median(part)), part.size) for part in np.split(values, edges)]


def modes_sentence(base_ns: Floats, candidate_ns: Floats) -> str:
    """Say into which groups the processes of a side fall; empty where they do not."""
    found = []
    for side, values in (("base", base_ns), ("candidate", candidate_ns)):
        groups = describe_modes(values)
        texts = [f"{format_ns(typical)} in {size}" for typical, size in groups]
        found += [f"{side}: {', '.join(texts)} of {sum(size for _, size in groups)} processes"] if groups else []
    return "; ".join(found)


def _is_close(ordered: Floats) -> Flags:
    """Return of sorted values which neighbours are of one group."""
    gaps = np.diff(ordered, axis=1)
    known = np.isfinite(gaps)
    typical = np.nanmedian(np.where(known.any(axis=1, keepdims=True), gaps, 0.0), axis=1, keepdims=True)
    return np.asarray(known & ~(gaps > np.maximum(_WIDE * typical, _FAR)))
