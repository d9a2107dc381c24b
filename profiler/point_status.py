"""What became of a sweep point: the one list of statuses, and which of several counts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class PointStatus(str, Enum):
    """What became of a sweep point, in the order of gravity."""

    OK = "ok"
    PARTIAL = "partial"  # its times do not cover the work of the iterations, or more than that
    SKIPPED = "skipped"
    FAILED = "failed"
    WRONG_OUTPUT = "wrong_output"

    def __str__(self) -> str:
        """Write it as documents do."""
        return self.value


VOID_STATUSES = tuple(status.value for status in PointStatus if status is not PointStatus.OK)
"""Statuses of points whose time counts for nothing."""

_GRAVITY = {status.value: place for place, status in enumerate(PointStatus)}


def read_status(text: str | None) -> str:
    """Return a status as documents write it; nothing is `ok`, and what is no status counts as `failed`."""
    return PointStatus.OK.value if not text else text if text in _GRAVITY else PointStatus.FAILED.value


def gravity(text: str | None) -> int:
    """Return the place of a status among all, the least grave first; text as `read_status` takes it."""
    return _GRAVITY[read_status(text)]


def worst_status(texts: Iterable[str | None]) -> str:
    """Return the gravest of several statuses: a wrong output before a failure before a skipped point; `ok` of none."""
    return max(map(read_status, texts), key=_GRAVITY.__getitem__, default=PointStatus.OK.value)
