"""PyTorch as an engine, measured by the same core as every other: the baseline that an op's folder states."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from profiler.engines.base import Case, PointSkipped, TensorSpec, import_first
from profiler.engines.ops_library import host_library
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

PREFIX = "torch_"
"""Stands before the name of a function in the op of a point: `torch_silu`."""
_TYPES = {"fp32": ("float32", "<f4"), "fp16": ("float16", "<f2"), "bf16": ("bfloat16", "<i2")}


class _DeviceArray:
    """Memory of the core as PyTorch takes it over, by the CUDA array interface; nothing is copied."""

    def __init__(self, address: int, tensor: TensorSpec) -> None:
        shape, kind = tensor.shape, _TYPES[tensor.dtype][1]
        self.__cuda_array_interface__ = {"shape": shape, "typestr": kind, "data": (address, False), "version": 3, "strides": None}


class TorchEngine:
    """Functions of PyTorch that compute what an op does by default; the op's reference and tolerance verify them."""

    name = "torch"
    device: int | None

    def __init__(self, request: SweepOptions) -> None:
        self._torch = import_first(("torch",), "PyTorch", "pip install torch, or --python another one")
        self.device = request.device
        self._torch.cuda.set_device(request.device)

    def versions(self) -> dict[str, str]:
        """Versions of PyTorch and of the CUDA runtime that it brings."""
        return {"torch": str(self._torch.__version__), "cuda_runtime": str(self._torch.version.cuda)}

    def digests(self) -> dict[str, str]:
        """Nothing is built."""
        return {}

    def prepare(self, point: Point) -> Case:
        """Make a case of one call on the core's memory.

        Raises:
            PointSkipped: The point is no baseline of an op, or has attributes or no shape.
        """
        same = {PREFIX + facts["baselines"]["torch"]: op for op, facts in host_library().ops.items() if facts["baselines"]["torch"]}
        if point.op not in same or point.attributes or not point.shape:
            raise PointSkipped(f"this engine runs {', '.join(same)} with a shape and no attribute")
        prepared = host_library().prepare(same[point.op], {})
        tensors = prepared.tensors(point)
        torch = self._torch
        function = getattr(torch.ops.aten, point.op.removeprefix(PREFIX)).out
        stream_of = cache(partial(torch.cuda.ExternalStream, device=self.device))

        @cache
        def view(address: int, place: int) -> Any:
            kind = getattr(torch, _TYPES[tensors[place].dtype][0])
            return torch.as_tensor(_DeviceArray(address, tensors[place]), device=f"cuda:{self.device}").view(kind)

        def enqueue(lane: int, addresses: list[int], stream: int) -> None:
            *sources, target = map(view, addresses, range(len(tensors)))
            with torch.cuda.stream(stream_of(stream)):
                function(*sources, out=target)

        return Case(tensors, enqueue, **prepared.check(tensors))

    def close(self) -> None:
        """Wait for the device, so that nothing is freed under way."""
        self._torch.cuda.synchronize(self.device)
