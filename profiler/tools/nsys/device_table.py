"""The GPUs of an nsys export: TARGET_INFO_GPU, or in exports of 2020 TARGET_INFO_CUDA_GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from profiler.columns import Columns, from_records
from profiler.errors import BadExportError
from profiler.schema import DEVICES
from profiler.tools.damage import DAMAGE
from profiler.tools.nsys.device_numbers import gpu_mapping
from profiler.tools.nsys.sqlite_export import SqliteExport
from profiler.units import format_value

GPU, CUDA_GPU = "TARGET_INFO_GPU", "TARGET_INFO_CUDA_GPU"

# column of the export and its factor to the unit of each number of `devices`, in the order of the schema
_NUMBERS = tuple(spec.name for spec in DEVICES.columns if spec.dtype == "int" and spec.name != "device_id")
_NOW = (
    "smCount clockRate memoryBandwidth l2CacheSize totalMemory maxWarpsPerSm maxBlocksPerSm maxRegistersPerSm maxShmemPerSm "
    "maxShmemPerBlock maxShmemPerBlockOptin"
).split()
_IN_2020 = (
    "numMultiprocessors coreClockRate globalMemoryBandwidth l2CacheSize globalMemorySize maxWarpsPerMultiprocessor "
    "maxBlocksPerMultiprocessor maxRegistersPerMultiprocessor maxSharedMemoryPerMultiprocessor maxSharedMemoryPerBlock"
).split()
_FACTORS = {"coreClockRate": 1000, "globalMemorySize": 1 << 20}
_TABLES = (
    (GPU, _NOW, ("computeMajor", "computeMinor"), ("id", "cuDevice")),
    (CUDA_GPU, _IN_2020, ("computeCapabilityMajor", "computeCapabilityMinor"), ("deviceId",)),
)

PLAUSIBLE_BYTES_PER_CYCLE = (0.5, 100.0)
"""Bounds of the DRAM bandwidth per SM and SM clock cycle.

Source: data sheets: 3.1 byte on a GeForce RTX 4090, 5.3 on a Quadro RTX 8000, 18 on an H200, 28 on a Jetson Nano.
"""


def read_devices(export: SqliteExport) -> dict[str, Columns]:
    """Read `devices`: one row per CUDA ordinal of the profiled processes; a bandwidth that no GPU has is missing.

    Raises:
        BadExportError: No table of the export describes the GPUs.
    """
    rows = [{**row, "device_id": ordinal} for ordinal, row in sorted(_ordinals(export, _rows(export)).items())]
    for row in rows:
        row["name"] = row.get("name") or "unknown GPU"
        if not _is_plausible(row):
            row["memory_bandwidth_bytes_per_s"] = None
    return {"devices": from_records(rows, DEVICES.columns)}


def implausible_bandwidths(export: SqliteExport) -> Iterator[tuple[str, str, str]]:
    """Yield severity, text and hint for each kind of GPU whose stated bandwidth is left out."""
    try:
        rows = _rows(export)
    except (BadExportError, *DAMAGE):
        # whoever asks for the devices is told
        return
    for text in dict.fromkeys(_doubt(row) for row in rows if not _is_plausible(row)):
        yield "warning", text, "shares of the peak bandwidth are missing; export again with a newer nsys"


def _doubt(row: dict[str, Any]) -> str:
    bandwidth, clock = format_value(row["memory_bandwidth_bytes_per_s"], "bytes/s"), format_value(row["sm_clock_hz"], "Hz")
    what = f"its memory bandwidth of {bandwidth} is implausible for {row['sm_count']} SMs at {clock}"
    return f"{row.get('name') or 'a GPU'}: {what} and therefore left out"


def _is_plausible(row: dict[str, Any]) -> bool:
    bandwidth, sms, clock = (row.get(name) for name in ("memory_bandwidth_bytes_per_s", "sm_count", "sm_clock_hz"))
    if not (bandwidth and sms and clock):
        return True
    low, high = PLAUSIBLE_BYTES_PER_CYCLE
    return bool(low <= bandwidth / (sms * clock) <= high)


def _rows(export: SqliteExport) -> list[dict[str, Any]]:
    described = next((item for item in _TABLES if export.has(item[0], item[1][0])), None)
    if described is None:
        found = ", ".join(name for name, *_ in _TABLES if name in export.columns) or "no table"
        what = f"the GPUs are not described ({found} without a number of SMs)"
        raise BadExportError(f"{export.path}: {what}", "export again with a newer nsys")
    table, columns, capability, ids = described
    wanted = [name for name in (*columns, "name", "uuid", *capability, *ids) if name in export.columns[table]]
    rows = []
    for values in export.query(f"SELECT {', '.join(wanted)} FROM {table} ORDER BY rowid"):
        raw = dict(zip(wanted, values, strict=True))
        row: dict[str, Any] = {name: raw.get(name) for name in ("name", "uuid", *ids)}
        for name, column in zip(_NUMBERS, columns, strict=False):
            row[name] = None if raw.get(column) is None else int(raw[column]) * _FACTORS.get(column, 1)
        rows.append(row | {"compute_capability": ".".join(str(raw.get(part) or 0) for part in capability)})
    return rows


def _ordinals(export: SqliteExport, rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Map device ids to GPUs, as `device_numbers` does for the GPU work."""
    gpus = {place if row.get("id") is None else row["id"]: row for place, row in enumerate(rows)}
    mapping = gpu_mapping(export)
    if mapping is None:
        numbers = ((row.get("cuDevice"), row.get("deviceId"), gpu) for gpu, row in gpus.items())
        found = [next(number for number in known if number is not None) for known in numbers]
        return dict(zip(found, gpus.values(), strict=True))
    if mapping.ambiguous:
        return gpus
    return {ordinal: gpus[gpu] for (_, ordinal), gpu in mapping.gpus.items() if gpu in gpus} or gpus
