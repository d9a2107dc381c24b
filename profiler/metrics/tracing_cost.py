"""What recording costs: a sweep point's time under a tool against its time without, and what the events themselves take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from profiler.columns import objects
from profiler.metrics.counter_formulas import ratio
from profiler.tools.registry import KERNEL_TIMERS, UNTRACED
from profiler.units import format_ns

NOTABLE_PCT = 5.0
"""A smaller cost stands in its column alone."""
SHORT_PCT = 5.0
"""Share of an event time that an empty pair of events takes, from which on it is said."""


def tracing_cost(pair: np.ndarray, measured: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return what a tool costs in each point, and the sentence about the clock that a reader of its times must know.

    Args:
        pair: Time between two events with nothing between them, ns; NaN where events did not time the point without a tool.
        measured: `median` and `count` of the times under a tool by its name, and by the program's own clock under `TOOL_event`.

    Returns:
        `tracing_cost_pct` and `clock_note`, NaN and None where there is nothing to say.
    """
    cost, notes = np.full(len(pair), np.nan), objects([None] * len(pair))
    own = measured.get(f"{UNTRACED}_event")
    if not own:
        return {"tracing_cost_pct": cost, "clock_note": notes}
    tool = next((tool for tool in KERNEL_TIMERS if measured.get(tool) or measured.get(f"{tool}_event")), "")
    # a span holds no event; where nothing says what a pair takes, the program's clock is another one
    by_events = measured.get(f"{tool}_event")
    found = by_events or measured.get(tool) or own
    if tool:
        cost = (ratio(found["median"] + (0.0 if by_events else pair), own["median"]) - 1.0) * 100.0
    for row in range(len(pair)):
        counts = f"(n = {found['count'][row]:.0f} and {own['count'][row]:.0f})"
        said = [f"{cost[row]:+.1f} % while {tool} records {counts}"] if abs(cost[row]) >= NOTABLE_PCT else []
        if pair[row] * 100.0 >= SHORT_PCT * own["median"][row]:
            said.append(f"an empty pair of events takes {format_ns(pair[row])} of the time")
        notes[row] = "; ".join(said) or None
    return {"tracing_cost_pct": cost, "clock_note": notes}
