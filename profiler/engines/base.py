"""The seam of the runner's engines: open one a process, and make each point a case, which the measuring core then runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from profiler.errors import ToolMissingError
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

_SCALARS = {"fp32": "float32", "fp16": "float16", "bf16": "uint16"}
STORAGE = {name: np.dtype(_SCALARS.get(name, name)) for name in (*_SCALARS, "int64", "int32", "int8", "uint8", "bool")}
"""Element types as NumPy stores them; bfloat16 has none of its own."""


class PointSkipped(Exception):
    """The engine cannot run this configuration; the sweep goes on.

    Args:
        reason: Why.
        facts: Fields of the point's record that are known all the same.
    """

    def __init__(self, reason: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.facts = facts or {}


class EngineBroken(Exception):
    """The process can run nothing more (a lost CUDA context); the rest of the sweep needs a fresh one."""


@dataclass(frozen=True)
class TensorSpec:
    """A dense tensor of a case.

    Attributes:
        name: Its name.
        shape: Its shape.
        dtype: A key of `STORAGE`.
        is_input: The core fills it with random values; otherwise the case writes it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_input: bool

    @property
    def element_count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def storage(self) -> np.dtype[Any]:
        """How NumPy stores an element."""
        return STORAGE[self.dtype]

    @property
    def size_bytes(self) -> int:
        """Size in bytes."""
        return self.element_count * self.storage.itemsize


def _nothing() -> None:
    pass


@dataclass
class Case:
    """One point made ready: what an iteration does, and what is known about it. Any callable will do.

    Attributes:
        tensors: Inputs, then outputs; the core has their memory.
        enqueue: Takes lane, addresses of the tensors and stream (0 on the host, where it computes); enqueues one iteration and
            returns. Lanes count thread by thread, stream by stream; one lane is never used by two threads at once.
        reference: Takes float64 inputs and float64 outputs to fill, flat; None: the output is not verified.
        elementwise: The reference may be asked for slices.
        tolerance: (absolute, relative): |actual - expected| <= absolute + relative * |expected| passes.
        bytes_per_iteration: Minimum traffic of one iteration; None: every tensor once.
        launches_per_iteration: Kernels and copies that one iteration enqueues.
        facts: Further fields of the point's record: `launch`, `layers`, `engine_digest`, …
        close: Frees what the case holds.
    """

    tensors: list[TensorSpec]
    enqueue: Callable[[int, list[int], int], None]
    reference: Callable[[list[np.ndarray], list[np.ndarray]], None] | None = None
    elementwise: bool = True
    tolerance: tuple[float, float] | None = None
    bytes_per_iteration: int | None = None
    launches_per_iteration: int = 1
    facts: dict[str, Any] = field(default_factory=dict)
    close: Callable[[], None] = _nothing

    def to_request(self) -> dict[str, Any]:
        """Return its part of the core's request."""
        absolute, relative = self.tolerance or (0.0, 0.0)
        return {
            "tensors": [asdict(item) for item in self.tensors],
            "bytes_per_iteration": self.bytes_per_iteration,
            "launches_per_iteration": self.launches_per_iteration,
            "elementwise": self.elementwise,
            "tolerance": {"absolute": absolute, "relative": relative},
            "facts": self.facts,
        }


def import_first(names: Iterable[str], what: str, hint: str) -> Any:
    """Import the first of some modules that is there.

    Args:
        names: The modules, which offer the same.
        what: What they are, for messages.
        hint: How to get one.

    Raises:
        ToolMissingError: None is installed, or none can be loaded.
    """
    errors = []
    for name in names:
        try:
            return import_module(name)
        except (ImportError, OSError) as error:
            errors.append(str(error))
    raise ToolMissingError(f"{what} cannot be loaded ({'; '.join(errors)})", hint)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 digest of some bytes as results write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def unary_tensors(point: Point) -> list[TensorSpec]:
    """Return one input and one output of the point's shape and type."""
    return [TensorSpec("x", point.shape, point.dtype, True), TensorSpec("y", point.shape, point.dtype, False)]


class Engine(Protocol):
    """Executes ops. One engine is opened in a process and runs many points."""

    name: str
    """Name in the result JSON."""
    device: int | None
    """CUDA device ordinal; None: the host."""

    def __init__(self, request: SweepOptions) -> None: ...

    def versions(self) -> dict[str, str]:
        """Versions of what the engine uses."""

    def digests(self) -> dict[str, str]:
        """Digests of plugin libraries and timing cache."""

    def prepare(self, point: Point) -> Case:
        """Build what the point needs.

        Raises:
            PointSkipped: The configuration is not supported.
            ProfilerError: The point cannot run.
            EngineBroken: Nothing can run in this process any more.
        """

    def close(self) -> None:
        """Free everything."""
