"""Inputs and expected outputs on the host, kept from point to point as long as shape, type and parameters stay the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiler.runner.numeric import from_float32, round_to, to_float64
from profiler.runner.point import Point
from profiler.runner.verification import CHUNK_ELEMENTS, compare_outputs

Exact = Callable[[np.ndarray], np.ndarray]


def random_source(point: Point, seed: int) -> np.ndarray:
    """Return a seeded normal input, three units wide, as stored elements of the point's type; flat."""
    values = np.random.default_rng(seed).standard_normal(point.element_count, dtype=np.float32)
    values *= np.float32(3)
    return np.ascontiguousarray(from_float32(values, point.dtype))


@dataclass(frozen=True)
class Reference:
    """An elementwise op in float64.

    Attributes:
        key: What sets its results apart: op and parameters.
        exact: Takes float64 values, returns float64 values.
    """

    key: tuple[Any, ...]
    exact: Exact


class HostData:
    """Makes inputs and expected outputs.

    Args:
        reference: Gives the reference of a point.
    """

    def __init__(self, reference: Callable[[Point], Reference]) -> None:
        self._reference = reference
        self._source: tuple[Any, np.ndarray] | None = None
        self._expected: tuple[Any, np.ndarray] | None = None

    def source(self, point: Point, seed: int) -> np.ndarray:
        """Return the input of a point."""
        key = (point.shape, point.dtype, seed)
        if self._source is None or self._source[0] != key:
            self._source = None  # before the next one is made: both may not fit
            self._source = (key, random_source(point, seed))
        return self._source[1]

    def compare(self, actual: np.ndarray, point: Point, seed: int, tolerance: tuple[float, float]) -> dict[str, Any]:
        """Compare an output with the reference; returns the `verification` object of docs/formats.md."""
        return compare_outputs(actual, self._expectation(point, seed), point.dtype, point.shape, tolerance)

    def _expectation(self, point: Point, seed: int) -> np.ndarray:
        """Return the reference rounded to the point's type, as stored elements."""
        reference = self._reference(point)
        key = (point.shape, point.dtype, seed, reference.key)
        if self._expected is None or self._expected[0] != key:
            self._expected = None
            self._expected = (key, expected_output(self.source(point, seed), point.dtype, reference.exact))
        return self._expected[1]


def expected_output(source: np.ndarray, dtype: str, exact: Exact) -> np.ndarray:
    """Compute the reference chunk by chunk on all processors.

    Returns:
        float32 values that the type can hold: the float64 result rounded once. (Every type here fits float32.)
    """
    result = np.empty(source.size, np.float32)

    def work(start: int) -> None:
        part = slice(start, start + CHUNK_ELEMENTS)
        result[part] = round_to(exact(to_float64(source[part], dtype)), dtype)

    with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1))) as pool:
        list(pool.map(work, range(0, source.size, CHUNK_ELEMENTS)))
    return result
