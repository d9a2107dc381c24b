"""What is derived from the hardware counters of one launch: one line a quantity, with the metrics it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from profiler.metrics.spec import Better, MetricSpec
from profiler.tools.ncu.counter_matrix import CounterMatrix
from profiler.tools.ncu.metric_names import (
    DRAM_READ,
    DRAM_WRITE,
    FP16_OPERATIONS,
    FP32_OPERATIONS,
    FP64_OPERATIONS,
    TENSOR_BF16,
    TENSOR_FP16,
    thread_instruction_metric,
)
from profiler.units import NS_PER_S

SECTOR_BYTES = 32
"""Bytes of a memory sector, the unit of L1 and L2 transfers. Source: Nsight Compute Profiling Guide, Memory Tables."""

_DURATION = "gpu__time_duration.sum"
_CLOCKS = tuple(f"{unit}__cycles_elapsed.avg.per_second" for unit in ("sm", "smsp", "gpc"))
_DRAM_CLOCK = "dram__cycles_elapsed.avg.per_second"
_DRAM_PEAK = "dram__bytes.sum.peak_sustained"
_FFMA_PEAK = "sm__sass_thread_inst_executed_op_ffma_pred_on.sum.peak_sustained"
_CYCLES = "smsp__cycles_elapsed.avg"
_LOCAL = "smsp__sass_inst_executed_op_local.sum"
_LOCAL_PARTS = ("smsp__sass_inst_executed_op_local_ld.sum", "smsp__sass_inst_executed_op_local_st.sum")
_LOCAL_SECTORS = tuple(f"l1tex__t_sectors_pipe_lsu_mem_local_op_{op}.sum" for op in ("ld", "st"))
_SHARED = "smsp__sass_inst_executed_op_shared.sum"
_CONFLICTS = "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum"
_SHARED_PIPE = "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum.pct_of_peak_sustained_elapsed"
# a fused multiply-add counts twice; packed half instructions work on two values
_FP32_WEIGHTS = (1, 1, 2)
_FP16_WEIGHTS = (2, 2, 4)
_FP64_WEIGHTS = (1, 1, 2)
_BRANCHES = "smsp__inst_executed_op_branch.sum"
_DIVERGENT = "smsp__sass_branch_targets_threads_divergent.sum"
_EFFICIENCY = "smsp__sass_average_branch_targets_threads_uniform.pct"
_L1_HIT, _L2_HIT = "l1tex__t_sector_hit_rate.pct", "lts__t_sector_hit_rate.pct"
_L2_SECTORS = "lts__t_sectors.sum.per_second"
_INSTRUCTIONS = "smsp__inst_executed.sum"


def _per_cycle(operation: str) -> str:
    return thread_instruction_metric(operation) + ".per_cycle_elapsed"


def _sectors_per_request(op: str) -> str:
    return f"l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_{op}.ratio"


EXTRA_METRICS = (
    *_CLOCKS, _CYCLES, *_LOCAL_PARTS, *DRAM_READ, *DRAM_WRITE, *TENSOR_FP16, *TENSOR_BF16,
    *map(_per_cycle, (*FP32_OPERATIONS, *FP16_OPERATIONS, *FP64_OPERATIONS)), *map(_sectors_per_request, ("ld", "st")),
    "derived__local_spilling_requests",
)  # fmt: skip
"""Metrics read when a report has them, beside those that recording asks for."""


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide; NaN where the divisor is 0 or missing."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=np.nan_to_num(bottom) != 0)


def _sum(c: CounterMatrix, *metrics: str) -> np.ndarray:
    """Add metrics of which a chip knows only some; NaN where none was measured."""
    values = np.stack([c[metric] for metric in metrics])
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))


def _operations(c: CounterMatrix, operations: tuple[str, ...], weights: tuple[int, ...]) -> np.ndarray:
    """Count floating-point operations, from rates per cycle when sums were not measured; NaN if any is missing."""
    total = np.zeros(c.launches)
    for operation, weight in zip(operations, weights, strict=True):
        counted = c[thread_instruction_metric(operation)]
        total += weight * np.where(np.isnan(counted), c[_per_cycle(operation)] * c[_CYCLES], counted)
    return total


def dram_bytes(c: CounterMatrix) -> np.ndarray:
    """Bytes read from and written to device memory."""
    parts = c.first(*DRAM_READ) + c.first(*DRAM_WRITE)
    return np.where(np.isnan(c["dram__bytes.sum"]), parts, c["dram__bytes.sum"])


def dram_rate(c: CounterMatrix) -> np.ndarray:
    """Device memory traffic, byte/s; from bytes and duration when the rate was not measured."""
    measured = c["dram__bytes.sum.per_second"]
    return np.where(np.isnan(measured), ratio(dram_bytes(c) * NS_PER_S, c[_DURATION]), measured)


def dram_peak(c: CounterMatrix) -> np.ndarray:
    """Peak device memory bandwidth at the memory clock during the launch, byte/s."""
    return c[_DRAM_PEAK] * c[_DRAM_CLOCK]


def _dram_share(c: CounterMatrix) -> np.ndarray:
    measured = c["gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed"]
    return np.where(np.isnan(measured), 100 * ratio(dram_rate(c), dram_peak(c)), measured)


def flop(c: CounterMatrix) -> np.ndarray:
    """Operations outside the tensor cores, of the precisions whose three instructions were all counted."""
    kinds = ((FP32_OPERATIONS, _FP32_WEIGHTS), (FP16_OPERATIONS, _FP16_WEIGHTS), (FP64_OPERATIONS, _FP64_WEIGHTS))
    values = np.stack([_operations(c, operations, weights) for operations, weights in kinds])
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))


def intensity(c: CounterMatrix) -> np.ndarray:
    """Operations per byte of device memory traffic."""
    return ratio(flop(c), dram_bytes(c))


def _fp32_peak(c: CounterMatrix) -> np.ndarray:
    return 2 * c[_FFMA_PEAK] * c.first(*_CLOCKS)


def _ceiling(c: CounterMatrix) -> np.ndarray:
    """Roofline: the lower of the arithmetic peak and intensity times the memory peak."""
    return np.minimum(_fp32_peak(c), intensity(c) * dram_peak(c))


def _local(c: CounterMatrix) -> np.ndarray:
    return np.where(np.isnan(c[_LOCAL]), _sum(c, *_LOCAL_PARTS), c[_LOCAL])


def _sectors(op: str) -> str:
    return f"l1tex__t_sectors_pipe_lsu_mem_global_op_{op}.sum"


def _requests(op: str) -> str:
    return f"l1tex__t_requests_pipe_lsu_mem_global_op_{op}.sum"


def _bytes_per_sector(op: str) -> str:
    return f"smsp__sass_average_data_bytes_per_sector_mem_global_op_{op}.ratio"


def _touched_sectors(c: CounterMatrix, op: str) -> np.ndarray:
    counted = ratio(c[_sectors(op)], c[_requests(op)])
    stated = c[_sectors_per_request(op)]
    return np.where(np.isnan(counted), np.where(c[_requests(op)] == 0, np.nan, stated), counted)


def _hit_rate(c: CounterMatrix, metric: str, accesses: np.ndarray) -> np.ndarray:
    """Hits of all accesses; ncu says 0 where there was none, and more than 100 where it counts a hit twice."""
    return np.where(accesses == 0, np.nan, np.minimum(c[metric], 100.0))


def _l1_accesses(c: CounterMatrix) -> np.ndarray:
    """Sectors that global and local accesses moved; NaN unless all of them are known and nothing hit."""
    total = sum((c[name] for name in (_sectors("ld"), _sectors("st"), *_LOCAL_SECTORS)), np.zeros(c.launches))
    return np.where(c[_L1_HIT] == 0, total, np.nan)


def _branch_efficiency(c: CounterMatrix) -> np.ndarray:
    """Uniform branches of all; ncu says 0 for a kernel that branches nowhere, or never apart."""
    nothing = (c[_EFFICIENCY] == 0) & ((c[_BRANCHES] == 0) | (c[_DIVERGENT] == 0))
    return np.where(nothing, np.nan, c[_EFFICIENCY])


def _per_instruction(c: CounterMatrix, metric: str) -> np.ndarray:
    return np.where(c[_INSTRUCTIONS] == 0, np.nan, c[metric])


def _used_bytes(c: CounterMatrix, op: str) -> np.ndarray:
    """Bytes used of each sector; ncu says 0 for a kernel without such accesses: that is no measurement."""
    return np.where(c[_requests(op)] == 0, np.nan, c[_bytes_per_sector(op)])


WHOLE = frozenset(
    "profiled_duration_ns dram_bytes dram_read_bytes dram_write_bytes load_sectors store_sectors divergent_branches"
    " shared_instructions bank_conflicts local_instructions local_bytes instructions flop tensor_op".split()
)
"""Quantities that are counted or stand in whole ns and bytes."""

_INTEGER_LIMIT = 2.0**63


def whole(values: np.ndarray) -> np.ndarray:
    """Return floats as int64, masked where they are not finite or do not fit: ncu prints `inf` for a division by zero."""
    missing = ~(np.abs(values) < _INTEGER_LIMIT)
    numbers = np.rint(np.where(missing, 0, values)).astype(np.int64)
    return np.ma.masked_array(numbers, missing) if missing.any() else numbers


@dataclass(frozen=True)
class Quantity:
    """One column of the `launches` table.

    Attributes:
        spec: Name, unit, direction, text, source.
        value: Computes it for every launch.
    """

    spec: MetricSpec
    value: Callable[[CounterMatrix], np.ndarray]

    def column(self, matrix: CounterMatrix) -> np.ndarray:
        """Return the column: integers, masked where missing, for what is counted, else floats with NaN."""
        values = self.value(matrix)
        return whole(values) if self.spec.name in WHOLE else values


def _measured(name: str, unit: str, better: Better, text: str, metric: str) -> Quantity:
    """Return a quantity that is one metric."""
    return Quantity(MetricSpec(name, unit, better, text, metric), lambda c: c[metric])


def _derived(
    name: str, unit: str, better: Better, text: str, source: str, value: Callable[[CounterMatrix], np.ndarray]
) -> Quantity:
    return Quantity(MetricSpec(name, unit, better, text, source), value)


def _global_access(op: str, word: str) -> tuple[Quantity, ...]:
    return (
        _derived(f"{word}_sectors", "count", "lower", f"32-byte sectors that global {word}s moved", _sectors(op),
                 lambda c: c[_sectors(op)]),
        _derived(f"sectors_per_request_{word}", "ratio", "none",
                 f"32-byte sectors that a warp's global {word} touches; ideal: 4 for 4-byte, 16 for 16-byte accesses",
                 f"{_sectors(op)} / {_requests(op)}", lambda c: _touched_sectors(c, op)),
        _derived(f"bytes_per_sector_{word}", "bytes", "higher", f"bytes used of each 32-byte sector of global {word}s",
                 _bytes_per_sector(op), lambda c: _used_bytes(c, op)),
    )  # fmt: skip


QUANTITIES: tuple[Quantity, ...] = (
    _measured("profiled_duration_ns", "ns", "none",
              "duration under Nsight Compute: replayed, caches flushed; no measurement of speed", _DURATION),
    _derived("sm_clock_hz", "Hz", "none", "SM clock during the launch", " or ".join(_CLOCKS),
             lambda c: c.first(*_CLOCKS)),
    _measured("waves_per_sm", "count", "none", "grid size in full loads of the GPU",
              "launch__waves_per_multiprocessor"),
    _measured("achieved_occupancy_pct", "%", "higher", "warps that an SM held on average, of its maximum",
              "sm__warps_active.avg.pct_of_peak_sustained_active"),
    _measured("compute_throughput_pct", "%", "higher", "use of the busiest SM unit",
              "sm__throughput.avg.pct_of_peak_sustained_elapsed"),
    _measured("memory_throughput_pct", "%", "higher", "use of the busiest memory unit",
              "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed"),
    _derived("dram_throughput_bytes_per_s", "bytes/s", "higher", "device memory traffic",
             "dram__bytes.sum.per_second, or bytes / duration", dram_rate),
    _derived("dram_throughput_pct", "%", "higher", "device memory traffic, of its peak",
             "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed", _dram_share),
    _derived("dram_bytes", "bytes", "lower", "bytes read from and written to device memory",
             "dram__bytes.sum, or read + write", dram_bytes),
    _derived("dram_read_bytes", "bytes", "lower", "bytes read from device memory", " or ".join(DRAM_READ),
             lambda c: c.first(*DRAM_READ)),
    _derived("dram_write_bytes", "bytes", "lower", "bytes written to device memory", " or ".join(DRAM_WRITE),
             lambda c: c.first(*DRAM_WRITE)),
    _measured("l2_throughput_pct", "%", "higher", "use of the L2 cache, of its peak",
              "lts__throughput.avg.pct_of_peak_sustained_elapsed"),
    _derived("l2_throughput_bytes_per_s", "bytes/s", "higher", "L2 cache traffic",
             "lts__t_sectors.sum.per_second * 32", lambda c: c["lts__t_sectors.sum.per_second"] * SECTOR_BYTES),
    _derived("l2_hit_pct", "%", "higher", "L2 hits of all accesses; writes count as hits, so streaming shows 50 %",
             _L2_HIT, lambda c: _hit_rate(c, _L2_HIT, c[_L2_SECTORS])),
    _measured("l1_throughput_pct", "%", "higher", "use of the L1 cache, of its peak",
              "l1tex__throughput.avg.pct_of_peak_sustained_active"),
    _derived("l1_hit_pct", "%", "higher", "L1 hits of all accesses", _L1_HIT,
             lambda c: _hit_rate(c, _L1_HIT, _l1_accesses(c))),
    *_global_access("ld", "load"),
    *_global_access("st", "store"),
    _derived("branch_efficiency_pct", "%", "higher", "branches whose threads all went the same way", _EFFICIENCY,
             _branch_efficiency),
    _measured("divergent_branches", "count", "lower", "branches whose threads went different ways", _DIVERGENT),
    _derived("threads_per_instruction", "count", "higher", "active threads per executed instruction, at most 32",
             "smsp__thread_inst_executed_per_inst_executed.ratio",
             lambda c: _per_instruction(c, "smsp__thread_inst_executed_per_inst_executed.ratio")),
    _derived("unpredicated_threads_per_instruction", "count", "higher", "the same without predicated-off threads",
             "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio",
             lambda c: _per_instruction(c, "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio")),
    _measured("shared_instructions", "count", "none", "executed shared memory instructions", _SHARED),
    _measured("shared_pipe_pct", "%", "none", "use of the shared memory pipe, of its peak; counts every warp once even"
              " without shared memory", _SHARED_PIPE),
    _measured("bank_conflicts", "count", "lower", "extra shared memory wavefronts because threads met in a bank",
              _CONFLICTS),
    _derived("bank_conflicts_per_instruction", "ratio", "lower", "bank conflicts per shared memory instruction",
             f"{_CONFLICTS} / {_SHARED}", lambda c: ratio(c[_CONFLICTS], c[_SHARED])),
    _derived("local_instructions", "count", "lower", "executed local memory instructions: spilled registers and arrays",
             f"{_LOCAL}, or loads + stores", _local),
    _derived("local_bytes", "bytes", "lower", "local memory traffic at L1", " + ".join(_LOCAL_SECTORS) + ", * 32",
             lambda c: _sum(c, *_LOCAL_SECTORS) * SECTOR_BYTES),
    _measured("instructions", "count", "lower", "executed warp instructions", "smsp__inst_executed.sum"),
    _measured("issue_slots_busy_pct", "%", "higher", "cycles in which a scheduler issued",
              "smsp__issue_active.avg.pct_of_peak_sustained_active"),
    _measured("eligible_warps_per_scheduler", "count", "higher", "warps ready to issue, per scheduler and cycle",
              "smsp__warps_eligible.avg.per_cycle_active"),
    _measured("cycles_per_issue", "count", "lower", "cycles between two instructions of a warp",
              "smsp__average_warp_latency_per_inst_issued.ratio"),
    _derived("flop", "count", "none", "FP32, FP16 and FP64 operations outside the tensor cores; an FMA counts 2",
             "smsp__sass_thread_inst_executed_op_{fadd,fmul,ffma,hadd,hmul,hfma,dadd,dmul,dfma}_pred_on.sum", flop),
    _derived("tensor_op", "count", "none", "tensor core operations with FP16 and BF16 inputs",
             "sm__ops_path_tensor_src_{fp16*,bf16*}.sum", lambda c: _sum(c, *TENSOR_FP16, *TENSOR_BF16)),
    _derived("flop_per_s", "count", "higher", "operations per second", "flop / gpu__time_duration.sum",
             lambda c: ratio(flop(c) * NS_PER_S, c[_DURATION])),
    _derived("arithmetic_intensity_flop_per_byte", "ratio", "none", "operations per byte of device memory traffic",
             "flop / dram_bytes", intensity),
    _derived("fp32_peak_flop_per_s", "count", "none", "FP32 peak at the measured clock",
             f"2 * {_FFMA_PEAK} * clock", _fp32_peak),
    _derived("dram_peak_bytes_per_s", "bytes/s", "none", "device memory peak at the measured clock",
             f"{_DRAM_PEAK} * {_DRAM_CLOCK}", dram_peak),
    _derived("roofline_flop_per_s", "count", "none", "what the roofline allows at this intensity",
             "min(fp32_peak_flop_per_s, intensity * dram_peak_bytes_per_s)", _ceiling),
)  # fmt: skip
