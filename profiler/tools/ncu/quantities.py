"""What each quantity is called in pages and reports of Nsight Compute 2019 to 2026; the names stand in `quantities.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from profiler.tools.ncu.unit_names import base_unit

DIMENSIONS = frozenset({"ns", "hz", "%", "byte", "byte/s"})
"""Units that a wrong reading would turn into another number."""


@dataclass(frozen=True)
class Quantity:
    """One quantity.

    Attributes:
        metric: Name under which it is read here.
        unit: Its base unit; empty for plain numbers.
        labels: What the details page calls it.
        names: Metric names of other versions and chips that mean the same, in order of preference.
    """

    metric: str
    unit: str
    labels: Sequence[str] = ()
    names: Sequence[str] = ()


@cache
def quantities() -> dict[str, Quantity]:
    """Return every quantity by its metric."""
    document = json.loads(files(__package__).joinpath("quantities.json").read_text(encoding="utf-8"))
    return {row["metric"]: Quantity(**row) for row in document["quantities"]}


@cache
def _by_label() -> dict[str, tuple[Quantity, ...]]:
    found: dict[str, tuple[Quantity, ...]] = {}
    for quantity in quantities().values():
        for label in quantity.labels:
            found[label] = (*found.get(label, ()), quantity)
    return found


def synonyms(metric: str) -> Sequence[str]:
    """Return the other names of a metric, the best first; none for a metric that has only one."""
    known = quantities().get(metric)
    return known.names if known else ()


def metric_of_label(section: str, label: str, unit: str) -> str:
    """Return the metric that a label shows.

    Args:
        section: Section name as printed.
        label: Metric label as printed; a full metric name when the user asked for metrics one by one.
        unit: Unit as printed: it tells labels apart that two sections share.

    Returns:
        The metric name; `section/label` for a label that is not known.
    """
    known = _by_label().get(label, ())
    if len(known) > 1:
        printed = base_unit(unit)[0]
        known = tuple(quantity for quantity in known if quantity.unit == printed)
    if known:
        return known[0].metric
    return label if "__" in label else f"{section}/{label}"


@cache
def dimension(metric: str) -> str:
    """Return the unit that the values of a metric must have; empty when any is right.

    Source: `quantities.json`; of other metrics the name says it, as in the Metrics Structure of the Profiling Guide.
    """
    known = quantities().get(metric) or next((item for item in quantities().values() if metric in item.names), None)
    if known is not None:
        return known.unit if known.unit in DIMENSIONS else ""
    if ".pct_of_peak_sustained" in metric:
        return "%"
    return "ns" if "__time_" in metric and metric.endswith((".sum", ".avg", ".min", ".max")) else ""
