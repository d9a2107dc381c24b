"""Runs plugins, ONNX models and serialised engines with TensorRT 8.6, 10, 11 or TensorRT for RTX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from profiler.engines.base import Case, PointSkipped, TensorSpec, digest_of, unary_tensors
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.ops_library import host_library
from profiler.engines.trt_build import Plan, PlanStore
from profiler.engines.trt_compat import DTYPES, Flavour
from profiler.errors import CaptureError, ToolMissingError
from profiler.runner.core import load_core
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

OPERATIONS_PER_LAYER = 4
"""More kernels and copies than a layer enqueues, for the depth of the launch queue."""
UNKNOWN_OPERATIONS = 1000
_DTYPE_NAMES = {key: name for name, key in DTYPES.items()}


class Contexts:
    """One execution context a lane.

    Args:
        flavour: The TensorRT in use.
        engine: A deserialised engine.
        inputs: Its inputs.
        lanes: Number of lanes.

    Raises:
        PointSkipped: The engine does not take a shape.
        CaptureError: No context can be made.
    """

    def __init__(self, flavour: Flavour, engine: Any, inputs: list[TensorSpec], lanes: int) -> None:
        self._flavour, self._engine = flavour, engine
        self._contexts = [self._make(inputs) for _ in range(lanes)]
        self._names: list[str] = []

    def _make(self, inputs: list[TensorSpec]) -> Any:
        context = self._engine.create_execution_context()
        if context is None:
            raise CaptureError(f"no execution context: {self._flavour.logger.take()}", "use a smaller shape")
        for item in inputs:
            if -1 in tuple(self._engine.get_tensor_shape(item.name)) and not context.set_input_shape(item.name, item.shape):
                raise PointSkipped(f"the engine does not take shape {_text(item.shape)}: {self._flavour.logger.take()}")
        return context

    def bind(self, tensors: list[TensorSpec]) -> list[TensorSpec]:
        """Return the tensors with the shapes that outputs have for these inputs, which only a context knows.

        Raises:
            PointSkipped: The shape of an output depends on the data.
        """
        self._names = [item.name for item in tensors]
        found = [
            item if item.is_input else replace(item, shape=tuple(self._contexts[0].get_tensor_shape(item.name))) for item in tensors
        ]
        for item in found:
            if -1 in item.shape:
                raise PointSkipped(f"output {item.name} of the engine has shape {_text(item.shape)}, which depends on the data")
        return found

    def enqueue(self, lane: int, addresses: list[int], stream: int) -> None:
        """Enqueue one inference."""
        context = self._contexts[lane]
        for name, address in zip(self._names, addresses, strict=True):
            context.set_tensor_address(name, address)
        if not context.execute_async_v3(stream):
            raise CaptureError(f"enqueue failed: {self._flavour.logger.take()}", "read the log for TensorRT's own words")

    def close(self) -> None:
        """Drop the contexts."""
        self._contexts.clear()


class TensorRtEngine:
    """TensorRT."""

    name = "tensorrt"
    device: int | None

    def __init__(self, request: SweepOptions) -> None:
        self._request = request
        self._flavour = Flavour(self.name)
        self._library = self._flavour.choose_library(request.plugin_libraries)
        if self._library:
            _require_file(self._library, "profiler build makes it")
            self._flavour.load_plugins(self._library)
        elif not (request.engine_file or request.onnx_file):
            built = ", ".join(Path(path).name for path in request.plugin_libraries) or "none"
            raise ToolMissingError(
                f"no plugin library for {self.name} {self._flavour.trt.__version__} (found: {built})",
                "profiler build makes one for each TensorRT whose headers it finds",
            )
        for path in (request.engine_file, request.onnx_file):
            if path:
                _require_file(path, "check the path")
        self._open_device()

    def _open_device(self) -> None:
        self._cuda: Cuda | None = Cuda(self._request.device)
        self.device = self._request.device
        self._runtime = self._flavour.trt.Runtime(self._flavour.logger)
        facts = load_core().call("device", {"device": self.device})["device"]
        # the SM count tells the slices of a partitioned GPU apart, for which other tactics are best
        self._store = self._make_store(f"{facts['name']} {facts['compute_capability']} {facts['sm_count']}")

    def _make_store(self, device: str) -> PlanStore:
        folder = Path(self._request.cache_folder) if self._request.cache_folder else None
        digest = digest_of(Path(self._library).read_bytes()) if self._library else ""
        return PlanStore(self._flavour, folder, digest, device, self._request.onnx_file)

    def _load(self, point: Point) -> tuple[Plan, Any]:
        """Return the plan of a point and its engine."""
        if self._request.engine_file:
            plan = Plan(Path(self._request.engine_file).read_bytes(), "file")
        else:
            plan = self._store.plan(point)
        engine = self._runtime.deserialize_cuda_engine(plan.data)
        if engine is None and plan.origin == "cache":
            self._flavour.logger.take()
            self._store.discard(point)  # left where it is, it would fail every run to come
            plan = self._store.plan(point)
            engine = self._runtime.deserialize_cuda_engine(plan.data)
        if engine is None:
            raise CaptureError(
                f"the engine cannot be loaded: {self._flavour.logger.take()}", "build it with this TensorRT, for this GPU"
            )
        return plan, engine

    def versions(self) -> dict[str, str]:
        """Versions of the CUDA runtime and of TensorRT."""
        cuda = self._cuda.versions() if self._cuda is not None else {}
        return {**cuda, "tensorrt": self._flavour.trt.__version__}

    def digests(self) -> dict[str, str]:
        """Digests of plugin library, engine file and timing cache."""
        found = {
            "plugin_library": self._library,
            "engine": self._request.engine_file,
            "timing_cache": self._store.timing_cache_file,
        }
        return {name: digest_of(Path(path).read_bytes()) for name, path in found.items() if path and Path(path).is_file()}

    def prepare(self, point: Point) -> Case:
        """Build or load the engine of a point.

        Raises:
            PointSkipped: This TensorRT does not support the point.
            CaptureError: The builder refused.
        """
        if not point.shape:
            raise PointSkipped("the point has no shape")
        plan, engine = self._load(point)
        lanes = self._request.settings.threads * self._request.settings.streams
        known = host_library().prepare(point.op, point.attributes) if point.op in host_library().ops else None
        stated = known.tensors(point) if known is not None else unary_tensors(point)[:1]
        tensors = self._tensors(engine, point, stated)
        _refuse_others(tensors[:1], stated)
        contexts = Contexts(self._flavour, engine, [item for item in tensors if item.is_input], lanes)
        tensors = contexts.bind(tensors)
        if known is not None:
            _refuse_others(tensors, stated)
        layers = describe_layers(self._flavour, engine)
        return Case(
            tensors,
            contexts.enqueue,
            **(known.check(tensors) if known is not None else {}),
            launches_per_iteration=OPERATIONS_PER_LAYER * len(layers) if layers else UNKNOWN_OPERATIONS,
            facts={**_plan_facts(plan), "layers": layers},
            close=contexts.close,
        )

    def _tensors(self, engine: Any, point: Point, stated: list[TensorSpec]) -> list[TensorSpec]:
        """Return the engine's tensors, inputs first; an input has its own shape, the one that the op states, or the point's.

        Raises:
            PointSkipped: A tensor's type, layout or place is none that can be fed.
        """
        trt = self._flavour.trt
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        tensors: list[TensorSpec] = []
        for name in [*inputs, *(name for name in names if name not in inputs)]:
            dtype, shape = engine.get_tensor_dtype(name).name, tuple(engine.get_tensor_shape(name))
            if dtype not in _DTYPE_NAMES:
                raise PointSkipped(f"tensor {name} of the engine has type {dtype}, which cannot be fed")
            if engine.get_tensor_location(name) == trt.TensorLocation.HOST:
                raise PointSkipped(f"tensor {name} of the engine is a shape tensor in host memory")
            if engine.get_tensor_format(name) != trt.TensorFormat.LINEAR:
                raise PointSkipped(f"tensor {name} of the engine is not in linear format, its padding would not fit")
            asked = stated[len(tensors)].shape if len(tensors) < len(stated) else point.shape
            own = asked if name in inputs and -1 in shape else shape
            tensors.append(TensorSpec(name, own, _DTYPE_NAMES[dtype], name in inputs))
        return tensors

    def close(self) -> None:
        """Wait for the device, so that nothing is freed under way."""
        if self._cuda is not None:
            self._cuda.release("cudaDeviceSynchronize")


class TensorRtRtxEngine(TensorRtEngine):
    """TensorRT for RTX. Without a GPU it builds every engine and runs none: its points are then skipped with that reason."""

    name = "tensorrt_rtx"

    def _open_device(self) -> None:
        try:
            super()._open_device()
        except ToolMissingError:
            self._cuda = self.device = None
            self._store = self._make_store("none")

    def prepare(self, point: Point) -> Case:
        """As for TensorRT; without a GPU the engine is built and the point skipped.

        Raises:
            PointSkipped: There is no GPU to run on, or this TensorRT does not support the point.
        """
        if self._cuda is not None:
            return super().prepare(point)
        raise PointSkipped("the engine was built, and there is no GPU to run it", _plan_facts(self._store.plan(point)))


def _plan_facts(plan: Plan) -> dict[str, Any]:
    return {
        "engine_digest": digest_of(plan.data),
        "engine_origin": plan.origin,
        "engine_build_ns": plan.build_ns,
        "engine_bytes": len(plan.data),
    }


def describe_layers(flavour: Flavour, engine: Any) -> list[dict[str, Any]] | None:
    """Return the layers of an engine with their types and formats; None when the engine does not tell."""
    inspector = engine.create_engine_inspector()
    text = inspector.get_engine_information(flavour.trt.LayerInformationFormat.JSON) if inspector is not None else ""
    layers: list[dict[str, Any]] | None = load_core().call("layers", {"text": text})["layers"]
    return layers


def _refuse_others(tensors: list[TensorSpec], stated: list[TensorSpec]) -> None:
    """Refuse an engine whose tensors are not those of the point: an op's reference would be another's.

    A network of the user's own has the point's shape and type at its first input; what else it has is its own affair.
    """
    if len(tensors) > len(stated):
        raise PointSkipped(
            f"the engine has {len(tensors)} tensors, the op {len(stated)}: give the engine a name of its own, --plugin NAME"
        )
    for item, wanted in zip(tensors, stated, strict=False):
        if (item.shape, item.dtype) != (wanted.shape, wanted.dtype):
            found, expected = (f"{_text(one.shape)} {one.dtype}" for one in (item, wanted))
            raise PointSkipped(f"tensor {item.name} of the engine is {found}, the point's is {expected}")


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _require_file(path: str, hint: str) -> None:
    if not Path(path).is_file():
        raise ToolMissingError(f"{path}: no such file", hint)
