"""What a reader must know of a sweep point's time: what it leaves out, which iterations differ, what recording costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from profiler.columns import Coded, objects
from profiler.distinct import distinct_rows
from profiler.metrics.counter_formulas import ratio
from profiler.metrics.grouping import group_statistics
from profiler.metrics.iteration_owners import Owners
from profiler.metrics.time_sources import IterationTimes
from profiler.tools.registry import KERNEL_TIMERS, UNTRACED
from profiler.units import format_ns

_GROUPS_NAMED = 3
_NOTABLE_PCT = 5.0
"""A smaller cost of recording stands in its column alone; so does a smaller share of an empty pair of events in an event time."""
_LEFT_OUT = (
    "{} of {} iterations lost the GPU record of a launch",
    "in {} of {} another thread launched work while several iterations were open",
    "during {} of {} the recording tool lost events",
)
"""What is said of iterations that are left out, by the causes of `Owners`."""


def iteration_notes(labels: Coded, owned: Owners, each: IterationTimes) -> dict[str, np.ndarray]:
    """Say what is missing from each point's iterations, and how they differ.

    Args:
        labels: Point of each iteration.
        owned: What belongs to each iteration.
        each: What each iteration took.

    Returns:
        By point: `note`, sentences or None; `lost_iterations`, iterations that are left out of the times; `why_partial`, where
        that leaves none.
    """
    points, inside = len(labels.values), labels.codes >= 0

    def counted(mask: np.ndarray) -> list[int]:
        return list(map(int, np.bincount(labels.codes[inside & mask], minlength=points)))

    count, missing, by_time = (counted(mask) for mask in (inside, ~owned.whole, owned.by_time > 0))
    causes = [counted(cause) for cause in owned.causes]
    groups = _groups(labels, inside & owned.whole, each)
    notes, why = objects([None] * points), objects([None] * points)
    for point in range(points):
        left_out = [text.format(own[point], count[point]) for text, own in zip(_LEFT_OUT, causes, strict=True) if own[point]]
        said = [f"{' and '.join(left_out)}: left out"] * bool(left_out)
        said += ["assigned by time (another thread launched work of it)"] * bool(by_time[point])
        said += [groups[point]] if point in groups else []
        notes[point] = "; ".join(said) or None
        why[point] = (missing[point] == count[point] and " and ".join(left_out)) or None
    return {"note": notes, "lost_iterations": np.where(np.array(count) > 0, missing, np.nan), "why_partial": why}


def _groups(labels: Coded, whole: np.ndarray, each: IterationTimes) -> dict[int, str]:
    """Name the groups of iterations of one point that do not consist of the same operations, the largest first."""
    rows = np.flatnonzero(whole)
    last, group = distinct_rows([labels.codes[rows], each.kind[rows]])
    timed = ~np.isnan(each.time_ns[rows])
    count, point = np.bincount(group, minlength=len(last)), labels.codes[rows[last]]
    median = group_statistics(group[timed], each.time_ns[rows[timed]], len(last)).median
    groups: dict[int, list[int]] = {}
    for number in np.argsort(-count, kind="stable").tolist():
        groups.setdefault(int(point[number]), []).append(number)

    def named(numbers: list[int]) -> str:
        sizes = [int(each.operations[rows[last[number]]]) for number in numbers[:_GROUPS_NAMED]]
        words = [f"{size} operation{'' if size == 1 else 's'}" for size in sizes]
        texts = [f"{count[n]} of {size} ({format_ns(median[n])})" for n, size in zip(numbers, words, strict=False)]
        texts += [f"{len(numbers) - _GROUPS_NAMED} more groups"] if len(numbers) > _GROUPS_NAMED else []
        return f"iterations differ in their operations: {', '.join(texts)}"

    return {code: named(numbers) for code, numbers in groups.items() if len(numbers) > 1}


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
        said = [f"{cost[row]:+.1f} % while {tool} records {counts}"] if abs(cost[row]) >= _NOTABLE_PCT else []
        if pair[row] * 100.0 >= _NOTABLE_PCT * own["median"][row]:
            said.append(f"an empty pair of events takes {format_ns(pair[row])} of the time")
        notes[row] = "; ".join(said) or None
    return {"tracing_cost_pct": cost, "clock_note": notes}
