"""How many blocks of a launch configuration an SM can hold, and which of its resources sets that number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from profiler.columns import Coded, Column, Columns
from profiler.metrics.device_limits import SmLimits, sm_limits

_WARP_SIZE, _SUB_PARTITIONS, _REGISTER_UNIT, _MAX_THREADS_PER_BLOCK = 32, 4, 256, 1024
"""Alike on all devices. Source: cuda_occupancy.h, CUDA 13.0."""

UNLIMITED = np.iinfo(np.int32).max
"""A resource that a launch does not use."""

LIMITERS = ("warps", "blocks", "registers", "shared memory", "barriers")
_COMBINATIONS = [", ".join(name for bit, name in enumerate(LIMITERS) if mask >> bit & 1) for mask in range(1 << len(LIMITERS))]


def limit_column(name: str) -> str:
    """Name the column that holds how many blocks one of `LIMITERS` allows."""
    return f"limit_{name.replace(' ', '_')}_blocks"


def _up(values: np.ndarray, unit: int) -> np.ndarray:
    return -(-values // unit) * unit


def _register_limit(warps: np.ndarray, registers_per_thread: np.ndarray, limits: SmLimits) -> np.ndarray:
    """Return the blocks that fit into the register file: whole warps per sub-partition, allocated in units."""
    per_warp = _up(registers_per_thread * _WARP_SIZE, _REGISTER_UNIT)
    used = np.maximum(per_warp, 1)
    resident = limits.registers // _SUB_PARTITIONS // used * _SUB_PARTITIONS
    blocks = np.where(used * _up(warps, _SUB_PARTITIONS) > limits.registers, 0, resident // warps)
    return np.where(per_warp == 0, UNLIMITED, blocks)


def _shared_limit(static: np.ndarray, dynamic: np.ndarray, carve_out: np.ndarray, limits: SmLimits) -> np.ndarray:
    """Return the blocks that fit into the shared memory carve-out."""
    block = _up(static + dynamic + limits.shared_reserve_bytes, limits.shared_unit_bytes)
    # a launch that needs more than the carve-out gets the next larger one, which holds it once
    capacity = np.where(carve_out > 0, np.maximum(carve_out, block), limits.shared_bytes)
    fits = block <= limits.shared_optin_bytes + limits.shared_reserve_bytes
    return np.where(block == 0, UNLIMITED, np.where(fits, capacity // np.maximum(block, 1), 0))


def block_limits(configurations: Columns, limits: SmLimits, carve_out: np.ndarray) -> np.ndarray:
    """Return how many blocks of each launch configuration each resource of an SM can hold.

    Args:
        configurations: Table `launch_configurations`; a column `barrier_count` is used when there.
        limits: Limits of the device.
        carve_out: Shared memory carve-out of each configuration, bytes; 0 for the largest.

    Returns:
        int64, one row per configuration, one column per entry of `LIMITERS`; `UNLIMITED` for an unused resource.

    Source: cuda_occupancy.h, CUDA 13.0, `cudaOccMaxActiveBlocksPerMultiprocessor`.
    """
    threads = _threads(configurations)
    warps = np.maximum(-(-threads // _WARP_SIZE), 1)
    names = ("barrier_count", "registers_per_thread", "static_shared_memory_bytes", "dynamic_shared_memory_bytes")
    barriers, registers, static, dynamic = (_integers(configurations, name) for name in names)
    by_barriers = np.where((barriers > 0) & bool(limits.barriers), limits.barriers // np.maximum(barriers, 1), UNLIMITED)
    return np.column_stack(
        [
            np.where(threads > _MAX_THREADS_PER_BLOCK, 0, limits.warps // warps),
            np.full(len(warps), limits.blocks),
            _register_limit(warps, registers, limits),
            _shared_limit(static, dynamic, carve_out, limits),
            by_barriers,
        ]
    ).astype(np.int64)


def _threads(configurations: Columns) -> np.ndarray:
    return np.asarray(np.prod([_integers(configurations, f"block_{axis}") for axis in "xyz"], axis=0, dtype=np.int64))


def _integers(configurations: Columns, name: str) -> np.ndarray:
    """Return a column as int64, 0 where it is absent or missing."""
    if name not in configurations:
        return np.zeros(configurations.rows, dtype=np.int64)
    return np.ma.filled(np.ma.asarray(configurations.array(name)), 0).astype(np.int64)


def limits_of_launches(configurations: Columns, device: Mapping[str, Any]) -> Columns:
    """Compute the theoretical occupancy of launch configurations on one device.

    Args:
        configurations: Table `launch_configurations`. The carve-out `shared_memory_executed_bytes` counts where it is
            known; without it the largest one, which says what could be reached.
        device: Row of `devices`.

    Returns:
        blocks_per_sm (int), occupancy_pct (float, of the SM's warps), limiter (every resource that sets the number,
        joined by ", "), limit_<resource>_blocks (int, masked where the resource is not used).

    Raises:
        DataMissingError: The device's compute capability is not known or older than 7.0.

    Source: cuda_occupancy.h, CUDA 13.0; Nsight Compute, section Occupancy.
    """
    limits = sm_limits(device)
    by_resource = block_limits(configurations, limits, _integers(configurations, "shared_memory_executed_bytes"))
    blocks = by_resource.min(axis=1, initial=UNLIMITED)
    warps = -(-_threads(configurations) // _WARP_SIZE)
    codes = ((by_resource == blocks[:, None]) << np.arange(len(LIMITERS))).sum(axis=1)
    columns: dict[str, Column] = {
        "blocks_per_sm": blocks,
        "occupancy_pct": 100.0 * blocks * warps / limits.warps,
        "limiter": Coded(codes.astype(np.int32), _COMBINATIONS),
    }
    limited = {limit_column(name): np.ma.masked_equal(by_resource[:, at], UNLIMITED) for at, name in enumerate(LIMITERS)}
    return Columns({**columns, **limited})
