"""Ratios of recordings that were made one after the other: their estimates, the error, and how far that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import special, stats

from profiler.compare.judge.assumptions import MODE_DISTANCE, SURE, serial_correlation
from profiler.compare.judge.comparison import MEASURED_PROCESSES, Judged, has_too_few
from profiler.compare.judge.noise import MachineNoise
from profiler.compare.judge.statistics import MANY_ROWS, Estimates, common_variance, serial_inflation
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Flags, Floats, resolution_variance

_UNLIKE, _UNLIKE_ASSUMED, _UNLIKE_OF_OTHERS, _QUIETER = (0.005, 0.03), (0.03, 0.2), 0.1, 0.05
"""Processes contradict a known spread where theirs would be as large in fewer cases than this (F test): two and more than two, of
what was measured and of what is assumed; the other side's, for a side of one; where those of both sides would be as small."""

_UNEQUAL = 0.01
"""A larger spread than the other side's stands alone where it would be as large in fewer cases than this."""

_ODD_DOF = (4.0, 3.0)
"""Of a side of one process p-values are at least those of a t distribution of so few degrees of freedom, where the spread was
measured and where it is assumed: some process is odd, in one row or in all, and nothing shows which."""

_OFTEN, _FARTHER, _BEYOND = 0.95, 1.25, 4.0
"""Two processes of one build may lie so many times as far apart as they do in such a share of the pairs; beside a measured spread
where that is so many times the spread: of normal noise it is 2.8 times."""

_MANY = 7
"""From so many processes on a side's own spread may be smaller than what is known."""


@dataclass(frozen=True)
class Processes:
    """One side of many pairs: ln(median) and error within each process, its degrees of freedom; (pairs, processes), NaN-padded."""

    logs: Floats
    errors: Floats
    dof: Floats

    @property
    def count(self) -> Floats:
        """Processes of each pair."""
        return np.asarray(np.isfinite(self.logs).sum(axis=1), dtype=float)

    @property
    def mean(self) -> Floats:
        """Mean of ln(median)."""
        return _over(np.nansum(self.logs, axis=1), self.count)

    @property
    def variance(self) -> Floats:
        """Variance between the processes; 0 of fewer than two."""
        return _over(np.nansum((self.logs - self.mean[:, None]) ** 2, axis=1), self.count - 1.0)

    @property
    def within(self) -> tuple[Floats, Floats]:
        """Mean variance within the processes, and its degrees of freedom."""
        squares = self.errors**2
        return _over(np.nansum(squares, axis=1), self.count), _satterthwaite(squares, self.dof)


def _over(sums: Floats, count: Floats) -> Floats:
    return np.divide(sums, count, out=np.zeros_like(sums), where=count > 0)


def _satterthwaite(parts: Floats, dof: Floats) -> Floats:
    """Return the degrees of freedom of a sum of variances, shape (pairs, parts); inf of parts that are 0."""
    spent = np.nansum(parts**2 / dof, axis=1)
    found: Floats = np.divide(
        np.nansum(parts, axis=1) ** 2, spent, out=np.full(spent.shape, np.inf), where=(spent > 0) & (spent < np.inf)
    )
    return found


def capture_estimates(
    judged: Sequence[Judged], noise: MachineNoise, extra_spread: Sequence[float] | Floats, jobs: int = 1
) -> Estimates:
    """Estimate log ratios of recordings that were made one after the other.

    Args:
        judged: Pairs; those with a fixed verdict give NaN.
        noise: Known spread between processes.
        extra_spread: Standard deviation added for each pair, for another board.
        jobs: The pairs are those of so many comparisons of equal size, one after the other.
    """
    pairs = [(item.pair.base, item.pair.candidate) if item.verdict is None else (None, None) for item in judged]
    usable = np.array([None not in pair and not has_too_few(*cast("tuple[Row, Row]", pair)) for pair in pairs], dtype=bool)
    rows = [[pair[side] if use else None for pair, use in zip(pairs, usable, strict=True)] for side in range(2)]
    floor = np.array([_clock_variance(*both) for both in zip(*rows, strict=True)])
    base, candidate = (_processes(side) for side in rows)
    return estimate_captures(base, candidate, noise, floor + 2.0 * np.asarray(extra_spread) ** 2, jobs)


def _processes(rows: Sequence[Row | None]) -> Processes:
    columns = max((len(row.summaries) for row in rows if row), default=0)
    values = np.full((3, len(rows), columns), np.nan)
    for index, row in enumerate(rows):
        for place, item in enumerate(row.summaries if row else ()):
            values[:, index, place] = np.log(item.median_ns), item.log_error, item.error_dof
    return Processes(*values)


def _clock_variance(base: Row | None, candidate: Row | None) -> float:
    if base is None or candidate is None:
        return np.nan
    steps = [summary.resolution_ns for row in (base, candidate) for summary in row.summaries]
    step = float(np.nanmin(steps)) if np.isfinite(steps).any() else np.nan
    return resolution_variance(min(base.median_ns, candidate.median_ns), step)


def estimate_captures(
    base: Processes, candidate: Processes, noise: MachineNoise, more_variance: Floats | float = 0.0, jobs: int = 1
) -> Estimates:
    """Estimate log ratios from the processes of both sides.

    Each side's processes have a spread of their own. It is pooled with what the machine's self-test or an assumption says, unless
    an F test contradicts: then it stands alone. Fewer than seven processes never make it smaller than what is known, unless they
    contradict that too. A larger spread of the other side that contradicts what is known takes its place, and so does that of all
    rows together. The error within each process always counts, with the degrees of freedom that its samples give it. Where a side's
    processes depend on those before, its mean counts as that of fewer.

    Args:
        base: Processes of the base, in the order in which they ran.
        candidate: Processes of the candidate, likewise.
        noise: Known spread between processes.
        more_variance: Added to the variance of each ln(ratio): the clock's step, another board.
        jobs: The pairs are those of so many comparisons of equal size, one after the other.

    Source:
        Unequal variances: Welch 1947; degrees of freedom: Satterthwaite 1946; pooling with what is known: Smyth 2004. How often
        it errs: `python benchmarks/false_alarms.py`.
    """
    sides, count = (base, candidate), (base.count, candidate.count)
    ratio = np.where(np.minimum(*count) > 0, candidate.mean - base.mean, np.nan)
    correlation, dependent = serial_correlation(base.logs, candidate.logs, jobs=jobs, least=SURE)
    inflation = [serial_inflation(np.maximum(correlation, noise.correlation), np.maximum(number, 1.0)) for number in count]
    own = [
        _Spread(side.variance / seen, np.maximum(side.count - 1.0, 0.0) / np.sqrt(more))
        for side, (more, seen) in zip(sides, inflation, strict=True)
    ]
    known = _Spread(np.full(base.mean.shape, noise.process_spread**2), np.full(base.mean.shape, noise.dof))
    quiet = _are_quieter(own, known) if noise.is_assumed else np.zeros(ratio.shape, dtype=bool)
    unlike = _UNLIKE_ASSUMED if noise.is_assumed else _UNLIKE
    of_rows = [_of_all_rows(side, spread, known, jobs, unlike[1]) for side, spread in zip(sides, own, strict=True)]
    between = [_between(own[index], own[1 - index], of_rows[index], quiet, unlike) for index in range(2)]
    parts: list[Floats] = []
    dof: list[Floats] = []
    for side, spread, (more, _) in zip(sides, between, inflation, strict=True):
        within, within_dof = side.within
        many, larger = side.count >= MEASURED_PROCESSES, within > spread.variance
        # the spread of three and more holds the error within them already
        parts += [
            _over(np.where(use, value, 0.0), side.count)
            for use, value in ((~(many & larger), spread.variance * more), (~many | larger, within))
        ]
        dof += [spread.dof, within_dof]
    alike = between[0].variance == between[1].variance
    # two sides that rest on one estimate err together
    merged = [np.where(alike, parts[0] + parts[2], parts[0]), np.where(alike, 0.0, parts[2]), parts[1], parts[3]]
    freedom = _satterthwaite(np.stack(merged, axis=1), np.stack([dof[0], dof[2], dof[1], dof[3]], axis=1))
    chance = 2.0 / special.comb(count[0] + count[1], count[0])
    error = np.sqrt(sum(parts) + more_variance)
    odd = 2.0 * stats.t.sf(_over(np.abs(ratio), error), _ODD_DOF[noise.is_assumed]) * (np.minimum(*count) < 2)
    least_p = np.maximum(np.where(np.abs(ratio) <= _far_apart(sides, noise, jobs), np.minimum(chance, 1.0), 0.0), odd)
    return Estimates(ratio, error, freedom, np.minimum(*count), least_p, dependent)


def _far_apart(sides: Sequence[Processes], noise: MachineNoise, jobs: int) -> Floats:
    """Return how far apart on the log scale two processes of one build are known to lie, or may lie after what is seen here.

    A measured spread covers what it says; only what is far beyond it counts.
    """
    rows = sides[0].logs.shape[0]
    found, least = (np.full(jobs, MODE_DISTANCE), 0.0) if noise.is_assumed else (np.zeros(jobs), _BEYOND * noise.process_spread)
    for logs in (side.logs for side in sides if rows):
        one, other = np.triu_indices(logs.shape[1], 1)
        apart = np.sort(np.abs(logs[:, one] - logs[:, other]).reshape(jobs, -1), axis=1)  # what is missing comes last
        place = (_OFTEN * np.isfinite(apart).sum(axis=1)).astype(int)[:, None] - 1
        seen = np.take_along_axis(apart, place, axis=1)[:, 0] if one.size else np.zeros(jobs)
        found = np.where(seen > least, np.fmax(found, _FARTHER * seen), found)
    return np.repeat(found, rows // jobs)


@dataclass(frozen=True)
class _Spread:
    """Estimated variances of ln(median) and their degrees of freedom, one a pair; 0 of both where nothing is known."""

    variance: Floats
    dof: Floats


def _of_all_rows(side: Processes, own: _Spread, known: _Spread, jobs: int, level: float) -> _Spread:
    """Return what is known of the spread, or what all rows of a comparison show where that is larger.

    Rows that share what happens to a process tell less than they are many: their sums over rows vary more.
    """
    if known.variance.size < MANY_ROWS * jobs:
        return known
    dof = own.dof.reshape(jobs, -1)
    left = np.nan_to_num(side.logs - side.mean[:, None]).reshape(jobs, dof.shape[1], side.logs.shape[1])
    alike = np.maximum(_over((left.sum(axis=1) ** 2).sum(axis=1), (left**2).sum(axis=(1, 2))), 1.0)
    variance, freedom = common_variance(own.variance.reshape(jobs, -1), dof)
    found = _Spread(*(np.repeat(v, dof.shape[1]) for v in (variance, np.minimum(freedom, dof.sum(axis=1) / alike))))
    alone = found.variance > known.variance * _quantile(level, found, known)
    both = found.dof + known.dof
    pooled = np.where(alone, found.variance, (found.dof * found.variance + known.dof * known.variance) / both)
    larger = (found.dof > 0) & (found.variance > known.variance)
    return _Spread(np.where(larger, pooled, known.variance), np.where(larger, np.where(alone, found.dof, both), known.dof))


def _between(own: _Spread, other: _Spread, known: _Spread, quiet: Flags, unlike: tuple[float, float]) -> _Spread:
    """Return the spread between the processes of one side; `quiet`: both sides' own spreads are believed."""
    several = own.dof >= MEASURED_PROCESSES - 1
    level = np.where(several, unlike[1], unlike[0])
    others = np.where(other.dof > 1, np.where(own.dof > 0, level, _UNLIKE_OF_OTHERS), unlike[0])
    larger = other.variance > known.variance * _quantile(others, other, known)
    larger |= ~several & (other.variance > known.variance) & (other.dof >= known.dof)
    prior = _Spread(np.where(larger, other.variance, known.variance), np.where(larger, other.dof, known.dof))
    alone = own.variance > prior.variance * _quantile(level, own, prior)
    # of two that are unlike many of the other side
    alone |= (own.variance > prior.variance) & (other.dof > 1) & (own.variance > other.variance * _quantile(_UNEQUAL, own, other))
    dof = own.dof + prior.dof
    pooled = (own.dof * own.variance + prior.dof * prior.variance) / dof
    at_least = np.select([own.dof >= _MANY - 1, several & larger], [own.variance, 0.0], prior.variance)
    variance = np.where(alone | quiet, own.variance, np.maximum(pooled, at_least))
    return _Spread(variance, np.where(alone | quiet, own.dof, dof))


def _are_quieter(own: Sequence[_Spread], known: _Spread) -> Flags:
    """Return where three or more processes on each side show a spread that contradicts the known one by how small it is."""
    dof = own[0].dof + own[1].dof
    both = _Spread(sum(side.dof * side.variance for side in own) / np.maximum(dof, 1.0), dof)
    several = np.minimum(own[0].dof, own[1].dof) >= MEASURED_PROCESSES - 1
    return np.asarray(several & (both.variance < known.variance * _quantile(1.0 - _QUIETER, both, known)))


def _quantile(level: Floats | float, own: _Spread, known: _Spread) -> Floats:
    """Return what the ratio of two estimates of one variance exceeds with this probability; huge of a side without one."""
    found: Floats = stats.f.isf(level, np.maximum(own.dof, 1.0), np.clip(known.dof, 1.0, 1e6))
    return np.where(own.dof > 0, found, 1e300)
