"""Schema tables from what the readers of Nsight Compute's report and CSV pages collect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from profiler.columns import Column, Columns, encode, floats, integers, whole
from profiler.tools.ncu.counter_matrix import CounterMatrix, texts_of
from profiler.tools.ncu.launch import Launch
from profiler.units import BYTES_PER_KIB

SIZES = tuple(f"{kind}_{axis}" for kind in ("grid", "block") for axis in "xyz")
DIMENSIONS = {size: f"launch__{size[:-2]}_dim_{size[-1]}" for size in SIZES}
"""Column to the metric that holds it."""
UNINFORMATIVE_PREFIXES = ("breakdown:", "group:")
"""Entries of a report that only list other metrics' names."""

_TOTALS = {"grid": "launch__grid_size", "block": "launch__block_size"}
_KHZ = 1000
_MEMORY_TRANSFERS_PER_CLOCK = 2
_BITS_PER_BYTE = 8
_PER_SM, _PER_BLOCK = "max_{}_per_multiprocessor", "max_shared_memory_per_block"
_DEVICE_ATTRIBUTES = {
    "sm_count": ("multiprocessor_count", 1),
    "sm_clock_hz": ("max_gpu_frequency_khz", _KHZ),
    "l2_cache_bytes": ("l2_cache_size", 1),
    "total_memory_bytes": ("total_memory", 1),
    **{f"max_{name}_per_sm": (_PER_SM.format(name), 1) for name in ("warps", "blocks")},
    "registers_per_sm": (_PER_SM.format("registers"), 1),
    "shared_memory_per_sm_bytes": (_PER_SM.format("shared_memory"), 1),
    **{f"shared_memory_per_block{what}_bytes": (f"{_PER_BLOCK}{what}", 1) for what in ("", "_optin")},
    "reserved_shared_memory_per_block_bytes": ("reserved_shared_memory_per_block", 1),
}
_CAPABILITY = ("compute_capability_major", "compute_capability_minor")
_MEMORY_CLOCK, _BUS_WIDTH = "max_mem_frequency_khz", "global_memory_bus_width"
_CARVE_OUT = "shared_memory_executed_bytes"
_CONFIGURATION_METRICS = {
    "registers_per_thread": "launch__registers_per_thread",
    "static_shared_memory_bytes": "launch__shared_mem_per_block_static",
    "dynamic_shared_memory_bytes": "launch__shared_mem_per_block_dynamic",
    _CARVE_OUT: "launch__shared_mem_config_size",
}


def message(source: str, severity: str, text: str, hint: str = "") -> dict[str, Any]:
    """Return a row of `diagnostics` that is about no single launch."""
    row = {"source": source, "severity": severity, "text": text, "hint": hint}
    return {**row, "launch_id": -1, "section": "", "speedup_pct": np.nan, "speedup_kind": ""}


def attribute(name: str) -> str:
    """Return the metric that holds a device attribute."""
    return f"device__attribute_{name}"


Counter = tuple[int, str, float, "str | None", str]
"""Launch, metric, number (NaN when the metric holds none), text of a metric that is no number, base unit."""


def counters_table(rows: Sequence[Counter]) -> Columns:
    """Build the `counters` table.

    Returns:
        launch_id (int32), metric, value (float64), text_value, unit; sorted by launch and metric name.
    """
    rows = sorted(rows, key=itemgetter(0, 1))
    launches, metrics, values, texts, units = zip(*rows, strict=True) if rows else ((),) * 5
    table: dict[str, Column] = {"launch_id": np.asarray(launches, np.int32), "metric": encode(metrics)}
    return Columns({**table, "value": np.asarray(values, np.float64), "text_value": encode(texts), "unit": encode(units)})


def _facts(launches: Sequence[Launch], name: str) -> np.ndarray:
    return np.array([float(launch.facts.get(name, np.nan)) for launch in launches])


def profiled_launches_table(launches: Sequence[Launch], counters: Columns) -> Columns:
    """Build the `profiled_launches` table.

    Args:
        launches: In report order: the position is the launch_id.
        counters: `counters` table of the same launches, for what the launches do not state.

    Returns:
        One row per launch, with the totals as `x` where the shape of grid or block is not told; `iteration_bytes` beside the
        schema's columns when an NVTX payload states it.
    """
    measured = CounterMatrix(counters, (*DIMENSIONS.values(), *_TOTALS.values()), len(launches))
    table: dict[str, Column] = {
        "launch_id": np.arange(len(launches), dtype=np.int32),
        "kernel": encode([launch.kernel for launch in launches]),
    }
    for name, metric in DIMENSIONS.items():
        stated = _facts(launches, name)
        known = np.where(np.isnan(stated), measured[metric], stated)
        # pages before 2022 give the number of blocks and of threads, not their shape
        total = measured[_TOTALS[name[:-2]]]
        table[name] = whole(np.where(np.isnan(known), np.where(name.endswith("x") | np.isnan(total), total, 1), known))
    for name in ("process_id", "device_id", "context_id", "stream_id"):
        values = _facts(launches, name)
        if not np.isnan(values).all():
            table[name] = whole(values)
    capabilities = [launch.facts.get("compute_capability") for launch in launches]
    if any(capabilities):
        table["compute_capability"] = encode(capabilities)
    table["point"] = encode([launch.point for launch in launches])
    table["nvtx"] = encode([launch.nvtx for launch in launches])
    payloads = np.array([np.nan if launch.payload is None else float(launch.payload) for launch in launches])
    if not np.isnan(payloads).all():
        table["iteration_bytes"] = whole(payloads)
    return Columns(table)


def launch_configurations_table(launches: Sequence[Launch], profiled: Columns, counters: Columns) -> Columns:
    """Build the `launch_configurations` table: the distinct configurations in order of first launch.

    Returns:
        The table, without rows when the report lacks sizes, registers or shared memory (section LaunchStats).
    """
    measured = CounterMatrix(counters, _CONFIGURATION_METRICS.values(), len(launches))
    values = {name: np.ma.filled(profiled.array(name).astype(float), np.nan) for name in SIZES}
    values |= {column: measured[metric] for column, metric in _CONFIGURATION_METRICS.items()}
    # a carve-out is whole KiB, but the details page prints it rounded
    values[_CARVE_OUT] = np.rint(values[_CARVE_OUT] / BYTES_PER_KIB) * BYTES_PER_KIB
    kernel = profiled.coded("kernel")
    keys = np.column_stack([kernel.codes, *values.values()])
    complete = np.flatnonzero(~np.isnan(np.delete(keys, -1, axis=1)).any(axis=1))
    _, first = np.unique(np.nan_to_num(keys[complete], nan=-1), axis=0, return_index=True)
    rows = complete[np.sort(first)]
    table: dict[str, Column] = {
        "kernel": kernel.take(rows),
        "short_name": encode([launches[row].short_name for row in rows.tolist()]),
        **{name: whole(column[rows]) for name, column in values.items()},
    }
    if not len(rows) or np.isnan(values[_CARVE_OUT][rows]).all():
        del table[_CARVE_OUT]
    return Columns(table)


def _devices(profiled: Columns, known: np.ndarray) -> np.ndarray:
    """Return the first launch on each device, of those whose attributes are known."""
    devices = (
        np.ma.filled(np.ma.asarray(profiled.array("device_id")), -1) if "device_id" in profiled else np.full(profiled.rows, -1)
    )
    rows = np.flatnonzero(known & (devices >= 0))
    _, first = np.unique(devices[rows], return_index=True)
    return rows[first]


def devices_table(profiled: Columns, counters: Columns) -> Columns:
    """Build the `devices` table from the device attributes that ncu stores with each launch.

    Returns:
        One row per device, none when the report holds no attributes.
    """
    sources = [name for name, _ in _DEVICE_ATTRIBUTES.values()]
    wanted: Iterable[str] = (*sources, *_CAPABILITY, _MEMORY_CLOCK, _BUS_WIDTH)
    values = CounterMatrix(counters, map(attribute, wanted), profiled.rows)
    known = ~np.isnan(sum(values[attribute(name)] for name in (*_CAPABILITY, "multiprocessor_count")))
    rows = _devices(profiled, known)
    names = texts_of(counters, attribute("display_name"), profiled.rows)
    major, minor = (values[attribute(name)][rows].astype(int).tolist() for name in _CAPABILITY)
    table: dict[str, Column] = {
        "device_id": np.ma.getdata(profiled.array("device_id"))[rows] if len(rows) else rows,
        "name": encode([names[row] or "unknown" for row in rows.tolist()]),
        "compute_capability": encode([f"{high}.{low}" for high, low in zip(major, minor, strict=True)]),
    }
    for column, (name, factor) in _DEVICE_ATTRIBUTES.items():
        table[column] = whole(values[attribute(name)][rows] * factor)
    clock_hz = values[attribute(_MEMORY_CLOCK)][rows] * _KHZ
    bytes_per_clock = _MEMORY_TRANSFERS_PER_CLOCK * values[attribute(_BUS_WIDTH)][rows] / _BITS_PER_BYTE
    table["memory_bandwidth_bytes_per_s"] = whole(clock_hz * bytes_per_clock)
    return Columns(table)


def diagnostics_table(messages: Sequence[dict[str, Any]]) -> Columns:
    """Build the `diagnostics` table from ncu's own rules.

    Args:
        messages: Rows: source, severity, text, hint, launch_id, section, speedup_pct, speedup_kind.
    """
    texts = ("source", "severity", "text", "hint", "section", "speedup_kind")
    table: dict[str, Column] = {name: encode([message[name] for message in messages]) for name in texts}
    table["launch_id"] = integers([message["launch_id"] for message in messages]).astype(np.int32)
    table["speedup_pct"] = floats([message["speedup_pct"] for message in messages])
    return Columns(table)
