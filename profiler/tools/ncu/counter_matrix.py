"""The `counters` table laid out as one value per launch and metric."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from profiler.columns import Columns
from profiler.tools.ncu.quantities import synonyms


class CounterMatrix:
    """Chosen metrics of all launches.

    Args:
        counters: `counters` table.
        metrics: Names wanted; a metric that was not measured, also under none of its other names, is NaN for every launch.
        launches: Number of launches in the report.
    """

    def __init__(self, counters: Columns, metrics: Iterable[str], launches: int) -> None:
        names = (name for metric in metrics for name in (metric, *synonyms(metric)))
        self._position = {name: index for index, name in enumerate(dict.fromkeys(names))}
        self.launches = launches
        coded = counters.coded("metric")
        column = np.array([self._position.get(name, -1) for name in coded.values] or [-1], dtype=np.int64)[coded.codes]
        chosen = column >= 0
        self._values = np.full((launches, len(self._position)), np.nan)
        self._values[counters.array("launch_id")[chosen], column[chosen]] = counters.array("value")[chosen]

    def __getitem__(self, metric: str) -> np.ndarray:
        """Return a metric of every launch, float64, NaN where it was not measured."""
        values = self._values[:, self._position[metric]]
        for name in synonyms(metric) if np.isnan(values).any() else ():
            values = np.where(np.isnan(values), self._values[:, self._position[name]], values)
        return values

    def first(self, *metrics: str) -> np.ndarray:
        """Return for each launch the first of several metrics that was measured."""
        result = np.full(self.launches, np.nan)
        for metric in reversed(metrics):
            values = self[metric]
            result = np.where(np.isnan(values), result, values)
        return result


def texts_of(counters: Columns, metric: str, launches: int) -> list[str]:
    """Return the text of a metric for every launch, empty where it has none.

    Args:
        counters: `counters` table.
        metric: Name of a metric that holds text.
        launches: Number of launches in the report.
    """
    rows = np.flatnonzero(counters.coded("metric").passing(lambda name: name == metric))
    texts = counters.coded("text_value").take(rows).decode() if "text_value" in counters else [""] * len(rows)
    found = dict(zip(counters.array("launch_id")[rows].tolist(), texts, strict=True))
    return [found.get(launch) or "" for launch in range(launches)]
