"""Where a series of medians changed its level: optimal partitioning of a series into stretches of constant level."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SHORTEST = 2
_ODD = 3.0
_MAD_TO_SIGMA = 1.4826
_ERROR = 0.01
_MOST_CORRELATED = 0.9


def noise_of(series: Floats, floor: float) -> float:
    """Return the standard deviation of a series around its level, at least the floor.

    Source:
        Median absolute successive difference / sqrt(2), scaled for the normal distribution: a step changes one difference.
    """
    steps = np.abs(np.diff(series))
    return max(float(_MAD_TO_SIGMA * np.median(steps) / np.sqrt(2.0)) if steps.size else 0.0, floor)


def penalty(count: int) -> float:
    """Return what a further change point must gain, in units of the noise's variance.

    With it at most 1 % of constant Gaussian series of 6 to 200 values show a change, their noise estimated from
    themselves (the largest gain of any split over 4000 simulated series each).
    """
    return 14.0 + 150.0 / max(count, 1)


def change_points(series: Floats, noise: float, smallest_step: float) -> list[int]:
    """Return the positions at which a new level begins.

    Args:
        series: Values in order, shape (n,), without NaN.
        noise: Standard deviation around a level.
        smallest_step: Smaller steps between neighbouring levels are no change.

    Returns:
        Indices of the first value of each new level, ascending. A stretch has at least two values, so one odd value is
        no change.

    Source:
        Optimal partitioning (Jackson et al. 2005) of the squared error, penalty per change point.
    """
    count = series.size
    if count < 2 * _SHORTEST or noise <= 0:
        return []
    scaled = without_odd_values(series, noise) / noise
    scaled -= scaled.mean()
    total, squares = (np.concatenate([[0.0], np.cumsum(values)]) for values in (scaled, scaled**2))
    best = np.full(count + 1, np.inf)
    best[0] = -penalty(count)
    previous = np.zeros(count + 1, dtype=np.intp)
    for end in range(_SHORTEST, count + 1):
        starts = np.arange(0, end - _SHORTEST + 1)
        cost = squares[end] - squares[starts] - (total[end] - total[starts]) ** 2 / (end - starts)
        scores = best[starts] + cost + penalty(count)
        previous[end] = int(scores.argmin())
        best[end] = scores[previous[end]]
    found, end = [], count
    while end > 0:
        end = int(previous[end])
        if end:
            found.append(end)
    return _confirmed(series, _without_small_steps(series, sorted(found), smallest_step))


def _confirmed(series: Floats, points: list[int]) -> list[int]:
    """Drop the least sure change point until the ranks of the stretches on both sides confirm each.

    Squared errors take heavy tails, a few odd runs and runs that depend on the one before for levels.

    Source:
        Mann and Whitney 1947; a series of lag-1 correlation r has the variance of (1 + r)/(1 - r) times fewer values.
        How often it errs: python benchmarks/false_alarms.py --histories.
    """
    found = serial_correlation(series, points)
    correlation = min(found, _MOST_CORRELATED) if found > 1.0 / np.sqrt(series.size) else 0.0  # less is chance
    shrink = np.sqrt((1.0 - correlation) / (1.0 + correlation))
    while points:
        edges = [0, *points, series.size]
        tests = [
            stats.mannwhitneyu(series[start:middle], series[middle:end]).pvalue
            for start, middle, end in zip(edges, edges[1:], edges[2:], strict=False)
        ]
        sure = stats.norm.isf(np.asarray(tests) / 2.0) * shrink
        least = int(sure.argmin())
        if sure[least] >= stats.norm.isf(_ERROR / 2.0 / series.size):
            break
        points = points[:least] + points[least + 1 :]
    return points


def serial_correlation(series: Floats, points: list[int]) -> float:
    """Return how far a value depends on the one before, 0 to 1: from the ranks' differences but those to another level.

    Source:
        Differences of a first-order process of correlation r have the lag-1 correlation -(1 - r)/2.
    """
    steps = np.diff(stats.norm.ppf(stats.rankdata(series) / (series.size + 1.0)))
    steps[np.asarray(points, dtype=np.intp) - 1] = 0.0
    power = float(steps @ steps)
    return float(np.clip(1.0 + 2.0 * (steps[1:] @ steps[:-1]) / power, 0.0, 1.0)) if power > 0 else 0.0


def without_odd_values(series: Floats, noise: float) -> Floats:
    """Clip each value to within three times the noise of the median of itself and its neighbours: a single odd value."""
    padded = np.concatenate([series[1:2], series, series[-2:-1]])
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    return np.clip(series, middle - _ODD * noise, middle + _ODD * noise)


def _without_small_steps(series: Floats, points: list[int], smallest_step: float) -> list[int]:
    """Drop the change point with the smallest step until every step counts."""
    while points:
        edges = [0, *points, series.size]
        levels = [float(np.median(series[start:end])) for start, end in pairwise(edges)]
        steps = np.abs(np.diff(levels))
        smallest = int(steps.argmin())
        if steps[smallest] >= smallest_step:
            break
        points = points[:smallest] + points[smallest + 1 :]
    return points
