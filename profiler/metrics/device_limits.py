"""What one streaming multiprocessor can hold, per compute capability, with the device's own figures preferred."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from profiler.errors import DataMissingError
from profiler.tables.captures import Captures

KIB = 1024


@dataclass(frozen=True)
class SmLimits:
    """Occupancy limits of one device.

    Attributes:
        compute_capability: (major, minor).
        warps: Resident warps per SM.
        blocks: Resident blocks per SM.
        registers: 32-bit registers per SM.
        shared_bytes: Largest shared memory carve-out per SM.
        shared_unit_bytes: Granularity of a block's shared memory allocation.
        shared_reserve_bytes: Shared memory that the driver keeps per block.
        shared_optin_bytes: Most shared memory that one block can ask for.
        barriers: Barriers per SM; 0 where they do not limit occupancy.

    Source: cuda_occupancy.h, CUDA 13.0; CUDA C++ Programming Guide, table "Technical Specifications per Compute
    Capability".
    """

    compute_capability: tuple[int, int]
    warps: int
    blocks: int
    registers: int
    shared_bytes: int
    shared_unit_bytes: int
    shared_reserve_bytes: int
    shared_optin_bytes: int
    barriers: int


def _generation(
    capability: tuple[int, int], warps: int, blocks: int, shared_kib: int, barriers: int = 0, volta: bool = False
) -> SmLimits:
    shared, unit, reserve = shared_kib * KIB, 256 if volta else 128, 0 if volta else KIB
    return SmLimits(capability, warps, blocks, 65536, shared, unit, reserve, shared - reserve, barriers)


KNOWN: dict[tuple[int, int], SmLimits] = {
    limits.compute_capability: limits
    for limits in (
        _generation((7, 0), 64, 32, 96, volta=True),
        _generation((7, 2), 64, 32, 96, volta=True),
        _generation((7, 5), 32, 16, 64, volta=True),
        _generation((8, 0), 64, 32, 164),
        _generation((8, 6), 48, 16, 100),
        _generation((8, 7), 48, 16, 164),
        _generation((8, 8), 48, 16, 100),
        _generation((8, 9), 48, 24, 100),
        _generation((9, 0), 64, 32, 228, 64),
        _generation((10, 0), 64, 32, 228, 64),
        _generation((10, 3), 64, 32, 228, 64),
        _generation((11, 0), 48, 24, 228, 24),
        _generation((12, 0), 48, 24, 100, 24),
        _generation((12, 1), 48, 24, 100, 24),
    )
}

_DEVICE_FIELDS = {
    "warps": "max_warps_per_sm",
    "blocks": "max_blocks_per_sm",
    "registers": "registers_per_sm",
    "shared_bytes": "shared_memory_per_sm_bytes",
    "shared_reserve_bytes": "reserved_shared_memory_per_block_bytes",
    "shared_optin_bytes": "shared_memory_per_block_optin_bytes",
}


def _known(value: Any) -> bool:
    """Return whether a field of a device row holds a positive number."""
    return isinstance(value, Real) and 0 < float(value) < math.inf


def _capability(device: Mapping[str, Any]) -> tuple[int, int]:
    major, _, minor = str(device.get("compute_capability", "")).partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise DataMissingError(
            f"occupancy: compute capability {device.get('compute_capability')!r} is not major.minor",
            "record the device table with the capture",
        )
    return int(major), int(minor)


def sm_limits(device: Mapping[str, Any]) -> SmLimits:
    """Return the limits of a device: what its row states, else what its compute capability implies.

    A compute capability newer than the table takes the allocation granularity of the newest known one below it.

    Args:
        device: Row of the `devices` table (mapping or Series); absent or NA fields fall back to the table.

    Raises:
        DataMissingError: The compute capability is absent or older than 7.0.
    """
    capability = _capability(device)
    below = [known for known in KNOWN if known <= capability]
    if not below:
        raise DataMissingError(
            f"occupancy: compute capability {capability[0]}.{capability[1]} is older than 7.0",
            "only devices of compute capability 7.0 and newer are covered",
        )
    base = KNOWN[max(below)]
    stated = {field: int(device[key]) for field, key in _DEVICE_FIELDS.items() if _known(device.get(key))}
    if "shared_bytes" in stated and "shared_optin_bytes" not in stated:
        stated["shared_optin_bytes"] = stated["shared_bytes"] - base.shared_reserve_bytes
    return replace(base, compute_capability=capability, **stated)


def device_rows(recording: Captures, tool: str | None = None) -> dict[int, dict[str, Any]]:
    """Return the rows of `devices` by device_id, None where a value is missing; none where a recording has no such table."""
    rows = recording.columns("devices", tool).to_records() if recording.has("devices", tool) else []
    return {row["device_id"]: row for row in rows}
