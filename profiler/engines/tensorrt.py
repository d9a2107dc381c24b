"""Runs plugins, ONNX models and serialised engines with TensorRT 8.6, 10, 11 or TensorRT for RTX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from profiler.engines.base import Case, PointSkipped, TensorSpec, digest_of, unary_tensors
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.ops_library import host_library
from profiler.engines.trt_build import Plan, PlanStore
from profiler.engines.trt_compat import Flavour
from profiler.errors import CaptureError, ToolMissingError
from profiler.runner.core import load_core
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

OPERATIONS_PER_LAYER = 4
"""More kernels and copies than a layer enqueues, for the depth of the launch queue."""
UNKNOWN_OPERATIONS = 1000
_DTYPE_NAMES = {"FLOAT": "fp32", "HALF": "fp16", "BF16": "bf16"}


class Contexts:
    """One execution context a lane.

    Args:
        flavour: The TensorRT in use.
        engine: A deserialised engine.
        names: Names of its input and output.
        shape: Shape of the input, and of the output for which there is room.
        lanes: Number of lanes.

    Raises:
        PointSkipped: The engine does not take the shape, or writes another.
        CaptureError: No context can be made.
    """

    def __init__(self, flavour: Flavour, engine: Any, names: tuple[str, str], shape: tuple[int, ...], lanes: int) -> None:
        self._flavour, self._engine = flavour, engine
        self._source, self._target = names
        self._contexts = [self._make(shape) for _ in range(lanes)]

    def _make(self, shape: tuple[int, ...]) -> Any:
        context = self._engine.create_execution_context()
        if context is None:
            raise CaptureError(f"no execution context: {self._flavour.logger.take()}", "use a smaller shape")
        if -1 in tuple(self._engine.get_tensor_shape(self._source)) and not context.set_input_shape(self._source, shape):
            raise PointSkipped(f"the engine does not take shape {_text(shape)}: {self._flavour.logger.take()}")
        # only a context whose input shape is set knows what a dynamic output will be
        found = tuple(context.get_tensor_shape(self._target))
        if found != tuple(shape):
            raise PointSkipped(
                f"output {self._target} of the engine has shape {_text(found)} for an input of {_text(shape)}, this runner takes "
                "equal ones; use profiler-driver --engine"
            )
        return context

    def enqueue(self, lane: int, addresses: list[int], stream: int) -> None:
        """Enqueue one inference."""
        context = self._contexts[lane]
        context.set_tensor_address(self._source, addresses[0])
        context.set_tensor_address(self._target, addresses[1])
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
        names = self._check_tensors(engine, point)
        lanes = self._request.settings.threads * self._request.settings.streams
        contexts = Contexts(self._flavour, engine, names, point.shape, lanes)
        layers = describe_layers(self._flavour, engine)
        tensors = [replace(item, name=name) for item, name in zip(unary_tensors(point), names, strict=True)]
        return Case(
            tensors,
            contexts.enqueue,
            **_check_of(point, tensors),
            launches_per_iteration=OPERATIONS_PER_LAYER * len(layers) if layers else UNKNOWN_OPERATIONS,
            facts={**_plan_facts(plan), "layers": layers},
            close=contexts.close,
        )

    def _check_tensors(self, engine: Any, point: Point) -> tuple[str, str]:
        """Return the names of the one input and the one output, after a look at their type, layout and fixed shape."""
        trt = self._flavour.trt
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        outputs = [name for name in names if name not in inputs]
        if len(inputs) != 1 or len(outputs) != 1:
            raise PointSkipped(
                f"the engine has {len(inputs)} inputs and {len(outputs)} outputs, this runner takes one of each; use --driver cpp"
            )
        for name in (*inputs, *outputs):
            dtype = engine.get_tensor_dtype(name).name
            if _DTYPE_NAMES.get(dtype) != point.dtype:
                raise PointSkipped(f"tensor {name} of the engine has type {dtype}, the point {point.dtype}")
            if engine.get_tensor_location(name) == trt.TensorLocation.HOST:
                raise PointSkipped(f"tensor {name} of the engine is a shape tensor in host memory")
            if engine.get_tensor_format(name) != trt.TensorFormat.LINEAR:
                raise PointSkipped(f"tensor {name} of the engine is not in linear format, its padding would not fit")
            shape = tuple(engine.get_tensor_shape(name))
            if -1 not in shape and shape != point.shape:
                raise PointSkipped(f"tensor {name} of the engine has shape {_text(shape)}, the point {_text(point.shape)}")
        return inputs[0], outputs[0]

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


def _check_of(point: Point, tensors: list[TensorSpec]) -> dict[str, Any]:
    """Return what a point is verified by; nothing where it is no op of this package."""
    if point.op not in host_library().ops:
        return {}
    return host_library().prepare(point.op, point.attributes).check(tensors)


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _require_file(path: str, hint: str) -> None:
    if not Path(path).is_file():
        raise ToolMissingError(f"{path}: no such file", hint)
