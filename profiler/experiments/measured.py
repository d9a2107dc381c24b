"""A sweep point of a result document, with the figures that experiments judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from profiler.experiments.experiment import Check, Column
from profiler.units import NS_PER_S

_SHOWN = 3


@dataclass(frozen=True)
class MeasuredPoint:
    """One sweep point.

    Attributes:
        data: The point as in the result JSON (docs/formats.md).
    """

    data: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """Return a figure of this class, a field of the point or a figure of its verification; None when it has none."""
        if isinstance(getattr(type(self), name, None), property):
            found = getattr(self, name)
            return None if found == "" else found
        if name in self.data:
            return self.data[name]
        found = (self.data.get("verification") or {}).get(name)
        return float(found) if isinstance(found, int) else found

    def row(self, columns: Iterable[Column], **more: Any) -> dict[str, Any]:
        """Return the point as a row: each column as `more` gives it, else its `value`."""
        return {column.name: more[column.name] if column.name in more else self.value(column.name) for column in columns}

    @property
    def op(self) -> str:
        """Operation, `copy` for a device-to-device copy."""
        return str(self.data.get("op") or "")

    @property
    def shape(self) -> str:
        """Shape as 65536x1024."""
        return "x".join(map(str, self.data.get("shape") or ()))

    @property
    def dtype(self) -> str:
        """Element type."""
        return str(self.data.get("dtype") or "")

    @property
    def label(self) -> str:
        """Key of the point."""
        return str(self.data.get("label") or "")

    @property
    def status(self) -> str:
        """How it ended: ok, failed, wrong_output or skipped."""
        return str(self.data.get("status") or "")

    @property
    def reason(self) -> str:
        """Why it did not end ok."""
        return str(self.data.get("reason") or "")

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
