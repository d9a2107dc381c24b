"""One process's samples of one row, reduced to what a comparison needs, with a name for everything that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from profiler.compare.judge.statistics import median_error, resolution_ns

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNUSABLE_STATUS = ("failed", "wrong_output", "skipped")


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
        status: Status of the point: `ok`, `failed`, `wrong_output`, `skipped`; any other counts as failed.
    """
    values = np.asarray([] if samples is None else samples, dtype=float)
    problem = _problem(values, status)
    if problem and problem != "one_sample":
        return Summary(np.nan, np.nan, values.size, np.nan, problem)
    if values.size == 1:
        return Summary(float(values[0]), np.nan, 1, np.nan, problem)
    return Summary(float(np.median(values)), median_error(values), values.size, resolution_ns(values))


def _problem(values: NDArray[np.float64], status: str) -> str:
    if status != "ok":
        return status if status in UNUSABLE_STATUS else "failed"
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
