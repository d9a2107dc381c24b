"""Compares an output with its float64 reference, before any time of that point counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiler.runner.numeric import round_to, to_float64

CHUNK_ELEMENTS = 1 << 22
COMPARED_BYTES = 1 << 24


@dataclass
class Difference:
    """Sums over the elements of one part of a comparison; parts are merged, so large outputs need little memory."""

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
        """Take one chunk; further chunks have sums of their own.

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

    def merge(self, other: Difference) -> None:
        """Add the sums of another part."""
        if other.element_count and (self.element_count == 0 or other.worst_excess > self.worst_excess):
            self.worst_excess, self.worst_index = other.worst_excess, other.worst_index
            self.worst_actual, self.worst_expected = other.worst_actual, other.worst_expected
        for name in ("element_count", "finite_count", "failed_count", "absolute_sum", "relative_sum", "square_sum", "dot",
                     "actual_square", "expected_square"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.absolute_max = max(self.absolute_max, other.absolute_max)
        self.relative_max = max(self.relative_max, other.relative_max)

    def _keep_worst(self, actual: np.ndarray, expected: np.ndarray, excess: np.ndarray, offset: int) -> None:
        if not actual.size:
            return
        index = int(np.argmax(excess))
        self.worst_excess, self.worst_index = float(excess[index]), offset + index
        self.worst_actual, self.worst_expected = float(actual[index]), float(expected[index])

    def cosine(self) -> float | None:
        """Cosine of the angle between output and reference; 1 when both are zero."""
        if self.actual_square == 0 and self.expected_square == 0:
            return 1.0
        product = np.sqrt(self.actual_square) * np.sqrt(self.expected_square)
        return float(self.dot / product) if product else 0.0


def _number(value: float) -> float | str:
    """A NaN or an infinity has no JSON number; its text says which it was."""
    return float(value) if np.isfinite(value) else str(float(value))


def compare_outputs(
    actual: np.ndarray, expected: np.ndarray, dtype: str, shape: tuple[int, ...], tolerance: tuple[float, float]
) -> dict[str, Any]:
    """Compare an output with its reference, chunk by chunk on all processors.

    Args:
        actual: Output as stored, flat.
        expected: float32 values of the reference, already rounded to the type.
        dtype: Element type of the output.
        shape: Shape, for the index of the worst element.
        tolerance: (absolute, relative).

    Returns:
        The `verification` object of docs/formats.md.
    """

    def work(start: int) -> Difference:
        part = slice(start, start + CHUNK_ELEMENTS)
        sums = Difference()
        sums.add(to_float64(actual[part], dtype), expected[part].astype(np.float64), start, tolerance)
        return sums

    total = Difference()
    with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1))) as pool:
        for sums in pool.map(work, range(0, actual.size, CHUNK_ELEMENTS)):
            total.merge(sums)
    return _report(total, shape, tolerance)


def same_bytes(first: np.ndarray, second: np.ndarray) -> bool:
    """Say whether two contiguous arrays of one type hold the same bytes, so that a NaN equals itself."""
    a, b = first.view(np.uint8), second.view(np.uint8)
    parts = (slice(start, start + COMPARED_BYTES) for start in range(0, max(a.size, b.size), COMPARED_BYTES))
    return a.size == b.size and all(np.array_equal(a[part], b[part]) for part in parts)


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
    expected = np.empty(actual.size, np.float32)
    for start in range(0, actual.size, CHUNK_ELEMENTS):
        part = slice(start, start + CHUNK_ELEMENTS)
        expected[part] = round_to(exact(to_float64(source[part], dtype)), dtype)
    return compare_outputs(actual, expected, dtype, shape, tolerance)


def _report(sums: Difference, shape: tuple[int, ...], tolerance: tuple[float, float]) -> dict[str, Any]:
    count = max(sums.finite_count, 1)
    known = sums.element_count > 0
    index = np.unravel_index(sums.worst_index, shape) if known and shape else ()
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
        "worst_expected": _number(sums.worst_expected) if known else None,
        "worst_actual": _number(sums.worst_actual) if known else None,
        "tolerance_abs": tolerance[0],
        "tolerance_rel": tolerance[1],
    }
