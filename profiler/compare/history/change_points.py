"""Where a series of medians changed its level: optimal partitioning, each level confirmed by ranks that allow for dependence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import special, stats

from profiler.compare.rows.summaries import Floats

_SHORTEST = 2
_ODD = 3.0
_MAD_TO_SIGMA = 1.4826
_ERROR, _ERROR_ALONE = 0.01, 0.06
"""Two-sided errors of a confirmed level, over all runs: with allowance for dependence, and without."""
_LOST = 2.5
"""What each level fitted takes from the correlation of the residuals, in units of 1/n."""
_MOST_CORRELATED = 0.95
_PLAIN, _PLAIN_RUNS = 8.0, 5
"""A step of so many standard deviations between so many runs each is no wandering of runs that depend on each other."""


def noise_of(series: Floats, floor: float) -> float:
    """Return the standard deviation of a series around its level, at least the floor.

    Source:
        Median absolute successive difference / sqrt(2), scaled for the normal distribution: a step changes one difference.
    """
    steps = np.abs(np.diff(series))
    return max(float(_MAD_TO_SIGMA * np.median(steps) / np.sqrt(2.0)) if steps.size else 0.0, floor)


def change_points(series: Floats, noise: float, smallest_step: float) -> tuple[list[int], int]:
    """Return the positions at which a new level begins, and how many more would count if no run depended on the one before.

    A level is a new one where the ranks of the runs on both sides differ and the runs' dependence on each other, estimated
    from the residuals, does not explain it. How often that errs: `python benchmarks/false_alarms.py --only histories`.

    Args:
        series: Values in order, shape (n,), without NaN.
        noise: Standard deviation around a level.
        smallest_step: Smaller steps between neighbouring levels are no change.

    Returns:
        Indices of the first value of each new level, ascending, and the number of those left out for dependence alone. One
        odd value is no change.

    Source:
        Ranks: Mann and Whitney 1947. A series of lag-1 correlation r tells as much as (1 - r)/(1 + r) times as many
        independent values.
    """
    if series.size < 2 * _SHORTEST or noise <= 0:
        return [], 0
    points = _partition(without_odd_values(series, noise) / noise)
    points = _dropped(points, lambda left: _least_step(series, left, smallest_step))
    scores = special.ndtri(stats.rankdata(series) / (series.size + 1.0))
    alone = _dropped(points, lambda left: _least_sure(series, left, 0.0))
    sure = _dropped(alone, lambda left: _least_sure(series, left, serial_correlation(scores, left)))
    return sure, len(alone) - len(sure)


def _partition(scaled: Floats) -> list[int]:
    """Return the points of the cheapest partition: squared error in units of the noise's variance, plus a penalty for each.

    Source:
        Optimal partitioning: Jackson et al. 2005. With the penalty at most 1 % of constant Gaussian series of 6 to 200 values
        show a change, their noise estimated from themselves.
    """
    count = scaled.size
    penalty = 14.0 + 150.0 / count
    total = np.concatenate([[0.0], np.cumsum(scaled - scaled.mean())])
    positions = np.arange(count + 1)
    gain = np.full(count + 1, -np.inf)
    gain[0] = penalty
    previous = np.zeros(count + 1, dtype=np.intp)
    for end in range(_SHORTEST, count + 1):
        starts = positions[: end - _SHORTEST + 1]
        gains = gain[starts] + (total[end] - total[starts]) ** 2 / (end - starts) - penalty
        previous[end] = int(gains.argmax())
        gain[end] = gains[previous[end]]
    found, end = [], int(previous[count])
    while end:
        found.append(end)
        end = int(previous[end])
    return found[::-1]


def _dropped(points: list[int], least: Callable[[list[int]], int | None]) -> list[int]:
    """Drop the point that `least` names until it names none."""
    while points and (worst := least(points)) is not None:
        points = points[:worst] + points[worst + 1 :]
    return points


def _stretches(series: Floats, points: list[int]) -> list[Floats]:
    return [series[start:end] for start, end in pairwise([0, *points, series.size])]


def _least_step(series: Floats, points: list[int], smallest: float) -> int | None:
    """Return the smallest step between neighbouring levels, if it is too small to count."""
    steps = np.abs(np.diff([np.median(part) for part in _stretches(series, points)]))
    least = int(steps.argmin())
    return least if steps[least] < smallest else None


def _least_sure(series: Floats, points: list[int], correlation: float) -> int | None:
    """Return the least sure point, if ranks and dependence do not confirm it."""
    shrink = np.sqrt((1.0 - correlation) / (1.0 + correlation))
    needed, alone = (stats.norm.isf(error / 2.0 / series.size) for error in (_ERROR, _ERROR_ALONE))
    sure = []
    for before, after in pairwise(_stretches(series, points)):
        ranks = _rank_statistic(before, after)
        plain = _size_of_step(before, after) / _PLAIN if min(before.size, after.size) >= _PLAIN_RUNS else 0.0
        sure.append(min(ranks / alone, max(ranks * shrink / needed, plain)))
    least = int(np.argmin(sure))
    return least if sure[least] < 1.0 else None


def _rank_statistic(before: Floats, after: Floats) -> float:
    """Return Mann and Whitney's statistic in standard deviations, ties allowed for."""
    ranks = stats.rankdata(np.concatenate([before, after]))
    n, m, both = before.size, after.size, ranks.size
    _, ties = np.unique(ranks, return_counts=True)
    variance = n * m / 12.0 * (both + 1.0 - float(np.sum(ties**3.0 - ties)) / (both * (both - 1.0)))
    return float(abs(ranks[:n].sum() - n * (both + 1.0) / 2.0) / np.sqrt(variance)) if variance > 0 else 0.0


def _size_of_step(before: Floats, after: Floats) -> float:
    """Return the step in standard deviations of the values about their levels."""
    squares = sum(float(np.sum((part - part.mean()) ** 2)) for part in (before, after))
    step = abs(float(after.mean() - before.mean()))
    return step / np.sqrt(squares / (before.size + after.size - 2)) if squares > 0 else np.inf


def serial_correlation(scores: Floats, points: list[int]) -> float:
    """Return how far a run depends on the one before, 0 to 1: lag-1 correlation about the levels, not less than it may be.

    Args:
        scores: Normal scores of the runs' ranks.
        points: Where new levels begin; each level fitted takes from the correlation, which is given back.
    """
    residuals = np.concatenate([part - part.mean() for part in _stretches(scores, points)])
    power = float(residuals @ residuals)
    found = float(residuals[1:] @ residuals[:-1]) / power if power > 0 else 0.0
    return float(np.clip(found + _LOST * (len(points) + 1) / scores.size, 0.0, _MOST_CORRELATED))


def without_odd_values(series: Floats, noise: float) -> Floats:
    """Clip each value to within three times the noise of the median of itself and its neighbours: a single odd value."""
    padded = np.concatenate([series[1:2], series, series[-2:-1]])
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    return np.clip(series, middle - _ODD * noise, middle + _ODD * noise)
