"""Says when a point has enough samples: when its median is known, or at a limit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from statistics import median

from profiler.runner.settings import MeasureSettings

Z_95 = 1.959964
LEAST_SAMPLES = 20
CHECK_GROWTH = 1.25


def median_half_width(samples: Sequence[int]) -> float:
    """Return half the width of the 95 % interval of the median, as a share of the median.

    The interval comes from order statistics, so it assumes no distribution.

    Args:
        samples: At least one duration in ns.

    Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2 (confidence interval for a quantile).
    """
    ordered = sorted(samples)
    count = len(ordered)
    reach = Z_95 * math.sqrt(count) / 2
    low = max(0, math.floor(count / 2 - reach) - 1)
    high = min(count - 1, math.ceil(count / 2 + reach))
    middle = median(ordered)
    return (ordered[high] - ordered[low]) / 2 / middle if middle else 0.0


def is_stable(samples: Sequence[int], ratio: float) -> bool:
    """Say whether the median is known within a ratio, by its interval and by the drift between the halves."""
    if len(samples) < LEAST_SAMPLES:
        return False
    half = len(samples) // 2
    drift = abs(median(samples[:half]) - median(samples[half:]))
    return median_half_width(samples) <= ratio and drift <= ratio * median(samples)


class StopRule:
    """Decides after each batch of samples whether a point goes on.

    Args:
        settings: Limits and stability.
    """

    def __init__(self, settings: MeasureSettings) -> None:
        self._settings = settings
        self._start = time.monotonic()
        self._next_check = settings.min_iterations

    def wants_more(self, samples: Sequence[int]) -> bool:
        """Say whether another sample shall be taken."""
        settings, count = self._settings, len(samples)
        if settings.iterations is not None:
            return bool(count < settings.iterations)
        elapsed = time.monotonic() - self._start
        if count and (count >= settings.max_iterations or elapsed >= settings.max_time):
            return False
        if count < self._next_check or elapsed < settings.min_time:
            return True
        self._next_check = count * CHECK_GROWTH
        return not is_stable(samples, settings.stability)
