"""The differences between TensorRT 8.6, 10, 11 and TensorRT for RTX, in one place.

8.6 takes IPluginV2DynamicExt plugins and builder flags for half precision; 10 and later take IPluginV3 plugins and strongly
typed networks; TensorRT for RTX has no call that adds a plugin, so a plugin reaches it as an ONNX node.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from profiler.engines.base import STORAGE, PointSkipped, import_first
from profiler.errors import CaptureError, ToolMissingError, UsageError, nearest
from profiler.point_label import label_value

PLUGIN_NAMESPACE = "profiler"
WORKSPACE_BYTES = 1 << 30
MODULES = {"tensorrt": ("tensorrt",), "tensorrt_rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings")}
INSTALL_HINTS = {
    "tensorrt": "pip install tensorrt",
    "tensorrt_rtx": "pip install tensorrt-rtx-cu13-libs tensorrt-rtx-cu13-bindings",
}
DTYPES = {name: {"fp32": "FLOAT", "fp16": "HALF"}.get(name, name.upper()) for name in STORAGE}
"""Element types as `trt.DataType` calls them."""
MAPS = Path("/proc/self/maps")
"""The files that this process has loaded."""
_LIBRARY = re.compile(r"/lib(nvinfer|tensorrt_rtx)\.so[.\d]*$")
_LIBRARY_FLAVOUR = re.compile(r"_(trt(\d+)|rtx)\.so$")


def library_version() -> str:
    """Return the version of the TensorRT library that this process has loaded, down to the build; empty when it does not tell."""
    lines = MAPS.read_text(errors="replace").splitlines() if MAPS.is_file() else []
    paths = (line.split(maxsplit=5)[-1].rstrip() for line in lines)
    path = next((path for path in paths if _LIBRARY.search(path)), None)
    if path is None:
        return ""
    try:
        library = ctypes.CDLL(path)
    except OSError:  # its file was replaced since
        return ""
    names = ("getInferLibVersion", "getInferLibBuildVersion")  # the second is absent in 8.6
    return ".".join(str(getattr(library, name)()) for name in names if hasattr(library, name))


def make_logger(trt: Any) -> Any:
    """Return a logger that keeps errors and warnings in its list `messages`; TensorRT's calls answer None and log why."""

    class CollectingLogger(trt.ILogger):  # type: ignore[misc]  # no types
        """Keeps what TensorRT and the plugins complain about."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.messages: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            """Keep one message."""
            if severity <= trt.ILogger.Severity.ERROR:
                self.messages.append(message)

        def take(self) -> str:
            """Return the last three errors in one line, and forget all."""
            text = "; ".join(self.messages[-3:]) or "TensorRT gave no reason"
            self.messages.clear()
            return text

    return CollectingLogger()


class Flavour:
    """One installed TensorRT.

    Args:
        name: `tensorrt` or `tensorrt_rtx`.

    Raises:
        ToolMissingError: It is not installed or cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.trt = import_first(MODULES[name], name, f"{INSTALL_HINTS[name]}, or name an interpreter with --python")
        self.version = tuple(int(part) for part in re.findall(r"\d+", self.trt.__version__)[:3])
        self.is_rtx = name == "tensorrt_rtx"
        self.logger = make_logger(self.trt)
        self._keep: list[Any] = []

    @property
    def full_version(self) -> str:
        """Version of the package and of the library behind it, down to the build where they tell."""
        return f"{self.trt.__version__} {library_version()}".rstrip()

    @property
    def has_v3_plugins(self) -> bool:
        """Whether plugins are IPluginV3."""
        return self.is_rtx or self.version >= (10,)

    def choose_library(self, libraries: tuple[str, ...]) -> str | None:
        """Return the plugin library that was built for this TensorRT; one whose name does not say is taken as it is."""
        wanted = "rtx" if self.is_rtx else f"trt{self.version[0]}"
        for path in libraries:
            match = _LIBRARY_FLAVOUR.search(path)
            if match is None or match.group(1) == wanted:
                return path
        return None

    def load_plugins(self, path: str) -> None:
        """Load a plugin library into the registry.

        Raises:
            ToolMissingError: TensorRT refuses it.
        """
        registry, hint = self.trt.get_plugin_registry(), "build it for this TensorRT: profiler build"
        try:
            load = getattr(registry, "load_library", None) or partial(ctypes.CDLL, mode=ctypes.RTLD_GLOBAL)
            handle = load(path)
        except OSError as error:
            raise ToolMissingError(f"{path}: {error}", hint) from error
        if handle is None:
            raise ToolMissingError(f"{path}: {self.logger.take()}", hint)
        self._keep.append(handle)

    def dtype(self, name: str) -> Any:
        """Return the element type.

        Raises:
            PointSkipped: This TensorRT does not have it.
        """
        if not hasattr(self.trt.DataType, DTYPES[name]):
            raise PointSkipped(f"TensorRT {self.trt.__version__} has no {name}")
        return getattr(self.trt.DataType, DTYPES[name])

    def create_builder(self) -> Any:
        """Return a builder.

        Raises:
            CaptureError: TensorRT makes none, as TensorRT does without a GPU.
        """
        try:
            return self.trt.Builder(self.logger)
        except TypeError as error:  # the binding's words for a null pointer
            raise CaptureError(f"no TensorRT builder: {self.logger.take()}", "TensorRT needs a GPU to build") from error

    def create_network(self, builder: Any) -> Any:
        """Return an empty network: explicit batch before 10, strongly typed since."""
        wanted = "STRONGLY_TYPED" if self.has_v3_plugins else "EXPLICIT_BATCH"
        flag = None if self.is_rtx else getattr(self.trt.NetworkDefinitionCreationFlag, wanted, None)
        return builder.create_network(0 if flag is None else 1 << int(flag))

    def create_config(self, builder: Any, dtype: str) -> Any:
        """Return a builder configuration for a network of one element type."""
        config = builder.create_builder_config()
        config.set_memory_pool_limit(self.trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
        config.profiling_verbosity = self.trt.ProfilingVerbosity.DETAILED
        if not self.has_v3_plugins:
            config.set_tactic_sources(0)  # cuBLAS and cuDNN may be absent, and a plugin alone makes the builder ask for them
            if dtype == "fp16":
                config.set_flag(self.trt.BuilderFlag.FP16)
        return config

    def creator(self, name: str, version: str = "1") -> Any:
        """Return a plugin's creator.

        Raises:
            UsageError: None of that name is registered.
        """
        registry = self.trt.get_plugin_registry()
        find = registry.get_creator if hasattr(registry, "get_creator") else registry.get_plugin_creator
        found = find(name, version, PLUGIN_NAMESPACE)
        if found is None:
            listed = getattr(registry, "all_creators", None) or getattr(registry, "plugin_creator_list", [])
            raise UsageError(
                f"no plugin {name} version {version} in namespace {PLUGIN_NAMESPACE}", nearest(name, {c.name for c in listed})
            )
        return found

    def add_plugin(self, network: Any, inputs: list[Any], name: str, attributes: Mapping[str, Any]) -> list[Any]:
        """Add a plugin to a network, and return its output tensors.

        Raises:
            UsageError: No such plugin or attribute.
            CaptureError: The creator refused the attributes.
        """
        creator = self.creator(name)
        types = self.check_attributes(creator, attributes)
        data = {attribute: field_data(self.trt.PluginFieldType, types[attribute], value) for attribute, value in attributes.items()}
        fields = [self.trt.PluginField(attribute, array, types[attribute]) for attribute, array in data.items()]
        phase = (self.trt.TensorRTPhase.BUILD,) if self.has_v3_plugins else ()
        plugin = creator.create_plugin(name, self.trt.PluginFieldCollection(fields), *phase)
        if plugin is None:
            raise CaptureError(f"{name}: {self.logger.take()}", "profiler-driver --list shows attributes and values")
        self._keep.append((plugin, fields, data))
        layer = network.add_plugin_v3(inputs, [], plugin) if self.has_v3_plugins else network.add_plugin_v2(inputs, plugin)
        return [layer.get_output(index) for index in range(layer.num_outputs)]

    def check_attributes(self, creator: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Check that a plugin has all attributes, and return the types of those it has.

        Raises:
            UsageError: An attribute is unknown.
        """
        types = {field.name: field.type for field in creator.field_names}
        unknown = next((name for name in attributes if name not in types), None)
        if unknown is not None:
            raise UsageError(f"{creator.name}: unknown attribute {unknown!r}", nearest(unknown, types))
        return types

    def parse_onnx(self, network: Any, model: bytes, path: str = "") -> None:
        """Read an ONNX model into a network.

        Args:
            network: The network that it becomes.
            model: The model.
            path: Where it lies, for weights that it keeps in files beside it.

        Raises:
            CaptureError: The parser refuses it.
        """
        parser = self.trt.OnnxParser(network, self.logger)
        self._keep.append(parser)
        if not (parser.parse(model, path) if path else parser.parse(model)):
            errors = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
            raise CaptureError(f"ONNX model: {errors or self.logger.take()}", "check the model and --plugin-library")

    def build(self, builder: Any, network: Any, config: Any) -> bytes:
        """Build a network.

        Raises:
            CaptureError: The builder refuses it.
        """
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise CaptureError(f"the engine was not built: {self.logger.take()}", "read the log for TensorRT's own words")
        return bytes(plan)


def field_data(types: Any, kind: Any, value: Any) -> np.ndarray:
    """Return a plugin attribute as the array that a PluginField points to.

    Raises:
        UsageError: The value does not fit the attribute's type.
    """
    try:
        if kind == types.INT32:
            return np.array([int(value)], np.int32)
        if kind == types.FLOAT32:
            return np.array([float(value)], np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"attribute value {value!r} is no number", "profiler-driver --list shows attributes and values") from error
    return np.frombuffer(label_value(value).encode(), np.int8)
