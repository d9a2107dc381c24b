"""Times the iterations of lanes with CUDA events and keeps every sample.

One lane is measured isolated: the stream is held while a batch is enqueued, so an interval between two events holds the
work of one iteration and no launch gap. Several lanes run freely; their samples overlap, so throughput comes from the
iteration count and the wall time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from profiler.engines.cuda_runtime import Cuda, StreamGate
from profiler.engines.gpu_buffers import BufferRing
from profiler.runner.ranges import RangeRecorder

BATCH = 16
EVENTS_PER_ITERATION = 2
QUEUE_LIMIT = 256
"""Entries of the launch queue that a held batch may take; the queue has about 1000."""
MAX_GRAPHS = 1024


class Executor(Protocol):
    """Enqueues one iteration of a point."""

    def enqueue(self, source: int, target: int, stream: Any) -> None:
        """Enqueue the work on a stream, and return at once."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class Lane:
    """One stream with its own executor and buffers; driven by one thread.

    Args:
        cuda: The device.
        executor: What runs; the lane closes it, once there is a lane.
        ring: Its buffers; freed likewise.
        use_graph: Launch a captured CUDA graph instead of plain work.
    """

    def __init__(self, cuda: Cuda, executor: Executor, ring: BufferRing, use_graph: bool) -> None:
        self._cuda, self._executor, self.ring = cuda, executor, ring
        self._graphs: list[Any] = []
        self._use_graph = use_graph
        self._turn = -1
        self.samples_ns: list[int] = []
        self.host_samples_ns: list[int] = []
        with contextlib.ExitStack() as held:
            self.stream = cuda.create_stream()
            held.callback(cuda.release, "cudaStreamDestroy", self.stream)
            events = []
            for _ in range(2 * BATCH):
                events.append(cuda.create_event())
                held.callback(cuda.release, "cudaEventDestroy", events[-1])
            self._pairs = list(zip(events[::2], events[1::2], strict=True))
            self.gate = StreamGate(cuda)
            held.callback(self.gate.release)
            self._held = held.pop_all()

    def run_plain(self, index: int) -> None:
        """Enqueue one plain iteration on a set."""
        item = self.ring.sets[index]
        self._executor.enqueue(item.source, item.target, self.stream)

    def capture(self) -> None:
        """Capture one graph a set; a plain iteration must have run before."""
        if not self._use_graph or self._graphs:
            return
        mode = self._cuda.runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        for index in range(len(self.ring.sets)):
            self._cuda.call("cudaStreamBeginCapture", self.stream, mode)
            self.run_plain(index)
            graph = self._cuda.call("cudaStreamEndCapture", self.stream)
            try:
                self._graphs.append(self._cuda.call("cudaGraphInstantiate", graph, 0))
            finally:
                self._cuda.release("cudaGraphDestroy", graph)
            self._held.callback(self._cuda.release, "cudaGraphExecDestroy", self._graphs[-1])

    def enqueue_next(self) -> None:
        """Enqueue one iteration on the next set."""
        self._turn = (self._turn + 1) % len(self.ring.sets)
        if self._graphs:
            self._cuda.call("cudaGraphLaunch", self._graphs[self._turn], self.stream)
        else:
            self.run_plain(self._turn)

    def written_sets(self, count: int) -> list[int]:
        """Return the sets that the latest iterations wrote to, in the order of their last use.

        Args:
            count: How many iterations back.
        """
        rotation = len(self.ring.sets)
        return [(self._turn - back) % rotation for back in reversed(range(min(count, rotation)))]

    def synchronize(self) -> None:
        """Wait until the stream is idle."""
        self._cuda.call("cudaStreamSynchronize", self.stream)

    def measure_batch(self, count: int, ranges: RangeRecorder, size_bytes: int, hold: bool) -> None:
        """Enqueue some iterations, each between two events and in its range, and take their times.

        Args:
            count: Iterations, at most `BATCH`.
            ranges: Opens the ranges.
            size_bytes: Payload of the range.
            hold: Hold the stream until all are enqueued.
        """
        try:
            if hold:
                self.gate.close(self.stream)
            for index in range(count):
                self.enqueue_timed(index, ranges, size_bytes)
        finally:
            self.gate.open()
        self.take_times(count)

    def enqueue_timed(self, index: int, ranges: RangeRecorder, size_bytes: int) -> None:
        """Enqueue one iteration in its range between the events of a place in the batch."""
        start, end = self._pairs[index]
        self._cuda.call("cudaEventRecord", start, self.stream)
        with ranges.iteration(size_bytes):
            began = time.perf_counter_ns()
            self.enqueue_next()
            self.host_samples_ns.append(time.perf_counter_ns() - began)
        self._cuda.call("cudaEventRecord", end, self.stream)

    def take_times(self, count: int) -> None:
        """Wait for the stream, and keep the times of the first places of the batch."""
        self.synchronize()
        self.samples_ns += [self._cuda.elapsed_ns(start, end) for start, end in self._pairs[:count]]

    def close(self) -> None:
        """Give graphs, stream, events, executor and buffers back."""
        self._held.close()
        self._executor.close()
        self.ring.free()


@dataclass
class LaneTimes:
    """What came out of a measurement.

    Attributes:
        lanes: Thread, stream and number of samples of each lane, in the order of the samples.
        wall_ns: From the common start until the last lane was idle; None for one isolated lane.
        held: Whether the stream was held while each batch was enqueued.
    """

    lanes: list[dict[str, int]] = field(default_factory=list)
    wall_ns: int | None = None
    held: bool = False


def held_batch(operations: int) -> int:
    """Return how many iterations may be enqueued on a held stream; 0 when not even one.

    A launch into a full queue waits for the device. On a held stream, which waits for the host, that would last for ever.

    Args:
        operations: Most kernels and copies that one iteration enqueues.
    """
    return min(BATCH, QUEUE_LIMIT // (operations + EVENTS_PER_ITERATION))


def measure_isolated(
    lane: Lane, ranges: RangeRecorder, size_bytes: int, most: int, wants_more: Callable[[list[int]], bool], batch: int
) -> LaneTimes:
    """Measure one lane batch by batch until no more samples are wanted.

    Args:
        lane: The lane.
        ranges: Opens the ranges.
        size_bytes: Bytes that an iteration must move.
        most: Samples after which it ends in any case.
        wants_more: Asked after each batch.
        batch: Iterations that are enqueued while the stream is held; 0 never holds it.
    """
    while wants_more(lane.samples_ns):
        lane.measure_batch(min(batch or BATCH, most - len(lane.samples_ns)), ranges, size_bytes, hold=batch > 0)
    return LaneTimes([{"thread": 0, "stream": 0, "sample_count": len(lane.samples_ns)}], held=batch > 0 and lane.gate.works)


def measure_throughput(
    cuda: Cuda, threads: list[list[Lane]], ranges: RangeRecorder, label: str, size_bytes: int, most: int, max_seconds: float
) -> LaneTimes:
    """Measure all lanes at once, each thread round-robin over its own.

    Args:
        cuda: The device.
        threads: Lanes of each thread.
        ranges: Opens the ranges; each thread opens a range of the point of its own.
        label: Label of the point.
        size_bytes: Bytes that an iteration must move.
        most: Iterations of each lane.
        max_seconds: Time after which no thread begins another round.
    """
    barrier = threading.Barrier(len(threads) + 1)

    def work(lanes: list[Lane]) -> int:
        try:
            cuda.make_current()
            with ranges.point(label):
                barrier.wait()
                _run_freely(lanes, ranges, size_bytes, most, max_seconds)
                return time.perf_counter_ns()
        except BaseException:
            barrier.abort()  # the others must not wait for this thread
            raise

    with ThreadPoolExecutor(len(threads)) as pool:
        futures = [pool.submit(work, lanes) for lanes in threads]
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait()
        start = time.perf_counter_ns()
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise next((error for error in errors if not isinstance(error, threading.BrokenBarrierError)), errors[0])
    wall_ns = max(future.result() for future in futures) - start
    lanes = [
        {"thread": thread, "stream": stream, "sample_count": len(lane.samples_ns)}
        for thread, group in enumerate(threads) for stream, lane in enumerate(group)
    ]  # fmt: skip
    return LaneTimes(lanes, wall_ns)


def _run_freely(lanes: list[Lane], ranges: RangeRecorder, size_bytes: int, most: int, max_seconds: float) -> None:
    """Enqueue batches on all lanes of one thread in turn, until each has its iterations or the time is over."""
    begin = time.monotonic()
    done = 0
    while done < most and time.monotonic() - begin < max_seconds:
        count = min(BATCH, most - done)
        for index in range(count):
            for lane in lanes:
                lane.enqueue_timed(index, ranges, size_bytes)
        for lane in lanes:
            lane.take_times(count)
        done += count
