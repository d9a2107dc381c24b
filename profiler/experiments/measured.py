"""A sweep point of a result document, with the figures that experiments judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from profiler.units import NS_PER_S


@dataclass(frozen=True)
class MeasuredPoint:
    """One sweep point.

    Attributes:
        data: The point as in the result JSON (docs/formats.md).
    """

    data: Mapping[str, Any]

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
    def verified(self) -> bool:
        """Whether every output element equals the reference within the tolerance."""
        return self.status == "ok" and bool((self.data.get("verification") or {}).get("passed"))

    def error(self, name: str) -> float | None:
        """Return a figure of the verification, None when it was not measured."""
        value = (self.data.get("verification") or {}).get(name)
        return float(value) if isinstance(value, (int, float)) else None

    @property
    def device_median_ns(self) -> float | None:
        """Median device time of an iteration."""
        samples = self.data.get("samples_ns") if self.status == "ok" else None
        return float(median(samples)) if samples else None

    @property
    def host_median_ns(self) -> float | None:
        """Median host time to enqueue an iteration."""
        samples = self.data.get("host_samples_ns") if self.status == "ok" else None
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


def unverified(points: Iterable[MeasuredPoint]) -> list[str]:
    """Name the points whose output was not found right, each with its reason."""
    return [f"{point.label}: {point.status} {point.reason}".strip() for point in points if not point.verified]


def ratio(value: float | None, base: float | None) -> float | None:
    """Return value over base, None when one of them is missing."""
    return value / base if value is not None and base else None
