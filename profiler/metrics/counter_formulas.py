"""Formulas over the hardware counters of launches: traffic, operations, rates and what a report may lack of them."""

from __future__ import annotations

import numpy as np

from profiler.tools.ncu import metric_names as names
from profiler.tools.ncu.counter_matrix import CounterMatrix
from profiler.units import NS_PER_S

SECTOR_BYTES = 32
"""Bytes of a memory sector, the unit of L1 and L2 transfers. Source: Nsight Compute Profiling Guide, Memory Tables."""

DURATION = "gpu__time_duration.sum"
CLOCKS = tuple(f"{unit}__cycles_elapsed.avg.per_second" for unit in ("sm", "smsp", "gpc"))
DRAM_CLOCK = "dram__cycles_elapsed.avg.per_second"
DRAM_PEAK = "dram__bytes.sum.peak_sustained"
FFMA_PEAK = "sm__sass_thread_inst_executed_op_ffma_pred_on.sum.peak_sustained"
_CYCLES = "smsp__cycles_elapsed.avg"
LOCAL = "smsp__sass_inst_executed_op_local.sum"
_LOCAL_PARTS = ("smsp__sass_inst_executed_op_local_ld.sum", "smsp__sass_inst_executed_op_local_st.sum")
LOCAL_SECTORS = tuple(f"l1tex__t_sectors_pipe_lsu_mem_local_op_{op}.sum" for op in ("ld", "st"))
SHARED = "smsp__sass_inst_executed_op_shared.sum"
CONFLICTS = "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum"
SHARED_PIPE = "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum.pct_of_peak_sustained_elapsed"
_WEIGHTED = ((names.FP32_OPERATIONS, (1, 1, 2)), (names.FP16_OPERATIONS, (2, 2, 4)), (names.FP64_OPERATIONS, (1, 1, 2)))
"""Operations of an instruction: a fused multiply-add counts twice, packed half instructions work on two values."""
_BRANCHES = "smsp__inst_executed_op_branch.sum"
DIVERGENT = "smsp__sass_branch_targets_threads_divergent.sum"
EFFICIENCY = "smsp__sass_average_branch_targets_threads_uniform.pct"
L1_HIT, L2_HIT = "l1tex__t_sector_hit_rate.pct", "lts__t_sector_hit_rate.pct"
L2_SECTORS = "lts__t_sectors.sum.per_second"
_INSTRUCTIONS = "smsp__inst_executed.sum"


def _per_cycle(operation: str) -> str:
    return names.thread_instruction_metric(operation) + ".per_cycle_elapsed"


def _sectors_per_request(op: str) -> str:
    return f"l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_{op}.ratio"


EXTRA_METRICS = (
    *(*CLOCKS, _CYCLES, *_LOCAL_PARTS, *names.DRAM_READ, *names.DRAM_WRITE, *names.TENSOR_FP16, *names.TENSOR_BF16),
    *map(_per_cycle, (*names.FP32_OPERATIONS, *names.FP16_OPERATIONS, *names.FP64_OPERATIONS)),
    *map(_sectors_per_request, ("ld", "st")),
    "derived__local_spilling_requests",
)
"""Metrics read when a report has them, beside those that recording asks for."""


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide; NaN where the divisor is 0 or missing."""
    return np.asarray(np.divide(top, bottom, out=np.full(len(top), np.nan), where=np.nan_to_num(bottom) != 0))


def sum_known(c: CounterMatrix, *metrics: str) -> np.ndarray:
    """Add metrics of which a chip knows only some; NaN where none was measured."""
    return _sum_known([c[metric] for metric in metrics])


def _sum_known(parts: list[np.ndarray]) -> np.ndarray:
    values = np.stack(parts)
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))


def _operations(c: CounterMatrix, operations: tuple[str, ...], weights: tuple[int, ...]) -> np.ndarray:
    """Count floating-point operations, from rates per cycle when sums were not measured; NaN if any is missing."""
    total = np.zeros(c.launches)
    for operation, weight in zip(operations, weights, strict=True):
        counted = c[names.thread_instruction_metric(operation)]
        total += weight * np.where(np.isnan(counted), c[_per_cycle(operation)] * c[_CYCLES], counted)
    return total


def dram_bytes(c: CounterMatrix) -> np.ndarray:
    """Bytes read from and written to device memory."""
    parts = c.first(*names.DRAM_READ) + c.first(*names.DRAM_WRITE)
    return np.where(np.isnan(c["dram__bytes.sum"]), parts, c["dram__bytes.sum"])


def dram_rate(c: CounterMatrix) -> np.ndarray:
    """Device memory traffic, byte/s; from bytes and duration when the rate was not measured."""
    measured = c["dram__bytes.sum.per_second"]
    return np.where(np.isnan(measured), ratio(dram_bytes(c) * NS_PER_S, c[DURATION]), measured)


def dram_peak(c: CounterMatrix) -> np.ndarray:
    """Peak device memory bandwidth at the memory clock during the launch, byte/s."""
    return np.asarray(c[DRAM_PEAK] * c[DRAM_CLOCK])


def dram_share(c: CounterMatrix) -> np.ndarray:
    """Device memory traffic of its peak, %; from rate and peak when the share was not measured."""
    measured = c["gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed"]
    return np.where(np.isnan(measured), 100 * ratio(dram_rate(c), dram_peak(c)), measured)


def flop(c: CounterMatrix) -> np.ndarray:
    """Operations outside the tensor cores, of the precisions whose three instructions were all counted."""
    return _sum_known([_operations(c, operations, weights) for operations, weights in _WEIGHTED])


def intensity(c: CounterMatrix) -> np.ndarray:
    """Operations per byte of device memory traffic."""
    return ratio(flop(c), dram_bytes(c))


def fp32_peak(c: CounterMatrix) -> np.ndarray:
    """Peak of FP32 operations at the measured clock, FLOP/s: a fused multiply-add counts twice."""
    return np.asarray(2 * c[FFMA_PEAK] * c.first(*CLOCKS))


def ceiling(c: CounterMatrix) -> np.ndarray:
    """Roofline: the lower of the arithmetic peak and intensity times the memory peak."""
    return np.asarray(np.minimum(fp32_peak(c), intensity(c) * dram_peak(c)))


def local(c: CounterMatrix) -> np.ndarray:
    """Local memory instructions; loads plus stores when the total was not measured."""
    return np.where(np.isnan(c[LOCAL]), sum_known(c, *_LOCAL_PARTS), c[LOCAL])


def sectors(op: str) -> str:
    """Name the metric of sectors that global loads (`ld`) or stores (`st`) moved."""
    return f"l1tex__t_sectors_pipe_lsu_mem_global_op_{op}.sum"


def requests(op: str) -> str:
    """Name the metric of global load or store requests."""
    return f"l1tex__t_requests_pipe_lsu_mem_global_op_{op}.sum"


def bytes_per_sector(op: str) -> str:
    """Name the metric of bytes used of a sector."""
    return f"smsp__sass_average_data_bytes_per_sector_mem_global_op_{op}.ratio"


def touched_sectors(c: CounterMatrix, op: str) -> np.ndarray:
    """Sectors that a warp's global load or store touches; from the counts when they were measured."""
    counted = ratio(c[sectors(op)], c[requests(op)])
    stated = c[_sectors_per_request(op)]
    return np.where(np.isnan(counted), np.where(c[requests(op)] == 0, np.nan, stated), counted)


def _hits(rate: np.ndarray, accesses: np.ndarray) -> np.ndarray:
    """Hits of all accesses; ncu says 0 where there was none, and more than 100 where it counts a hit twice."""
    return np.where(accesses == 0, np.nan, np.minimum(rate, 100.0))


def l2_hits(c: CounterMatrix) -> np.ndarray:
    """Hits of all accesses to L2."""
    return _hits(c[L2_HIT], c[L2_SECTORS])


def l1_hits(c: CounterMatrix) -> np.ndarray:
    """Hits of all accesses to L1; none where nothing hit and no global or local access moved a sector."""
    moved = sum((c[name] for name in (sectors("ld"), sectors("st"), *LOCAL_SECTORS)), np.zeros(c.launches))
    return _hits(c[L1_HIT], np.where(c[L1_HIT] == 0, moved, np.nan))


def branch_efficiency(c: CounterMatrix) -> np.ndarray:
    """Uniform branches of all; ncu says 0 for a kernel that branches nowhere, or never apart."""
    nothing = (c[EFFICIENCY] == 0) & ((c[_BRANCHES] == 0) | (c[DIVERGENT] == 0))
    return np.where(nothing, np.nan, c[EFFICIENCY])


def per_instruction(c: CounterMatrix, metric: str) -> np.ndarray:
    """A value per executed instruction; NaN for a launch that executed none."""
    return np.where(c[_INSTRUCTIONS] == 0, np.nan, c[metric])


def used_bytes(c: CounterMatrix, op: str) -> np.ndarray:
    """Bytes used of each sector; ncu says 0 for a kernel without such accesses: that is no measurement."""
    return np.where(c[requests(op)] == 0, np.nan, c[bytes_per_sector(op)])
