"""One point on a GPU: buffers, verification, warm-up and measurement, the same for every GPU engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiler.engines.base import Measurement, PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_buffers import BufferRing
from profiler.engines.gpu_timing import MAX_GRAPHS, Executor, Lane, held_batch, measure_isolated, measure_throughput
from profiler.engines.nvml import Nvml
from profiler.engines.stream_check import keeps_to_stream
from profiler.runner.host_data import HostData
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.settings import MeasureSettings
from profiler.runner.verification import same_bytes

UNLIMITED_SETS = 1 << 20
CHECKED_BYTES = 1 << 30
"""Measured output of a point that is looked at, for it has to cross to the host; more only where fewer sets would be left."""
LEAST_CHECKED_SETS = 3


@dataclass
class GpuContext:
    """What all points of a process share.

    Attributes:
        cuda: The device.
        facts: Its facts, as in the result JSON.
        data: Inputs and expected outputs on the host.
    """

    cuda: Cuda
    facts: dict[str, Any]
    data: HostData


class GpuCase:
    """One point made ready.

    Args:
        context: What all points share.
        point: The configuration.
        settings: How it is measured.
        executor: Makes the executor of one lane.
        tolerance: (absolute, relative) for the comparison with the reference; None leaves the output unverified.
        launch: Kernel, grid and block, when known.

    Raises:
        PointSkipped: The buffers do not fit.
    """

    def __init__(
        self,
        context: GpuContext,
        point: Point,
        settings: MeasureSettings,
        executor: Callable[[], Executor],
        tolerance: tuple[float, float] | None,
        launch: dict[str, Any] | None = None,
    ) -> None:
        self._context, self._point, self._settings = context, point, settings
        self._tolerance = tolerance
        self.bytes_per_iteration = 2 * point.size_bytes
        self.launch = launch
        self.operations_per_iteration = 1
        self.engine_digest: str | None = None
        self.layers: list[dict[str, Any]] | None = None
        self.facts: dict[str, Any] = {}
        self._source = context.data.source(point, settings.seed)
        self._verified: np.ndarray | None = None
        self._threads: list[list[Lane]] = []
        try:
            for _ in range(settings.threads):
                self._threads.append([])
                for _ in range(settings.streams):
                    self._threads[-1].append(self._make_lane(executor))
        except BaseException:
            self.close()
            raise

    def _make_lane(self, executor: Callable[[], Executor]) -> Lane:
        size = self._point.size_bytes
        use_graph = self._settings.launch_mode == "graph"
        limit = MAX_GRAPHS if use_graph else UNLIMITED_SETS
        l2_bytes = self._context.facts["l2_cache_bytes"]
        with ExitStack() as held:
            ring = BufferRing(self._context.cuda, size, size, self._settings.cache_mode, l2_bytes, limit)
            held.callback(ring.free)
            ring.fill(self._source)
            work = executor()
            held.callback(work.close)
            lane = Lane(self._context.cuda, work, ring, use_graph)
            held.pop_all()  # the lane frees them from now on
        return lane

    @property
    def _lanes(self) -> list[Lane]:
        return [lane for group in self._threads for lane in group]

    def verify(self) -> dict[str, Any] | None:
        """Run every lane once on a poisoned output and compare; the report is that of the worst lane."""
        worst = None
        for lane in self._lanes:
            lane.ring.poison([0])
            lane.run_plain(0)
            self._context.cuda.synchronize()  # the whole device: work that left the stream must not look like wrong output
            if self._tolerance is None:
                return None
            actual = np.empty(self._source.size, self._source.dtype)
            self._context.cuda.download(lane.ring.sets[0].target, actual)
            report = self._context.data.compare(actual, self._point, self._settings.seed, self._tolerance)
            if worst is None or report["failed_count"] > worst["failed_count"]:
                worst = report
            if self._verified is None and report["passed"]:
                self._verified = actual
        return worst

    def keeps_to_stream(self) -> bool | None:
        """Say whether all work runs on the stream that it is given; None under a tool that replays kernels, or unknown."""
        if not self._settings.timed or not held_batch(self.operations_per_iteration):
            return None
        return keeps_to_stream(self._context.cuda, self._lanes[0])

    def verify_measured(self) -> dict[str, Any] | None:
        """Compare what the measured iterations wrote: graphs, rotated sets and lanes at once were not verified before.

        All sets hold the same input, so the bytes that passed stand for the reference; only others are compared with it.
        """
        if self._verified is None:
            return None
        actual = np.empty_like(self._verified)
        most = max(LEAST_CHECKED_SETS, CHECKED_BYTES // (max(actual.nbytes, 1) * len(self._lanes)))
        for lane in self._lanes:
            for index in _spread(lane.written_sets(len(lane.samples_ns)), most):
                self._context.cuda.download(lane.ring.sets[index].target, actual)
                if same_bytes(actual, self._verified):
                    continue
                report = self._context.data.compare(actual, self._point, self._settings.seed, self._tolerance)
                if not report["passed"]:
                    return report
        return None

    def _most(self) -> int:
        return int(self._settings.iterations or self._settings.max_iterations)

    def _held_batch(self) -> int:
        """Return the iterations of a held batch: none under a tool that replays kernels, which would wait for ever."""
        if not self._settings.timed:
            return 0
        return held_batch(1 if self._settings.launch_mode == "graph" else self.operations_per_iteration)

    def warm_up(self, count: int) -> None:
        """Run iterations that are not measured, at least one: graphs are captured after it; then poison what they wrote."""
        for lane in self._lanes:
            lane.run_plain(0)
            lane.synchronize()
            lane.capture()
            for _ in range(count):
                lane.enqueue_next()
            lane.synchronize()
            lane.ring.poison({0, *lane.written_sets(count)})

    def measure(self, ranges: RangeRecorder, wants_more: Callable[[list[int]], bool]) -> Measurement:
        """Measure between cudaProfilerStart and cudaProfilerStop."""
        cuda, settings = self._context.cuda, self._settings
        uuid = self._context.facts.get("uuid") or ""
        with Nvml() as nvml:
            before = nvml.sm_clock_hz(uuid)
            cuda.call("cudaProfilerStart")
            try:
                if len(self._lanes) == 1:
                    times = measure_isolated(
                        self._lanes[0], ranges, self.bytes_per_iteration, self._most(), wants_more, self._held_batch()
                    )
                else:
                    times = measure_throughput(
                        cuda,
                        self._threads,
                        ranges,
                        self._point.label,
                        self.bytes_per_iteration,
                        self._most(),
                        settings.max_time,
                    )
            finally:
                cuda.release("cudaProfilerStop")
            after = nvml.sm_clock_hz(uuid)
        self.facts |= {
            "measure": "throughput" if len(self._lanes) > 1 else "isolated" if times.held else "launched",
            "lanes": times.lanes,
            "wall_ns": times.wall_ns,
            "buffer_set_count": len(self._lanes[0].ring.sets),
            "cold_method": "rotate" if settings.cache_mode == "cold" else None,
        }
        samples = [value for lane in self._lanes for value in lane.samples_ns]
        host = [value for lane in self._lanes for value in lane.host_samples_ns]
        return Measurement(samples, host, before, after)

    def close(self) -> None:
        """Free every lane."""
        for lane in self._lanes:
            lane.close()
        self._threads.clear()
        self._verified = None


def _spread(items: Sequence[int], most: int) -> list[int]:
    """Return at most so many items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]


def require_elementwise(point: Point) -> None:
    """Refuse points that have no elements to run on.

    Raises:
        PointSkipped: The shape is unknown.
    """
    if not point.shape:
        raise PointSkipped("the point has no shape")
