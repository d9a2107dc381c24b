"""Launches: what the hardware counters of each profiled launch mean, one row a launch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from profiler.columns import Coded, Column, Columns, as_floats, whole
from profiler.distinct import distinct_rows
from profiler.metrics.counter_formulas import EXTRA_METRICS, dram_bytes, ratio
from profiler.metrics.device_limits import device_rows
from profiler.metrics.launch_columns import LAUNCH, LIMITER, THEORETICAL_OCCUPANCY, size_texts
from profiler.metrics.launch_quantities import QUANTITIES
from profiler.metrics.occupancy_limits import limits_of_launches
from profiler.metrics.spec import Matching, MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures
from profiler.tools.ncu.counter_matrix import CounterMatrix
from profiler.tools.ncu.metric_names import PIPES, READY, STALL_REASONS, pipe_metric, requested_metrics, stall_metric

_THEORETICAL = "sm__maximum_warps_per_active_cycle_pct"
_STALL = "smsp__average_warps_issue_stalled_*"
_LATENCY = "smsp__average_warp_latency_per_inst_issued.ratio"
_CONFIGURATION = {
    "registers_per_thread": "launch__registers_per_thread",
    "static_shared_memory_bytes": "launch__shared_mem_per_block_static",
    "dynamic_shared_memory_bytes": "launch__shared_mem_per_block_dynamic",
    "shared_memory_executed_bytes": "launch__shared_mem_config_size",
    "barrier_count": "launch__barrier_count",
}


def launch_matrix(recording: Captures) -> CounterMatrix:
    """Return the metrics that this project reads, of every profiled launch."""
    launches = recording.columns("profiled_launches")
    names: Iterable[str] = (*requested_metrics(), *EXTRA_METRICS, *map(stall_metric, STALL_REASONS))
    return CounterMatrix(recording.columns("counters"), names, launches.rows)


def _largest(matrix: CounterMatrix, names: tuple[str, ...], metrics: Iterable[str]) -> tuple[Coded, np.ndarray]:
    """Return for each launch the name of the largest metric and its value; -1 and NaN where none was measured."""
    values = np.stack([matrix[metric] for metric in metrics], axis=1)
    measured = ~np.isnan(values).all(axis=1)
    index = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
    top = np.where(measured, values[np.arange(len(values)), index], np.nan)
    return Coded(np.where(measured, index, -1).astype(np.int32), names), top


def _device(recording: Captures, launches: Columns) -> dict[str, Any] | None:
    """Return the device: its row, else what its compute capability implies; None when neither is known."""
    if devices := device_rows(recording):
        return next(iter(devices.values()))
    if "compute_capability" in launches and launches.rows:
        return {"compute_capability": launches.array("compute_capability")[0]}
    return None


def _theoretical(recording: Captures, launches: Columns, matrix: CounterMatrix) -> tuple[np.ndarray, Coded | np.ndarray]:
    """Return theoretical occupancy (ncu's value, else computed) and its limiter for each launch."""
    measured = matrix[_THEORETICAL]
    registers = matrix[_CONFIGURATION["registers_per_thread"]]
    unknown = np.full(launches.rows, None, dtype=object)
    device = _device(recording, launches)
    if device is None or np.isnan(registers).any() or np.ma.is_masked(launches.array("block_x")):
        return measured, unknown
    blocks = {f"block_{axis}": launches.array(f"block_{axis}") for axis in "xyz"}
    values = {column: np.nan_to_num(matrix[metric]).astype(np.int64) for column, metric in _CONFIGURATION.items()}
    found = limits_of_launches(Columns({**blocks, **values}), device)
    return np.where(np.isnan(measured), found.array("occupancy_pct"), measured), found.coded("limiter")


def _iteration_sums(values: np.ndarray, rows: Columns) -> np.ndarray:
    """Add a quantity up over the launches of each iteration: the minimum traffic is stated for all of them together.

    A report does not tell one iteration from the next. Within a sweep point the sequence of kernels and sizes repeats with
    every iteration, so its shortest period is one iteration.

    Args:
        values: One per launch.
        rows: `profiled_launches`.

    Returns:
        The sum of its iteration at each launch; NaN in an iteration of which only a part was profiled.
    """
    if "point" not in rows or not rows.rows:
        return values
    sizes = [np.ma.filled(rows.array(f"{kind}_{axis}"), -1) for kind in ("grid", "block") for axis in "xyz"]
    _, launch = distinct_rows([rows.coded("kernel").codes.astype(np.int64), *sizes])
    process = np.ma.filled(rows.array("process_id"), -1) if "process_id" in rows else np.zeros(rows.rows, np.int64)
    first, group = distinct_rows([rows.coded("point").codes.astype(np.int64), process])
    sums = values.copy()
    for number in range(len(first)):
        own = np.flatnonzero(group == number)
        period = _period(launch[own])
        whole_iterations = len(own) // period * period
        per_iteration = values[own[:whole_iterations]].reshape(-1, period).sum(axis=1)
        sums[own] = np.concatenate((np.repeat(per_iteration, period), np.full(len(own) - whole_iterations, np.nan)))
    return sums


def _period(sequence: np.ndarray) -> int:
    """Return after how many entries a sequence repeats; its length when it does not."""
    starts = np.flatnonzero(sequence[1:] == sequence[0]) + 1
    return next((int(step) for step in starts if (sequence[step:] == sequence[:-step]).all()), len(sequence))


def launches(recording: Captures) -> Columns:
    """Compute the derived values of every profiled launch, in report order."""
    rows = recording.columns("profiled_launches")
    matrix = launch_matrix(recording)
    theoretical, limiter = _theoretical(recording, rows, matrix)
    waits = tuple(name for name in STALL_REASONS if name != READY)
    stall, stall_cycles = _largest(matrix, waits, map(stall_metric, waits))
    pipe, pipe_use = _largest(matrix, PIPES, map(pipe_metric, PIPES))
    minimum = as_floats(rows.array("iteration_bytes")) if "iteration_bytes" in rows else np.full(rows.rows, np.nan)
    static, dynamic = (matrix[_CONFIGURATION[f"{kind}_shared_memory_bytes"]] for kind in ("static", "dynamic"))
    table: dict[str, Column] = {
        "launch_id": rows.array("launch_id"),
        "kernel": rows["kernel"],
        "grid": size_texts(rows, "grid"),
        "block": size_texts(rows, "block"),
        "point": rows["point"] if "point" in rows else np.full(rows.rows, "", dtype=object),
        "registers_per_thread": whole(matrix[_CONFIGURATION["registers_per_thread"]]),
        "shared_memory_bytes": whole(static + dynamic),
        "theoretical_occupancy_pct": theoretical,
        "occupancy_limiter": limiter,
        **{quantity.spec.name: quantity.column(matrix) for quantity in QUANTITIES},
        "dram_bytes_per_payload_byte": ratio(_iteration_sums(dram_bytes(matrix), rows), minimum),
        "stall_top": stall,
        "stall_top_pct": 100 * ratio(stall_cycles, matrix[_LATENCY]),
        "pipe_top": pipe,
        "pipe_top_pct": pipe_use,
    }
    return Columns(table)


LAUNCHES = MetricTable(
    name="launches",
    title="Profiled launches",
    text="one launch measured by Nsight Compute",
    needs=("counters", "profiled_launches"),
    keys=("launch_id",),
    columns=(
        ColumnSpec("launch_id", text="order of the launch within the report, from 0"),
        *LAUNCH[:3],
        ColumnSpec("point", text="label of the enclosing sweep point"),
        *LAUNCH[3:],
        THEORETICAL_OCCUPANCY,
        LIMITER,
        *(quantity.spec for quantity in QUANTITIES),
        ColumnSpec(
            "dram_bytes_per_payload_byte",
            "lower",
            "device memory traffic of all launches of"
            " the iteration per byte that it must move; below 1 when the last writes stayed in L2",
            "sum of dram_bytes / NVTX payload",
            unit="ratio",
        ),
        ColumnSpec("stall_top", text="why warps waited most", source=_STALL),
        ColumnSpec("stall_top_pct", "none", "its share of the cycles between two instructions of a warp", f"{_STALL} / {_LATENCY}"),
        ColumnSpec("pipe_top", text="busiest execution pipe", source="sm__inst_executed_pipe_*"),
        ColumnSpec("pipe_top_pct", "none", "its use, of its peak", "sm__inst_executed_pipe_*"),
    ),
    compute=launches,
    lead=("kernel", "grid", "block", "achieved_occupancy_pct", "theoretical_occupancy_pct"),
    compact=(
        *("launch_id", "kernel", "grid", "block", "achieved_occupancy_pct", "theoretical_occupancy_pct"),
        *("dram_throughput_pct", "compute_throughput_pct", "l2_hit_pct", "branch_efficiency_pct"),
        *("bytes_per_sector_load", "bytes_per_sector_store", "bank_conflicts", "waves_per_sm", "stall_top", "stall_top_pct"),
    ),
    matching=Matching(("kernel", "grid", "block"), timed=True, by_order=True),
)
