"""The Nsight Compute metrics that this project asks for, with their chip variants; the names stand in `requested_metrics.json`."""

from __future__ import annotations

import json
from importlib.resources import files

_NAMES = json.loads(files(__package__).joinpath("requested_metrics.json").read_text(encoding="utf-8"))

STALL_REASONS: tuple[str, ...] = tuple(_NAMES["stall_reasons"])
"""Why a resident warp did not issue. Left out: `gmma`, which only sm_90 has, and `selected`, which is no stall."""
READY = "not_selected"
"""The one of them that is no wait: the warp was ready, and the scheduler took another."""
PIPES: tuple[str, ...] = tuple(_NAMES["pipes"])
"""Execution pipes whose use is measured."""
FP32_OPERATIONS, FP16_OPERATIONS, FP64_OPERATIONS = (tuple(_NAMES["operations"][kind]) for kind in ("fp32", "fp16", "fp64"))
LAUNCH: tuple[str, ...] = tuple(_NAMES["computed"])
"""Values that Nsight Compute computes itself, without hardware counters (sections LaunchStats and Occupancy)."""
DRAM_READ, DRAM_WRITE, TENSOR_FP16, TENSOR_BF16 = (
    tuple(_NAMES[name]) for name in ("dram_read", "dram_write", "tensor_fp16", "tensor_bf16")
)
INSTANCED: tuple[str, ...] = tuple(_NAMES["instanced"])
"""Metrics whose instances are read too, each as a metric of its own: `name[instance]`."""


def stall_metric(reason: str) -> str:
    """Return the metric of the warps stalled for a reason per issued instruction."""
    return f"smsp__average_warps_issue_stalled_{reason}_per_issue_active.ratio"


def pipe_metric(pipe: str) -> str:
    """Return the metric of the use of an execution pipe, % of its peak issue rate while an SM is active."""
    return f"sm__inst_executed_pipe_{pipe}.avg.pct_of_peak_sustained_active"


def thread_instruction_metric(operation: str) -> str:
    """Return the metric that counts a floating-point instruction once per thread that was not predicated off."""
    return f"smsp__sass_thread_inst_executed_op_{operation}_pred_on.sum"


_HARDWARE = (
    *(name for names in _NAMES["hardware"].values() for name in names),
    *map(stall_metric, STALL_REASONS),
    *map(pipe_metric, PIPES),
    *map(thread_instruction_metric, (*FP32_OPERATIONS, *FP16_OPERATIONS, *FP64_OPERATIONS)),
)


def hardware_metrics(compute_capability: str | None) -> tuple[str, ...]:
    """Return the hardware metrics to ask for on a chip.

    Args:
        compute_capability: `major.minor`, as nvidia-smi says; None when unknown.

    Returns:
        Metric names that are valid there. On an unknown chip: those that are valid on every chip.
    """
    major, chips, missing = (compute_capability or "").partition(".")[0], _NAMES["chips"], _NAMES["absent"]
    absent = missing.get(major, ()) if major in chips else [name for names in missing.values() for name in names]
    return (*(name for name in _HARDWARE if name not in absent), *chips.get(major, ()))


def requested_metrics(compute_capability: str | None = None) -> tuple[str, ...]:
    """Return everything for `ncu --metrics`: the values ncu computes itself, then the chip's hardware metrics.

    Args:
        compute_capability: `major.minor`; None when unknown.
    """
    return (*LAUNCH, *hardware_metrics(compute_capability))
