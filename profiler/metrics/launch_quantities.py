"""What is derived from the hardware counters of one launch: one line a quantity, with the metrics it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from profiler.columns import whole
from profiler.metrics import counter_formulas as f
from profiler.spec import Better, ColumnSpec
from profiler.tools.ncu.counter_matrix import CounterMatrix
from profiler.tools.ncu.metric_names import DRAM_READ, DRAM_WRITE, TENSOR_BF16, TENSOR_FP16
from profiler.units import NS_PER_S, UNITS, unit_of

_WHOLE_UNITS = frozenset(("ns", "bytes", "FLOP", *(unit.name for unit in UNITS.values() if unit.counts)))


Value = Callable[[CounterMatrix], np.ndarray]


@dataclass(frozen=True)
class LaunchQuantity:
    """One column of the `launches` table.

    Attributes:
        spec: Name, unit, direction, text, source.
        value: Computes it for every launch.
    """

    spec: ColumnSpec
    value: Value

    def column(self, matrix: CounterMatrix) -> np.ndarray:
        """Return the column: integers, masked where missing, for what a launch has in all, else floats with NaN."""
        values = self.value(matrix)
        return whole(values) if self.spec.unit in _WHOLE_UNITS and "_per_" not in self.spec.name else values


def _of(name: str, text: str, source: str, value: Value | None = None, unit: str = "", better: Better = "none") -> LaunchQuantity:
    """Return a quantity; without a formula, it is the metric that is its source. `X_per_Y` is in the unit of X."""
    unit = unit or unit_of(name) or unit_of(name.partition("_per_")[0])
    return LaunchQuantity(ColumnSpec(name, better, text, source, unit), value or (lambda c: c[source]))


_less, _more = partial(_of, better="lower"), partial(_of, better="higher")


def _peak(metric: str, cycles: str = "elapsed") -> str:
    return f"{metric}.avg.pct_of_peak_sustained_{cycles}"


def _global_access(op: str, word: str) -> tuple[LaunchQuantity, ...]:
    sectors, requests, used = f.sectors(op), f.requests(op), f.bytes_per_sector(op)
    touched = f"32-byte sectors that a warp's global {word} touches; ideal: 4 for 4-byte, 16 for 16-byte accesses"
    used_text = f"bytes used of each 32-byte sector of global {word}s"
    return (
        _less(f"{word}_sectors", f"32-byte sectors that global {word}s moved", sectors),
        _of(f"sectors_per_request_{word}", touched, f"{sectors} / {requests}", lambda c: f.touched_sectors(c, op)),
        _more(f"bytes_per_sector_{word}", used_text, used, lambda c: f.used_bytes(c, op)),
    )


def _threads(name: str, text: str, counted: str = "") -> LaunchQuantity:
    metric = f"smsp__thread_inst_executed{counted}_per_inst_executed.ratio"
    return _more(name, text, metric, lambda c: f.per_instruction(c, metric))


QUANTITIES: tuple[LaunchQuantity, ...] = (
    _of("profiled_duration_ns", "duration under Nsight Compute: replayed, caches flushed; no measurement of speed", f.DURATION),
    _of("sm_clock_hz", "SM clock during the launch", " or ".join(f.CLOCKS), lambda c: c.first(*f.CLOCKS)),
    _of("waves_per_sm", "grid size in full loads of the GPU", "launch__waves_per_multiprocessor"),
    _of("achieved_occupancy_pct", "warps that an SM held on average, of its maximum", _peak("sm__warps_active", "active")),
    _of("compute_throughput_pct", "use of the busiest SM unit", _peak("sm__throughput")),
    _of("memory_throughput_pct", "use of the busiest memory unit", _peak("gpu__compute_memory_throughput")),
    _of("dram_throughput_bytes_per_s", "device memory traffic", "dram__bytes.sum.per_second, or bytes / duration", f.dram_rate),
    _of("dram_throughput_pct", "device memory traffic, of its peak", _peak("gpu__dram_throughput"), f.dram_share),
    _less("dram_bytes", "bytes read from and written to device memory", "dram__bytes.sum, or read + write", f.dram_bytes),
    _less("dram_read_bytes", "bytes read from device memory", " or ".join(DRAM_READ), lambda c: c.first(*DRAM_READ)),
    _less("dram_write_bytes", "bytes written to device memory", " or ".join(DRAM_WRITE), lambda c: c.first(*DRAM_WRITE)),
    _of("l2_throughput_pct", "use of the L2 cache, of its peak", _peak("lts__throughput")),
    _of("l2_throughput_bytes_per_s", "L2 cache traffic", f"{f.L2_SECTORS} * 32", lambda c: c[f.L2_SECTORS] * f.SECTOR_BYTES),
    _of("l2_hit_pct", "L2 hits of all accesses; writes count as hits, so streaming shows 50 %", f.L2_HIT, f.l2_hits),
    _of("l1_throughput_pct", "use of the L1 cache, of its peak", _peak("l1tex__throughput", "active")),
    _of("l1_hit_pct", "L1 hits of all accesses", f.L1_HIT, f.l1_hits),
    *_global_access("ld", "load"),
    *_global_access("st", "store"),
    _more("branch_efficiency_pct", "branches whose threads all went the same way", f.EFFICIENCY, f.branch_efficiency),
    _less("divergent_branches", "branches whose threads went different ways", f.DIVERGENT),
    _threads("threads_per_instruction", "active threads per executed instruction, at most 32"),
    _threads("unpredicated_threads_per_instruction", "the same without predicated-off threads", "_pred_on"),
    _of("shared_instructions", "executed shared memory instructions", f.SHARED),
    _of(
        "shared_pipe_pct",
        "use of the shared memory pipe, of its peak; counts every warp once even without shared memory",
        f.SHARED_PIPE,
    ),
    _less("bank_conflicts", "extra shared memory wavefronts because threads met in a bank", f.CONFLICTS, unit="count"),
    _less(
        "bank_conflicts_per_instruction",
        "bank conflicts per shared memory instruction",
        f"{f.CONFLICTS} / {f.SHARED}",
        lambda c: f.ratio(c[f.CONFLICTS], c[f.SHARED]),
        unit="ratio",
    ),
    _less(
        "local_instructions",
        "executed local memory instructions: spilled registers and arrays",
        f"{f.LOCAL}, or loads + stores",
        f.local,
    ),
    _less(
        "local_bytes",
        "local memory traffic at L1",
        " + ".join(f.LOCAL_SECTORS) + ", * 32",
        lambda c: f.sum_known(c, *f.LOCAL_SECTORS) * f.SECTOR_BYTES,
    ),
    _less("instructions", "executed warp instructions", "smsp__inst_executed.sum"),
    _of("issue_slots_busy_pct", "cycles in which a scheduler issued", _peak("smsp__issue_active", "active")),
    _of(
        "eligible_warps_per_scheduler", "warps ready to issue, per scheduler and cycle", "smsp__warps_eligible.avg.per_cycle_active"
    ),
    _of("cycles_per_issue", "cycles between two instructions of a warp", "smsp__average_warp_latency_per_inst_issued.ratio"),
    _of(
        "flop",
        "FP32, FP16 and FP64 operations outside the tensor cores; an FMA counts 2",
        "smsp__sass_thread_inst_executed_op_{fadd,fmul,ffma,hadd,hmul,hfma,dadd,dmul,dfma}_pred_on.sum",
        f.flop,
    ),
    _of(
        "tensor_op",
        "tensor core operations with FP16 and BF16 inputs",
        "sm__ops_path_tensor_src_{fp16*,bf16*}.sum",
        lambda c: f.sum_known(c, *TENSOR_FP16, *TENSOR_BF16),
        unit="operations",
    ),
    _more(
        "flop_per_s",
        "operations per second",
        "flop / gpu__time_duration.sum",
        lambda c: f.ratio(f.flop(c) * NS_PER_S, c[f.DURATION]),
    ),
    _of("arithmetic_intensity_flop_per_byte", "operations per byte of device memory traffic", "flop / dram_bytes", f.intensity),
    _of("fp32_peak_flop_per_s", "FP32 peak at the measured clock", f"2 * {f.FFMA_PEAK} * clock", f.fp32_peak),
    _of("dram_peak_bytes_per_s", "device memory peak at the measured clock", f"{f.DRAM_PEAK} * {f.DRAM_CLOCK}", f.dram_peak),
    _of(
        "roofline_flop_per_s",
        "what the roofline allows at this intensity",
        "min(fp32_peak_flop_per_s, arithmetic_intensity_flop_per_byte * dram_peak_bytes_per_s)",
        f.ceiling,
    ),
)
