"""Turns the counters and launches of one ncu file into every table that they can fill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from profiler.columns import Columns
from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.launch import Launch

TABLES = ("counters", "profiled_launches", "launch_configurations", "devices", "diagnostics")
_HIT_RATE, _OF_PEAK, _BUSIEST = "hit_rate", ".pct_of_peak_sustained", ".max."
_ROUNDING_PCT = 1.0
"""By how much a share of a peak may exceed 100: its parts are measured in several passes."""


def assemble(counters: Columns, launches: list[Launch], messages: list[dict[str, Any]], source: str) -> ReadResult:
    """Build every table that the counters and launches of one file can fill, with reasons for the others.

    Args:
        counters: `counters` table.
        launches: In order of launch_id.
        messages: Rows of `diagnostics`.
        source: File name, for the reasons.
    """
    profiled = frames.profiled_launches_table(launches, counters)
    messages = [*messages, *_implausible(counters)]
    configurations = frames.launch_configurations_table(launches, profiled, counters)
    found = {
        "counters": (counters, "holds no counter"),
        "profiled_launches": (profiled, "holds no profiled kernel"),
        "launch_configurations": (configurations, "lacks registers and shared memory: record with --section LaunchStats"),
        "devices": (frames.devices_table(profiled, counters), "holds no device attributes"),
        "diagnostics": (frames.diagnostics_table(messages), "holds no rule results"),
    }
    absent = {name: f"{source} {reason}" for name, (table, reason) in found.items() if not table.rows}
    return ReadResult({name: table for name, (table, _) in found.items() if table.rows}, absent)


def _implausible(counters: Columns) -> Iterator[dict[str, Any]]:
    """Yield a row of `diagnostics` for each metric whose share of a whole exceeds it."""
    names, values = counters.coded("metric"), counters.array("value")
    above = np.flatnonzero(values > 100)
    for code in np.unique(names.codes[above]).tolist():
        metric = str(names.values[code])
        own = values[above[names.codes[above] == code]]
        if _HIT_RATE in metric and metric.endswith(".pct"):
            text = f"{metric} is up to {own.max():.2f} % in {len(own)} launches: its two counters differ in what they count"
            yield frames.message("reader", "info", f"{text}; shown as 100 %")
        # of the busiest unit's count over the mean of all units' cycles, more than 100 is no wonder
        elif _OF_PEAK in metric and _BUSIEST not in metric and own.max() > 100 + _ROUNDING_PCT:
            text = f"{metric} is {own.max():.2f} % of its peak: no such share exists, so the numbers may be misread"
            yield frames.message("reader", "warning", text, "compare with ncu's own display, and export again with LC_ALL=C")
