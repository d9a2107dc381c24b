"""The driver under Nsight Systems and Nsight Compute: gaps, copies, overlap, occupancy, divergence, throughput."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profiler.capture.step import Step
from profiler.engines.ops_library import baseline
from profiler.errors import ProfilerError, ToolMissingError
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.iteration_gaps import GAPS, iteration_gaps
from profiler.experiments.measured import right_output
from profiler.experiments.native_vs_plugin import PROFILE
from profiler.store.compressed import stored

BUILTIN, NSYS, NCU = "without-tool", "nsys", "ncu"
SHAPES = "4096x1024,65536x1024"
STREAMS = "1,2"

_OF_POINTS = {
    "event_median_ns": "builtin_median_ns",
    "bandwidth_bytes_per_s": "effective_bandwidth_bytes_per_s",
    "copies_in_iterations": "memcpys_in_iterations",
}
"""Columns that the metrics of points have under another name."""
_TIMELINE = ("nsys_median_ns", "launch_gap_median_ns", "idle_pct", "overlap_pct")
_COUNTERS = ("achieved_occupancy_pct", "branch_efficiency_pct", "dram_pct", "compute_throughput_pct")

COLUMNS = (
    Column("point", text="op, shape, type and streams"),
    Column("event_median_ns", "ns", "time of an iteration by events, without a tool; on two streams its period"),
    Column("nsys_median_ns", "ns", "kernel time of an iteration under Nsight Systems"),
    Column("bandwidth_bytes_per_s", "bytes/s", "minimum traffic over the kernel time"),
    Column("launch_gap_median_ns", "ns", "idle time of the device between two iterations, median"),
    Column("idle_pct", "%", "idle time between the first and the last iteration"),
    Column("overlap_pct", "%", "kernel time during which another iteration ran as well"),
    Column("kernels_per_iteration", "", "kernels of an iteration"),
    Column("copies_in_iterations", "count", "copies launched by measured iterations"),
    Column("theoretical_occupancy_pct", "%", "warps that an SM can hold"),
    Column("achieved_occupancy_pct", "%", "warps that an SM held (ncu)"),
    Column("branch_efficiency_pct", "%", "branches without divergence (ncu)"),
    Column("dram_pct", "%", "device memory throughput of its peak (ncu)"),
    Column("compute_throughput_pct", "%", "use of the busiest SM unit (ncu)"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the same points without a tool, under nsys and under ncu."""
    native = baseline("swish", "native")
    options = (
        f"--plugin swish --native {native} --profile {PROFILE} --shape {SHAPES} --streams {STREAMS} --measure throughput "
        "--launch-mode plain"
    )
    return (
        driver_step(toolbox, BUILTIN, f"{options} --max-time 0.2 --max-iterations 1000"),
        driver_step(toolbox, NSYS, f"{options} --iterations 50", tool="nsys"),
        driver_step(toolbox, NCU, f"{options} --iterations 1 --warmup 1", tool="ncu"),
    )


def evaluate(evidence: Evidence) -> Outcome:
    """Join the three recordings of each point."""
    notes: list[str] = []
    records: list[dict[Any, Any]] = []
    gaps: dict[str, dict[str, float | None]] = {}
    unreadable = _unreadable_counters(evidence)
    recording = evidence.recording_without("ncu") if unreadable else evidence.recording
    try:
        records = recording.metric("point_summary").to_dict("records")
        gaps = iteration_gaps(recording)
    except ProfilerError as error:
        notes.append(error.message)
    rows = tuple(_row(row, gaps.get(row["label"], {})) for row in records)
    points = [point for step in (BUILTIN, NSYS, NCU) for point in evidence.points(step)]
    checks = (
        right_output("every output is right, also under the tools", points),
        _known("nsys gives kernel time, launch gaps and overlap of every point", rows, _TIMELINE),
        _no_copies(rows),
        _one_kernel(rows),
        _known("occupancy is known for every point", rows, ("theoretical_occupancy_pct",)),
        _known("ncu gives occupancy, divergence and throughput of every point", rows, _COUNTERS, unreadable),
    )
    return Outcome(COLUMNS, rows, checks, tuple(notes))


def _row(row: Mapping[Any, Any], gaps: Mapping[str, float | None]) -> dict[str, Any]:
    import pandas as pd

    label = " ".join(
        part.partition("=")[2] if part.startswith(("op=", "shape=", "dtype=")) else part for part in row["label"].split()
    )
    names = [column.name for column in COLUMNS[1:]]
    values: dict[str, Any] = {name: gaps.get(name) if name in GAPS else row.get(_OF_POINTS.get(name, name)) for name in names}
    return {"point": label, **{name: None if pd.isna(value) else float(value) for name, value in values.items()}}


def _known(name: str, rows: tuple[dict[str, Any], ...], columns: tuple[str, ...], unreadable: str = "") -> Check:
    missing = [f"{row['point']}: {column}" for row in rows for column in columns if row[column] is None]
    if rows and not missing:
        return Check(name, True, f"{len(rows)} points")
    if unreadable:
        return Check(name, None, unreadable)
    return Check(name, False, f"missing: {', '.join(missing[:3])}" if rows else "the recording holds no points")


def _unreadable_counters(evidence: Evidence) -> str:
    """Return why a report that was recorded cannot be read on this machine; empty when it can, or when there is none."""
    if not stored(evidence.folder / "raw/ncu/capture.ncu-rep").is_file():
        return ""
    try:
        evidence.recording.metric("launches")
    except ToolMissingError as error:
        return f"{error.message}; evaluate the run where it can be read: profiler experiment --evaluate RUN"
    return ""


def _no_copies(rows: tuple[dict[str, Any], ...]) -> Check:
    copies = [row["copies_in_iterations"] for row in rows]
    known = [value for value in copies if value is not None]
    found = f"{sum(known):.0f} copies in {len(known)} points"
    return Check("no copy inside a measured iteration", bool(rows) and len(known) == len(rows) and not any(known), found)


def _one_kernel(rows: tuple[dict[str, Any], ...]) -> Check:
    plugin = [row["kernels_per_iteration"] for row in rows if row["point"].startswith("swish")]
    found = ", ".join(f"{value:g}" if value is not None else "unknown" for value in plugin) or "no point"
    return Check("an iteration of the plugin is one kernel", bool(plugin) and all(value == 1 for value in plugin), found)


EXPERIMENT = Experiment(
    "under-tools",
    "What do Nsight Systems and Nsight Compute show of the driver: gaps, copies, overlap, occupancy, divergence, throughput?",
    steps,
    evaluate,
    needs=("nsys", "ncu"),
)
