"""Rows of kernels: each kernel and launch configuration by itself, timed by a tool's GPU timestamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.kernel_ranges import configuration_ranges
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import summarise
from profiler.errors import DataMissingError
from profiler.kernel_names import base_function
from profiler.metrics.gpu_operations import KERNEL, gpu_operations
from profiler.metrics.point_ranges import Iterations, iterations, owners

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
    own = recording.only(tool)
    places = configuration_ranges(own)
    measured = _iteration_of(own)[ordered.index.to_numpy()]
    merged: dict[str, tuple[dict[str, str], list[np.ndarray], list[np.ndarray], set[str]]] = {}
    for index, piece, inside in zip(ids[starts], pieces, np.split(measured, starts[1:]), strict=True):
        keys = _kernel_keys(table[int(index)])
        label = f"{keys['kernel']} grid={keys['launch_grid']} block={keys['launch_block']} shared={keys['shared_memory']}"
        _, parts, measuring, ranges = merged.setdefault(label, (keys, [], [], set()))
        parts.append(piece)
        measuring.append(inside)
        ranges.add(places.get(int(index), ""))
    marked = iterations(own)
    return [
        _row(label, keys | _only_range(ranges), np.concatenate(parts), tool, _launches(marked, np.concatenate(measuring)))
        for label, (keys, parts, measuring, ranges) in merged.items()
    ]


def _iteration_of(recording: Recording) -> np.ndarray:
    """Return the measured iteration of each kernel, -1 outside."""
    operations, found = gpu_operations(recording), np.full(recording.columns("kernels").rows, -1)
    kernel = operations.kind == KERNEL
    found[operations.row[kernel]] = owners(recording).iteration[kernel]
    return found


def _launches(marked: Iterations | None, owner: np.ndarray) -> str:
    """Return how often a kernel was launched, as far as that says whether both sides do the same work.

    Where iterations belong to no point, those of each iteration count; points say by themselves what is the same work.
    """
    if marked is None or not len(marked.row):
        return str(len(owner)) if marked is None else ""
    inside = int((owner >= 0).sum())
    return f"{inside / len(marked.row):.4g} an iteration" if inside and not marked.labels else ""


def _row(label: str, keys: dict[str, str], durations: np.ndarray, tool: str, launches: str) -> Row:
    conditions = {"clock": f"{tool} timestamps"} | ({"launches": launches} if launches else {})
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
