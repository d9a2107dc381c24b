"""The library of ops through ctypes: lists ops, prepares one with its attributes, describes, launches and computes its reference.

The interface stands in `plugins/contract/c_api.h`. Two libraries have it: libprofiler_ops, and libprofiler_ops_host, which holds
no kernels and needs no CUDA.
"""

from __future__ import annotations

import ctypes
import json
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from profiler.engines.base import TensorSpec, digest_of, unary_tensors
from profiler.errors import UsageError, nearest
from profiler.point_label import label_value
from profiler.runner.native_library import load_library
from profiler.runner.point import Point

ABI_VERSION = 1
MAX_RANK = 8
MAX_TENSORS = 8
TYPES = ("fp32", "fp16", "bf16", "int32")
STATUS_REFUSED = -4
_MESSAGE_BYTES = 1024


class Tensor(ctypes.Structure):
    """`ProfilerTensor` of the C interface."""

    _fields_ = [
        ("type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("dims", ctypes.c_int64 * MAX_RANK),
        ("data", ctypes.c_void_p),
    ]


def tensor(dtype: str, shape: tuple[int, ...], address: int = 0) -> Tensor:
    """Return a view of a dense tensor.

    Args:
        dtype: Element type.
        shape: Up to eight sizes.
        address: Device address, or host address for a reference; 0 stands for an aligned one.
    """
    return Tensor(TYPES.index(dtype), len(shape), (ctypes.c_int64 * MAX_RANK)(*shape), address or None)


class OpsLibrary:
    """The loaded library.

    Args:
        path: libprofiler_ops.so or libprofiler_ops_host.so; None: there is none.

    Raises:
        ToolMissingError: It was not built, cannot be loaded, or is of another version.
    """

    def __init__(self, path: Path | None) -> None:
        self._library = load_library(path, "profilerOpsAbiVersion", ABI_VERSION, "library of ops")
        self._declare()
        self.ops: dict[str, dict[str, Any]] = {op["name"]: op for op in json.loads(self._text("profilerOpsListJson"))["ops"]}

    def _declare(self) -> None:
        tensors = ctypes.POINTER(Tensor)
        pointer, size, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
        signatures: dict[str, tuple[Any, list[Any]]] = {
            "profilerOpsStatusText": (ctypes.c_char_p, [number]),
            "profilerOpsListJson": (size, [ctypes.c_char_p, size]),
            "profilerOpsPrepare": (number, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(pointer), ctypes.c_char_p, size]),
            "profilerOpsRelease": (None, [pointer]),
            "profilerOpsDescribeJson": (size, [pointer, tensors, tensors, ctypes.c_char_p, size]),
            "profilerOpsLaunch": (number, [pointer, tensors, tensors, pointer, size, pointer]),
            "profilerOpsReference": (number, [pointer, tensors, tensors]),
        }
        if hasattr(self._library, "profilerOpsTensors"):  # not in libraries of 0.1
            counts = ctypes.POINTER(number)
            signatures["profilerOpsTensors"] = (number, [pointer, tensors, tensors, counts, tensors, counts])
        for name, (result, arguments) in signatures.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments

    def _text(self, function: str, *arguments: Any) -> str:
        call = getattr(self._library, function)
        length = call(*arguments, None, 0)
        if length < 0:
            raise UsageError(f"{function}: {self.status_text(int(length))}", "check op, shape and attributes")
        buffer = ctypes.create_string_buffer(length + 1)
        call(*arguments, buffer, length + 1)
        return buffer.value.decode()

    def status_text(self, status: int) -> str:
        """Return a status in words."""
        return str(self._library.profilerOpsStatusText(status).decode())

    def digest(self) -> str:
        """Return the digest of the file."""
        return digest_of(Path(self._library._name).read_bytes())

    def facts(self, op: str) -> dict[str, Any]:
        """Return what the library lists of an op: `plugin_name`, `types`, `fields` and the like.

        Raises:
            UsageError: There is no such op.
        """
        if op not in self.ops:
            raise UsageError(f"plugin {op!r} is unknown", nearest(op, self.ops))
        return self.ops[op]

    def prepare(self, op: str, attributes: Mapping[str, Any]) -> PreparedOp:
        """Parse and check attributes.

        Raises:
            UsageError: The op or an attribute is unknown, or a value is refused.
        """
        fields = [field["name"] for field in self.facts(op)["fields"]]
        unknown = next((name for name in attributes if name not in fields), None)
        if unknown is not None:
            raise UsageError(f"{op} has no attribute {unknown!r}", nearest(unknown, fields))
        handle = ctypes.c_void_p()
        message = ctypes.create_string_buffer(_MESSAGE_BYTES)
        text = " ".join(f"{name}={label_value(value)}" for name, value in attributes.items())
        status = self._library.profilerOpsPrepare(op.encode(), text.encode(), ctypes.byref(handle), message, _MESSAGE_BYTES)
        if status != 0:
            reason = message.value.decode(errors="replace") or self.status_text(status)
            raise UsageError(f"{op}: {reason}", f"attributes: {', '.join(fields)}")
        return PreparedOp(self, op, handle)


class PreparedOp:
    """An op with its attributes.

    Args:
        library: Where it comes from.
        name: Name of the op.
        handle: `ProfilerPreparedOp`, given back with this object.
    """

    def __init__(self, library: OpsLibrary, name: str, handle: ctypes.c_void_p) -> None:
        self.library, self._name, self._handle = library, name, handle
        self._launch = library._library.profilerOpsLaunch
        self.elementwise = bool(library.facts(name)["elementwise"])
        weakref.finalize(self, library._library.profilerOpsRelease, handle)

    def tensors(self, point: Point) -> list[TensorSpec]:
        """Return the tensors of a point, inputs before outputs.

        Raises:
            UsageError: The op takes no such shape.
        """
        if not hasattr(self.library._library, "profilerOpsTensors"):  # the libraries of 0.1 hold elementwise ops of one input
            return unary_tensors(point)
        inputs, outputs = (Tensor * MAX_TENSORS)(), (Tensor * MAX_TENSORS)()
        counts = ctypes.c_int32(), ctypes.c_int32()
        asked = ctypes.byref(tensor(point.dtype, point.shape))
        status = self.library._library.profilerOpsTensors(
            self._handle, asked, inputs, ctypes.byref(counts[0]), outputs, ctypes.byref(counts[1])
        )
        if status:
            raise UsageError(f"{self._name}: {self.library.status_text(status)}", "take another --shape")
        found = [(f"input{index}", inputs[index], True) for index in range(counts[0].value)]
        found += [(f"output{index}", outputs[index], False) for index in range(counts[1].value)]
        return [TensorSpec(name, tuple(view.dims[: view.rank]), TYPES[view.type], is_input) for name, view, is_input in found]

    def describe(self, tensors: Sequence[TensorSpec]) -> dict[str, Any]:
        """Return what a launch would do: kernel, grid, block, resolved attributes, refusal, tolerances."""
        return dict(json.loads(self.library._text("profilerOpsDescribeJson", self._handle, *views(tensors))))

    def launch(self, inputs: Any, outputs: Any, workspace: int, workspace_bytes: int, stream: int) -> int:
        """Enqueue one launch and return its status: 0, a cudaError_t, or a negative code; `views` makes inputs and outputs."""
        return int(self._launch(self._handle, inputs, outputs, workspace or None, workspace_bytes, stream or None))

    def reference(self, tensors: Sequence[TensorSpec], inputs: list[np.ndarray], outputs: list[np.ndarray]) -> None:
        """Compute the op in float64 on the host.

        Args:
            tensors: The tensors of the point.
            inputs: Values of the inputs, flat and contiguous; of an elementwise op any slice of them.
            outputs: Get the results, likewise.

        Raises:
            UsageError: The library refuses.
        """
        arrays = [*inputs, *outputs]
        shapes = [(array.size,) if self.elementwise else item.shape for item, array in zip(tensors, arrays, strict=True)]
        items = [replace(item, shape=shape) for item, shape in zip(tensors, shapes, strict=True)]
        status = self.library._library.profilerOpsReference(self._handle, *views(items, [array.ctypes.data for array in arrays]))
        if status:
            raise UsageError(f"reference: {self.library.status_text(status)}", "check shape and attributes")

    def check(self, tensors: Sequence[TensorSpec]) -> dict[str, Any]:
        """Return what a case of this op is verified by: `reference`, `elementwise` and `tolerance`."""
        facts = self.describe(tensors)
        return {
            "reference": partial(self.reference, tensors),
            "elementwise": self.elementwise,
            "tolerance": (facts["tolerance_abs"], facts["tolerance_rel"]),
        }


def views(tensors: Sequence[TensorSpec], addresses: Sequence[int] = ()) -> tuple[Any, Any]:
    """Return the inputs and the outputs as the interface takes them.

    Args:
        tensors: Inputs, then outputs.
        addresses: Their memory; without, aligned memory is meant.
    """
    found: tuple[list[Tensor], list[Tensor]] = ([], [])
    for index, item in enumerate(tensors):
        found[not item.is_input].append(tensor(item.dtype, item.shape, addresses[index] if addresses else 0))
    return (Tensor * len(found[0]))(*found[0]), (Tensor * len(found[1]))(*found[1])


@cache
def host_library() -> OpsLibrary:
    """Return the library that says what every op is, loaded once.

    Raises:
        ToolMissingError: It was not built.
    """
    from profiler.capture.artefacts import find_host_ops_library

    return OpsLibrary(find_host_ops_library())


def stated_tensors(point: Point) -> list[TensorSpec]:
    """Return the tensors that the op of a point states; of an op that is not of this package, one input and one output like it."""
    if point.op not in host_library().ops:
        return unary_tensors(point)
    return host_library().prepare(point.op, point.attributes).tensors(point)


def baseline(op: str, kind: str) -> str:
    """Return what an op states to be measured against: its layers of TensorRT (`native`), or a function of PyTorch (`torch`).

    Raises:
        UsageError: There is no such op, or it states none.
    """
    found = host_library().facts(op)["baselines"][kind]
    if not found:
        raise UsageError(f"{op} states no {kind} baseline", "see plugins/README.md")
    return str(found)


def check_points(points: Sequence[Point]) -> None:
    """Refuse what the ops cannot be, before anything is recorded: an unknown op or attribute, or values of which no point can run.

    Raises:
        UsageError: With the nearest name, or the values that the attribute takes.
        ToolMissingError: The library of ops was not built.
    """
    refusals = []
    for point in points:
        fields = {field["name"] for field in host_library().facts(point.op)["fields"]}
        try:
            host_library().prepare(point.op, point.attributes)
        except UsageError as error:
            if not set(point.attributes) <= fields:
                raise
            refusals.append(error)
    if refusals and len(refusals) == len(points):
        raise refusals[0]
