"""The columns that name a kernel with its launch configuration, described once for every table that has them."""

from __future__ import annotations

from functools import partial

import numpy as np

from profiler.columns import Column, Columns
from profiler.spec import ColumnSpec

_OCCUPANCY = "cuda_occupancy.h, CUDA 13.0"

KERNEL = ColumnSpec("kernel", text="demangled kernel name")
GRID = ColumnSpec("grid", text="blocks in the grid, XxYxZ")
BLOCK = ColumnSpec("block", text="threads in a block, XxYxZ")
_used = partial(ColumnSpec, better="lower", dtype="int", compared="exactly")
REGISTERS = _used(
    "registers_per_thread",
    text="registers that one thread occupies",
    source="registersPerThread; launch__registers_per_thread",
    unit="registers",
)
SHARED_MEMORY = _used(
    "shared_memory_bytes",
    text="static plus dynamic shared memory of a block",
    source="staticSharedMemory + dynamicSharedMemory; launch__shared_mem_per_block_*",
)
LAUNCH = (KERNEL, GRID, BLOCK, REGISTERS, SHARED_MEMORY)
LAUNCH_KEYS = tuple(column.name for column in LAUNCH)

THEORETICAL_OCCUPANCY = ColumnSpec(
    "theoretical_occupancy_pct",
    "none",
    "warps that an SM can hold, of its maximum",
    f"{_OCCUPANCY}; sm__maximum_warps_per_active_cycle_pct",
    compared="exactly",
)
LIMITER = ColumnSpec("occupancy_limiter", text="every resource that sets the number of resident blocks", source=_OCCUPANCY)
ACHIEVED_OCCUPANCY = ColumnSpec(
    "achieved_occupancy_pct",
    "none",
    "warps that an SM held on average, of its maximum",
    "sm__warps_active.avg.pct_of_peak_sustained_active",
)


def size_texts(rows: Columns, what: str) -> np.ndarray:
    """Return `XxYxZ` of each row, empty where the size is not known.

    Args:
        rows: Table `profiled_launches` or `launch_configurations`.
        what: `grid` or `block`.
    """
    axes = [np.ma.filled(np.ma.asarray(rows.array(f"{what}_{axis}")), -1).tolist() for axis in "xyz"]
    texts = ["" if min(size) < 0 else "x".join(map(str, size)) for size in zip(*axes, strict=True)]
    return np.array(texts, dtype=object)


def launch_columns(configurations: Columns) -> dict[str, Column]:
    """Return the columns of `LAUNCH` for rows of the table `launch_configurations`."""
    static, dynamic = (configurations.array(f"{kind}_shared_memory_bytes") for kind in ("static", "dynamic"))
    return {
        "kernel": configurations.coded("kernel"),
        "grid": size_texts(configurations, "grid"),
        "block": size_texts(configurations, "block"),
        "registers_per_thread": configurations.array("registers_per_thread"),
        "shared_memory_bytes": static + dynamic,
    }
