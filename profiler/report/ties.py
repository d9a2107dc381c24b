"""Which launch configurations cannot be told apart from the fastest, by the same rule as `profiler best`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from profiler.compare.judge.conditions import FACTS, fact_value, recording_facts
from profiler.compare.judge.noise import MachineNoise, assumed_noise, find_noise
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.ranking import rank
from profiler.compare.rows.sides import Row, Source, available_sources, side_rows
from profiler.errors import ProfilerError

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

_SOURCES = {"nsys": Source("gpu_points", "nsys"), "cupti": Source("gpu_points", "cupti"), "builtin": Source("points", "builtin")}


def tied_labels(recording: Recording, tool: str) -> dict[str, float] | None:
    """Return the labels that are tied with the fastest of their operation, shape and type.

    Args:
        recording: One recording.
        tool: Whose times decide: `nsys`, `cupti` or `builtin`.

    Returns:
        Label to its time over that of the fastest, the fastest itself with 1.0; None when these times cannot be ranked.
    """
    source = _SOURCES.get(tool)
    try:
        if source is None or source not in available_sources(recording):
            return None
        rows = side_rows(recording, source)
        ranked = rank(rows, _noise(recording, source, rows), DecisionRule())
    except ProfilerError:
        return None
    tied = ranked[ranked["tied"]]
    return dict(zip(tied["row"], tied["ratio"].astype(float), strict=True))


def ranking_tool(recording: Recording) -> str:
    """Return the tool whose times `profiler best` ranks a recording by; empty when there are none."""
    try:
        first = next(iter(available_sources(recording)), None)
    except ProfilerError:
        return ""
    return next((tool for tool, source in _SOURCES.items() if source == first), "")


def _noise(recording: Recording, source: Source, rows: list[Row]) -> MachineNoise:
    """Return what a self-test on this machine measured, else what is assumed."""
    host_clock = any(row.conditions.get("clock") == "monotonic" for row in rows)
    if host_clock or recording.run is None:
        return assumed_noise(host_clock)
    facts = recording_facts(recording, source.tool, str(source))
    gpu, uuid = (fact_value(facts, fact) for fact in FACTS[:2])
    return find_noise(Path(recording.run.path).parent, gpu, uuid) or assumed_noise(host_clock)
