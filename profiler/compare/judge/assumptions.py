"""What a verdict from rounds takes for granted, held against the data: rounds that know nothing of each other, one mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from profiler.compare.rows.summaries import Flags, Floats
from profiler.units import format_ns

MODE_DISTANCE = 0.041
"""Processes of one build are known to fall into groups so far apart, on the log scale: a smaller change is believed only where
chance would not split the groups between the sides."""

_SEEN, SURE = 0.5, 2.33
"""Standard deviations above chance from which on a job's correlation widens intervals, and from which on one stops verdicts; one of
several rows counts from the latter on. How often it errs: `python benchmarks/false_alarms.py`."""

_TOO_STRONG, _HIGHEST = 0.6, 0.95
"""From the first correlation on no number of rounds helps; a higher one than the last is taken for it."""

_FEWEST, FEWEST_ALONE = 3, 5
"""Fewer values show no dependence; of all rows of a job together, and of one row."""

_MATTERS = 0.005
"""Spread of a round's difference below which a row says little of a state that a side keeps."""

_WIDE, _FAR = 10.0, 0.005
"""A gap between modes is so many times the typical one, and so wide on the log scale."""


def serial_correlation(*series: Floats, jobs: int = 1, least: float = _SEEN) -> tuple[Floats, Flags]:
    """Return how far each value depends on the one before, and where that is too far for a verdict.

    A state that one side keeps from process to process (its pages, its cache, its clock) does not cancel, and more rounds
    of it say little more. It is looked for in each row, and over all rows of a job together.

    Args:
        series: ln(candidate / base) of rounds, or ln(median) of each side's processes, in order of time; shape (rows, values) each,
            NaN where one is missing.
        jobs: The rows are those of so many jobs of equal size, one after the other.
        least: Standard deviations above chance from which on a job's correlation counts.

    Returns:
        Correlations from 0 to 0.95, 0 where chance would show as much, and flags; both of shape (rows,).

    Source:
        Wald and Wolfowitz 1943, serial correlation under all orders of the rounds; for a job the sum over its rows, with the
        moments of Mantel 1967, so rows that share the state of a process count as what they are.
    """
    rows = series[0].shape[0]
    found, sure = _judged([_of_rows(*_centred(values)) for values in series])
    used, stop = np.where(sure > (SURE if rows > jobs else least), found, 0.0), (sure > SURE) & (found > _TOO_STRONG)
    if rows > jobs:
        found, sure = (np.repeat(value, rows // jobs) for value in _judged([_of_jobs(*_centred(v), jobs) for v in series]))
        used, stop = np.maximum(used, np.where(sure > least, found, 0.0)), stop | ((sure > SURE) & (found > _TOO_STRONG))
    return np.clip(used, 0.0, _HIGHEST), stop


def _centred(values: Floats) -> tuple[Floats, Flags]:
    """Return the values about the mean of their row, 0 where one is missing, and which are there."""
    there = np.isfinite(values)
    means = np.where(there, values, 0.0).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return np.where(there, values - means, 0.0), there


def _of_rows(left: Floats, there: Flags) -> Floats:
    """Return `_lag_one` of each row by itself; of a row of fewer than five values nothing."""
    count = there.sum(axis=1, dtype=float)
    together = np.take_along_axis(left, np.argsort(~there, axis=1, kind="stable"), axis=1)
    squares = together**2
    trace, fourth = squares.sum(axis=1), (squares**2).sum(axis=1)
    path = (together[:, 1:] * together[:, :-1]).sum(axis=1)
    return np.where(count >= FEWEST_ALONE, _lag_one(path, trace, trace**2 - fourth, fourth, count), 0.0)


def _of_jobs(left: Floats, there: Flags, jobs: int) -> Floats:
    """Return `_lag_one` over all rows of each job that were measured to the end."""
    length = left.shape[1]
    if length < _FEWEST:
        return np.zeros((3, jobs))
    # rows whose noise is too small to matter have little weight: what keeps its state shows in the others
    scale = np.sqrt((left**2).sum(axis=1, keepdims=True) + length * _MATTERS**2)
    whole = there.sum(axis=1, keepdims=True) > 0.75 * length
    unit = np.divide(left, scale, out=np.zeros_like(left), where=whole).reshape(jobs, -1, length)
    products = np.swapaxes(unit, 1, 2) @ unit
    diagonal = np.diagonal(products, axis1=1, axis2=2)
    path = np.diagonal(products, 1, axis1=1, axis2=2).sum(axis=1)
    fourth = (diagonal**2).sum(axis=1)
    return _lag_one(path, diagonal.sum(axis=1), (products**2).sum(axis=(1, 2)) - fourth, fourth, np.full(jobs, float(length)))


def _lag_one(path: Floats, trace: Floats, squares: Floats, fourth: Floats, count: Floats) -> Floats:
    """Return how far a sum over neighbours exceeds its mean under all orders, what it were of a correlation of 1, and its variance.

    Args:
        path: Sum of the products of centred values over neighbouring rounds.
        trace: Sum over each round with itself; minus it is that over all others.
        squares: Sum of squares over all pairs of two rounds.
        fourth: Sum of squares over each round with itself.
        count: Rounds.
    """
    n = np.maximum(count, float(_FEWEST))
    pairs = n * (n - 1.0)
    mean = -trace / n
    touching = (fourth - squares) / (pairs * (n - 2.0))
    apart = (trace**2 - 4.0 * fourth + 2.0 * squares) / (pairs * (n - 2.0) * np.maximum(n - 3.0, 1.0))
    second = (n - 1.0) * squares / pairs + 2.0 * (n - 2.0) * touching + (n - 2.0) * (n - 3.0) * apart
    # three values that wander without end show a sixth
    return np.stack([path - mean, trace * np.maximum(1.0 - 3.0 / n, 1.0 / 6.0), second - mean**2])


def _judged(parts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return correlation and standard deviations above chance, of the sums over some parts."""
    excess, scale, variance = np.sum(parts, axis=0)
    known = (scale > 0) & (variance > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known, excess / scale, 0.0), np.where(known, excess / np.sqrt(variance), 0.0)


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
