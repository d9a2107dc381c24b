"""Occupancy per launch configuration: what it could be, what limits it, and what Nsight Compute measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from profiler.columns import Columns, stack
from profiler.distinct import distinct_rows
from profiler.metrics.counter_formulas import ratio
from profiler.metrics.device_limits import device_rows
from profiler.metrics.launch_columns import ACHIEVED_OCCUPANCY, LAUNCH, LAUNCH_KEYS, LIMITER, THEORETICAL_OCCUPANCY, launch_columns
from profiler.metrics.occupancy_limits import LIMITERS, limit_column, limits_of_launches
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures
from profiler.tools.ncu.counter_matrix import CounterMatrix

ACHIEVED = "sm__warps_active.avg.pct_of_peak_sustained_active"
_CARVE_OUT = "shared_memory_executed_bytes"
_AXES = tuple(f"{what}_{axis}" for what in ("grid", "block") for axis in "xyz")


def _uses(recording: Captures, configurations: Columns, devices: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (configuration, device, executions) for each pair that ran; executions are -1 without kernel times."""
    counts = np.full(configurations.rows, -1)
    if recording.has("kernels"):
        kernels, width = recording.columns("kernels"), max(devices) + 1
        ids = kernels.array("launch_configuration_id")
        if len(devices) > 1:
            pairs, counts = np.unique(ids.astype(np.int64) * width + kernels.array("device_id"), return_counts=True)
            return pairs // width, pairs % width, counts
        counts = np.bincount(ids, minlength=configurations.rows)
    return np.arange(configurations.rows), np.full(configurations.rows, devices[0]), counts


def achieved_occupancy(recording: Captures, configurations: Columns) -> np.ndarray:
    """Return the mean achieved occupancy of each launch configuration, % of the SM's warps, NaN where ncu has none.

    Args:
        recording: Captures whose ncu capture is looked up by kernel name, grid and block.
        configurations: Table `launch_configurations`.
    """
    if not (recording.has("counters") and recording.has("profiled_launches")):
        return np.full(configurations.rows, np.nan)
    launches = recording.columns("profiled_launches")
    values = CounterMatrix(recording.columns("counters"), [ACHIEVED], launches.rows)[ACHIEVED]
    both = stack([table.select(("kernel", *_AXES)) for table in (launches, configurations)])
    sizes = [np.ma.filled(both.array(axis), -1) for axis in _AXES]
    last, group = distinct_rows([both.coded("kernel").codes, *sizes])
    known = np.flatnonzero(~np.isnan(values))
    total, count = (np.bincount(group[known], weights, len(last)) for weights in (values[known], None))
    return np.asarray(ratio(total, count)[group[launches.rows :]])


def _on_device(configurations: Columns, device: dict[str, Any]) -> Columns:
    """Return the limits in effect, waves, and what the largest carve-out would allow."""
    found = limits_of_launches(configurations, device)
    largest = Columns({name: column for name, column in configurations.items() if name != _CARVE_OUT})
    blocks = np.prod([configurations.array(f"grid_{axis}").astype(np.float64) for axis in "xyz"], axis=0)
    resident = found.array("blocks_per_sm") * float(device.get("sm_count") or np.nan)
    waves = np.divide(blocks, resident, out=np.full(len(blocks), np.nan), where=resident > 0)
    reachable = limits_of_launches(largest, device).array("occupancy_pct")
    return found.with_columns(waves_per_sm=waves, reachable_occupancy_pct=reachable)


def occupancy(recording: Captures) -> Columns:
    """Compute occupancy per launch configuration and device, in the order of the launch configurations."""
    configurations = recording.columns("launch_configurations")
    devices = device_rows(recording)
    rows, used_on, counts = _uses(recording, configurations, list(devices))
    order = np.lexsort((used_on, rows))
    rows, used_on, counts = rows[order], used_on[order], counts[order]
    own = [np.flatnonzero(used_on == device) for device in devices]
    found = [_on_device(configurations.take(rows[places]), row) for places, row in zip(own, devices.values(), strict=True)]
    limits = stack(found).take(np.argsort(np.concatenate(own)))
    return Columns(
        {
            **launch_columns(configurations.take(rows)),
            "device": used_on,
            "count": np.ma.masked_equal(counts, -1),
            "theoretical_occupancy_pct": limits["occupancy_pct"],
            "achieved_occupancy_pct": achieved_occupancy(recording, configurations)[rows],
            "occupancy_limiter": limits["limiter"],
            **{name: limits[name] for name in _LIMIT_COLUMNS},
        }
    )


_LIMIT_COLUMNS = ("blocks_per_sm", "waves_per_sm", "reachable_occupancy_pct", *map(limit_column, LIMITERS))
_HEADER = "cuda_occupancy.h, CUDA 13.0"


def _limit(name: str) -> ColumnSpec:
    text, metric = f"resident blocks as far as {name} allow; missing when none is used", name.replace("shared memory", "shared_mem")
    return ColumnSpec(limit_column(name), "none", text, f"launch__occupancy_limit_{metric}", unit="blocks")


OCCUPANCY = MetricTable(
    name="occupancy",
    title="Occupancy",
    text="one launch configuration on one device",
    needs=("launch_configurations", "devices"),
    keys=(*LAUNCH_KEYS, "device"),
    columns=(
        *LAUNCH,
        ColumnSpec("device", text="CUDA device ordinal"),
        ColumnSpec("count", text="executions; missing when no kernel times were recorded"),
        THEORETICAL_OCCUPANCY,
        ACHIEVED_OCCUPANCY,
        LIMITER,
        ColumnSpec("blocks_per_sm", "none", "blocks that an SM can hold at once", _HEADER, unit="blocks"),
        ColumnSpec(
            "waves_per_sm",
            "none",
            "grid size in full loads of the GPU; a small fraction above a whole number leaves SMs idle at the end",
            "launch__waves_per_multiprocessor",
            unit="waves",
        ),
        ColumnSpec("reachable_occupancy_pct", "none", "theoretical occupancy with the largest shared memory carve-out", _HEADER),
        *map(_limit, LIMITERS),
    ),
    compute=occupancy,
    work="iterations",
)
