"""Runs an op's float64 reference on the CPU, so that the whole path works on a machine without a GPU.

What an op is and computes comes from the library of ops. The launch attributes of an elementwise op shape the loop, so a sweep
measures something real: `block * items` times 256 elements are computed at a time (as a grid of 256 blocks would), `grid_stride`
does so in eight times longer pieces, `scalar` in eight times shorter ones. Any other attribute of a kernel is without effect here.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from functools import cache

import numpy as np

from profiler.engines.base import STORAGE, Case, PointSkipped, TensorSpec
from profiler.engines.ops_library import PreparedOp, host_library
from profiler.errors import UsageError
from profiler.runner.measurement import host_array
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

DEFAULT_BLOCK = 256
BLOCKS_PER_PIECE = 256


def to_float64(stored: np.ndarray, dtype: str) -> np.ndarray:
    """Widen stored elements to float64; exact."""
    if dtype == "bf16":
        return (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return stored.astype(np.float64)


def from_float64(values: np.ndarray, dtype: str) -> np.ndarray:
    """Round float64 values to nearest, to stored elements; bfloat16 by way of float32."""
    with np.errstate(over="ignore"):
        if dtype != "bf16":
            return values.astype(STORAGE[dtype])
        bits = values.astype(np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    return np.where(np.isnan(values), 0x7FC0, rounded).astype(np.uint16)


def piece_elements(point: Point) -> int:
    """Return how many elements are computed at a time."""
    block = int(point.attributes.get("block", 0)) or DEFAULT_BLOCK
    items = int(point.attributes.get("items", 0)) or 1
    elements = block * items * BLOCKS_PER_PIECE
    return {"grid_stride": elements * 8, "scalar": elements // 8}.get(str(point.attributes.get("variant")), elements)


def make_enqueue(prepared: PreparedOp, tensors: list[TensorSpec], piece: int | None) -> Callable[[int, list[int], int], None]:
    """Return what computes an op once, on the core's memory.

    Args:
        prepared: The op.
        tensors: Inputs, then outputs.
        piece: Elements that are computed at a time; None: all, of an op that is not elementwise.
    """
    array_of = cache(host_array)

    def enqueue(lane: int, addresses: list[int], stream: int) -> None:
        pairs = list(zip(tensors, map(array_of, addresses, tensors), strict=True))
        results = [(item, array) for item, array in pairs if not item.is_input]
        for part in [slice(None)] if piece is None else [slice(i, i + piece) for i in range(0, pairs[0][1].size, piece)]:
            inputs = [to_float64(array[part], item.dtype) for item, array in pairs if item.is_input]
            outputs = [np.empty(array[part].size) for _, array in results]
            prepared.reference(tensors, inputs, outputs)
            for (item, array), values in zip(results, outputs, strict=True):
                array[part] = from_float64(values, item.dtype)

    return enqueue


class ReferenceEngine:
    """The ops' own references on the CPU."""

    name = "reference"
    device: int | None = None

    def __init__(self, request: SweepOptions) -> None:
        self._library = host_library()

    def versions(self) -> dict[str, str]:
        """Python and NumPy."""
        return {"python": sys.version.split()[0], "numpy": np.__version__, "machine": platform.machine()}

    def digests(self) -> dict[str, str]:
        """Digest of the library of ops."""
        return {"plugin_library": self._library.digest()}

    def prepare(self, point: Point) -> Case:
        """Check the point with the library.

        Raises:
            PointSkipped: The op has no such attribute or value.
        """
        try:
            prepared = self._library.prepare(point.op, point.attributes)
            tensors = prepared.tensors(point)
        except UsageError as error:
            raise PointSkipped(f"{error.message}; {error.hint}") from error
        refusal = prepared.describe(tensors)["refusal"]
        if refusal:
            raise PointSkipped(refusal)
        piece = piece_elements(point) if prepared.elementwise else None
        return Case(tensors, make_enqueue(prepared, tensors, piece), **prepared.check(tensors))

    def close(self) -> None:
        """Nothing is held."""
