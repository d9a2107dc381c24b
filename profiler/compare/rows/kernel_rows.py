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
    table = configurations.to_dict("records")
    own = recording.only(tool)
    places, marked = configuration_ranges(own), iterations(own)
    keys = {int(number): _kernel_keys(table[int(number)]) for number in kernels["launch_configuration_id"].unique()}
    measured = kernels.assign(iteration=_iteration_of(own)).sort_values(["launch_configuration_id", "start_ns"], kind="stable")
    labels = measured["launch_configuration_id"].map({number: _label(names) for number, names in keys.items()})
    rows = []
    for label, part in measured.groupby(labels, sort=False):
        numbers = [int(number) for number in part["launch_configuration_id"].unique()]
        known = keys[numbers[0]] | _only_range({places.get(number, "") for number in numbers})
        durations, launches = part["duration_ns"].to_numpy(dtype=float), _launches(marked, part["iteration"].to_numpy())
        rows.append(_row(label, known, durations, tool, launches))
    return rows


def _label(keys: dict[str, str]) -> str:
    return f"{keys['kernel']} grid={keys['launch_grid']} block={keys['launch_block']} shared={keys['shared_memory']}"


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
