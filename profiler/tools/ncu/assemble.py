"""Turns the counters and launches of one ncu file into every table that they can fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.launch import Launch

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("counters", "profiled_launches", "launch_configurations", "devices", "diagnostics")


def assemble(counters: pd.DataFrame, launches: list[Launch], messages: list[dict[str, Any]], source: str) -> ReadResult:
    """Build every table that the counters and launches of one file can fill, with reasons for the others.

    Args:
        counters: `counters` table.
        launches: In order of launch_id.
        messages: Rows of `diagnostics`.
        source: File name, for the reasons.
    """
    import pandas as pd

    profiled = frames.profiled_launches_frame(launches, counters)
    found = {
        "counters": counters,
        "profiled_launches": profiled,
        "launch_configurations": frames.launch_configurations_frame(launches, profiled, counters),
        "devices": frames.devices_frame(profiled, counters),
        "diagnostics": pd.DataFrame(messages),
    }
    reasons = {
        "counters": f"{source} holds no counter",
        "profiled_launches": f"{source} holds no profiled kernel",
        "launch_configurations": f"{source} lacks registers and shared memory: record with --section LaunchStats",
        "devices": f"{source} holds no device attributes",
        "diagnostics": f"{source} holds no rule results",
    }
    return ReadResult(
        {name: frame for name, frame in found.items() if len(frame)},
        {name: reasons[name] for name, frame in found.items() if not len(frame)},
    )
