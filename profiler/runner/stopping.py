"""Says when a point has enough samples: at a narrow interval of the median, or at a limit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from profiler.runner.settings import MeasureSettings

Z_95 = 1.959964


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
    low = max(0, math.floor(count / 2 - reach))
    high = min(count - 1, math.ceil(count / 2 + reach))
    median = ordered[count // 2]
    return (ordered[high] - ordered[low]) / 2 / median if median else 0.0


class StopRule:
    """Decides after each batch of samples whether a point goes on.

    Args:
        settings: Limits and precision.
    """

    def __init__(self, settings: MeasureSettings) -> None:
        self._settings = settings
        self._start = time.monotonic()
        self._next_check = settings.min_samples

    def wants_more(self, samples: Sequence[int]) -> bool:
        """Say whether another sample shall be taken."""
        count = len(samples)
        if count < self._settings.min_samples:
            return count == 0 or time.monotonic() - self._start < 4 * self._settings.max_seconds
        if count >= self._settings.max_samples or time.monotonic() - self._start >= self._settings.max_seconds:
            return False
        if count < self._next_check or self._settings.precision == 0:
            return True
        self._next_check = count + max(5, count // 4)
        return median_half_width(samples) > self._settings.precision
