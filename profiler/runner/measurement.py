"""Measures one point of an engine with the core, by callbacks into Python."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from profiler.engines.base import Case, TensorSpec
from profiler.runner.core import Core
from profiler.runner.ranges import ITERATION, POINT_PREFIX, SETUP, VERIFY, WARMUP, RangeRecorder

_FAILED = 1
_RANGES = ("", SETUP, VERIFY, WARMUP, ITERATION)

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


def measure(core: Core, request: dict[str, Any], case: Case, ranges: RangeRecorder) -> dict[str, Any]:
    """Measure one point.

    Args:
        core: The measuring core.
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
    record = core.measure(request, _callbacks(case, ranges, kept))
    if kept.failures:
        raise kept.failures[0]
    return dict(record)


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

    checks = _Reference(reference) if case.reference is not None else _Reference()
    return _Callbacks(None, _Enqueue(enqueue), checks, _Push(push), _Pop(lambda _: ranges.pop()), _Cancelled())


def _arrays(pointers: Any, sizes: Sequence[int]) -> list[np.ndarray]:
    return [np.ctypeslib.as_array(pointers[index], (size,)) if size else np.empty(0) for index, size in enumerate(sizes)]


def host_array(address: int, tensor: TensorSpec) -> np.ndarray:
    """Return memory of the core as a flat array of stored elements; bfloat16 as 16-bit words."""
    buffer: Any = (ctypes.c_char * tensor.size_bytes).from_address(address) if tensor.size_bytes else bytearray()
    return np.frombuffer(buffer, tensor.storage)
