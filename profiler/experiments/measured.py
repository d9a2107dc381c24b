"""A sweep point of a result document, with the figures that experiments judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from profiler.experiments.experiment import Check, Column
from profiler.units import NS_PER_S

_SHOWN = 3
FIGURES = (
    Column("shape", text="shape of the tensor"),
    Column("dtype", text="element type"),
    Column("status", text="ok, failed, wrong_output or skipped"),
    Column("reason", text="why it did not run"),
    Column("engine", text="first digits of the engine's digest"),
    Column("engine_origin", text="built, cache or file"),
    Column("device_median_ns", "ns", "device time of an iteration, launch gaps left out"),
    Column("host_median_ns", "ns", "host time to enqueue an iteration"),
    Column("bandwidth_bytes_per_s", "bytes/s", "minimum traffic over device time"),
    Column("max_abs_error", "", "largest difference from the float64 reference"),
    Column("max_rel_error", "", "largest relative difference from it"),
    Column("different_elements", "count", "elements that differ from the saved output"),
    Column("max_abs_difference", "", "largest difference from the saved output"),
)
"""What a point shows of itself."""


def figures(*names: str) -> tuple[Column, ...]:
    """Return columns of `FIGURES` by name."""
    return tuple({column.name: column for column in FIGURES}[name] for name in names)


def _text(name: str, doc: str) -> Any:
    """Return a property: a field of the point as text, empty where it has none."""
    return property(lambda point: str(point.data.get(name) or ""), doc=doc)


@dataclass(frozen=True)
class MeasuredPoint:
    """One sweep point.

    Attributes:
        data: The point as in the result JSON (docs/formats.md).
    """

    data: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """Return a figure of this class, a field of the point, or a figure of how its output compares; else None."""
        if isinstance(getattr(type(self), name, None), property):
            found = getattr(self, name)
            return None if found == "" else found
        return {**self.comparison, **(self.data.get("verification") or {}), **self.data}.get(name)

    def row(self, columns: Iterable[Column], **more: Any) -> dict[str, Any]:
        """Return the point as a row: each column as `more` gives it, else its `value`."""
        return {column.name: more[column.name] if column.name in more else self.value(column.name) for column in columns}

    op = _text("op", "Operation, `copy` for a device-to-device copy.")
    dtype = _text("dtype", "Element type.")
    label = _text("label", "Key of the point.")
    status = _text("status", "How it ended: ok, failed, wrong_output or skipped.")
    reason = _text("reason", "Why it did not end ok.")

    @property
    def shape(self) -> str:
        """Shape as 65536x1024."""
        return "x".join(map(str, self.data.get("shape") or ()))

    @property
    def engine(self) -> str:
        """First digits of the engine's digest."""
        return first_digits(self.data.get("engine_digest"))

    @property
    def comparison(self) -> dict[str, Any]:
        """How its output differs from a saved one; empty when the two were not compared."""
        return (self.data.get("outputs") or [{}])[0].get("comparison") or {}

    @property
    def verified(self) -> bool:
        """Whether every output element equals the reference within the tolerance."""
        return self.status == "ok" and bool((self.data.get("verification") or {}).get("passed"))

    @property
    def device_median_ns(self) -> float | None:
        """Median device time of an iteration."""
        return self._median("samples_ns")

    @property
    def host_median_ns(self) -> float | None:
        """Median host time to enqueue an iteration."""
        return self._median("host_samples_ns")

    def _median(self, name: str) -> float | None:
        samples = self.data.get(name) if self.status == "ok" else None
        return float(median(samples)) if samples else None

    @property
    def bandwidth_bytes_per_s(self) -> float | None:
        """Bytes that an iteration must move, over its median device time."""
        size, time = self.data.get("bytes_per_iteration"), self.device_median_ns
        return float(size) * NS_PER_S / time if size and time else None

    @property
    def iterations_per_s(self) -> float | None:
        """Iterations of all lanes over the wall time until the device was idle; None unless throughput was measured."""
        wall, lanes = self.data.get("wall_ns"), self.data.get("lanes") or ()
        count = sum(lane["sample_count"] for lane in lanes)
        return count * float(NS_PER_S) / wall if self.status == "ok" and wall and count else None


def first_digits(digest: str | None) -> str:
    """Return the first digits of a digest, enough to tell it from others; empty without one."""
    return (digest or "").removeprefix("sha256:")[:12]


def unverified(points: Iterable[MeasuredPoint]) -> list[str]:
    """Name the points whose output was not found right, each with its reason."""
    return [f"{point.label}: {point.status} {point.reason}".strip() for point in points if not point.verified]


def none_of(name: str, faults: Sequence[str], points: Sequence[MeasuredPoint], least: int = 1) -> Check:
    """Return the check that some points, and at least so many, show no fault; it names the first faults."""
    shown = "; ".join(faults[:_SHOWN]) + (" …" if len(faults) > _SHOWN else "")
    return Check(name, len(points) >= least and not faults, f"{len(faults)}: {shown}" if faults else f"{len(points)} points")


def right_output(name: str, points: Sequence[MeasuredPoint], least: int = 1) -> Check:
    """Return the check that every point's output equals its reference, as `none_of` does."""
    return none_of(name, unverified(points), points, least)


def ratio(value: float | None, base: float | None) -> float | None:
    """Return value over base, None when one of them is missing."""
    return value / base if value is not None and base else None
