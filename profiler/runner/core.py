"""libprofiler_core through ctypes: measures the points of every engine, here by callbacks into Python.

The interface stands in `cpp_driver/include/profiler/core.h`. Buffers, cache rotation, warm-up, timing, the stop rule and all checks
are the core's, the same as in profiler-driver.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from profiler.capture.artefacts import find_core_library
from profiler.engines.base import Case, TensorSpec
from profiler.errors import CaptureError, ProfilerError, ToolMissingError, UsageError
from profiler.runner.native_library import load_library
from profiler.runner.ranges import ITERATION, POINT_PREFIX, SETUP, VERIFY, WARMUP, RangeRecorder

ABI_VERSION = 1
_FAILED = 1
_RANGES = ("", SETUP, VERIFY, WARMUP, ITERATION)
_ERRORS: dict[int, type[ProfilerError]] = {error.exit_code: error for error in (UsageError, ToolMissingError, CaptureError)}

_Doubles = ctypes.POINTER(ctypes.POINTER(ctypes.c_double))
_Enqueue = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p), ctypes.c_int32, ctypes.c_void_p
)
_Reference = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, _Doubles, _Doubles, ctypes.c_int64)
_Push = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p, ctypes.c_int64)
_Pop = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_Cancelled = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)


class _Callbacks(ctypes.Structure):
    _fields_ = (
        ("context", ctypes.c_void_p),
        ("enqueue", _Enqueue),
        ("reference", _Reference),
        ("range_push", _Push),
        ("range_pop", _Pop),
        ("cancelled", _Cancelled),
    )


class Core:
    """The loaded library.

    Args:
        path: libprofiler_core.so; None: there is none.

    Raises:
        ToolMissingError: It was not built, cannot be loaded, or is of another version.
    """

    def __init__(self, path: Path | None) -> None:
        self._library = load_library(path, "profilerCoreAbiVersion", ABI_VERSION, "measuring core")
        answer = ctypes.POINTER(ctypes.c_void_p)
        self._library.profilerCoreCall.argtypes = [ctypes.c_char_p, ctypes.c_char_p, answer]
        self._library.profilerCoreMeasure.argtypes = [ctypes.c_char_p, ctypes.POINTER(_Callbacks), answer]
        self._library.profilerCoreFree.argtypes = [ctypes.c_void_p]

    def call(self, function: str, argument: Any = None) -> Any:
        """Call a function of core.h by name; argument and answer are what JSON can hold.

        Raises:
            ProfilerError: The core refuses.
        """
        return self._answer(self._library.profilerCoreCall, function.encode(), _json(argument))

    def measure(self, request: dict[str, Any], case: Case, ranges: RangeRecorder) -> dict[str, Any]:
        """Measure one point.

        Args:
            request: The request of core.h.
            case: What runs.
            ranges: Opens the ranges.

        Returns:
            The record of docs/formats.md.

        Raises:
            Exception: What the case raised; the point is then over.
            ProfilerError: The core refuses the request.
        """
        kept = _Kept()
        callbacks = _callbacks(case, ranges, kept)
        record = self._answer(self._library.profilerCoreMeasure, _json(request), ctypes.byref(callbacks))
        if kept.failures:
            raise kept.failures[0]
        return dict(record)

    def _answer(self, function: Callable[..., int], *arguments: Any) -> Any:
        text = ctypes.c_void_p()
        status = function(*arguments, ctypes.byref(text))
        try:
            answer = json.loads(ctypes.string_at(text.value)) if text.value else {}
        finally:
            self._library.profilerCoreFree(text)
        if status:
            message = answer.get("error", f"the measuring core failed ({status})")
            raise _ERRORS.get(status, CaptureError)(message, answer.get("hint", ""))
        return answer


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class _Kept:
    """Keeps what callbacks raise, since no exception crosses the interface; it is raised once the core has returned."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []

    def __enter__(self) -> None:
        """Begin a callback."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep what it raised."""
        if error is not None:
            self.failures.append(error)
        return True


def _callbacks(case: Case, ranges: RangeRecorder, kept: _Kept) -> _Callbacks:
    run = case.enqueue

    def enqueue(_: int, lane: int, addresses: Any, count: int, stream: int | None) -> int:
        with kept:
            run(lane, addresses[:count], stream or 0)
            return 0
        return _FAILED

    def reference(_: int, inputs: Any, outputs: Any, count: int) -> int:
        with kept:
            sizes = [(tensor.is_input, count if case.elementwise else tensor.element_count) for tensor in case.tensors]
            sources = _arrays(inputs, [size for is_input, size in sizes if is_input])
            targets = _arrays(outputs, [size for is_input, size in sizes if not is_input])
            if case.reference is not None:
                case.reference(sources, targets)
            return 0
        return _FAILED

    def push(_: int, kind: int, text: bytes | None, payload: int) -> None:
        name = _RANGES[kind] or POINT_PREFIX + (text or b"").decode()
        ranges.push(name, payload if name == ITERATION else None)

    def pop(_: int) -> None:
        ranges.pop()

    checks = _Reference(reference) if case.reference is not None else _Reference()
    return _Callbacks(None, _Enqueue(enqueue), checks, _Push(push), _Pop(pop), _Cancelled())


def _arrays(pointers: Any, sizes: Sequence[int]) -> list[np.ndarray]:
    return [np.ctypeslib.as_array(pointers[index], (size,)) if size else np.empty(0) for index, size in enumerate(sizes)]


def host_array(address: int, tensor: TensorSpec) -> np.ndarray:
    """Return memory of the core as a flat array of stored elements; bfloat16 as 16-bit words."""
    buffer: Any = (ctypes.c_char * tensor.size_bytes).from_address(address) if tensor.size_bytes else bytearray()
    return np.frombuffer(buffer, tensor.storage)


@cache
def load_core() -> Core:
    """Return the measuring core, loaded once.

    Raises:
        ToolMissingError: It was not built.
    """
    return Core(find_core_library())
