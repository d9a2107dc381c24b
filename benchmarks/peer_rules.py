"""How peers decide between two single captures: the rules that this project's verdicts are measured beside."""

from __future__ import annotations

import numpy as np


def nvbench_intervals(base: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Say slower (+1), faster (-1) or neither where [min, q3] of the two captures are apart by 0.5 % or more.

    Source:
        nvbench-compare-robust, documentation of its default preset (without the confirmation by clock cycles).
    """
    low_b, high_b = base.min(axis=1), np.quantile(base, 0.75, axis=1)
    low_c, high_c = candidate.min(axis=1), np.quantile(candidate, 0.75, axis=1)
    return ((low_c - high_b) / high_b >= 0.005).astype(int) - ((low_b - high_c) / high_c >= 0.005).astype(int)


def nvbench_noise(base: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Say slower or faster where the means differ by more than the smaller relative standard deviation.

    Source:
        nvbench-compare-legacy.
    """
    means = base.mean(axis=1), candidate.mean(axis=1)
    noise = np.minimum(base.std(axis=1, ddof=1) / means[0], candidate.std(axis=1, ddof=1) / means[1])
    change = (means[1] - means[0]) / means[0]
    return np.sign(change) * (np.abs(change) > noise)


def plain_threshold(base: np.ndarray, candidate: np.ndarray, threshold: float = 0.05) -> np.ndarray:
    """Say slower or faster where the means differ by 5 %."""
    change = candidate.mean(axis=1) / base.mean(axis=1) - 1.0
    return np.sign(change) * (np.abs(change) >= threshold)


PEERS = {"nvbench intervals": nvbench_intervals, "nvbench noise": nvbench_noise, "5 % threshold": plain_threshold}
