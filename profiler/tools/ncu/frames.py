"""Schema tables from what the readers of Nsight Compute's report and CSV pages collect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from profiler.tools.ncu.launch import Launch
from profiler.units import BYTES_PER_KIB

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

AXES = ("x", "y", "z")
UNINFORMATIVE_PREFIXES = ("breakdown:", "group:")
"""Entries of a report that only list other metrics' names."""

_KHZ = 1000
_MEMORY_TRANSFERS_PER_CLOCK = 2
_BITS_PER_BYTE = 8
_ATTRIBUTE = "device__attribute_"
_DEVICE_ATTRIBUTES = {
    "sm_count": ("multiprocessor_count", 1),
    "sm_clock_hz": ("max_gpu_frequency_khz", _KHZ),
    "l2_cache_bytes": ("l2_cache_size", 1),
    "total_memory_bytes": ("total_memory", 1),
    "max_warps_per_sm": ("max_warps_per_multiprocessor", 1),
    "max_blocks_per_sm": ("max_blocks_per_multiprocessor", 1),
    "registers_per_sm": ("max_registers_per_multiprocessor", 1),
    "shared_memory_per_sm_bytes": ("max_shared_memory_per_multiprocessor", 1),
    "shared_memory_per_block_bytes": ("max_shared_memory_per_block", 1),
    "shared_memory_per_block_optin_bytes": ("max_shared_memory_per_block_optin", 1),
    "reserved_shared_memory_per_block_bytes": ("reserved_shared_memory_per_block", 1),
}
_CONFIGURATION_METRICS = {
    "registers_per_thread": "launch__registers_per_thread",
    "static_shared_memory_bytes": "launch__shared_mem_per_block_static",
    "dynamic_shared_memory_bytes": "launch__shared_mem_per_block_dynamic",
    "shared_memory_executed_bytes": "launch__shared_mem_config_size",
}


def counters_frame(
    launch_ids: Sequence[int] | np.ndarray,
    metrics: Sequence[str],
    values: Sequence[float] | np.ndarray,
    texts: Sequence[str | None],
    units: Sequence[str],
) -> pd.DataFrame:
    """Build the `counters` table.

    Args:
        launch_ids: Launch of each value.
        metrics: Metric name of each value.
        values: Number, NaN when the metric holds none.
        texts: Text of a metric that is no number, else None.
        units: Base unit of each value.

    Returns:
        Columns launch_id (int32), metric (category), value (float64), text_value (category), unit (category), sorted by
        launch and metric name.
    """
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(
        {
            "launch_id": np.asarray(launch_ids, np.int32),
            "metric": pd.Categorical(np.asarray(metrics, object)),
            "value": np.asarray(values, np.float64),
            "text_value": pd.Categorical(np.asarray(texts, object)),
            "unit": pd.Categorical(np.asarray(units, object)),
        }
    )
    return frame.sort_values(["launch_id", "metric"], kind="stable", ignore_index=True)


def wide(counters: pd.DataFrame, metrics: Iterable[str], column: str = "value") -> pd.DataFrame:
    """Return one row per launch and one column per metric; a metric that was not measured is a column of NaN.

    Args:
        counters: `counters` table.
        metrics: Wanted metric names.
        column: `value` or `text_value`.
    """
    import numpy as np
    import pandas as pd

    names = list(dict.fromkeys(metrics))
    launches = pd.Index(np.unique(counters["launch_id"].to_numpy()), name="launch_id")
    chosen = counters[counters["metric"].isin(names)]
    cells = pd.Series(
        chosen[column].astype(object if column == "text_value" else np.float64).to_numpy(),
        index=pd.MultiIndex.from_arrays([chosen["launch_id"].to_numpy(), chosen["metric"].astype(object).to_numpy()]),
    )
    table = cells[~cells.index.duplicated()].unstack() if len(cells) else pd.DataFrame(index=launches)
    return table.reindex(index=launches, columns=names)


def _whole(series: pd.Series) -> pd.Series:
    """Return an integer column: plain when every value is there, nullable otherwise."""
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce")
    return numbers.astype(np.int64) if numbers.notna().all() else numbers.round().astype("Int64")


def profiled_launches_frame(launches: Sequence[Launch], counters: pd.DataFrame) -> pd.DataFrame:
    """Build the `profiled_launches` table.

    Args:
        launches: In report order: the position is the launch_id.
        counters: `counters` table of the same launches, for what the launches do not state.

    Returns:
        One row per launch; `iteration_bytes` beside the schema's columns when an NVTX payload states it.
    """
    import pandas as pd

    sizes = [f"{kind}_{axis}" for kind in ("grid", "block") for axis in AXES]
    values = wide(counters, [f"launch__{name[:-2]}_dim_{name[-1]}" for name in sizes]).reindex(range(len(launches)))
    facts = pd.DataFrame([launch.facts for launch in launches], index=range(len(launches)))
    kernels = pd.Categorical([launch.kernel for launch in launches])
    table = pd.DataFrame({"launch_id": range(len(launches)), "kernel": kernels})
    for name in sizes:
        measured = values[f"launch__{name[:-2]}_dim_{name[-1]}"]
        table[name] = _whole(facts[name].fillna(measured) if name in facts else measured)
    for name in ("process_id", "device_id", "context_id", "stream_id"):
        if name in facts:
            table[name] = _whole(facts[name])
    if "compute_capability" in facts:
        table["compute_capability"] = pd.Categorical(facts["compute_capability"])
    table["point"] = pd.Categorical([item.point for item in launches])
    table["nvtx"] = pd.Categorical([item.nvtx for item in launches])
    payloads = pd.Series([item.payload for item in launches], dtype="Int64")
    if payloads.notna().any():
        table["iteration_bytes"] = payloads
    return table


def launch_configurations_frame(
    launches: Sequence[Launch], profiled: pd.DataFrame, counters: pd.DataFrame
) -> pd.DataFrame:
    """Build the `launch_configurations` table: the distinct configurations in order of first launch.

    Returns:
        The table, or an empty frame when the report lacks registers and shared memory (section LaunchStats).
    """
    import pandas as pd

    measured = wide(counters, _CONFIGURATION_METRICS.values()).reindex(range(len(launches)))
    sizes = [f"{kind}_{axis}" for kind in ("grid", "block") for axis in AXES]
    table = profiled[["kernel", *sizes]].copy()
    table.insert(1, "short_name", pd.Categorical([item.short_name for item in launches]))
    for column, metric in _CONFIGURATION_METRICS.items():
        table[column] = measured[metric].to_numpy()
    needed = [*sizes, "registers_per_thread", "static_shared_memory_bytes", "dynamic_shared_memory_bytes"]
    table = table.dropna(subset=needed).drop_duplicates(ignore_index=True)
    carve_out = "shared_memory_executed_bytes"
    table[carve_out] = (table[carve_out] / BYTES_PER_KIB).round() * BYTES_PER_KIB  # whole KiB; pages print it rounded
    for column in (*sizes, *_CONFIGURATION_METRICS):
        table[column] = _whole(table[column])
    return table


def devices_frame(profiled: pd.DataFrame, counters: pd.DataFrame) -> pd.DataFrame:
    """Build the `devices` table from the device attributes that ncu stores with each launch.

    Returns:
        One row per device, or an empty frame when the report holds no attributes.
    """
    import pandas as pd

    if "device_id" not in profiled:
        return pd.DataFrame()
    first = profiled.drop_duplicates("device_id").set_index("launch_id")
    names = [f"{_ATTRIBUTE}{name}" for name, _ in _DEVICE_ATTRIBUTES.values()]
    extra = [f"{_ATTRIBUTE}{name}" for name in ("max_mem_frequency_khz", "global_memory_bus_width")]
    capability = [f"{_ATTRIBUTE}compute_capability_{part}" for part in ("major", "minor")]
    values = wide(counters, [*names, *extra, *capability]).reindex(first.index)
    known = values[capability].notna().all(axis=1) & values[names[0]].notna()
    first, values = first[known], values[known]
    if first.empty:
        return pd.DataFrame()
    names_found = wide(counters, [f"{_ATTRIBUTE}display_name"], "text_value").reindex(first.index)
    table = pd.DataFrame({"device_id": first["device_id"], "name": names_found.iloc[:, 0].fillna("unknown")})
    major, minor = (values[name].astype(int).astype(str) for name in capability)
    table["compute_capability"] = major + "." + minor
    for column, (name, factor) in _DEVICE_ATTRIBUTES.items():
        table[column] = _whole(values[f"{_ATTRIBUTE}{name}"] * factor)
    per_second = values[extra[0]] * _KHZ * _MEMORY_TRANSFERS_PER_CLOCK * values[extra[1]] / _BITS_PER_BYTE
    table["memory_bandwidth_bytes_per_s"] = _whole(per_second)
    return table.sort_values("device_id", ignore_index=True)
