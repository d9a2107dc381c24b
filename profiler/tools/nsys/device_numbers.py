"""Which GPU a device number means: CUDA_VISIBLE_DEVICES lets every process count its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import narrow
from profiler.tools.nsys.sqlite_export import SqliteExport

_TABLE = "TARGET_INFO_CUDA_DEVICE"


@dataclass(frozen=True)
class GpuMapping:
    """The GPUs of the profiled processes.

    Attributes:
        gpus: (process, CUDA ordinal) to nsys's number of the GPU.
        ambiguous: One ordinal means different GPUs in different processes.
    """

    gpus: dict[tuple[int, int], int]
    ambiguous: bool


def gpu_mapping(export: SqliteExport) -> GpuMapping | None:
    """Return the mapping; None when the export does not hold one (nsys 2023.4)."""
    if not export.has(_TABLE, "gpuId", "cudaId", "pid"):
        return None
    rows = export.query(f"SELECT pid, cudaId, gpuId FROM {_TABLE} ORDER BY pid, cudaId")
    gpus = {(pid, ordinal): gpu for pid, ordinal, gpu in rows}
    meanings: dict[int, set[int]] = {}
    for (_, ordinal), gpu in gpus.items():
        meanings.setdefault(ordinal, set()).add(gpu)
    return GpuMapping(gpus, any(len(found) > 1 for found in meanings.values())) if gpus else None


def device_numbers(export: SqliteExport, process: np.ndarray, ordinal: np.ndarray) -> np.ndarray:
    """Return a device number for GPU work that means the same GPU in every process.

    That is the CUDA ordinal, unless processes disagree on what it means: then it is nsys's number of the GPU.

    Args:
        export: The export.
        process: Process of each row.
        ordinal: CUDA ordinal of each row.
    """
    mapping = gpu_mapping(export)
    if mapping is None or not mapping.ambiguous:
        return narrow(ordinal)
    result = ordinal.copy()
    for (pid, number), gpu in mapping.gpus.items():
        result[(process == pid) & (ordinal == number)] = gpu
    return narrow(result)
