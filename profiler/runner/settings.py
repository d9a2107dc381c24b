"""How every point is measured: warm-up, number of samples, cache, launch mode, streams and threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from profiler.errors import UsageError

CACHES = ("cold", "warm")
LAUNCH_MODES = ("plain", "graph")


@dataclass(frozen=True)
class MeasureSettings:
    """The measuring discipline of one sweep; the same for all its points.

    Attributes:
        warmup: Iterations before the first sample.
        min_samples: Samples that are taken in any case.
        max_samples: Samples after which a point ends in any case.
        max_seconds: Time after which no further sample is begun.
        precision: A point ends once the 95 % interval of its median is narrower than this share of the median, each side.
        cache: `cold`: buffers rotate through more than twice the last-level cache; `warm`: one buffer again and again.
        launch_mode: `plain` or `graph` (CUDA graph).
        streams: CUDA streams in use at once.
        threads: CPU threads that launch, each with its own streams.
        seed: Seed of the random inputs.
        verify: Check the output against the reference before timing.
        timed: Keep the samples; false under a tool that replays kernels, where they mean nothing.
    """

    warmup: int = 5
    min_samples: int = 20
    max_samples: int = 200
    max_seconds: float = 5.0
    precision: float = 0.002
    cache: str = "cold"
    launch_mode: str = "plain"
    streams: int = 1
    threads: int = 1
    seed: int = 1
    verify: bool = True
    timed: bool = True

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: A value is out of range.
        """
        _check(self.cache in CACHES, f"cache {self.cache!r}", f"known: {', '.join(CACHES)}")
        _check(self.launch_mode in LAUNCH_MODES, f"launch mode {self.launch_mode!r}", f"known: {', '.join(LAUNCH_MODES)}")
        _check(self.warmup >= 0, f"warm-up {self.warmup}", "give 0 or more")
        _check(1 <= self.min_samples <= self.max_samples, f"{self.min_samples} to {self.max_samples} samples", "give 1 or more")
        _check(self.max_seconds > 0, f"{self.max_seconds} s per point", "give more than 0")
        _check(self.precision >= 0, f"precision {self.precision}", "give 0 (never stop early) or more")
        _check(1 <= self.streams <= 64 and 1 <= self.threads <= 64, "streams and threads", "give 1 to 64 of each")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MeasureSettings:
        """Build settings from their JSON form; unknown keys are refused.

        Raises:
            UsageError: A key is unknown or a value out of range.
        """
        unknown = set(data) - {item.name for item in fields(cls)}
        _check(not unknown, f"unknown setting {', '.join(sorted(unknown))}", "see profiler run --help")
        return cls(**data)


def _check(condition: bool, found: str, expected: str) -> None:
    if not condition:
        raise UsageError(f"{found}: out of range", expected)
