"""The Nsight Compute metrics that this project asks for, with their chip variants: the one place that lists them.

Source: Nsight Compute documentation, Profiling Guide, "Metrics Reference"; validity per chip from the PerfWorks host
library (`NVPW_MetricsEvaluator_ConvertMetricNameToMetricEvalRequest`), which needs no GPU.
"""

from __future__ import annotations

STALL_REASONS = (
    "barrier",
    "branch_resolving",
    "dispatch_stall",
    "drain",
    "imc_miss",
    "lg_throttle",
    "long_scoreboard",
    "math_pipe_throttle",
    "membar",
    "mio_throttle",
    "misc",
    "no_instruction",
    "not_selected",
    "short_scoreboard",
    "sleeping",
    "tex_throttle",
    "wait",
)
"""Why a resident warp did not issue. Left out: `gmma`, which only sm_90 has, and `selected`, which is no stall."""
READY = "not_selected"
"""The one of them that is no wait: the warp was ready, and the scheduler took another."""

PIPES = ("alu", "fma", "xu", "lsu", "tensor")
"""Execution pipes whose use is measured."""

FP32_OPERATIONS = ("fadd", "fmul", "ffma")
FP16_OPERATIONS = ("hadd", "hmul", "hfma")
FP64_OPERATIONS = ("dadd", "dmul", "dfma")


def stall_metric(reason: str) -> str:
    """Return the metric of the warps stalled for a reason per issued instruction."""
    return f"smsp__average_warps_issue_stalled_{reason}_per_issue_active.ratio"


def pipe_metric(pipe: str) -> str:
    """Return the metric of the use of an execution pipe, % of its peak issue rate while an SM is active."""
    return f"sm__inst_executed_pipe_{pipe}.avg.pct_of_peak_sustained_active"


def thread_instruction_metric(operation: str) -> str:
    """Return the metric that counts a floating-point instruction once per thread that was not predicated off."""
    return f"smsp__sass_thread_inst_executed_op_{operation}_pred_on.sum"


LAUNCH = (
    "launch__registers_per_thread",
    "launch__registers_per_thread_allocated",
    "launch__shared_mem_per_block_static",
    "launch__shared_mem_per_block_dynamic",
    "launch__shared_mem_per_block_driver",
    "launch__shared_mem_per_block_allocated",
    "launch__shared_mem_config_size",
    "launch__barrier_count",
    "launch__waves_per_multiprocessor",
    "launch__occupancy_limit_blocks",
    "launch__occupancy_limit_registers",
    "launch__occupancy_limit_shared_mem",
    "launch__occupancy_limit_warps",
    "launch__occupancy_limit_barriers",
    "sm__maximum_warps_per_active_cycle_pct",
)
"""Values that Nsight Compute computes itself, without hardware counters (sections LaunchStats and Occupancy)."""

_HARDWARE = (
    # time and clocks
    "gpu__time_duration.sum",
    "sm__cycles_elapsed.avg.per_second",
    "sm__cycles_active.avg",
    "gpc__cycles_elapsed.avg.per_second",
    # throughput of the units
    "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
    "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
    "lts__throughput.avg.pct_of_peak_sustained_elapsed",
    "l1tex__throughput.avg.pct_of_peak_sustained_active",
    # device memory
    "dram__bytes.sum",
    "dram__bytes.sum.per_second",
    "dram__bytes.sum.peak_sustained",
    "dram__cycles_elapsed.avg.per_second",
    # caches
    "lts__t_sectors.sum.per_second",
    "lts__t_sector_hit_rate.pct",
    "lts__t_sector_op_read_hit_rate.pct",
    "l1tex__t_sector_hit_rate.pct",
    # occupancy and issue
    "sm__warps_active.avg.pct_of_peak_sustained_active",
    "smsp__issue_active.avg.pct_of_peak_sustained_active",
    "smsp__warps_eligible.avg.per_cycle_active",
    "smsp__inst_executed.sum",
    "smsp__average_warp_latency_per_inst_issued.ratio",
    *map(stall_metric, STALL_REASONS),
    *map(pipe_metric, PIPES),
    # divergence
    "smsp__sass_average_branch_targets_threads_uniform.pct",
    "smsp__sass_branch_targets_threads_divergent.sum",
    "smsp__inst_executed_op_branch.sum",
    "smsp__thread_inst_executed_per_inst_executed.ratio",
    "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio",
    # global memory access pattern
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
    "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum",
    "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum",
    "l1tex__t_requests_pipe_lsu_mem_global_op_st.sum",
    "smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.ratio",
    "smsp__sass_average_data_bytes_per_sector_mem_global_op_st.ratio",
    # shared and local memory
    "smsp__sass_inst_executed_op_shared.sum",
    "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum.pct_of_peak_sustained_elapsed",
    "smsp__sass_inst_executed_op_local.sum",
    "l1tex__t_sectors_pipe_lsu_mem_local_op_ld.sum",
    "l1tex__t_sectors_pipe_lsu_mem_local_op_st.sum",
    # floating-point work
    *map(thread_instruction_metric, FP32_OPERATIONS),
    *map(thread_instruction_metric, FP16_OPERATIONS),
    *map(thread_instruction_metric, FP64_OPERATIONS),
    "sm__sass_thread_inst_executed_op_ffma_pred_on.sum.peak_sustained",
)

DRAM_READ = ("dram__bytes_read.sum", "dram__bytes_op_read.sum")
DRAM_WRITE = ("dram__bytes_write.sum", "dram__bytes_op_write.sum")
TENSOR_FP16 = (
    "sm__ops_path_tensor_src_fp16.sum",
    "sm__ops_path_tensor_src_fp16_dst_fp16.sum",
    "sm__ops_path_tensor_src_fp16_dst_fp32.sum",
    "sm__ops_path_tensor_src_fp16_bf16_tf32_dst_fp32.sum",
)
TENSOR_BF16 = ("sm__ops_path_tensor_src_bf16_dst_fp32.sum",)

_DRAM_BEFORE_12 = (DRAM_READ[0], DRAM_WRITE[0])
_AMPERE = (TENSOR_FP16[1], TENSOR_FP16[2], *TENSOR_BF16)
_CHIP_METRICS = {
    7: (*_DRAM_BEFORE_12, TENSOR_FP16[1], TENSOR_FP16[3]),
    8: (*_DRAM_BEFORE_12, *_AMPERE),
    9: (*_DRAM_BEFORE_12, TENSOR_FP16[0], *TENSOR_BF16),
    10: (*_DRAM_BEFORE_12, *_AMPERE),
    12: (DRAM_READ[1], DRAM_WRITE[1], *_AMPERE),
}
_RENAMED = {
    10: ("smsp__average_warps_issue_stalled_imc_miss_per_issue_active.ratio",),
    12: ("smsp__average_warps_issue_stalled_imc_miss_per_issue_active.ratio",),
}


def hardware_metrics(compute_capability: str | None) -> tuple[str, ...]:
    """Return the hardware metrics to ask for on a chip.

    Args:
        compute_capability: `major.minor`, as nvidia-smi says; None when unknown.

    Returns:
        Metric names that are valid there. On an unknown chip: those that are valid on every chip.
    """
    major = int(compute_capability.partition(".")[0]) if compute_capability else None
    absent = {name for names in _RENAMED.values() for name in names} if major not in _CHIP_METRICS else set()
    absent |= set(_RENAMED.get(major or 0, ()))
    return (*(name for name in _HARDWARE if name not in absent), *_CHIP_METRICS.get(major or 0, ()))


def requested_metrics(compute_capability: str | None = None) -> tuple[str, ...]:
    """Return everything for `ncu --metrics`: the values ncu computes itself, then the chip's hardware metrics.

    Args:
        compute_capability: `major.minor`; None when unknown.
    """
    return (*LAUNCH, *hardware_metrics(compute_capability))


INSTANCED = ("sass__inst_executed_per_opcode",)
"""Metrics whose instances are read too, each as a metric of its own: `name[instance]`."""
