"""The seam of the runner's engines: open once a process, prepare a case per point, verify and measure it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions


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
    """The process can run nothing more (a sticky CUDA error); the rest of the sweep needs a fresh one."""


@dataclass
class Measurement:
    """The samples of one point.

    Attributes:
        samples_ns: Time of each iteration by the engine's clock.
        host_samples_ns: Host time to enqueue each iteration; empty when it is the same thing.
        sm_clock_before_hz: SM clock before the samples.
        sm_clock_after_hz: SM clock after the samples.
    """

    samples_ns: list[int] = field(default_factory=list)
    host_samples_ns: list[int] = field(default_factory=list)
    sm_clock_before_hz: int | None = None
    sm_clock_after_hz: int | None = None


class Case(Protocol):
    """One point made ready to run."""

    bytes_per_iteration: int
    """Minimum traffic of one iteration."""
    launch: dict[str, Any] | None
    """Kernel, grid, block and shared memory, when known."""
    engine_digest: str | None
    """Digest of the built engine."""
    layers: list[dict[str, Any]] | None
    """Layers of the built engine."""
    facts: dict[str, Any]
    """Further fields of the point's record; more may come with the measurement."""

    def verify(self) -> dict[str, Any] | None:
        """Run once on fresh inputs with a poisoned output.

        Returns:
            The `verification` object of docs/formats.md; None when there is no reference to compare with.
        """
        ...

    def keeps_to_stream(self) -> bool | None:
        """Look whether all work runs on the stream that it is given.

        Returns:
            False when work ran outside of it, which no event on the stream times; None when that could not be told.
        """
        ...

    def warm_up(self, count: int) -> None:
        """Run some iterations that are not measured."""
        ...

    def measure(self, ranges: RangeRecorder, wants_more: Callable[[list[int]], bool]) -> Measurement:
        """Measure iterations, each in its own range, until no more are wanted."""
        ...

    def verify_measured(self) -> dict[str, Any] | None:
        """Look at what the measured iterations wrote.

        Returns:
            The `verification` object of the first output that is wrong; None when none is, or nothing was verified before.
        """
        ...

    def close(self) -> None:
        """Free what the point holds."""
        ...


class Engine(Protocol):
    """Executes ops. One engine is opened in a process and runs many points."""

    name: str
    """Name in the result JSON."""
    clock: str
    """`cuda_event` or `monotonic`."""

    def __init__(self, request: SweepOptions) -> None: ...

    def device(self) -> dict[str, Any] | None:
        """Facts about the device for the result JSON; None on the CPU."""
        ...

    def versions(self) -> dict[str, str]:
        """Versions of what the engine uses."""
        ...

    def digests(self) -> dict[str, str]:
        """Digests of plugin libraries and timing cache."""
        ...

    def prepare(self, point: Point) -> Case:
        """Allocate and build what the point needs.

        Raises:
            PointSkipped: The configuration is not supported.
            ProfilerError: The point cannot run.
        """
        ...

    def close(self) -> None:
        """Free everything."""
        ...
