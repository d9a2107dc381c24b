"""Ratios of recordings that were made one after the other: their estimates, the error, and how far that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from profiler.compare.judge.comparison import MEASURED_PROCESSES, Judged, has_too_few
from profiler.compare.judge.statistics import Estimates
from profiler.compare.rows.summaries import resolution_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from profiler.compare.judge.noise import MachineNoise
    from profiler.compare.rows.row import Row

_UNLIKE = 0.03
"""Processes contradict a known spread where theirs would be as large in fewer cases than this (F test)."""


def capture_estimates(judged: Sequence[Judged], noise: Sequence[MachineNoise], extra_spread: Sequence[float]) -> Estimates:
    """Estimate log ratios of recordings that were made one after the other.

    Each side's processes have a spread of their own. Three or more measure it. That of fewer is what the machine's self-test or
    an assumption says, widened by theirs, unless it is contradicted: then it is that of the side that contradicts. The error
    within each process always counts, with the degrees of freedom that its samples give it.

    Args:
        judged: Pairs; those with a fixed verdict give NaN.
        noise: Spread between processes for each pair.
        extra_spread: Standard deviation added for each pair, for another board.

    Source:
        Unequal variances: Welch 1947; degrees of freedom: Satterthwaite 1946. How often it errs:
        `python benchmarks/false_alarms.py`.
    """
    values = [_capture_estimate(item, own, extra) for item, own, extra in zip(judged, noise, extra_spread, strict=True)]
    columns = np.array(values, dtype=float).reshape(-1, 4).T
    return Estimates(*columns)


def _capture_estimate(item: Judged, noise: MachineNoise, extra: float) -> tuple[float, float, float, float]:
    base, candidate = item.pair.base, item.pair.candidate
    if item.verdict is not None or base is None or candidate is None or has_too_few(base, candidate):
        return np.nan, np.nan, np.nan, 0
    sides = [np.log([summary.median_ns for summary in row.summaries]) for row in (base, candidate)]
    within = [_within(row) for row in (base, candidate)]
    steps = [summary.resolution_ns for row in (base, candidate) for summary in row.summaries]
    floor = resolution_variance(
        min(base.median_ns, candidate.median_ns), float(np.nanmin(steps)) if np.isfinite(steps).any() else np.nan
    )
    variance, dof = _welch(sides, within, noise)
    return (
        float(sides[1].mean() - sides[0].mean()),
        float(np.sqrt(variance + floor + 2 * extra**2)),
        dof,
        min(side.size for side in sides),
    )


@dataclass(frozen=True)
class _Spread:
    """An estimated variance of ln(median) and its degrees of freedom."""

    variance: float
    dof: float


def _within(row: Row) -> _Spread:
    """Return the mean variance within the processes of one side."""
    variances = np.array([summary.log_error**2 for summary in row.summaries])
    spent = float(np.sum(variances**2 / [summary.error_dof for summary in row.summaries]))
    return _Spread(float(variances.mean()), float(variances.sum() ** 2 / spent) if spent > 0 else np.inf)


def _welch(sides: Sequence[NDArray[np.float64]], within: Sequence[_Spread], noise: MachineNoise) -> tuple[float, float]:
    """Return the variance of the difference of two means, and its degrees of freedom.

    Args:
        sides: ln(median) of each process of each side.
        within: Mean variance within the processes of each side.
        noise: What is known of the spread between processes.
    """
    known = _Spread(noise.process_spread**2, noise.dof)
    own = [_Spread(float(side.var(ddof=1)), side.size - 1.0) if side.size > 1 else None for side in sides]
    between = [_between(own[index], own[1 - index], known) for index in range(2)]
    # parts that rest on one estimate err together, so they share its degrees of freedom
    parts: dict[_Spread, float] = {}
    for index, side in enumerate(sides):
        if side.size >= MEASURED_PROCESSES:
            shares = [max(between[index], within[index], key=lambda spread: spread.variance)]
        else:
            shares = [between[index], within[index]]
        for spread in shares:
            parts[spread] = parts.get(spread, 0.0) + spread.variance / side.size
    variance = sum(parts.values())
    spent = sum(share**2 / spread.dof for spread, share in parts.items())
    return float(variance), float(variance**2 / spent) if spent > 0 else min(spread.dof for spread in parts)


def _between(own: _Spread | None, other: _Spread | None, known: _Spread) -> _Spread:
    """Return the spread between the processes of one side: that of three and more is their own.

    Two have one degree of freedom, with which nothing can be shown: theirs widens what is known, and only where the two
    contradict each other, or theirs the other side's, it stands alone. A larger spread of the other side replaces what is
    known if it contradicts it or rests on as many processes.
    """
    alone = own is not None and (_contradicts(own, known) or (other is not None and _contradicts(own, other)))
    if own is not None and own.dof >= MEASURED_PROCESSES - 1:
        return own
    if other is not None and other.variance > known.variance and (other.dof >= known.dof or _contradicts(other, known)):
        known = other
    if own is None:
        return known
    if alone:
        return _Spread(max(own.variance, known.variance), own.dof)
    pooled = (own.dof * own.variance + known.dof * known.variance) / (own.dof + known.dof)
    return _Spread(max(pooled, known.variance), known.dof)


def _contradicts(own: _Spread, known: _Spread) -> bool:
    return bool(own.variance > known.variance * stats.f.isf(_UNLIKE, own.dof, known.dof))
