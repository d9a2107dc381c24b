"""Device buffers of one lane: sets of input and output in one allocation, rotated so that a cold iteration reads from DRAM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from profiler.engines.base import PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.units import BYTES_PER_KIB

ALIGNMENT_BYTES = 256
RESERVE_BYTES = 256 << 20
L2_FACTOR = 2
UNKNOWN_L2_BYTES = 64 << 20


def aligned(size_bytes: int) -> int:
    """Return a size rounded up to the alignment that cudaMalloc gives; at least one unit."""
    return max(1, -(-size_bytes // ALIGNMENT_BYTES)) * ALIGNMENT_BYTES


def plan_sets(cache: str, set_bytes: int, l2_bytes: int | None) -> int:
    """Return how many sets rotate: between two uses of a set the others move at least twice the L2 cache.

    Args:
        cache: `cold` or `warm`.
        set_bytes: Size of one set.
        l2_bytes: Size of the L2 cache; None when unknown.
    """
    if cache == "warm":
        return 1
    between = L2_FACTOR * (l2_bytes or UNKNOWN_L2_BYTES)
    return max(2, -(-between // set_bytes) + 1)


@dataclass(frozen=True)
class BufferSet:
    """Addresses of one input and one output."""

    source: int
    target: int


class BufferRing:
    """The sets of one lane.

    Args:
        cuda: The device.
        source_bytes: Size of the input.
        target_bytes: Size of the output.
        cache: `cold` or `warm`.
        l2_bytes: Size of the L2 cache.
        max_sets: Most sets the launch mode can take.

    Raises:
        PointSkipped: The buffers do not fit the device, or the launch mode cannot rotate so many.
    """

    def __init__(self, cuda: Cuda, source_bytes: int, target_bytes: int, cache: str, l2_bytes: int | None, max_sets: int) -> None:
        self._cuda = cuda
        self.source_bytes, self.target_bytes = source_bytes, target_bytes
        set_bytes = aligned(source_bytes) + aligned(target_bytes)
        count = plan_sets(cache, set_bytes, l2_bytes)
        if count > max_sets:
            raise PointSkipped(
                f"a cold cache needs {count} rotating buffers for this shape, the launch mode takes {max_sets}; use --cache warm"
            )
        total = count * set_bytes
        free = cuda.free_bytes()
        if total + RESERVE_BYTES > free:
            mib = BYTES_PER_KIB**2
            raise PointSkipped(f"buffers need {total // mib} MiB of device memory, {free // mib} MiB are free")
        self._arena = cuda.allocate(total)
        starts = range(self._arena, self._arena + total, set_bytes)
        self.sets = [BufferSet(start, start + aligned(source_bytes)) for start in starts]

    def fill(self, values: np.ndarray) -> None:
        """Put the same input into every set and poison every output."""
        self._cuda.upload(self.sets[0].source, values)
        for item in self.sets[1:]:
            self._cuda.copy(item.source, self.sets[0].source, self.source_bytes)
        self.poison(range(len(self.sets)))

    def poison(self, indices: Iterable[int]) -> None:
        """Set every output byte of some sets to 0xFF (NaN in the float types), so that an element nobody wrote is seen."""
        for index in indices:
            if self.target_bytes:
                self._cuda.call("cudaMemset", self.sets[index].target, 0xFF, self.target_bytes)
        self._cuda.synchronize()

    def free(self) -> None:
        """Give the memory back."""
        self._cuda.release("cudaFree", self._arena)
