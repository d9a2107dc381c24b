"""Turns the counters and launches of one ncu file into every table that they can fill."""

from __future__ import annotations

from typing import Any

from profiler.columns import Columns
from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.launch import Launch
from profiler.tools.ncu.plausibility import implausible

TABLES = ("counters", "profiled_launches", "launch_configurations", "devices", "diagnostics")


def assemble(counters: Columns, launches: list[Launch], messages: list[dict[str, Any]], source: str) -> ReadResult:
    """Build every table that the counters and launches of one file can fill, with reasons for the others.

    Args:
        counters: `counters` table.
        launches: In order of launch_id.
        messages: Rows of `diagnostics`.
        source: File name, for the reasons.
    """
    profiled = frames.profiled_launches_table(launches, counters)
    messages = [*messages, *implausible(counters)]
    configurations = frames.launch_configurations_table(launches, profiled, counters)
    found = {
        "counters": (counters, "holds no counter"),
        "profiled_launches": (profiled, "holds no profiled kernel"),
        "launch_configurations": (configurations, "lacks registers and shared memory: record with --section LaunchStats"),
        "devices": (frames.devices_table(profiled, counters), "holds no device attributes"),
        "diagnostics": (frames.diagnostics_table(messages), "holds no rule results"),
    }
    absent = {name: f"{source} {reason}" for name, (table, reason) in found.items() if not table.rows}
    return ReadResult({name: table for name, (table, _) in found.items() if table.rows}, absent)
