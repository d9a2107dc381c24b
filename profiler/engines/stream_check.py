"""Finds out whether an executor keeps to the stream that it is given; events on that stream time nothing else."""

from __future__ import annotations

import ctypes
import threading
import time
from contextlib import ExitStack
from typing import Any

from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_timing import Lane

ESCAPE_TIME_S = 0.002
"""Ample for work on another stream to reach the output."""
LONGEST_HOLD_S = 0.1
"""A launch that waits for the device would wait for ever behind a held stream."""
LOOK_BYTES = 4096
_LOOK_INTERVAL_S = 0.0001
_NOT_READY = 600
"""cudaErrorNotReady."""


def keeps_to_stream(cuda: Cuda, lane: Lane) -> bool | None:
    """Hold a lane's stream, enqueue one iteration behind it, and look at the poisoned output while the stream is held.

    Args:
        cuda: The device.
        lane: The lane; its first set is run on.

    Returns:
        Whether the output was left alone; None when there is no output, or it could not be told: the device cannot hold a
        stream, or the launch did not return before the stream was let go.
    """
    size = min(LOOK_BYTES, lane.ring.target_bytes)
    if not size:
        return None
    lane.run_plain(0)  # the first launch loads code, for which CUDA may wait for all streams
    cuda.synchronize()
    lane.ring.poison([0])
    with ExitStack() as held:
        look = int(cuda.call("cudaHostAlloc", size, 0))
        held.callback(cuda.release, "cudaFreeHost", look)
        observer = cuda.create_stream()
        held.callback(cuda.release, "cudaStreamDestroy", observer)
        seen = _look_while_held(cuda, lane, observer, look, size)
        cuda.synchronize()
    return None if seen is None else seen == b"\xff" * size


def _look_while_held(cuda: Cuda, lane: Lane, observer: Any, look: int, size: int) -> bytes | None:
    """Return the first bytes of the output as they are while the stream is held; None when it was not held so long."""
    let_go = threading.Event()

    def give_up() -> None:
        let_go.set()  # before the stream runs: what is seen without this mark was seen while it was held
        lane.gate.open()

    lane.gate.close(lane.stream)
    if not lane.gate.works:
        return None
    timer = threading.Timer(LONGEST_HOLD_S, give_up)
    timer.start()
    try:
        lane.run_plain(0)
        time.sleep(ESCAPE_TIME_S)
        kind = cuda.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        cuda.call("cudaMemcpyAsync", look, lane.ring.sets[0].target, size, kind, observer)
        # asked again and again, since a call that waits may keep the timer's thread from running
        while int(cuda.runtime.cudaStreamQuery(observer)[0]) == _NOT_READY and not let_go.is_set():
            time.sleep(_LOOK_INTERVAL_S)
        return None if let_go.is_set() else ctypes.string_at(look, size)
    finally:
        timer.cancel()
        timer.join()  # a late one would let a later batch go
        lane.gate.open()
