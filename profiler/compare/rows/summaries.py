"""One process's samples of one row, reduced to what a comparison needs, with a name for everything that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from profiler.point_status import PointStatus, read_status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """What one process measured of one row.

    Attributes:
        median_ns: Median of the samples; NaN when they are unusable.
        log_error: Standard error of ln(median) within the process; NaN with fewer than two samples.
        count: Samples.
        resolution_ns: Step of the clock; NaN when all samples are equal.
        problem: Reason code of `verdict.REASONS`, empty when all is well.
    """

    median_ns: float
    log_error: float
    count: int
    resolution_ns: float
    problem: str = ""


def summarise(samples: NDArray[np.float64] | None, status: str = "ok") -> Summary:
    """Reduce one process's samples.

    Args:
        samples: Durations in ns in the order of measurement; None when there are none.
        status: A `PointStatus`; any other text counts as failed.
    """
    values = np.asarray([] if samples is None else samples, dtype=float)
    problem = _problem(values, status)
    if problem and problem != "one_sample":
        return Summary(np.nan, np.nan, values.size, np.nan, problem)
    if values.size == 1:
        return Summary(float(values[0]), np.nan, 1, np.nan, problem)
    return Summary(float(np.median(values)), median_error(values), values.size, resolution_ns(values))


def _problem(values: NDArray[np.float64], status: str) -> str:
    if read_status(status) != PointStatus.OK.value:
        return read_status(status)
    if values.size == 0:
        return "missing_samples"
    if not np.isfinite(values).all():
        return "nan_samples"
    if (values <= 0).any():
        return "zero_duration"
    return "one_sample" if values.size == 1 else ""


def resolution_variance(median_ns: float, step_ns: float) -> float:
    """Return the variance that the clock's step alone gives to ln(candidate median / base median).

    Args:
        median_ns: Typical median.
        step_ns: Step of the clock; NaN is read as 1 ns.

    Source:
        Rounding to a step is uniform: variance step²/12, on each side.
    """
    step = step_ns if np.isfinite(step_ns) else 1.0
    return float(2.0 * (step / median_ns) ** 2 / 12.0)


def autocorrelation_time(series: Floats) -> float:
    """Return how many consecutive samples carry the information of one independent sample (at least 1).

    Source:
        Initial positive sequence of paired autocorrelations, Geyer 1992, "Practical Markov chain Monte Carlo", 3.3.
    """
    centred = series - series.mean()
    variance = float(centred @ centred)
    if variance == 0.0 or series.size < 4:
        return 1.0
    size = 1 << (2 * series.size - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum), size)[: series.size] / variance
    pairs = correlation[0 : series.size // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    last = int(negative[0]) if negative.size else pairs.size
    return max(1.0, float(2.0 * pairs[:last].sum() - 1.0))


def median_error(samples: Floats) -> float:
    """Return the standard error of ln(median) within one process.

    The error is half the distance, on the log scale, between the quantiles one standard deviation of the median's rank to
    either side, with the sample size reduced for autocorrelation.

    Args:
        samples: Positive durations in the order of measurement, shape (n,), n >= 2.

    Source:
        Rank of the median ~ Binomial(n, 1/2): standard deviation sqrt(n)/2 (David and Nagaraja, Order Statistics, 7.1).
    """
    median = float(np.median(samples))
    effective = samples.size / autocorrelation_time((samples <= median).astype(float))
    reach = min(0.5, 0.5 / np.sqrt(max(effective, 1.0)))
    low, high = np.quantile(samples, (0.5 - reach, 0.5 + reach))
    return float(np.log(high / low) / 2.0)


def resolution_ns(samples: Floats) -> float:
    """Return the step of the clock that made the samples: the smallest difference between two unequal ones; NaN if none."""
    steps = np.diff(np.unique(samples))
    return float(steps.min()) if steps.size else float("nan")
