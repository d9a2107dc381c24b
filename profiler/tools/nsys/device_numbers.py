"""Which GPU a device number means: CUDA_VISIBLE_DEVICES lets every process count its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from profiler.columns import narrow
from profiler.tools.nsys.identifiers import process_ids
from profiler.tools.nsys.sqlite_export import SqliteExport

_TABLE, _GPUS = "TARGET_INFO_CUDA_DEVICE", "TARGET_INFO_GPU"
_WORK = tuple(f"CUPTI_ACTIVITY_KIND_{kind}" for kind in ("KERNEL", "MEMCPY", "MEMSET"))


@dataclass(frozen=True)
class GpuMapping:
    """The GPUs of the profiled processes.

    Attributes:
        gpus: (process, CUDA ordinal) to nsys's number of the GPU.
        ambiguous: One ordinal means different GPUs in different processes.
        assumed: The export does not say which GPU a process used: each is taken to have had its own.
    """

    gpus: dict[tuple[int, int], int]
    ambiguous: bool
    assumed: bool = False


def gpu_mapping(export: SqliteExport) -> GpuMapping | None:
    """Return the mapping; None when the export does not hold one (nsys 2023.4) and none need be assumed."""
    if not export.has(_TABLE, "gpuId", "cudaId", "pid"):
        return _apart(export)
    rows = export.query(f"SELECT pid, cudaId, gpuId FROM {_TABLE} ORDER BY pid, cudaId")
    gpus = {(pid, ordinal): gpu for pid, ordinal, gpu in rows}
    meanings: dict[int, set[int]] = {}
    for (_, ordinal), gpu in gpus.items():
        meanings.setdefault(ordinal, set()).add(gpu)
    return GpuMapping(gpus, any(len(found) > 1 for found in meanings.values())) if gpus else None


@lru_cache(maxsize=1)
def _apart(export: SqliteExport) -> GpuMapping | None:
    """Keep processes apart that use the same ordinals, where the machine has a GPU for each; None where it has not."""
    number = "id" if export.has(_GPUS, "id") else "rowid - 1"
    gpus = [gpu for (gpu,) in export.query(f"SELECT {number} FROM {_GPUS} ORDER BY rowid")] if export.has(_GPUS) else []
    tables = [table for table in _WORK if len(gpus) > 1 and export.has(table, "globalPid", "deviceId")]
    found = {pair for table in tables for pair in export.query(f"SELECT DISTINCT globalPid, deviceId FROM {table}")}
    whole = [pair for pair in found if None not in pair]
    pairs = sorted({(int(process_ids(np.array([process]))[0]), ordinal) for process, ordinal in whole})
    if len({ordinal for _, ordinal in pairs}) == len(pairs) or len(pairs) > len(gpus):
        return None
    return GpuMapping(dict(zip(pairs, gpus, strict=False)), ambiguous=True, assumed=True)


def assumed_devices(export: SqliteExport) -> Iterator[tuple[str, str, str]]:
    """Yield severity, text and hint where each process is only taken to have had GPUs of its own."""
    mapping = gpu_mapping(export)
    if mapping is not None and mapping.assumed:
        processes = len({process for process, _ in mapping.gpus})
        text = f"{processes} processes use the same device numbers, and the capture does not say which GPU each one means"
        yield "warning", f"{text}: every process is shown with GPUs of its own", "export again with a newer nsys"


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
