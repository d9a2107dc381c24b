"""A row of a comparison: one launch configuration on one side, what its processes measured, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from profiler.compare.rows.summaries import Summary, summarise
from profiler.point_status import VOID_STATUSES, worst_status
from profiler.units import NS_PER_S

CONDITIONS = ("cache", "cold_method", "launch_mode", "measure", "clock", "streams", "threads", "engine", "bytes_per_iteration")
"""Point columns that must agree between the sides of a row."""


@dataclass(eq=False)
class Row:
    """What is compared: one launch configuration on one side.

    Attributes:
        label: Its name on this side: the point's label, or kernel and launch configuration.
        keys: Identity: op, kernel, variant, shape, dtype, block, grid, attributes, point; absent when unknown.
        summaries: What each process measured; one entry a process.
        conditions: `CONDITIONS`; absent when unknown.
        sm_clock_before_hz: SM clock before the samples; NaN when unknown.
        sm_clock_after_hz: SM clock after the samples; NaN when unknown.
        note: Why it has no usable time, in the recording's own words.
        remark: What must be known of its time.
        own_label: The label before an alias gave it the base's name.
        bytes_per_iteration: Bytes that one iteration must move; NaN when unknown.
        symbol: Mangled name of the kernel's instantiation; empty when unknown.
        listed: What may differ between the sides, and is then said: engine digest and layers of the point.
        mixed: Conditions in which processes (or measurements of one label) differ: name to two of the values.
        clocks_hz: Lower SM clock of each process, as `summaries`; NaN when unknown.
        periods: Times from iteration to iteration on the GPU, as `summaries`; empty where only one time is known.
        overlaps: Its iterations overlap on the GPU, so that their span says nothing of what one costs.
        kernel_ns: Median of the kernels of an iteration, summed; NaN when unknown.
        total_ns: Time of all its launches; NaN where iterations are timed.
        tracing_cost_pct: How much longer it took while a tool recorded; NaN when unknown.
    """

    label: str
    keys: dict[str, str]
    summaries: list[Summary]
    conditions: dict[str, str] = field(default_factory=dict)
    sm_clock_before_hz: float = float("nan")
    sm_clock_after_hz: float = float("nan")
    note: str = ""
    remark: str = ""
    own_label: str = ""
    bytes_per_iteration: float = float("nan")
    symbol: str = ""
    listed: dict[str, str] = field(default_factory=dict)
    mixed: dict[str, tuple[str, str]] = field(default_factory=dict)
    clocks_hz: list[float] = field(default_factory=list)
    periods: list[Summary] = field(default_factory=list)
    overlaps: bool = False
    kernel_ns: float = float("nan")
    total_ns: float = float("nan")
    tracing_cost_pct: float = float("nan")

    def __post_init__(self) -> None:
        """Remember the label that it was made with, and give each process the clock of the row."""
        self.own_label = self.own_label or self.label
        self.clocks_hz = self.clocks_hz or [self.sm_clock_hz] * len(self.summaries)

    @property
    def sm_clock_hz(self) -> float:
        """The lower of the two clocks; NaN when neither is known."""
        return float(np.fmin(self.sm_clock_before_hz, self.sm_clock_after_hz))

    @property
    def problem(self) -> str:
        """Reason code of the gravest thing wrong with any of its processes; empty when all is well."""
        found = [summary.problem for summary in self.summaries if summary.problem]
        void = [problem for problem in found if problem in VOID_STATUSES]
        repeated = "repeated_samples" if have_repeated([self]) else ""
        return worst_status(void) if void else next(iter(found), repeated)

    @property
    def is_timed(self) -> bool:
        """Whether it has a time that may be ranked: measured, right, and under one set of conditions."""
        return not self.mixed and self.problem in ("", "one_sample")

    @property
    def median_ns(self) -> float:
        """Median over the processes' medians; NaN when none is usable."""
        usable = [summary.median_ns for summary in self.summaries if np.isfinite(summary.median_ns)]
        return float(np.median(usable)) if usable else float("nan")

    @property
    def bandwidth_bytes_per_s(self) -> float:
        """Effective bandwidth: the bytes that an iteration must move over its median time; NaN when unknown."""
        bytes_moved = self.bytes_per_iteration if self.bytes_per_iteration > 0 else float("nan")
        return bytes_moved / self.median_ns * NS_PER_S

    @property
    def count(self) -> int:
        """Samples over all processes."""
        return sum(summary.count for summary in self.summaries)


def have_repeated(rows: Sequence[Row]) -> bool:
    """Return whether two processes of some rows have the same samples in one order: one of them is an old result."""
    prints = [summary.fingerprint for row in rows for summary in row.summaries if summary.fingerprint]
    return len(set(prints)) < len(prints)


_ABSENT = summarise(None)


def merge_replicates(parts: list[list[Row]]) -> list[Row]:
    """Join the rows of several recordings of one side by label: each recording is one more process.

    A row that a recording lacks gets a summary that says so. Labels stand once in each recording: `rows_from_points` pools
    what one process measured under one label, for that is no second process.
    """
    rows: dict[str, Row] = {}
    for index, part in enumerate(parts):
        for row in part:
            known = rows.setdefault(
                row.label, replace(row, summaries=[], clocks_hz=[], periods=[], conditions={}, mixed=dict(row.mixed))
            )
            _fill_up(known, index)
            known.summaries += row.summaries
            known.clocks_hz += row.clocks_hz
            known.periods += row.periods
            known.overlaps |= row.overlaps
            known.note = known.note or row.note
            known.mixed = mix_conditions(known.conditions, row.conditions) | row.mixed | known.mixed
            known.sm_clock_before_hz = float(np.fmin(known.sm_clock_before_hz, row.sm_clock_before_hz))
            known.sm_clock_after_hz = float(np.fmin(known.sm_clock_after_hz, row.sm_clock_after_hz))
    for row in rows.values():
        _fill_up(row, len(parts))
    return list(rows.values())


def _fill_up(row: Row, processes: int) -> None:
    missing = processes - len(row.summaries)
    row.summaries += [_ABSENT] * missing
    row.clocks_hz += [float("nan")] * missing
    if row.periods:
        row.periods += [_ABSENT] * (processes - len(row.periods))


def with_one_quantity(rows: Sequence[Row]) -> list[Row]:
    """Return rows that are judged together with times of one quantity: periods where the iterations of any overlap."""
    if not any(row.overlaps for row in rows) or not all(row.periods for row in rows):
        return list(rows)
    return [replace(row, summaries=row.periods) for row in rows]


def mix_conditions(known: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Add the conditions of one more process to those known, in place, and return those in which it differs."""
    for name, value in other.items():
        known.setdefault(name, value)
    return {name: (known[name], value) for name, value in other.items() if known[name] != value}
