"""Estimates and error rates: paired log ratios, looks that keep their error rate, false discovery rate, one-capture error.

The unit of replication is the round: a fresh process of each side. All arrays are vectorised over rows (what is compared)
and rounds; a missing round is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from profiler.compare.rows.summaries import Flags, Floats

MANY_ROWS = 8
"""From so many rows on what they have in common is estimated from them together."""

_LEAST_VARIANCE = 1e-10
"""Smallest variance of ln(time) that is believed."""

LOOKS = (6, 8, 12, 18, 28, 42, 64)
"""Numbers of rounds at which a job may look at its data; it may stop at any of them."""

FEWEST_OF_AN_ORDER = 4
"""With fewer rounds of either order an effect of who ran first is not fitted."""

# Smallest two-sided p over the looks -> probability of one at least as small under the null (Gaussian differences, order
# effect fitted, every look taken). Monte Carlo over 4 million experiments: python benchmarks/false_alarms.py --calibrate
_LOCAL, _OVERALL = (
    (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0),
    (6.45e-5, 1.88e-4, 6.165e-4, 1.775e-3, 5.738e-3, 0.01107, 0.02569, 0.04829, 0.08922, 0.1952, 0.3423, 0.5734, 0.8649, 0.9963, 1),
)


@dataclass(frozen=True)
class Estimates:
    """Estimated log ratios, one per row (and, with looks, one per row and look).

    Attributes:
        log_ratio: ln(candidate / base).
        standard_error: Standard error of `log_ratio`.
        dof: Degrees of freedom of the error; inf when it is taken as known.
        rounds: Rounds that entered.
        least_p: Smallest p-value that so few processes can give; chance alone may order them as a change would.
        dependent: A side keeps its state from process to process, so that no verdict is possible.
    """

    log_ratio: Floats
    standard_error: Floats
    dof: Floats
    rounds: Floats
    least_p: Floats | float = 0.0
    dependent: Flags | bool = False


def paired_estimates(
    differences: Floats,
    order: Floats,
    looks: tuple[int, ...],
    variance_floor: Floats | None = None,
    correlation: Floats | None = None,
) -> Estimates:
    """Estimate log ratios from paired rounds, at each look.

    Fits d = ratio + order effect · order by least squares to the rounds up to each look, the order effect only where
    each order ran four times: before, it would explain what is chance.

    Args:
        differences: ln(candidate median / base median), shape (rows, rounds); NaN where a round is missing.
        order: +1 where the base ran first, -1 where the candidate did, shape (rounds,) or (rows, rounds).
        looks: Numbers of rounds (columns) to look at, each at most the number of columns.
        variance_floor: Smallest credible variance of one difference, shape (rows,): the clock's resolution.
        correlation: Correlation of a round's difference with that of the round before, shape (rows,); none when left out.

    Returns:
        Arrays of shape (rows, looks); NaN where fewer than three rounds are there.
    """
    there = np.isfinite(differences)
    filled = np.where(there, differences, 0.0)
    signs = np.where(there, np.broadcast_to(order, differences.shape), 0.0)
    columns = np.asarray(looks, dtype=np.intp) - 1
    # sums relative to a row's first value lose no digits to cancellation
    first = np.take_along_axis(filled, there.argmax(axis=1)[:, None], axis=1) if differences.shape[1] else 0.0
    filled = np.where(there, filled - first, 0.0)
    n, s_d, s_o, s_od, s_dd = (
        np.cumsum(values, axis=1)[:, columns] for values in (there.astype(float), filled, signs, signs * filled, filled**2)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spread_o = n - s_o**2 / n
        fitted = np.minimum(n + s_o, n - s_o) >= 2 * FEWEST_OF_AN_ORDER
        effect = np.where(fitted, (s_od - s_o * s_d / n) / spread_o, 0.0)
        mean = (s_d - effect * s_o) / n
        dof = n - 1.0 - fitted
        residual = np.maximum(s_dd - s_d**2 / n - effect**2 * np.where(fitted, spread_o, 0.0), 0.0)
        variance = residual / dof
        if variance_floor is not None:
            variance = np.maximum(variance, variance_floor[:, None])
        if correlation is not None:
            more, seen = serial_inflation(correlation[:, None], n)
            variance, dof = variance * more / seen, np.maximum(dof / np.sqrt(more), 1.0)
        error = np.sqrt(variance * np.where(fitted, 1.0 / spread_o, 1.0 / n))
    short = n < 3
    log_ratio, error, dof = (np.where(short, np.nan, values) for values in (mean + first, error, dof))
    return Estimates(log_ratio, error, dof, n)


def serial_inflation(r: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Return by how much a mean of n values of lag-1 correlation r varies more, and which share of the variance they show.

    Source:
        Variance of the mean of a first-order autoregressive series; e.g. Priestley 1981, 5.3.2.
    """
    more = (1.0 + r) / (1.0 - r) - 2.0 * r * (1.0 - r**n) / (n * (1.0 - r) ** 2)
    return more, np.maximum(1.0 - (more - 1.0) / np.maximum(n - 1.0, 1.0), 0.05)


def common_variance(variances: Floats, dof: Floats) -> tuple[Floats, Floats]:
    """Return the variance that rows have in common, and how surely one row has it, in degrees of freedom.

    Args:
        variances: Each row's own, shape (jobs, rows).
        dof: Its degrees of freedom, 0 where a row has none.

    Returns:
        Both of shape (jobs,); as many degrees of freedom as all rows together where they differ by no more than chance.

    Source:
        Smyth 2004, "Linear models and empirical Bayes methods", 6.2; inverse of the trigamma function by Newton's method.
    """
    known = dof > 0
    half = np.where(known, dof, 1.0) / 2.0
    logs = np.log(np.maximum(variances, _LEAST_VARIANCE)) - special.digamma(half) + np.log(half)
    rows, together = np.maximum(known.sum(axis=-1), 1.0), np.maximum(dof.sum(axis=-1), 1.0)
    mean = np.where(known, logs, 0.0).sum(axis=-1) / rows
    squares = np.where(known, (logs - mean[..., None]) ** 2 * (rows / np.maximum(rows - 1.0, 1.0))[..., None], 0.0)
    unlike = (squares - np.where(known, special.polygamma(1, half), 0.0)).sum(axis=-1) / rows
    least = special.polygamma(1, together / 2.0)
    alike, unlike = unlike <= least, np.maximum(unlike, least)
    found = 0.5 + 1.0 / unlike
    for _ in range(8):
        slope = special.polygamma(1, found)
        found = found + slope * (1.0 - slope / unlike) / special.polygamma(2, found)
    typical = np.where(alike, (dof * variances).sum(axis=-1) / together, np.exp(mean + special.digamma(found) - np.log(found)))
    return np.maximum(typical, _LEAST_VARIANCE), 2.0 * found


def two_sided_p(estimates: Estimates, tolerance: float = 0.0) -> Floats:
    """Return the p-value of "the ratio lies within the tolerance".

    Args:
        estimates: Estimates of any shape.
        tolerance: Half-width of the null hypothesis on the log scale.

    Returns:
        Two-sided p-values, NaN where there is no estimate.

    Source:
        Composite null |θ| <= tolerance, tested at its nearer end: twice the one-sided t-test p-value.
    """
    beyond = np.abs(estimates.log_ratio) - tolerance
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(estimates.standard_error > 0, beyond / estimates.standard_error, np.sign(beyond) * np.inf)
    statistic = np.where(np.isfinite(estimates.log_ratio), statistic, np.nan)
    p_values: Floats = np.clip(2.0 * stats.t.sf(statistic, _finite(estimates.dof)), estimates.least_p, 1.0)
    return p_values


def _finite(dof: Floats) -> Floats:
    # a t distribution of so many degrees of freedom is the normal one to the last digit that matters
    return np.where(np.isinf(dof), 1e9, dof)


def interval(estimates: Estimates, level: float) -> tuple[Floats, Floats]:
    """Return lower and upper ends, on the log scale, of intervals that miss with probability `level`."""
    half = stats.t.isf(level / 2.0, _finite(estimates.dof)) * estimates.standard_error
    return estimates.log_ratio - half, estimates.log_ratio + half


def overall_error(local: Floats | float, looks: int) -> Floats:
    """Return the error rate over a whole job of testing at `local` at every look.

    Args:
        local: Smallest two-sided p-value over the looks taken so far.
        looks: Looks of the schedule: 1, or len(LOOKS); other numbers get the union bound.
    """
    local = np.asarray(local, dtype=float)
    if looks == 1:
        return local
    bound = np.minimum(local * looks, 1.0)
    if looks != len(LOOKS):
        return bound
    with np.errstate(divide="ignore"):
        inside = np.exp(np.interp(np.log(local), np.log(_LOCAL), np.log(_OVERALL)))
    # below the table the union bound is all but exact
    return np.where(local < _LOCAL[0], bound, np.minimum(inside, bound))


def local_level(overall: float, looks: int) -> float:
    """Return the level to use at each look so that the whole job errs with probability `overall`."""
    if looks == 1:
        return overall
    if looks != len(LOOKS) or overall <= _OVERALL[0]:
        return overall / looks
    return float(np.exp(np.interp(np.log(overall), np.log(_OVERALL), np.log(_LOCAL))))


def benjamini_hochberg(p: Floats) -> Floats:
    """Return q-values: the false discovery rate at which each row would be declared.

    Args:
        p: p-values, rows on the last axis; NaN rows stay NaN and count as no hypothesis.

    Source:
        Benjamini and Hochberg 1995.
    """
    place = np.argsort(p, axis=-1)  # what is not known stands last
    ranked = np.take_along_axis(p, place, axis=-1) * np.isfinite(p).sum(axis=-1, keepdims=True) / np.arange(1, p.shape[-1] + 1)
    q = np.full(p.shape, np.nan)
    np.put_along_axis(q, place, np.fmin.accumulate(ranked[..., ::-1], axis=-1)[..., ::-1], axis=-1)
    return np.where(np.isfinite(p), np.minimum(q, 1.0), np.nan)
