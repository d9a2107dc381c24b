"""The comparison of launch configurations: one row per sweep point, all tools' data joined by its label."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.columns import Column, Columns
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import device_rows
from profiler.metrics.failed_calls import mark_spoiled, spoiled_points
from profiler.metrics.kernel_time import dimensions
from profiler.metrics.launch_columns import ACHIEVED_OCCUPANCY, LIMITER, REGISTERS, SHARED_MEMORY, THEORETICAL_OCCUPANCY
from profiler.metrics.launches import LAUNCHES
from profiler.metrics.occupancy_limits import limits_of_launches
from profiler.metrics.point_times import GpuPoints, PointTimes, gpu_points, sample_times
from profiler.metrics.spec import Matching, MetricTable
from profiler.metrics.time_sources import TIME_SOURCES
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.point_status import PointStatus, worst_status
from profiler.spec import ColumnSpec
from profiler.tools.registry import KERNEL_TIMERS, RANGE_MARKERS, TOOLS, UNTRACED, tool_order

if TYPE_CHECKING:
    from profiler.tables.captures import Captures

_TRACED = KERNEL_TIMERS[0]
_RESULT_TOOLS = tool_order("points")
_FROM_LAUNCHES = {
    "achieved_occupancy_pct": "achieved_occupancy_pct",
    "dram_throughput_pct": "dram_pct",
    "dram_bytes": "dram_bytes",
    "dram_throughput_bytes_per_s": "dram_throughput_bytes_per_s",
    "compute_throughput_pct": "compute_throughput_pct",
    "branch_efficiency_pct": "branch_efficiency_pct",
    "sectors_per_request_load": "sectors_per_request_load",
    "bank_conflicts": "bank_conflicts",
}

_PER_LAUNCH = frozenset({"dram_bytes", "bank_conflicts"})


def points(recording: Captures) -> Columns:
    """Join all tools' data of each sweep point, in the order in which the points ran.

    Raises:
        DataMissingError: The recording marks no sweep point.
    """
    gpu = {tool: found for tool in RANGE_MARKERS if tool in recording.tools and (found := gpu_points(recording.only(tool)))}
    results = {tool: recording.columns("points", tool) for tool in _RESULT_TOOLS if recording.has("points", tool)}
    labels = _labels(recording, gpu, results)
    if not labels:
        raise DataMissingError(
            "points: the recording marks no sweep point",
            "mark them in the program: profiler.point(…) in Python, profiler/nvtx.hpp in C++",
        )
    columns: dict[str, Column] = {"label": _objects(labels), **_attributes(labels), **_program(recording, labels, results)}
    times = _times(recording, labels, gpu, results)
    columns |= times
    columns |= _traffic(recording, labels, gpu, results, times)
    columns |= _configuration(recording, labels, gpu)
    columns |= _counters(recording, labels)
    return Columns({spec.name: columns[spec.name] for spec in POINTS.columns})


def _labels(recording: Captures, gpu: dict[str, GpuPoints], results: dict[str, Columns]) -> list[str]:
    """Collect labels over all tools: a point that one tool alone saw has a row too."""
    found: dict[str, None] = {}
    for table in results.values():
        found |= dict.fromkeys(table.array("label").tolist())
    for item in gpu.values():
        found |= dict.fromkeys(item.times.position)
    if recording.has("profiled_launches") and "point" in recording.columns("profiled_launches"):
        points_of_launches = recording.columns("profiled_launches").coded("point")
        used = np.unique(points_of_launches.codes[points_of_launches.codes >= 0])
        found |= dict.fromkeys(points_of_launches.values[code] for code in used.tolist())
    found.pop("", None)
    return list(found)


def _objects(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _attributes(labels: list[str]) -> dict[str, Column]:
    decoded = [decode_label(label) for label in labels]
    columns: dict[str, Column] = {key: _objects([pairs.get(key) for pairs in decoded]) for key in RESERVED_KEYS}
    rest = [{key: value for key, value in pairs.items() if key not in RESERVED_KEYS} for pairs in decoded]
    columns["attributes"] = _objects([json.dumps(pairs, ensure_ascii=False) if pairs else None for pairs in rest])
    blocks = [pairs.get("block") for pairs in decoded]
    if all(text is None or text.isdigit() for text in blocks):
        columns["block"] = np.ma.masked_array([int(text or 0) for text in blocks], [text is None for text in blocks])
    return columns


def _program(recording: Captures, labels: list[str], results: dict[str, Columns]) -> dict[str, Column]:
    """Take what the program said of each point from the first document that has it; the worst status counts."""
    facts: dict[str, dict[str, Any]] = {label: {} for label in labels}
    for table in results.values():
        for row in table.to_records():
            known = facts[row["label"]]
            worse = bool(known) and worst_status((row["status"], known.get("status"))) != known.get("status")
            given = {name: value for name, value in row.items() if value is not None}
            facts[row["label"]] = {**known, **given} if worse else {**given, **known}
    mark_spoiled(recording, facts)
    verified = []
    for label in labels:
        record = facts[label].get("verification")
        passed = json.loads(record).get("passed") if record else None
        verified.append(None if passed is None else "passed" if passed else "failed")
    names = ("status", "reason", "engine", "program", "clock", "cache", "launch_mode")
    columns: dict[str, Column] = {name: _objects([facts[label].get(name) for label in labels]) for name in names}
    columns["verified"] = _objects(verified)
    return columns


def _gather(labels: list[str], position: dict[str, int], values: np.ndarray) -> np.ndarray:
    result = np.full(len(labels), np.nan)
    for row, label in enumerate(labels):
        if label in position:
            result[row] = values[position[label]]
    return result


def _whole(values: np.ndarray) -> np.ndarray:
    missing = np.isnan(values)
    return np.ma.masked_array(np.where(missing, 0, values).astype(np.int64), missing)


def _statistics(prefix: str, labels: list[str], times: PointTimes | None) -> dict[str, Column]:
    names = {"median": "median", "p05": "p05", "p95": "p95", "min": "minimum", "max": "maximum", "stddev": "stddev"}
    if times is None:
        return {f"{prefix}_{name}_ns": np.full(len(labels), np.nan) for name in names}
    return {f"{prefix}_{name}_ns": _gather(labels, times.position, getattr(times, attr)) for name, attr in names.items()}


def _times(recording: Captures, labels: list[str], gpu: dict[str, GpuPoints], results: dict[str, Columns]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    void = _void(labels, results) | np.isin(np.array(labels, dtype=object), list(spoiled_points(recording)))
    for tool in KERNEL_TIMERS:
        columns |= _statistics(tool, labels, gpu[tool].times if tool in gpu else None)
    samples = {tool: found for tool in _RESULT_TOOLS if (found := sample_times(recording, tool))}
    own = samples.get(UNTRACED)
    columns |= _statistics(UNTRACED, labels, own[0] if own else None)
    columns[f"{UNTRACED}_host_median_ns"] = _statistics("h", labels, own[1] if own else None)["h_median_ns"]
    traced = samples.get(_TRACED)
    columns[f"{_TRACED}_event_median_ns"] = _statistics("e", labels, traced[0] if traced else None)["e_median_ns"]
    count = np.full(len(labels), np.nan)
    for times in [*(item.times for item in gpu.values()), *([own[0]] if own else [])]:
        # the tool whose time comes first also says how many iterations that time rests on
        known = _gather(labels, times.position, times.count.astype(np.float64))
        count = np.where(np.isnan(count) & (known > 0), known, count)
    for name, values in columns.items():
        # a wrong answer has no speed
        columns[name] = np.where(void, np.nan, np.asarray(values, dtype=np.float64))
    return {"iterations": _whole(np.where(void, np.nan, count)), **columns, **_quantities(labels, gpu, void)}


def _quantities(labels: list[str], gpu: dict[str, GpuPoints], void: np.ndarray) -> dict[str, Column]:
    """Return what else an iteration's work on the GPU took, by the first tool that saw it, and which of it is the point's time."""
    names = ("span_ns", "kernel_time_ns", "busy_ns", "gap_ns", "period_ns")
    columns = {name: np.full(len(labels), np.nan) for name in names}
    timed_by = np.full(len(labels), None, dtype=object)
    for item in gpu.values():
        for name, values in item.parts.items():
            columns[name] = np.where(np.isnan(columns[name]), _gather(labels, item.times.position, values), columns[name])
        overlaps = _gather(labels, item.times.position, item.overlaps.astype(np.float64))
        seen = ~np.isnan(_gather(labels, item.times.position, item.times.median)) & (timed_by == None)  # noqa: E711
        timed_by[seen] = np.where(overlaps[seen] > 0, "period", "span")
    timed_by[void] = None
    return {**{name: np.where(void, np.nan, values) for name, values in columns.items()}, "timed_by": timed_by}


def _void(labels: list[str], results: dict[str, Columns]) -> np.ndarray:
    wrong: set[str] = set()
    for table in results.values():
        bad = table.array("status") == PointStatus.WRONG_OUTPUT.value
        wrong |= set(table.array("label")[bad].tolist())
    return np.array([label in wrong for label in labels], dtype=bool)


def _traffic(
    recording: Captures,
    labels: list[str],
    gpu: dict[str, GpuPoints],
    results: dict[str, Columns],
    times: dict[str, Column],
) -> dict[str, Column]:
    size = np.full(len(labels), np.nan)
    for item in gpu.values():
        size = np.where(np.isnan(size), _gather(labels, item.times.position, item.payload_bytes), size)
    for table in results.values():
        stated = np.ma.filled(np.ma.asarray(table.array("bytes_per_iteration"), dtype=np.float64), np.nan)
        position = {label: row for row, label in enumerate(table.array("label").tolist())}
        size = np.where(np.isnan(size), _gather(labels, position, np.where(stated > 0, stated, np.nan)), size)
    time = np.full(len(labels), np.nan)
    for source in TIME_SOURCES:
        if source.column in RANGE_MARKERS:
            time = np.where(np.isnan(time), times[f"{source.column}_median_ns"], time)
    with np.errstate(invalid="ignore", divide="ignore"):
        bandwidth = np.where(time > 0, size * 1e9 / time, np.nan)
    peak = _peak_bandwidth(recording)
    return {
        "bytes_per_iteration": _whole(size),
        "effective_bandwidth_bytes_per_s": bandwidth,
        "effective_bandwidth_pct": bandwidth * 100.0 / peak if peak else np.full(len(labels), np.nan),
    }


def _peak_bandwidth(recording: Captures) -> float | None:
    if not recording.has("devices"):
        return None
    devices = recording.columns("devices")
    if "memory_bandwidth_bytes_per_s" not in devices or not devices.rows:
        return None
    peak = np.ma.filled(np.ma.asarray(devices.array("memory_bandwidth_bytes_per_s"), dtype=np.float64), np.nan)[0]
    return float(peak) if peak > 0 else None


def _configuration(recording: Captures, labels: list[str], gpu: dict[str, GpuPoints]) -> dict[str, Column]:
    """Describe the launch that dominates each point; several kernels in one iteration share the name of the longest."""
    rows = len(labels)
    texts = {name: np.full(rows, None, dtype=object) for name in ("kernel", "grid", "kernel_block", "occupancy_limiter")}
    numbers = {
        name: np.full(rows, np.nan)
        for name in ("registers_per_thread", "shared_memory_bytes", "theoretical_occupancy_pct", "kernels_per_iteration",
                     "memcpys_in_iterations")
    }  # fmt: skip
    for tool, item in gpu.items():
        own = recording.only(tool)
        per_point, counts = item.kernels_per_iteration, item.copies
        for name, values in (("kernels_per_iteration", per_point), ("memcpys_in_iterations", counts)):
            numbers[name] = np.where(np.isnan(numbers[name]), _gather(labels, item.times.position, values), numbers[name])
        if own.has("launch_configurations"):
            _describe(own, labels, item, texts, numbers)
    whole = ("registers_per_thread", "shared_memory_bytes", "memcpys_in_iterations")
    return {**texts, **{name: _whole(values) if name in whole else values for name, values in numbers.items()}}


def _describe(
    recording: Captures,
    labels: list[str],
    item: GpuPoints,
    texts: dict[str, np.ndarray],
    numbers: dict[str, np.ndarray],
) -> None:
    configurations = recording.columns("launch_configurations")
    shared = configurations.array("static_shared_memory_bytes") + configurations.array("dynamic_shared_memory_bytes")
    sources: dict[str, Callable[[], np.ndarray]] = {
        "kernel": lambda: configurations.array("kernel"),
        "grid": lambda: dimensions(configurations, "grid"),
        "kernel_block": lambda: dimensions(configurations, "block"),
    }
    values: dict[str, np.ndarray] = {name: get() for name, get in sources.items()}
    values["registers_per_thread"], values["shared_memory_bytes"] = configurations.array("registers_per_thread"), shared
    if recording.has("devices"):
        try:
            found = limits_of_launches(configurations, next(iter(device_rows(recording.columns("devices")).values())))
            values["theoretical_occupancy_pct"] = found.array("occupancy_pct")
            values["occupancy_limiter"] = found.array("limiter")
        except DataMissingError:
            # a GPU that the occupancy table does not know: the other columns still hold
            pass
    for row, label in enumerate(labels):
        chosen = int(item.launch_configuration[item.times.position[label]]) if label in item.times.position else -1
        if chosen >= 0 and texts["kernel"][row] is None:
            for name, column in values.items():
                (texts if name in texts else numbers)[name][row] = column[chosen]


def _counters(recording: Captures, labels: list[str]) -> dict[str, Column]:
    """Average the counters of a point's profiled launches: counts of one launch equally, shares and rates by duration.

    A kernel that takes a hundredth of the time must not set half of the occupancy.
    """
    empty = np.full(len(labels), np.nan)
    columns: dict[str, Column] = {target: empty for target in _FROM_LAUNCHES.values()}
    try:
        launches = LAUNCHES.of(recording)
    except DataMissingError:
        return columns
    if "point" not in launches:
        return columns
    point = launches.coded("point")
    for source, target in _FROM_LAUNCHES.items():
        if source in launches:
            values = np.ma.filled(np.ma.asarray(launches.array(source), dtype=np.float64), np.nan)
            keep = ~np.isnan(values) & (point.codes >= 0)
            count = np.bincount(point.codes[keep], minlength=len(point.values))
            weights = np.ones(len(values)) if source in _PER_LAUNCH else _durations(launches, point.codes, keep)
            total = np.bincount(point.codes[keep], weights=weights[keep], minlength=len(point.values))
            sums = np.bincount(point.codes[keep], weights=(weights * values)[keep], minlength=len(point.values))
            mean = np.divide(sums, total, out=np.full(len(count), np.nan), where=count > 0)
            columns[target] = _gather(labels, {label: row for row, label in enumerate(point.values)}, mean)
    return columns


def _durations(launches: Columns, point: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Return the weight of each launch: its duration, or 1 where a launch of its point has none.

    Args:
        launches: The metric table.
        point: Number of each launch's point, -1 when it has none.
        keep: Launches that enter the mean.
    """
    known = "profiled_duration_ns" in launches
    values = np.ma.filled(np.ma.asarray(launches.array("profiled_duration_ns"), np.float64), 0.0) if known else np.zeros(len(keep))
    untimed = np.unique(point[keep & ~(values > 0)])
    return np.where(np.isin(point, untimed) | ~(values > 0), 1.0, values)


def _time_specs(prefix: str, what: str) -> tuple[ColumnSpec, ...]:
    names = {
        "median": "median", "p05": "5th percentile", "p95": "95th percentile", "min": "shortest", "max": "longest",
        "stddev": "standard deviation of a sample (n - 1)",
    }  # fmt: skip
    return tuple(ColumnSpec(f"{prefix}_{name}_ns", "ns", "lower", f"{what}: {text}") for name, text in names.items())


POINTS = MetricTable(
    name="points",
    title="Launch configurations",
    text="one sweep point: an operation with one launch configuration, shape and type",
    needs=(),
    keys=("label",),
    columns=(
        ColumnSpec("label", text="key=value pairs that name the point in every tool", source="docs/formats.md"),
        ColumnSpec("op", text="operation"),
        ColumnSpec("variant", text="kernel variant"),
        ColumnSpec("shape", text="shape of the tensor"),
        ColumnSpec("dtype", text="element type"),
        ColumnSpec("block", "threads", text="threads per block, as the point's label states it", kind="id"),
        ColumnSpec("attributes", text="further attributes of the label as JSON"),
        ColumnSpec("status", text="ok, failed, wrong_output or skipped"),
        ColumnSpec("reason", text="why it is not ok"),
        ColumnSpec("verified", text="passed or failed: output compared with the reference"),
        ColumnSpec("iterations", "count", text="measured iterations behind the first time of this row"),
        *(spec for tool in TOOLS.values() if tool.time_text for spec in _time_specs(tool.name, tool.time_text)),
        ColumnSpec("builtin_host_median_ns", "ns", "lower", "host time to enqueue an iteration: median"),
        ColumnSpec("nsys_event_median_ns", "ns", "lower", "time by the program's own clock while nsys recorded: median"),
        ColumnSpec("timed_by", text="what a tool's time of the point is: span, or period where its iterations overlap on the GPU"),
        ColumnSpec("span_ns", "ns", "lower", "from the start of an iteration's first GPU operation to the end of its last: median"),
        ColumnSpec("kernel_time_ns", "ns", "lower", "kernels of an iteration, summed: median"),
        ColumnSpec("busy_ns", "ns", "lower", "time in which an operation of the iteration ran: median"),
        ColumnSpec("gap_ns", "ns", "lower", "span without busy time: median"),
        ColumnSpec("period_ns", "ns", "lower", "from the start of an iteration's GPU work to that of the next: median"),
        ColumnSpec("bytes_per_iteration", "bytes", text="bytes that an iteration must move at least"),
        ColumnSpec(
            "effective_bandwidth_bytes_per_s",
            "bytes/s",
            "higher",
            "bytes_per_iteration over the median time (builtin, else nsys, else cupti)",
        ),
        ColumnSpec("effective_bandwidth_pct", "%", "higher", "effective bandwidth of the device's peak", compared="never"),
        THEORETICAL_OCCUPANCY,
        LIMITER,
        ACHIEVED_OCCUPANCY,
        ColumnSpec(
            "dram_pct", "%", "none", "device memory traffic, of its peak", "dram__throughput.avg.pct_of_peak_sustained_elapsed"
        ),
        ColumnSpec(
            "dram_bytes",
            "bytes",
            "lower",
            "bytes read from and written to device memory by one launch",
            "dram__bytes_read.sum + dram__bytes_write.sum",
        ),
        ColumnSpec("dram_throughput_bytes_per_s", "bytes/s", "none", "device memory traffic under Nsight Compute"),
        ColumnSpec("compute_throughput_pct", "%", "none", "use of the busiest SM unit"),
        ColumnSpec("branch_efficiency_pct", "%", "higher", "branches whose threads all went the same way"),
        ColumnSpec("sectors_per_request_load", "sectors", "lower", "32-byte sectors that one warp-wide load touches"),
        ColumnSpec("bank_conflicts", "count", "lower", "extra shared memory wavefronts of one launch"),
        REGISTERS,
        SHARED_MEMORY,
        ColumnSpec("kernel", text="kernel on which the iterations spent most time"),
        ColumnSpec("grid", text="its grid"),
        ColumnSpec("kernel_block", text="its block"),
        ColumnSpec("kernels_per_iteration", "count", "lower", "kernels and graphs launched by one iteration, mean"),
        ColumnSpec("memcpys_in_iterations", "count", "lower", "copies launched by measured iterations"),
        ColumnSpec("engine", text="reference, direct, tensorrt, tensorrt_rtx or native"),
        ColumnSpec("program", text="what executed it"),
        ColumnSpec("clock", text="cuda_event or monotonic"),
        ColumnSpec("cache", text="cold or warm"),
        ColumnSpec("launch_mode", text="plain or graph"),
    ),
    compute=points,
    lead=(
        *("op", "variant", "shape", "dtype", "block", "attributes", "status", "nsys_median_ns", "cupti_median_ns"),
        *("builtin_median_ns", "effective_bandwidth_bytes_per_s", "effective_bandwidth_pct", "achieved_occupancy_pct"),
        *("theoretical_occupancy_pct", "dram_pct", "registers_per_thread", "iterations", "verified"),
    ),
    last=("label",),
    matching=Matching(("label",), timed=True),
)
