"""What is derived from the hardware counters of one launch: one line a quantity, with the metrics it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from profiler.columns import whole
from profiler.metrics import counter_formulas as formulas
from profiler.spec import Better, ColumnSpec
from profiler.tools.ncu.counter_matrix import CounterMatrix
from profiler.tools.ncu.metric_names import DRAM_READ, DRAM_WRITE, TENSOR_BF16, TENSOR_FP16
from profiler.units import NS_PER_S, UNITS

_WHOLE_UNITS = frozenset(("ns", "bytes", "FLOP", *(unit.name for unit in UNITS.values() if unit.counts)))


@dataclass(frozen=True)
class Quantity:
    """One column of the `launches` table.

    Attributes:
        spec: Name, unit, direction, text, source.
        value: Computes it for every launch.
    """

    spec: ColumnSpec
    value: Callable[[CounterMatrix], np.ndarray]

    def column(self, matrix: CounterMatrix) -> np.ndarray:
        """Return the column: integers, masked where missing, for what a launch has in all, else floats with NaN."""
        values = self.value(matrix)
        return whole(values) if self.spec.unit in _WHOLE_UNITS and "_per_" not in self.spec.name else values


def _measured(name: str, better: Better, text: str, metric: str, unit: str = "") -> Quantity:
    """Return a quantity that is one metric."""
    return Quantity(ColumnSpec(name, better, text, metric, unit), lambda c: c[metric])


def _derived(
    name: str, better: Better, text: str, source: str, value: Callable[[CounterMatrix], np.ndarray], unit: str = ""
) -> Quantity:
    return Quantity(ColumnSpec(name, better, text, source, unit), value)


def _global_access(op: str, word: str) -> tuple[Quantity, ...]:
    return (
        _derived(
            f"{word}_sectors",
            "lower",
            f"32-byte sectors that global {word}s moved",
            formulas.sectors(op),
            lambda c: c[formulas.sectors(op)],
        ),
        _derived(
            f"sectors_per_request_{word}",
            "none",
            f"32-byte sectors that a warp's global {word} touches; ideal: 4 for 4-byte, 16 for 16-byte accesses",
            f"{formulas.sectors(op)} / {formulas.requests(op)}",
            lambda c: formulas.touched_sectors(c, op),
            unit="sectors",
        ),
        _derived(
            f"bytes_per_sector_{word}",
            "higher",
            f"bytes used of each 32-byte sector of global {word}s",
            formulas.bytes_per_sector(op),
            lambda c: formulas.used_bytes(c, op),
            unit="bytes",
        ),
    )


QUANTITIES: tuple[Quantity, ...] = (
    _measured(
        "profiled_duration_ns",
        "none",
        "duration under Nsight Compute: replayed, caches flushed; no measurement of speed",
        formulas.DURATION,
    ),
    _derived(
        "sm_clock_hz", "none", "SM clock during the launch", " or ".join(formulas.CLOCKS), lambda c: c.first(*formulas.CLOCKS)
    ),
    _measured("waves_per_sm", "none", "grid size in full loads of the GPU", "launch__waves_per_multiprocessor", unit="waves"),
    _measured(
        "achieved_occupancy_pct",
        "none",
        "warps that an SM held on average, of its maximum",
        "sm__warps_active.avg.pct_of_peak_sustained_active",
    ),
    _measured("compute_throughput_pct", "none", "use of the busiest SM unit", "sm__throughput.avg.pct_of_peak_sustained_elapsed"),
    _measured(
        "memory_throughput_pct",
        "none",
        "use of the busiest memory unit",
        "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
    ),
    _derived(
        "dram_throughput_bytes_per_s",
        "none",
        "device memory traffic",
        "dram__bytes.sum.per_second, or bytes / duration",
        formulas.dram_rate,
    ),
    _derived(
        "dram_throughput_pct",
        "none",
        "device memory traffic, of its peak",
        "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
        formulas.dram_share,
    ),
    _derived(
        "dram_bytes",
        "lower",
        "bytes read from and written to device memory",
        "dram__bytes.sum, or read + write",
        formulas.dram_bytes,
    ),
    _derived("dram_read_bytes", "lower", "bytes read from device memory", " or ".join(DRAM_READ), lambda c: c.first(*DRAM_READ)),
    _derived(
        "dram_write_bytes", "lower", "bytes written to device memory", " or ".join(DRAM_WRITE), lambda c: c.first(*DRAM_WRITE)
    ),
    _measured("l2_throughput_pct", "none", "use of the L2 cache, of its peak", "lts__throughput.avg.pct_of_peak_sustained_elapsed"),
    _derived(
        "l2_throughput_bytes_per_s",
        "none",
        "L2 cache traffic",
        "lts__t_sectors.sum.per_second * 32",
        lambda c: c["lts__t_sectors.sum.per_second"] * formulas.SECTOR_BYTES,
    ),
    _derived(
        "l2_hit_pct",
        "none",
        "L2 hits of all accesses; writes count as hits, so streaming shows 50 %",
        formulas.L2_HIT,
        lambda c: formulas.hit_rate(c, formulas.L2_HIT, c[formulas.L2_SECTORS]),
    ),
    _measured(
        "l1_throughput_pct", "none", "use of the L1 cache, of its peak", "l1tex__throughput.avg.pct_of_peak_sustained_active"
    ),
    _derived(
        "l1_hit_pct",
        "none",
        "L1 hits of all accesses",
        formulas.L1_HIT,
        lambda c: formulas.hit_rate(c, formulas.L1_HIT, formulas.l1_accesses(c)),
    ),
    *_global_access("ld", "load"),
    *_global_access("st", "store"),
    _derived(
        "branch_efficiency_pct",
        "higher",
        "branches whose threads all went the same way",
        formulas.EFFICIENCY,
        formulas.branch_efficiency,
    ),
    _measured("divergent_branches", "lower", "branches whose threads went different ways", formulas.DIVERGENT),
    _derived(
        "threads_per_instruction",
        "higher",
        "active threads per executed instruction, at most 32",
        "smsp__thread_inst_executed_per_inst_executed.ratio",
        lambda c: formulas.per_instruction(c, "smsp__thread_inst_executed_per_inst_executed.ratio"),
        unit="threads",
    ),
    _derived(
        "unpredicated_threads_per_instruction",
        "higher",
        "the same without predicated-off threads",
        "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio",
        lambda c: formulas.per_instruction(c, "smsp__thread_inst_executed_pred_on_per_inst_executed.ratio"),
        unit="threads",
    ),
    _measured("shared_instructions", "none", "executed shared memory instructions", formulas.SHARED),
    _measured(
        "shared_pipe_pct",
        "none",
        "use of the shared memory pipe, of its peak; counts every warp once even without shared memory",
        formulas.SHARED_PIPE,
    ),
    _measured(
        "bank_conflicts", "lower", "extra shared memory wavefronts because threads met in a bank", formulas.CONFLICTS, unit="count"
    ),
    _derived(
        "bank_conflicts_per_instruction",
        "lower",
        "bank conflicts per shared memory instruction",
        f"{formulas.CONFLICTS} / {formulas.SHARED}",
        lambda c: formulas.ratio(c[formulas.CONFLICTS], c[formulas.SHARED]),
        unit="ratio",
    ),
    _derived(
        "local_instructions",
        "lower",
        "executed local memory instructions: spilled registers and arrays",
        f"{formulas.LOCAL}, or loads + stores",
        formulas.local,
    ),
    _derived(
        "local_bytes",
        "lower",
        "local memory traffic at L1",
        " + ".join(formulas.LOCAL_SECTORS) + ", * 32",
        lambda c: formulas.sum_known(c, *formulas.LOCAL_SECTORS) * formulas.SECTOR_BYTES,
    ),
    _measured("instructions", "lower", "executed warp instructions", "smsp__inst_executed.sum"),
    _measured(
        "issue_slots_busy_pct",
        "none",
        "cycles in which a scheduler issued",
        "smsp__issue_active.avg.pct_of_peak_sustained_active",
    ),
    _measured(
        "eligible_warps_per_scheduler",
        "none",
        "warps ready to issue, per scheduler and cycle",
        "smsp__warps_eligible.avg.per_cycle_active",
        unit="warps",
    ),
    _measured(
        "cycles_per_issue",
        "none",
        "cycles between two instructions of a warp",
        "smsp__average_warp_latency_per_inst_issued.ratio",
        unit="cycles",
    ),
    _derived(
        "flop",
        "none",
        "FP32, FP16 and FP64 operations outside the tensor cores; an FMA counts 2",
        "smsp__sass_thread_inst_executed_op_{fadd,fmul,ffma,hadd,hmul,hfma,dadd,dmul,dfma}_pred_on.sum",
        formulas.flop,
    ),
    _derived(
        "tensor_op",
        "none",
        "tensor core operations with FP16 and BF16 inputs",
        "sm__ops_path_tensor_src_{fp16*,bf16*}.sum",
        lambda c: formulas.sum_known(c, *TENSOR_FP16, *TENSOR_BF16),
        unit="operations",
    ),
    _derived(
        "flop_per_s",
        "higher",
        "operations per second",
        "flop / gpu__time_duration.sum",
        lambda c: formulas.ratio(formulas.flop(c) * NS_PER_S, c[formulas.DURATION]),
    ),
    _derived(
        "arithmetic_intensity_flop_per_byte",
        "none",
        "operations per byte of device memory traffic",
        "flop / dram_bytes",
        formulas.intensity,
    ),
    _derived(
        "fp32_peak_flop_per_s", "none", "FP32 peak at the measured clock", f"2 * {formulas.FFMA_PEAK} * clock", formulas.fp32_peak
    ),
    _derived(
        "dram_peak_bytes_per_s",
        "none",
        "device memory peak at the measured clock",
        f"{formulas.DRAM_PEAK} * {formulas.DRAM_CLOCK}",
        formulas.dram_peak,
    ),
    _derived(
        "roofline_flop_per_s",
        "none",
        "what the roofline allows at this intensity",
        "min(fp32_peak_flop_per_s, formulas.intensity * dram_peak_bytes_per_s)",
        formulas.ceiling,
    ),
)
