"""Shares above 100 % in the counters of a report: the ones that ncu's own rounding makes, and those that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from profiler.columns import Columns
from profiler.tools.ncu.frames import message

_HIT_RATE, _OF_PEAK, _BUSIEST = "hit_rate", ".pct_of_peak_sustained", ".max."
_ROUNDING_PCT = 1.0
"""By how much a share of a peak may exceed 100: its parts are measured in several passes."""


def implausible(counters: Columns) -> Iterator[dict[str, Any]]:
    """Yield a row of `diagnostics` for each metric whose share of a whole exceeds it.

    Args:
        counters: `counters` table.
    """
    names, values = counters.coded("metric"), counters.array("value")
    above = np.flatnonzero(values > 100)
    for code in np.unique(names.codes[above]).tolist():
        metric = str(names.values[code])
        own = values[above[names.codes[above] == code]]
        if _HIT_RATE in metric and metric.endswith(".pct"):
            text = f"{metric} is up to {own.max():.2f} % in {len(own)} launches: its two counters differ in what they count"
            yield message("reader", "info", f"{text}; shown as 100 %")
        # of the busiest unit's count over the mean of all units' cycles, more than 100 is no wonder
        elif _OF_PEAK in metric and _BUSIEST not in metric and own.max() > 100 + _ROUNDING_PCT:
            text = f"{metric} is {own.max():.2f} % of its peak: no such share exists, so the numbers may be misread"
            yield message("reader", "warning", text, "compare with ncu's own display, and export again with LC_ALL=C")
