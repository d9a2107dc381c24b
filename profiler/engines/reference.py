"""Runs an op's float64 reference on the CPU, so that the whole path works on a machine without a GPU.

What an op is and computes comes from the library of ops. The launch attributes shape the loop, so a sweep measures something
real: `block * items` times 256 elements are computed at a time (as a grid of 256 blocks would), `grid_stride` does so in eight
times longer pieces, `scalar` in eight times shorter ones. Any other attribute of a kernel is without effect on a CPU.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from profiler.engines.base import Measurement, PointSkipped
from profiler.engines.ops_library import OpsLibrary, host_library
from profiler.errors import UsageError
from profiler.runner.host_data import random_source
from profiler.runner.numeric import STORAGE, from_float32, to_float64
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.runner.verification import same_bytes, verify

DEFAULT_BLOCK = 256
BLOCKS_PER_PIECE = 256
CACHE_BYTES = 64 << 20
MAX_BUFFER_BYTES = 1 << 30
MAX_BUFFERS = 4096


class ReferenceCase:
    """One point on the CPU.

    Args:
        library: What computes it.
        point: Its configuration.
        settings: How it is measured.
    """

    launch = None
    engine_digest = None
    layers = None

    def __init__(self, library: OpsLibrary, point: Point, settings: MeasureSettings) -> None:
        self._point = point
        self.facts: dict[str, Any] = {}
        self._exact = library.reference(point).exact
        self._tolerance = library.tolerance(point)
        self._piece = _piece_elements(point)
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
            self._target[part] = from_float32(self._exact(to_float64(source[part], dtype)).astype(np.float32), dtype)

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
        return verify(self._target, self._sources[0], self._point.dtype, self._point.shape, self._exact, self._tolerance)

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


def _piece_elements(point: Point) -> int:
    block = int(point.attributes.get("block", 0)) or DEFAULT_BLOCK
    items = int(point.attributes.get("items", 0)) or 1
    elements = block * items * BLOCKS_PER_PIECE
    return {"grid_stride": elements * 8, "scalar": elements // 8}.get(str(point.attributes.get("variant")), elements)


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
        own = {name: value for name, value in point.attributes.items() if name not in self.own_attributes}
        point = replace(point, attributes=own)
        library = host_library()
        facts = library.facts(point.op)
        if facts["input_count"] != 1 or facts["output_count"] != 1 or not facts["elementwise"]:
            raise PointSkipped(f"{point.op}: the reference engine runs elementwise ops of one input and one output")
        try:
            library.prepare(point.op, point.attributes)
        except UsageError as error:
            raise PointSkipped(f"{error.message}; {error.hint}") from error
        return ReferenceCase(library, point, self._settings)

    def close(self) -> None:
        """Nothing is held."""
