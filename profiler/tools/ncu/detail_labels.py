"""Which metric a label of `ncu --page details` shows."""

from __future__ import annotations

_SPEED = "GPU Speed Of Light Throughput"
_MEMORY = "Memory Workload Analysis"
_COMPUTE = "Compute Workload Analysis"
_SCHEDULER = "Scheduler Statistics"
_WARP = "Warp State Statistics"
_LAUNCH = "Launch Statistics"
_OCCUPANCY = "Occupancy"
_SOURCE = "Source Counters"

METRIC_LABELS: dict[tuple[str, str], str] = {
    (_SPEED, "DRAM Frequency"): "dram__cycles_elapsed.avg.per_second",
    (_SPEED, "SM Frequency"): "gpc__cycles_elapsed.avg.per_second",
    (_SPEED, "Elapsed Cycles"): "gpc__cycles_elapsed.max",
    (_SPEED, "Memory Throughput"): "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
    (_SPEED, "DRAM Throughput"): "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
    (_SPEED, "Duration"): "gpu__time_duration.sum",
    (_SPEED, "L1/TEX Cache Throughput"): "l1tex__throughput.avg.pct_of_peak_sustained_active",
    (_SPEED, "L2 Cache Throughput"): "lts__throughput.avg.pct_of_peak_sustained_elapsed",
    (_SPEED, "SM Active Cycles"): "sm__cycles_active.avg",
    (_SPEED, "Compute (SM) Throughput"): "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    (_COMPUTE, "Executed Ipc Active"): "sm__inst_executed.avg.per_cycle_active",
    (_COMPUTE, "Executed Ipc Elapsed"): "sm__inst_executed.avg.per_cycle_elapsed",
    (_COMPUTE, "Issued Ipc Active"): "sm__inst_issued.avg.per_cycle_active",
    (_MEMORY, "Memory Throughput"): "dram__bytes.sum.per_second",
    (_MEMORY, "Mem Busy"): "gpu__compute_memory_access_throughput.avg.pct_of_peak_sustained_elapsed",
    (_MEMORY, "Max Bandwidth"): "gpu__compute_memory_request_throughput.avg.pct_of_peak_sustained_elapsed",
    (_MEMORY, "Mem Pipes Busy"): "sm__memory_throughput.avg.pct_of_peak_sustained_elapsed",
    (_MEMORY, "L1/TEX Hit Rate"): "l1tex__t_sector_hit_rate.pct",
    (_MEMORY, "L2 Hit Rate"): "lts__t_sector_hit_rate.pct",
    (_MEMORY, "L2 Compression Input Sectors"): "lrc__ilc_input_sectors.sum",
    (_MEMORY, "Local Memory Spilling Requests"): "derived__local_spilling_requests",
    (_MEMORY, "Local Memory Spilling Request Overhead"): "derived__local_spilling_requests_pct",
    (_SCHEDULER, "One or More Eligible"): "smsp__issue_active.avg.pct_of_peak_sustained_active",
    (_SCHEDULER, "Issued Warp Per Scheduler"): "smsp__issue_active.avg.per_cycle_active",
    (_SCHEDULER, "No Eligible"): "smsp__issue_inst0.avg.pct_of_peak_sustained_active",
    (_SCHEDULER, "Active Warps Per Scheduler"): "smsp__warps_active.avg.per_cycle_active",
    (_SCHEDULER, "Eligible Warps Per Scheduler"): "smsp__warps_eligible.avg.per_cycle_active",
    (_WARP, "Warp Cycles Per Issued Instruction"): "smsp__average_warp_latency_per_inst_issued.ratio",
    (_WARP, "Warp Cycles Per Executed Instruction"): "smsp__average_warps_active_per_inst_executed.ratio",
    (_WARP, "Avg. Active Threads Per Warp"): "smsp__thread_inst_executed_per_inst_executed.ratio",
    (_WARP, "Avg. Not Predicated Off Threads Per Warp"): "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio",
    ("Instruction Statistics", "Executed Instructions"): "smsp__inst_executed.sum",
    ("Instruction Statistics", "Issued Instructions"): "smsp__inst_issued.sum",
    (_LAUNCH, "Block Size"): "launch__block_size",
    (_LAUNCH, "Grid Size"): "launch__grid_size",
    (_LAUNCH, "Registers Per Thread"): "launch__registers_per_thread",
    (_LAUNCH, "Shared Memory Configuration Size"): "launch__shared_mem_config_size",
    (_LAUNCH, "Driver Shared Memory Per Block"): "launch__shared_mem_per_block_driver",
    (_LAUNCH, "Dynamic Shared Memory Per Block"): "launch__shared_mem_per_block_dynamic",
    (_LAUNCH, "Static Shared Memory Per Block"): "launch__shared_mem_per_block_static",
    (_LAUNCH, "# SMs"): "launch__sm_count",
    (_LAUNCH, "Threads"): "launch__thread_count",
    (_LAUNCH, "Waves Per SM"): "launch__waves_per_multiprocessor",
    (_OCCUPANCY, "Block Limit Barriers"): "launch__occupancy_limit_barriers",
    (_OCCUPANCY, "Block Limit SM"): "launch__occupancy_limit_blocks",
    (_OCCUPANCY, "Block Limit Registers"): "launch__occupancy_limit_registers",
    (_OCCUPANCY, "Block Limit Shared Mem"): "launch__occupancy_limit_shared_mem",
    (_OCCUPANCY, "Block Limit Warps"): "launch__occupancy_limit_warps",
    (_OCCUPANCY, "Theoretical Active Warps per SM"): "sm__maximum_warps_avg_per_active_cycle",
    (_OCCUPANCY, "Theoretical Occupancy"): "sm__maximum_warps_per_active_cycle_pct",
    (_OCCUPANCY, "Achieved Occupancy"): "sm__warps_active.avg.pct_of_peak_sustained_active",
    (_OCCUPANCY, "Achieved Active Warps Per SM"): "sm__warps_active.avg.per_cycle_active",
    (_SOURCE, "Branch Instructions"): "smsp__inst_executed_op_branch.sum",
    (_SOURCE, "Branch Efficiency"): "smsp__sass_average_branch_targets_threads_uniform.pct",
    (_SOURCE, "Avg. Divergent Branches"): "smsp__sass_branch_targets_threads_divergent.avg",
}
"""(section, label) to metric name. Source: section files of Nsight Compute 2025.3, checked by value on a report."""


def metric_of_label(section: str, label: str) -> str:
    """Return the metric that a label shows.

    Args:
        section: Section name as printed.
        label: Metric label as printed; a full metric name when the user asked for metrics one by one.

    Returns:
        The metric name; `section/label` for a label that is not known.
    """
    known = METRIC_LABELS.get((section, label))
    if known:
        return known
    return label if "__" in label else f"{section}/{label}"
