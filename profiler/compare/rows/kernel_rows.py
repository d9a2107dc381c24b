"""Rows of kernels: each kernel and launch configuration by itself, timed by a tool's GPU timestamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.kernel_ranges import configuration_ranges
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import summarise
from profiler.errors import DataMissingError
from profiler.kernel_names import base_function
from profiler.metrics.point_ranges import iterations

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


def kernel_rows(recording: Recording, tool: str) -> list[Row]:
    """Return one row per kernel and launch configuration, timed by the tool's GPU timestamps."""
    kernels, configurations = (recording.table(name, tool) for name in ("kernels", "launch_configurations"))
    if not len(kernels):
        raise DataMissingError(f"{recording.name}: no kernel was recorded", "record a program that launches kernels")
    ordered = kernels.sort_values(["launch_configuration_id", "start_ns"], kind="stable")
    ids = ordered["launch_configuration_id"].to_numpy()
    durations = ordered["duration_ns"].to_numpy(dtype=float)
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    pieces = np.split(durations, starts[1:])
    table = configurations.to_dict("records")
    places = configuration_ranges(recording.only(tool))
    merged: dict[str, tuple[dict[str, str], list[np.ndarray], set[str]]] = {}
    for index, piece in zip(ids[starts], pieces, strict=True):
        keys = _kernel_keys(table[int(index)])
        label = f"{keys['kernel']} grid={keys['launch_grid']} block={keys['launch_block']} shared={keys['shared_memory']}"
        _, parts, ranges = merged.setdefault(label, (keys, [], set()))
        parts.append(piece)
        ranges.add(places.get(int(index), ""))
    marked = iterations(recording.only(tool)) is not None
    return [
        _row(label, keys | _only_range(ranges), np.concatenate(parts), tool, marked)
        for label, (keys, parts, ranges) in merged.items()
    ]


def _row(label: str, keys: dict[str, str], durations: np.ndarray, tool: str, marked: bool) -> Row:
    """Return a kernel's row; where no iteration is marked, as many launches as on the other side make the same work."""
    conditions = {"clock": f"{tool} timestamps"} | ({} if marked else {"launches": str(len(durations))})
    return Row(label, keys, [summarise(durations)], conditions, total_ns=float(durations.sum()))


def _only_range(ranges: set[str]) -> dict[str, str]:
    """Return the key that names where a kernel ran, if that is one place."""
    (place, *others) = sorted(ranges)
    return {"range": place} if place and not others else {}


def _kernel_keys(configuration: dict[str, Any]) -> dict[str, str]:
    name = str(configuration["kernel"])
    return {
        "kernel": name,
        "function": base_function(name),
        "launch_grid": "x".join(str(configuration[f"grid_{axis}"]) for axis in "xyz"),
        "launch_block": "x".join(str(configuration[f"block_{axis}"]) for axis in "xyz"),
        "shared_memory": str(configuration["dynamic_shared_memory_bytes"]),
    }
