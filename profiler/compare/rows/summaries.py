"""One process's samples of one row, reduced to what a comparison needs, with a name for everything that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from profiler.point_status import PointStatus, read_status

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Summary:
    """What one process measured of one row.

    Attributes:
        median_ns: Median of the samples; NaN when they are unusable.
        log_error: Standard error of ln(median) within the process; NaN with fewer than two samples.
        count: Samples.
        resolution_ns: Step of the clock; NaN when all samples are equal.
        problem: Reason code of `verdict.REASONS`, empty when all is well.
        error_dof: Degrees of freedom of `log_error`.
        fingerprint: Equal for equal samples in one order; 0 where fewer than five, or all equal, may repeat honestly.
    """

    median_ns: float
    log_error: float
    count: int
    resolution_ns: float
    problem: str = ""
    error_dof: float = float("inf")
    fingerprint: int = 0


def summarise(samples: Floats | None, status: str = "ok") -> Summary:
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
    error, dof = median_error(values)
    return Summary(float(np.median(values)), error, values.size, resolution_ns(values), "", dof, _fingerprint(values))


def _fingerprint(values: Floats) -> int:
    return hash(values.tobytes()) if values.size >= 5 and np.ptp(values) > 0 else 0


def _problem(values: Floats, status: str) -> str:
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


_TRUSTED = 0.7
"""Share of the samples by which the error of a median is judged: how many lie in which of two modes is chance too."""


def median_error(samples: Floats) -> tuple[float, float]:
    """Return the standard error of ln(median) within one process, and its degrees of freedom.

    Args:
        samples: Positive durations in the order of measurement, shape (n,), n >= 2. For autocorrelated ones n is replaced by
            the number of independent samples that tell as much.

    Source:
        Maritz and Jarrett 1978, "A note on estimating the variance of the sample median": the median's share of each sample
        is a step of the Beta((n + 1)/2, (n + 1)/2) distribution; between two modes it is in either. Fewer samples are trusted
        than there are (`_TRUSTED`): python benchmarks/false_alarms.py --only samples.
    """
    logs = np.log(np.sort(samples))
    effective = max(samples.size / autocorrelation_time((samples <= np.median(samples)).astype(float)), 1.0)
    half = (_TRUSTED * effective + 1.0) / 2.0
    shares = np.diff(special.betainc(half, half, np.arange(samples.size + 1) / samples.size))
    centred = logs - shares @ logs
    return float(np.sqrt(shares @ centred**2)), max(effective - 1.0, 1.0)


def resolution_ns(samples: Floats) -> float:
    """Return the step of the clock that made the samples: the smallest difference between two unequal ones; NaN if none."""
    steps = np.diff(np.unique(samples))
    return float(steps.min()) if steps.size else float("nan")
