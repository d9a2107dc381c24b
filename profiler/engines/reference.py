"""Runs an op's NumPy reference on the CPU, so that the whole path works on a machine without a GPU.

The launch attributes shape the loop, so a sweep measures something real: `block * items` times 256 elements are computed
at a time (as a grid of 256 blocks would), `scalar` goes through fresh arrays, `vectorized` stays in place in the output,
`grid_stride` does so in eight times longer pieces. Any other attribute of a kernel is without effect on a CPU.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from profiler.engines.base import Measurement, PointSkipped
from profiler.errors import nearest
from profiler.runner.host_data import random_source
from profiler.runner.numeric import STORAGE, from_float32, to_float32
from profiler.runner.ops import find_op
from profiler.runner.ops.base import LAUNCH_ATTRIBUTES, ReferenceOp
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.runner.verification import same_bytes, verify

VARIANTS = ("auto", "scalar", "vectorized", "grid_stride")
DEFAULT_BLOCK = 256
BLOCKS_PER_PIECE = 256
CACHE_BYTES = 64 << 20
MAX_BUFFER_BYTES = 1 << 30
MAX_BUFFERS = 4096


class ReferenceCase:
    """One point on the CPU.

    Args:
        op: The op.
        point: Its configuration.
        settings: How it is measured.
    """

    launch = None
    engine_digest = None
    layers = None

    def __init__(self, op: ReferenceOp, point: Point, settings: MeasureSettings) -> None:
        self._op, self._point = op, point
        self.facts: dict[str, Any] = {}
        self._parameters = op.parameters(point.attributes)
        self._variant = str(point.attributes.get("variant", "auto"))
        if self._variant not in VARIANTS:
            raise PointSkipped(f"variant {self._variant!r} is unknown; known: {', '.join(VARIANTS)}")
        self._piece = _piece_elements(point, self._variant)
        self.bytes_per_iteration = 2 * point.size_bytes
        first = random_source(point, settings.seed)
        self._sources = [first, *(first.copy() for _ in range(_rotation(point, settings) - 1))]
        self._target = np.empty(point.element_count, STORAGE[point.dtype])
        self._turn = 0
        self._verified: np.ndarray | None = None

    def _compute(self, source: np.ndarray) -> None:
        dtype = self._point.dtype
        for start in range(0, source.size, self._piece):
            part = slice(start, start + self._piece)
            values = to_float32(source[part], dtype)
            if dtype == "fp32" and self._variant != "scalar":
                self._op.compute(values, self._target[part], self._parameters)
                continue
            result = np.empty_like(values)
            self._op.compute(values, result, self._parameters)
            self._target[part] = from_float32(result, dtype)

    def _next(self) -> np.ndarray:
        self._turn += 1
        return self._sources[self._turn % len(self._sources)]

    def verify(self) -> dict[str, Any]:
        """Compare with float64 on the first input; the output is poisoned first."""
        self._target.view(np.uint8).fill(0xFF)
        self._compute(self._sources[0])
        report = self._compare()
        self._verified = self._target.copy() if report["passed"] else None
        return report

    def _compare(self) -> dict[str, Any]:
        tolerance = self._op.tolerance(self._parameters, self._point.dtype)
        return verify(
            self._target, self._sources[0], self._point.dtype, self._point.shape,
            lambda values: self._op.exact(values, self._parameters), tolerance,
        )  # fmt: skip

    def keeps_to_stream(self) -> bool | None:
        """There are no streams."""
        return None

    def verify_measured(self) -> dict[str, Any] | None:
        """Compare what the last iteration wrote; all inputs are the same."""
        if self._verified is None or same_bytes(self._target, self._verified):
            return None
        report = self._compare()
        return None if report["passed"] else report

    def warm_up(self, count: int) -> None:
        """Run iterations that are not measured; the output is poisoned first."""
        self._target.view(np.uint8).fill(0xFF)
        for _ in range(count):
            self._compute(self._next())

    def measure(self, ranges: RangeRecorder, wants_more: Callable[[list[int]], bool]) -> Measurement:
        """Measure with the monotonic clock."""
        result = Measurement()
        while wants_more(result.samples_ns):
            source = self._next()
            with ranges.iteration(self.bytes_per_iteration):
                start = time.perf_counter_ns()
                self._compute(source)
                result.samples_ns.append(time.perf_counter_ns() - start)
        return result

    def close(self) -> None:
        """Drop the arrays."""
        self._sources.clear()


def _refuse_unknown(op: ReferenceOp, point: Point, own: tuple[str, ...]) -> None:
    known = (*op.defaults, *LAUNCH_ATTRIBUTES, *own)
    unknown = next((name for name in point.attributes if name not in known), None)
    if unknown is not None:
        raise PointSkipped(f"{op.name} has no attribute {unknown!r}; {nearest(unknown, known)}")


def _piece_elements(point: Point, variant: str) -> int:
    try:
        block = int(point.attributes.get("block", 0)) or DEFAULT_BLOCK
        items = int(point.attributes.get("items", 0)) or 1
    except (TypeError, ValueError) as error:
        raise PointSkipped(f"block and items must be whole numbers: {error}") from error
    if block < 1 or items < 1:
        raise PointSkipped(f"block={block} items={items}: must be positive")
    return block * items * BLOCKS_PER_PIECE * (8 if variant == "grid_stride" else 1)


def _rotation(point: Point, settings: MeasureSettings) -> int:
    if settings.cache_mode == "warm" or not point.size_bytes:
        return 1
    wanted = -(-2 * CACHE_BYTES // point.size_bytes) + 1
    return max(1, min(wanted, MAX_BUFFER_BYTES // point.size_bytes, MAX_BUFFERS))


class ReferenceEngine:
    """NumPy on the CPU."""

    name = "reference"
    clock = "monotonic"
    own_attributes: tuple[str, ...] = ()
    """Attributes that an engine derived from this one takes beside those of the op and its launch."""

    def __init__(self, request: SweepOptions) -> None:
        self._settings = request.settings

    def device(self) -> dict[str, Any] | None:
        """There is no GPU in use."""
        return None

    def versions(self) -> dict[str, str]:
        """Python and NumPy."""
        return {"python": sys.version.split()[0], "numpy": np.__version__, "machine": platform.machine()}

    def digests(self) -> dict[str, str]:
        """Nothing is built."""
        return {}

    def prepare(self, point: Point) -> ReferenceCase:
        """Allocate and fill the arrays of a point."""
        if self._settings.launch_mode != "plain" or self._settings.streams > 1 or self._settings.threads > 1:
            raise PointSkipped("the reference engine has no CUDA graphs, streams or launching threads")
        op = find_op(point.op)
        _refuse_unknown(op, point, self.own_attributes)
        return ReferenceCase(op, point, self._settings)

    def close(self) -> None:
        """Nothing is held."""
