"""The comparison of launch configurations: one row per sweep point, all tools' data joined by its label."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np

from profiler.columns import Columns, absent_like, as_floats, objects, whole
from profiler.errors import DataMissingError
from profiler.metrics.counter_formulas import ratio
from profiler.metrics.device_limits import device_rows
from profiler.metrics.failed_calls import spoiled_points
from profiler.metrics.grouping import statistic_specs
from profiler.metrics.kernel_time import first_device_occupancy
from profiler.metrics.launch_columns import ACHIEVED_OCCUPANCY, LAUNCH, LIMITER, THEORETICAL_OCCUPANCY, launch_columns
from profiler.metrics.launches import LAUNCHES
from profiler.metrics.point_notes import tracing_cost
from profiler.metrics.point_times import DEVICE_TOTALS, PARTS, STATISTICS, gpu_points, sample_times
from profiler.metrics.spec import Matching, MetricTable
from profiler.metrics.time_sources import TIME_SOURCES
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.point_status import PointStatus, gravity
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures
from profiler.tools.registry import KERNEL_TIMERS, RANGE_MARKERS, TOOLS, UNTRACED, tool_order

_TRACED = KERNEL_TIMERS[0]
_RESULT_TOOLS = tool_order("points")
_TIMED_BY = [tool for tool in TOOLS.values() if tool.time_text]
_FROM_LAUNCHES = (
    *("achieved_occupancy_pct", "dram_throughput_pct", "dram_bytes", "dram_throughput_bytes_per_s", "compute_throughput_pct"),
    *("branch_efficiency_pct", "sectors_per_request_load", "bank_conflicts"),
)
_OTHER_NAMES = {"dram_throughput_pct": "dram_pct"}

_PER_LAUNCH = frozenset({"dram_bytes", "bank_conflicts"})
_SAID = ("status", "reason", "engine", "program", "clock", "cache", "launch_mode")

Figures = dict[str, np.ndarray]
"""Columns of one row per label, in the order of the table: float64, NaN where a value is missing, or objects with None."""


def points(recording: Captures) -> Columns:
    """Join all tools' data of each sweep point, in the order in which the points ran.

    Raises:
        DataMissingError: The recording marks no sweep point.
    """
    marked = {tool: gpu_points(recording.only(tool)) for tool in RANGE_MARKERS if tool in recording.tools}
    tables = {tool: recording.columns("points", tool) for tool in _RESULT_TOOLS if recording.has("points", tool)}
    labels = _labels(recording, [*tables.values(), *(found for found in marked.values() if found is not None)])
    if not labels:
        raise DataMissingError(
            "point_summary: the recording marks no sweep point",
            "mark them in the program: profiler.point(…) in Python, profiler/nvtx.hpp in C++",
        )
    gpu = {tool: _aligned(found, labels) for tool, found in marked.items() if found is not None}
    results = {tool: _aligned(table, labels) for tool, table in tables.items()}
    columns = {"label": objects(labels), **_attributes(labels), **_program(recording, labels, tables, gpu)}
    columns |= _times(recording, labels, gpu, results)
    columns |= _traffic(recording, gpu, results, columns)
    columns |= _configuration(recording, labels, gpu) | _counters(recording, labels)
    return Columns({spec.name: _typed(spec, columns.get(spec.name), len(labels)) for spec in POINTS.columns})


def _typed(spec: ColumnSpec, values: np.ndarray | None, rows: int) -> np.ndarray:
    """Return a column as the table states it: whole numbers, numbers or text."""
    if values is None:
        values = np.full(rows, np.nan) if spec.unit else np.full(rows, None, dtype=object)
    return whole(as_floats(values)) if spec.dtype == "int" else values


def _labels(recording: Captures, tables: Iterable[Columns]) -> list[str]:
    """Collect labels over all tools: a point that one tool alone saw has a row too."""
    found = dict.fromkeys(label for table in tables for label in table.array("label").tolist())
    if recording.has("profiled_launches") and "point" in recording.columns("profiled_launches"):
        point = recording.columns("profiled_launches").coded("point")
        found |= dict.fromkeys(point.values[code] for code in np.unique(point.codes[point.codes >= 0]).tolist())
    found.pop("", None)
    return list(found)


def _aligned(table: Columns, labels: list[str]) -> Figures:
    """Return a table's rows by label, the last one of a label that has several."""
    if not table.rows:
        return {}
    row = {label: number for number, label in enumerate(table.array("label").tolist())}
    place = np.array([row.get(label, -1) for label in labels])
    arrays = {name: table.array(name) for name in table}
    plain = {name: values if values.dtype == object else as_floats(values) for name, values in arrays.items()}
    return {name: np.where(place < 0, absent_like(v), v[place]) for name, v in plain.items()}


def _first_known(columns: Iterable[np.ndarray], rows: int) -> np.ndarray:
    """Return for each row the value of the first column that has one."""

    def filled(known: np.ndarray, others: np.ndarray) -> np.ndarray:
        missing = known == absent_like(known) if known.dtype == object else np.isnan(known)
        return np.where(missing, others, known)

    found = list(columns)
    return reduce(filled, found) if found else np.full(rows, np.nan)


def _attributes(labels: list[str]) -> Figures:
    decoded = [decode_label(label) for label in labels]
    columns: Figures = {key: objects([pairs.get(key) for pairs in decoded]) for key in RESERVED_KEYS}
    rest = [{key: value for key, value in pairs.items() if key not in RESERVED_KEYS} for pairs in decoded]
    columns["attributes"] = objects([json.dumps(pairs, ensure_ascii=False) if pairs else None for pairs in rest])
    blocks = columns["block"].tolist()
    if all(text is None or text.isdigit() for text in blocks):
        columns["block"] = np.ma.masked_array([int(text or 0) for text in blocks], [text is None for text in blocks])
    return columns


def _program(recording: Captures, labels: list[str], tables: dict[str, Columns], gpu: dict[str, Figures]) -> Figures:
    """Take what the program said of each point from the first document that has it; the worst status counts.

    A point of which no iteration is whole, and which no document times, is partial.
    """
    said: list[dict[str, Any]] = []
    for table in tables.values():
        said += table.select([name for name in ("label", *_SAID, "verification") if name in table]).to_records()
    timed = {row["label"] for row in said}
    spoiled = {"status": PointStatus.FAILED.value}
    said += [{"label": label, "reason": reason, **spoiled} for label, reason in spoiled_points(recording).items()]
    why = _first_known((item["why_partial"] for item in gpu.values()), len(labels)).tolist() if gpu else []
    partial = {label: reason for label, reason in zip(labels, why, strict=False) if reason and label not in timed}
    said += [{"label": label, "reason": reason, "status": PointStatus.PARTIAL.value} for label, reason in partial.items()]
    facts: dict[str, dict[str, Any]] = {label: {} for label in labels}
    for row in sorted(said, key=lambda row: -gravity(row["status"])):
        for name, value in row.items() if row["label"] in facts else ():
            if value is not None:
                facts[row["label"]].setdefault(name, value)
    records = [json.loads(facts[label].get("verification", "{}")).get("passed") for label in labels]
    columns = {name: objects([facts[label].get(name) for label in labels]) for name in _SAID}
    return {**columns, "verified": objects([{True: "passed", False: "failed"}.get(passed) for passed in records])}


def _times(recording: Captures, labels: list[str], gpu: dict[str, Figures], results: dict[str, Figures]) -> Figures:
    samples = {tool: _aligned(found, labels) for tool in _RESULT_TOOLS if (found := sample_times(recording, tool)) is not None}
    own = {UNTRACED: samples[UNTRACED]} if UNTRACED in samples else {}
    timed = {**{tool: gpu[tool] for tool in KERNEL_TIMERS if tool in gpu}, **own}
    columns = {f"{tool}_{name}_ns": found[name] for tool, found in timed.items() for name in STATISTICS if name in found}
    if samples.get(UNTRACED):
        columns[f"{UNTRACED}_host_median_ns"] = samples[UNTRACED]["host_median"]
    if samples.get(_TRACED):
        columns[f"{_TRACED}_event_median_ns"] = samples[_TRACED]["median"]
    # the tool whose time comes first also says how many iterations that time rests on
    counts = [np.where(found["count"] > 0, found["count"], np.nan) for found in (*gpu.values(), *own.values())]
    columns["iterations"] = _first_known(counts, len(labels))
    for name in (*PARTS, "timed_by", "lost_iterations"):
        columns[name] = _first_known((found[name] for found in gpu.values()), len(labels))
    period = _own_period(results, len(labels))
    columns["timed_by"] = np.where(period > 0, "period", columns["timed_by"].astype(object))
    columns["period_ns"] = _first_known([columns["period_ns"], period], len(labels))
    pairs = (table["event_pair_ns"] for table in results.values() if "event_pair_ns" in table)
    columns["event_pair_ns"] = _first_known(pairs, len(labels))
    well = {tool: table["status"] == PointStatus.OK.value for tool, table in results.items()}
    by_events = {
        f"{tool}_event": {name: np.where(well[tool], found[name], np.nan) for name in ("median", "count")}
        for tool, found in samples.items()
        if found
    }
    # iterations that overlap cost what their period does, and no pair of events lies between two
    for tool, events in ((tool, by_events.get(f"{tool}_event")) for tool in gpu):
        if events:
            events["median"] = np.where(period > 0, gpu[tool]["period_ns"], events["median"])
    columns |= tracing_cost(np.where(period > 0, np.nan, columns["event_pair_ns"]), {**gpu, **by_events})
    # a wrong answer has no speed
    void = np.isin(labels, list(spoiled_points(recording)))
    for table in results.values():
        void |= table["status"] == PointStatus.WRONG_OUTPUT.value
    return {name: np.where(void, absent_like(values), values) for name, values in columns.items()}


def _own_period(results: dict[str, Figures], rows: int) -> np.ndarray:
    """Return the periods of points whose iterations overlapped without a tool, NaN elsewhere."""
    return results.get(UNTRACED, {}).get("period_ns", np.full(rows, np.nan))


def _traffic(recording: Captures, gpu: dict[str, Figures], results: dict[str, Figures], columns: Figures) -> Figures:
    """Return the bytes that an iteration must move, how fast it moves them, and what must be known of its times."""
    rows = len(columns["label"])
    stated = [table["bytes_per_iteration"] for table in results.values() if "bytes_per_iteration" in table]
    sizes = [*(item["payload_bytes"] for item in gpu.values()), *(np.where(size > 0, size, np.nan) for size in stated)]
    size = _first_known(sizes, rows)
    sources = [source.column for source in TIME_SOURCES if source.column in RANGE_MARKERS]
    times = {tool: columns[f"{tool}_median_ns"] for tool in sources if f"{tool}_median_ns" in columns}
    # a clock of single iterations tells of one: where several overlap, their period tells how fast the bytes move
    period = _first_known([_own_period(results, rows), *(times[tool] for tool in gpu if tool in times)], rows)
    time = np.where(columns["timed_by"] == "period", period, _first_known(times.values(), rows))
    bandwidth = ratio(size * 1e9, time)
    first = next(iter(device_rows(recording).values()), {})
    known = [np.full(rows, float(first.get(name) or np.nan)) for name in DEVICE_TOTALS]
    of_gpus = [[item[name] for item in gpu.values()] for name in DEVICE_TOTALS]
    peak, l2 = (_first_known([*totals, own], rows) for totals, own in zip(of_gpus, known, strict=True))
    share = bandwidth * 100.0 / peak
    beyond, cold = share > 100, columns["cache"] == "cold"
    own = results.get(UNTRACED, {})
    status, reason = (own.get(name, objects([None] * rows)) for name in ("status", "reason"))
    said = [why if state == PointStatus.OK.value else None for state, why in zip(status, reason, strict=True)]
    notes = [_tool_notes(gpu, UNTRACED in results, rows), objects([None] * rows), objects(said), columns["clock_note"]]
    notes.append(
        np.where(_beside_others(own, rows), np.where(_own_period(results, rows) > 0, _PERIOD, _BESIDE_OTHERS), objects([None]))
    )
    notes[1][beyond] = "bandwidth above the peak: served by cache"
    notes[1][beyond & cold & np.isnan(l2)] = "bandwidth above the peak with a cold cache; the size of the L2 is unknown"
    impossible = "bandwidth above the peak with a cold cache: impossible, the bytes or the time are wrong"
    notes[1][beyond & cold & (size > 2 * l2)] = impossible
    return {
        "bytes_per_iteration": size,
        "effective_bandwidth_bytes_per_s": bandwidth,
        "effective_bandwidth_pct": share,
        "note": objects(["; ".join(filter(None, said)) or None for said in zip(*notes, strict=True)]),
    }


_PERIOD = "iterations ran beside each other: wall time over their number"
_BESIDE_OTHERS = "timed while other iterations ran beside it: longer than what one costs"


def _beside_others(own: Figures, rows: int) -> np.ndarray:
    """Return for which points the program timed each iteration while those of other streams or threads ran, bool."""
    if not {"measure", "streams", "threads"} <= set(own):
        return np.zeros(rows, dtype=bool)
    beside = (own["measure"] == "throughput") & ((own["streams"] > 1) | (own["threads"] > 1))
    return np.asarray(beside & (own["status"] == PointStatus.OK.value))


def _tool_notes(gpu: dict[str, Figures], untraced: bool, rows: int) -> np.ndarray:
    """Return what must be known of the times by a tool; its name stands before where the time does not come from it."""
    notes = [[text and f"under {tool}: " * untraced + text for text in item["note"]] for tool, item in gpu.items()]
    return _first_known([*map(objects, notes), objects([None] * rows)], rows)


def _configuration(recording: Captures, labels: list[str], gpu: dict[str, Figures]) -> Figures:
    """Describe the launch that dominates each point; several kernels in one iteration share the name of the longest."""
    names = ("kernels_per_iteration", "memcpys_in_iterations")
    columns = {name: _first_known((item[name] for item in gpu.values()), len(labels)) for name in names}
    found = [_aligned(_described(recording.only(tool), labels, item["launch_configuration"]), labels) for tool, item in gpu.items()]
    for name in dict.fromkeys(name for item in found for name in item if name != "label"):
        columns[name] = _first_known((item[name] for item in found if name in item), len(labels))
    return columns


def _described(recording: Captures, labels: list[str], chosen: np.ndarray) -> Columns:
    """Return a row about each point's launch configuration.

    Args:
        recording: The recording as the tool saw it that recorded the launches.
        labels: The points.
        chosen: Launch configuration of each, NaN where there is none.
    """
    known = np.flatnonzero(~np.isnan(chosen))
    if not len(known) or not recording.has("launch_configurations"):
        return Columns({})
    configurations = recording.columns("launch_configurations").take(chosen[known].astype(np.int64))
    launch = launch_columns(configurations)
    launch["kernel_block"] = launch.pop("block")
    return Columns({"label": objects(labels)[known], **launch, **first_device_occupancy(recording, configurations)})


def _counters(recording: Captures, labels: list[str]) -> Figures:
    """Average the counters of a point's profiled launches: counts of one launch equally, shares and rates by duration.

    A kernel that takes a hundredth of the time must not set half of the occupancy.
    """
    try:
        launches = LAUNCHES.of(recording)
    except DataMissingError:
        return {}
    point, duration = launches.coded("point"), as_floats(launches.array("profiled_duration_ns"))
    groups = len(point.values)
    means: Figures = {"label": objects(point.values)}
    for source in _FROM_LAUNCHES:
        values = as_floats(launches.array(source))
        rows = np.flatnonzero(~np.isnan(values) & (point.codes >= 0))
        code, values, weight = point.codes[rows], values[rows], duration[rows]
        # a point of which one launch has no duration counts them equally
        untimed = np.bincount(code, ~(weight > 0), groups) > 0
        weight = np.where((source in _PER_LAUNCH) | untimed[code], 1.0, weight)
        summed, weights = (np.bincount(code, by, groups) for by in (values * weight, weight))
        means[_OTHER_NAMES.get(source, source)] = ratio(summed, weights)
    return {name: values for name, values in _aligned(Columns(means), labels).items() if name != "label"}


POINTS = MetricTable(
    name="point_summary",
    title="Launch configurations",
    text="one sweep point: an operation with one launch configuration, shape and type",
    keys=("label",),
    columns=(
        ColumnSpec("label", text="key=value pairs that name the point in every tool", source="docs/formats.md"),
        ColumnSpec("op", text="operation"),
        ColumnSpec("variant", text="kernel variant"),
        ColumnSpec("shape", text="shape of the tensor"),
        ColumnSpec("dtype", text="element type"),
        ColumnSpec("block", text="threads per block, as the point's label states it", kind="id", unit="threads"),
        ColumnSpec("attributes", text="further attributes of the label as JSON"),
        ColumnSpec("status", text="ok, partial, failed, wrong_output or skipped"),
        ColumnSpec("reason", text="why it is not ok"),
        ColumnSpec("verified", text="passed or failed: output compared with the reference"),
        ColumnSpec("iterations", text="measured iterations behind the first time of this row", dtype="int"),
        *(spec for tool in _TIMED_BY for spec in statistic_specs(f"{tool.name}_{{}}_ns", STATISTICS, tool.time_text)),
        ColumnSpec("builtin_host_median_ns", "lower", "host time to enqueue an iteration: median"),
        ColumnSpec("nsys_event_median_ns", "lower", "time by the program's own clock while nsys recorded: median"),
        ColumnSpec(
            "event_pair_ns",
            "lower",
            "time between two events with nothing between them, which an event time holds",
            compared="never",
        ),
        ColumnSpec(
            "tracing_cost_pct",
            "lower",
            "how much longer an iteration took while a tool recorded than without: by the program's own clock under the tool, "
            "else by the tool's time and an empty pair of events",
            compared="never",
        ),
        ColumnSpec("timed_by", text="what the point's time is: span, or period where its iterations overlap"),
        ColumnSpec("span_ns", "lower", "from the start of an iteration's first GPU operation to the end of its last: median"),
        ColumnSpec("kernel_time_ns", "lower", "kernels of an iteration, summed: median"),
        ColumnSpec("busy_ns", "lower", "time in which an operation of the iteration ran: median"),
        ColumnSpec("gap_ns", "lower", "span without busy time: median"),
        ColumnSpec("period_ns", "lower", "from the start of an iteration's GPU work to that of the next: median"),
        ColumnSpec(
            "lost_iterations", "lower", "iterations of which work is not recorded: left out of the times", dtype="int", unit="count"
        ),
        ColumnSpec("note", text="what must be known of its times", compared="never"),
        ColumnSpec("bytes_per_iteration", text="bytes that an iteration must move at least", dtype="int", unit="bytes"),
        ColumnSpec(
            "effective_bandwidth_bytes_per_s",
            "higher",
            "bytes_per_iteration over the median time (builtin, else nsys, else cupti); over the period where iterations overlap",
        ),
        ColumnSpec("effective_bandwidth_pct", "higher", "effective bandwidth of the device's peak", compared="never"),
        THEORETICAL_OCCUPANCY,
        LIMITER,
        ACHIEVED_OCCUPANCY,
        ColumnSpec("dram_pct", "none", "device memory traffic, of its peak", "dram__throughput.avg.pct_of_peak_sustained_elapsed"),
        ColumnSpec(
            "dram_bytes",
            "lower",
            "bytes read from and written to device memory by one launch",
            "dram__bytes_read.sum + dram__bytes_write.sum",
        ),
        ColumnSpec("dram_throughput_bytes_per_s", "none", "device memory traffic under Nsight Compute"),
        ColumnSpec("compute_throughput_pct", "none", "use of the busiest SM unit"),
        ColumnSpec("branch_efficiency_pct", "higher", "branches whose threads all went the same way"),
        ColumnSpec("sectors_per_request_load", "lower", "32-byte sectors that one warp-wide load touches", unit="sectors"),
        ColumnSpec("bank_conflicts", "lower", "extra shared memory wavefronts of one launch", unit="count"),
        *LAUNCH[3:],
        ColumnSpec("kernel", text="kernel on which the iterations spent most time"),
        ColumnSpec("grid", text="its grid"),
        ColumnSpec("kernel_block", text="its block"),
        ColumnSpec("kernels_per_iteration", "lower", "kernels and graphs launched by one iteration, mean", unit="count"),
        ColumnSpec("memcpys_in_iterations", "lower", "copies launched by measured iterations", dtype="int", unit="count"),
        ColumnSpec("engine", text="reference, direct, tensorrt, tensorrt_rtx or native"),
        ColumnSpec("program", text="what executed it"),
        ColumnSpec("clock", text="cuda_event or monotonic"),
        ColumnSpec("cache", text="cold or warm"),
        ColumnSpec("launch_mode", text="plain or graph"),
    ),
    compute=points,
    lead=(
        *("op", "variant", "shape", "dtype", "block", "attributes", "status", "nsys_median_ns", "cupti_median_ns"),
        *("builtin_median_ns", "note", "effective_bandwidth_bytes_per_s", "effective_bandwidth_pct", "achieved_occupancy_pct"),
        *("theoretical_occupancy_pct", "dram_pct", "registers_per_thread", "iterations", "verified"),
    ),
    last=("label",),
    matching=Matching(("label",), timed=True),
)
