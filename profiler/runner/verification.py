"""Compares an output with its float64 reference, before any time of that point counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiler.runner.numeric import round_to, to_float64

CHUNK_ELEMENTS = 1 << 22


@dataclass
class Difference:
    """Sums over all elements of one comparison, kept chunk by chunk so that large outputs need little memory."""

    element_count: int = 0
    finite_count: int = 0
    failed_count: int = 0
    absolute_sum: float = 0.0
    relative_sum: float = 0.0
    square_sum: float = 0.0
    dot: float = 0.0
    actual_square: float = 0.0
    expected_square: float = 0.0
    absolute_max: float = 0.0
    relative_max: float = 0.0
    worst_excess: float = -np.inf
    worst_index: int = 0
    worst_expected: float = 0.0
    worst_actual: float = 0.0

    def add(self, actual: np.ndarray, expected: np.ndarray, offset: int, tolerance: tuple[float, float]) -> None:
        """Add one chunk.

        Args:
            actual: float64 values of the output.
            expected: float64 values of the reference, rounded to the output's type.
            offset: Flat index of the chunk's first element.
            tolerance: (absolute, relative).
        """
        finite = np.isfinite(actual) & np.isfinite(expected)
        same = (np.isnan(actual) & np.isnan(expected)) | (actual == expected)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            absolute = np.where(finite, np.abs(actual - expected), 0.0)
            relative = np.where(finite & (expected != 0), absolute / np.abs(expected), 0.0)
            excess = absolute - (tolerance[0] + tolerance[1] * np.where(finite, np.abs(expected), 0.0))
        excess = np.where(same, -np.inf, np.where(finite, excess, np.inf))
        self._add_sums(np.where(finite, actual, 0.0), np.where(finite, expected, 0.0), absolute, relative)
        self.element_count += actual.size
        self.finite_count += int(finite.sum())
        self.failed_count += int((excess > 0).sum())
        self._keep_worst(actual, expected, excess, offset)

    def _add_sums(self, actual: np.ndarray, expected: np.ndarray, absolute: np.ndarray, relative: np.ndarray) -> None:
        self.absolute_sum += float(absolute.sum())
        self.relative_sum += float(relative.sum())
        self.square_sum += float((absolute**2).sum())
        self.dot += float((actual * expected).sum())
        self.actual_square += float((actual**2).sum())
        self.expected_square += float((expected**2).sum())
        self.absolute_max = max(self.absolute_max, float(absolute.max(initial=0.0)))
        self.relative_max = max(self.relative_max, float(relative.max(initial=0.0)))

    def _keep_worst(self, actual: np.ndarray, expected: np.ndarray, excess: np.ndarray, offset: int) -> None:
        if not actual.size:
            return
        index = int(np.argmax(excess))
        if self.worst_excess < excess[index] or self.element_count == actual.size:
            self.worst_excess = float(excess[index])
            self.worst_index = offset + index
            self.worst_actual, self.worst_expected = float(actual[index]), float(expected[index])

    def cosine(self) -> float | None:
        """Cosine of the angle between output and reference; 1 when both are zero."""
        if self.actual_square == 0 and self.expected_square == 0:
            return 1.0
        product = np.sqrt(self.actual_square) * np.sqrt(self.expected_square)
        return float(self.dot / product) if product else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def verify(
    actual: np.ndarray,
    source: np.ndarray,
    dtype: str,
    shape: tuple[int, ...],
    exact: Callable[[np.ndarray], np.ndarray],
    tolerance: tuple[float, float],
) -> dict[str, Any]:
    """Compare an elementwise op's output with float64 arithmetic on the same input.

    Args:
        actual: Output as stored, flat.
        source: Input as stored, flat.
        dtype: Element type of both.
        shape: Shape, for the index of the worst element.
        exact: The op in float64.
        tolerance: (absolute, relative).

    Returns:
        The `verification` object of docs/formats.md.
    """
    sums = Difference()
    for start in range(0, actual.size, CHUNK_ELEMENTS):
        part = slice(start, start + CHUNK_ELEMENTS)
        expected = round_to(exact(to_float64(source[part], dtype)), dtype)
        sums.add(to_float64(actual[part], dtype), expected, start, tolerance)
    count = max(sums.finite_count, 1)
    index = np.unravel_index(sums.worst_index, shape) if actual.size and shape else ()
    return {
        "passed": sums.failed_count == 0,
        "reference": "float64",
        "element_count": sums.element_count,
        "failed_count": sums.failed_count,
        "max_abs_error": sums.absolute_max,
        "mean_abs_error": sums.absolute_sum / count,
        "max_rel_error": sums.relative_max,
        "mean_rel_error": sums.relative_sum / count,
        "rmse": float(np.sqrt(sums.square_sum / count)),
        "cosine": sums.cosine(),
        "worst_index": [int(i) for i in index],
        "worst_expected": _number(sums.worst_expected),
        "worst_actual": _number(sums.worst_actual),
        "tolerance_abs": tolerance[0],
        "tolerance_rel": tolerance[1],
    }
