"""Statistics of a quantity per group, for millions of rows: one sort, then slices.

Percentiles interpolate linearly between the two nearest ranks (NumPy's default, R's type 7), so the median of an even
number of values is the mean of the middle two, as in `nsys stats`. The standard deviation is that of a sample (n - 1), as
in `nsys stats`, and has no value for fewer than two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from profiler.spec import Better, ColumnSpec


@dataclass(frozen=True)
class GroupStatistics:
    """One entry per group; groups without a row have count 0 and NaN statistics.

    Attributes:
        count: Rows, int64.
        mean, median, p05, p95, stddev: float64.
        total, min, max: int64, or float64 of floats; 0 where the count is 0.
    """

    count: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    median: np.ndarray
    p05: np.ndarray
    p95: np.ndarray
    stddev: np.ndarray
    min: np.ndarray
    max: np.ndarray

    def columns(self, pattern: str, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return some statistics as columns; no group without a row has a smallest or largest value.

        Args:
            pattern: Their names, `{}` in place of the statistic's.
            names: The statistics.
        """
        empty = self.count == 0
        found = {name: getattr(self, name) for name in names}
        if empty.any():
            found |= {name: np.ma.masked_array(found[name], empty) for name in ("min", "max") if name in found}
        return {pattern.format(name): values for name, values in found.items()}


_WORDS = {
    "total": "sum",
    "mean": "mean",
    "median": "median",
    "p05": "5th percentile, linear interpolation",
    "p95": "95th percentile, linear interpolation",
    "min": "smallest",
    "max": "largest",
    "stddev": "standard deviation of a sample (n - 1)",
}


def statistic_specs(
    pattern: str, names: Sequence[str], what: str, source: str = "", better: Better = "lower"
) -> tuple[ColumnSpec, ...]:
    """Describe the columns of `GroupStatistics.columns`.

    Args:
        pattern, names: As there.
        what: The quantity.
        source: Where it is defined.
        better: Direction in which a change of it is an improvement.
    """
    return tuple(ColumnSpec(pattern.format(name), better, f"{what}: {_WORDS[name]}", source) for name in names)


def sorted_by_group(codes: np.ndarray, values: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort values within their groups.

    Args:
        codes: Group of each row, 0 to groups - 1.
        values: Integers or floats, same length.
        groups: Number of groups.

    Returns:
        The values, ordered by group and then size (int64 or float64), and the first position of each group plus the end.
    """
    starts = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=groups)))).astype(np.int64)
    wide = np.float64 if values.dtype.kind == "f" else np.int64
    if not len(values):
        return np.zeros(0, wide), starts
    if wide is np.float64:
        return values[np.lexsort((values, codes))], starts
    low = int(values.min())
    bits = (int(values.max()) - low).bit_length()
    if bits + max(groups - 1, 1).bit_length() <= 63:
        # group and value in one 64-bit key: a plain sort, many times faster than sorting an index by two columns
        keys = codes.astype(np.int64)
        keys <<= bits
        keys += values
        keys -= low
        keys.sort()
        keys &= (1 << bits) - 1
        keys += low
        return keys, starts
    order = np.lexsort((values, codes))
    return values[order].astype(np.int64), starts


def percentile(ordered: np.ndarray, starts: np.ndarray, fraction: float) -> np.ndarray:
    """Return the linearly interpolated percentile of each group; NaN for an empty one.

    Args:
        ordered: Values ordered within groups.
        starts: First position of each group, and the end.
        fraction: 0 to 1.
    """
    first, size = starts[:-1], np.diff(starts)
    result = np.full(len(size), np.nan)
    filled = size > 0
    rank = (size[filled] - 1) * fraction
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, size[filled] - 1)
    lower, upper = ordered[first[filled] + below], ordered[first[filled] + above]
    # integers subtract exactly; only the fraction of the step is rounded
    result[filled] = lower + (upper - lower) * (rank - below)
    return result


def group_statistics(codes: np.ndarray, values: np.ndarray, groups: int) -> GroupStatistics:
    """Compute the statistics of values per group.

    Args:
        codes: Group of each row, 0 to groups - 1.
        values: Integers or floats without NaN, same length.
        groups: Number of groups.
    """
    ordered, starts = sorted_by_group(codes, values, groups)
    count = np.diff(starts)
    filled = count > 0
    first, last = starts[:-1][filled], starts[1:][filled] - 1
    total, minimum, maximum = (np.zeros(groups, ordered.dtype) for _ in range(3))
    mean, stddev = np.full(groups, np.nan), np.full(groups, np.nan)
    if len(ordered):
        total[filled] = np.add.reduceat(ordered, first)
        minimum[filled], maximum[filled] = ordered[first], ordered[last]
        mean[filled] = total[filled] / count[filled]
        several = count[filled] > 1
        deviation = np.repeat(mean[filled], count[filled])
        np.subtract(ordered, deviation, out=deviation)
        squares = np.add.reduceat(np.multiply(deviation, deviation, out=deviation), first)
        stddev[np.flatnonzero(filled)[several]] = np.sqrt(squares[several] / (count[filled][several] - 1))
    median, p05, p95 = (percentile(ordered, starts, fraction) for fraction in (0.5, 0.05, 0.95))
    return GroupStatistics(count, total, mean, median, p05, p95, stddev, minimum, maximum)


def share_pct(total: np.ndarray) -> np.ndarray:
    """Return each entry's share of the sum, in percent; NaN when the sum is 0."""
    whole = float(total.sum())
    return total * 100.0 / whole if whole else np.full(len(total), np.nan)
