"""Builds TensorRT engines for sweep points, and keeps plans and timing caches so that nothing is built twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiler import __version__
from profiler.engines.onnx_model import one_node_model
from profiler.engines.ops_library import host_library, stated_tensors
from profiler.engines.trt_compat import PLUGIN_NAMESPACE, Flavour
from profiler.errors import CaptureError
from profiler.runner.point import Point
from profiler.store.run_dir import write_atomic

NETWORK_VERSION = 2
"""To be raised with every change to the networks, builder flags or plugin fields of this package, so that no old plan is used."""


@dataclass(frozen=True)
class Plan:
    """A serialised engine.

    Attributes:
        data: The plan.
        origin: `built`, `cache` or `file`.
        build_ns: Time of the build; None when it was not built now.
    """

    data: bytes
    origin: str
    build_ns: int | None = None


def model_digest(path: Path) -> str:
    """Return a digest of an ONNX model and of the files beside it that hold its weights.

    Source: onnx.proto3, `TensorProto.external_data`: an entry with the key `location` and the file's name, each after its length.
    """
    model = path.read_bytes()
    digest = hashlib.sha256(model)
    for match in re.finditer(rb"\x0a\x08location\x12([\x80-\xff]*[\x00-\x7f])", model):
        length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(match[1]))
        weights = path.parent / os.fsdecode(model[match.end() : match.end() + length].replace(b"\0", b"/"))
        if weights.is_file():
            digest.update(hashlib.sha256(weights.read_bytes()).digest())
    return digest.hexdigest()


class PlanStore:
    """Builds plans, and keeps them by a digest of all that shapes them.

    Args:
        flavour: The TensorRT in use.
        folder: Where plans and the timing cache are kept; None keeps nothing.
        library_digest: Digest of the plugin library.
        device: What the plan runs on: name, compute capability and number of SMs.
        onnx_file: A model of the user's own, instead of a plugin.
    """

    def __init__(self, flavour: Flavour, folder: Path | None, library_digest: str, device: str, onnx_file: str) -> None:
        self._flavour, self._folder = flavour, folder
        self._builder: Any = None
        self._cache_refused = False
        self._fixed = {
            "tensorrt": [flavour.name, flavour.full_version],
            "plugins": library_digest,
            "device": device,
            "network": [NETWORK_VERSION, __version__],
        }
        self._onnx = Path(onnx_file) if onnx_file else None
        if self._onnx is not None:
            self._fixed["onnx"] = model_digest(self._onnx)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def plan(self, point: Point) -> Plan:
        """Return the plan of a point: a kept one, else a new one.

        Raises:
            PointSkipped: This TensorRT does not support the point.
            CaptureError: The builder refused.
        """
        path = self._path(point)
        if path is not None and path.is_file():
            return Plan(path.read_bytes(), "cache")
        start = time.perf_counter_ns()
        data = self._build(point)
        duration = time.perf_counter_ns() - start
        if path is not None:
            write_atomic(path, data)
        return Plan(data, "built", duration)

    def discard(self, point: Point) -> None:
        """Throw away the kept plan of a point, because it cannot be used."""
        path = self._path(point)
        if path is not None:
            path.unlink(missing_ok=True)

    def _path(self, point: Point) -> Path | None:
        text = json.dumps({**self._fixed, "point": point.to_dict()}, sort_keys=True, default=str)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.engine" if self._folder else None

    def _build(self, point: Point) -> bytes:
        flavour = self._flavour
        if self._builder is None:
            # making a builder loads all of TensorRT's kernels, which takes seconds: one serves every engine of the process
            self._builder = flavour.create_builder()
        builder = self._builder
        network = flavour.create_network(builder)
        config = flavour.create_config(builder, point.dtype)
        if self._onnx is not None:
            flavour.parse_onnx(network, self._onnx.read_bytes(), str(self._onnx))
            self._add_profile(builder, network, config, point)
        elif flavour.is_rtx:
            flavour.dtype(point.dtype)
            flavour.check_attributes(flavour.creator(plugin_name(point.op)), point.attributes)  # the parser drops unknown ones
            model = one_node_model(plugin_name(point.op), PLUGIN_NAMESPACE, point.attributes, stated_tensors(point))
            flavour.parse_onnx(network, model)
        else:
            self._add_plugin(network, point)
        cached = self._begin_timing_cache(config)
        data = flavour.build(builder, network, config)
        if cached:
            self._keep_timing_cache(config)
        return data

    def _add_plugin(self, network: Any, point: Point) -> None:
        flavour, tensors = self._flavour, stated_tensors(point)
        ends = [network.add_input(item.name, flavour.dtype(item.dtype), item.shape) for item in tensors if item.is_input]
        ends += flavour.add_plugin(network, list(ends), plugin_name(point.op), point.attributes)
        for item, end in zip(tensors, ends, strict=True):
            if not item.is_input:
                end.name = item.name
                network.mark_output(end)
            if not flavour.has_v3_plugins:
                end.dtype, end.allowed_formats = flavour.dtype(item.dtype), 1 << int(flavour.trt.TensorFormat.LINEAR)

    def _add_profile(self, builder: Any, network: Any, config: Any, point: Point) -> None:
        """Fix the shape of each dynamic input of a model to that of the point."""
        sources = [network.get_input(index) for index in range(network.num_inputs)]
        dynamic = [source for source in sources if any(size < 0 for size in source.shape)]
        if not dynamic:
            return
        profile = builder.create_optimization_profile()
        for source in dynamic:
            if len(source.shape) != len(point.shape):
                raise CaptureError(
                    f"the model's input {source.name} has rank {len(source.shape)}, the point {len(point.shape)}",
                    "give --shape of the model's rank",
                )
            profile.set_shape(source.name, point.shape, point.shape, point.shape)
        config.add_optimization_profile(profile)

    @property
    def timing_cache_path(self) -> Path | None:
        """Where the timing cache is kept; one a TensorRT version and device."""
        if self._folder is None or self._flavour.is_rtx:
            return None
        text = json.dumps([self._fixed["tensorrt"], self._fixed["device"]])
        return self._folder / f"timing-{hashlib.sha256(text.encode()).hexdigest()[:16]}.cache"

    @property
    def timing_cache_file(self) -> Path | None:
        """The timing cache in use: None when nothing is kept, or when TensorRT refused what the file holds."""
        return None if self._cache_refused else self.timing_cache_path

    def _begin_timing_cache(self, config: Any) -> bool:
        """Give the builder the kept timing cache, or an empty one where TensorRT refuses that; return whether it took one."""
        path = self.timing_cache_path
        if path is None:
            return False
        kept = path.read_bytes() if path.is_file() else b""
        if self._set_timing_cache(config, kept):
            return True
        self._cache_refused = bool(kept)
        return bool(kept) and self._set_timing_cache(config, b"")

    def _set_timing_cache(self, config: Any, data: bytes) -> bool:
        cache = config.create_timing_cache(data)  # None where the data is cut off or of another TensorRT
        accepted = cache is not None and config.set_timing_cache(cache, False)
        if not accepted:
            self._flavour.logger.take()  # or a later failure would be told with these words
        return accepted

    def _keep_timing_cache(self, config: Any) -> None:
        path, cache = self.timing_cache_path, config.get_timing_cache()
        if path is None or cache is None:
            return
        write_atomic(path, bytes(cache.serialize()))
        self._cache_refused = False


def plugin_name(op: str) -> str:
    """Return the TensorRT plugin name of an op: `swish` is `ProfilerSwish`."""
    if op in host_library().ops:
        return str(host_library().ops[op]["plugin_name"])
    return "Profiler" + "".join(part.capitalize() for part in op.split("_"))
