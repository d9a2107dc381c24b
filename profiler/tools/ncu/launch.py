"""One profiled launch as a report or a CSV page describes it, beside its counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from profiler.schema import POINT_DOMAIN, POINT_PREFIX


@dataclass
class Range:
    """One NVTX range around a launch.

    Attributes:
        domain: Domain name, empty for the default domain.
        name: Message.
        payload: Integer payload, None when it has none.
    """

    domain: str
    name: str
    payload: int | None = None


@dataclass
class Launch:
    """What stands beside a launch's counters.

    Attributes:
        kernel: Demangled name.
        short_name: Function name.
        facts: Columns of `profiled_launches` that the source states.
        ranges: Enclosing NVTX ranges, outermost first.
    """

    kernel: str
    short_name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    ranges: list[Range] = field(default_factory=list)

    @property
    def point(self) -> str:
        """Label of the enclosing sweep point; empty when there is none."""
        names = (item.name for item in self.ranges if item.domain == POINT_DOMAIN)
        return next((name for name in names if name.startswith(POINT_PREFIX)), "").removeprefix(POINT_PREFIX)

    @property
    def payload(self) -> int | None:
        """Bytes that the enclosing iteration must move; None when not stated."""
        payloads = (item.payload for item in reversed(self.ranges) if item.domain == POINT_DOMAIN)
        return next((payload for payload in payloads if payload), None)

    @property
    def nvtx(self) -> str:
        """The enclosing ranges as one text."""
        return " > ".join(f"{item.domain}:{item.name}" if item.domain else item.name for item in self.ranges)
