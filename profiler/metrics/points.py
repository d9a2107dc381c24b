"""The comparison of launch configurations: one row per sweep point, all tools' data joined by its label."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from profiler.columns import Columns
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import device_rows
from profiler.metrics.failed_calls import spoiled_points
from profiler.metrics.kernel_time import dimensions, first_device_occupancy, shared_memory
from profiler.metrics.launch_columns import ACHIEVED_OCCUPANCY, LIMITER, REGISTERS, SHARED_MEMORY, THEORETICAL_OCCUPANCY
from profiler.metrics.launches import LAUNCHES
from profiler.metrics.point_times import DEVICE_TOTALS, PARTS, STATISTICS, gpu_points, sample_times
from profiler.metrics.spec import Matching, MetricTable
from profiler.metrics.time_sources import TIME_SOURCES
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.point_status import PointStatus, gravity
from profiler.spec import ColumnSpec
from profiler.tools.registry import KERNEL_TIMERS, RANGE_MARKERS, TOOLS, UNTRACED, tool_order

if TYPE_CHECKING:
    import pandas as pd

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
_SAID = ("status", "reason", "engine", "program", "clock", "cache", "launch_mode")
_DESCRIBED = (
    *("kernel", "grid", "kernel_block", "registers_per_thread", "shared_memory_bytes"),
    *("theoretical_occupancy_pct", "occupancy_limiter"),
)


def points(recording: Captures) -> pd.DataFrame:
    """Join all tools' data of each sweep point, in the order in which the points ran.

    Raises:
        DataMissingError: The recording marks no sweep point.
    """
    marked = {tool: gpu_points(recording.only(tool)) for tool in RANGE_MARKERS if tool in recording.tools}
    gpu = {tool: found for tool, found in marked.items() if found is not None}
    results = {
        tool: recording.table("points", tool).astype({"label": object}) for tool in _RESULT_TOOLS if recording.has("points", tool)
    }
    labels = _labels(recording, gpu, results)
    if not labels:
        raise DataMissingError(
            "points: the recording marks no sweep point",
            "mark them in the program: profiler.point(…) in Python, profiler/nvtx.hpp in C++",
        )
    # loading pandas takes longer than reading most captures: only where there are points
    import pandas as pd

    table = pd.DataFrame({"label": labels}, index=pd.Index(labels, dtype=object), dtype=object)
    times = _times(recording, table.index, gpu, results)
    program = _program(recording, results, gpu)
    traffic = _traffic(recording, table.index, gpu, results, times, program["cache"])
    traffic["note"] = _joined([_notes(table.index, gpu, UNTRACED in results), traffic["note"]])
    parts = [_attributes(labels), program, times, traffic]
    parts += [_configuration(recording, gpu), _counters(recording)]
    table = table.join([part.reindex(table.index) for part in parts]).reindex(columns=list(POINTS.names))
    return table.astype({spec.name: _dtype(spec) for spec in POINTS.columns if spec.name != "block"})


def _dtype(spec: ColumnSpec) -> str:
    return "Int64" if spec.dtype == "int" else "float64" if spec.unit else "object"


def _labels(recording: Captures, gpu: dict[str, pd.DataFrame], results: dict[str, pd.DataFrame]) -> list[str]:
    """Collect labels over all tools: a point that one tool alone saw has a row too."""
    found = dict.fromkeys(label for table in results.values() for label in table["label"])
    found |= dict.fromkeys(label for frame in gpu.values() for label in frame.index)
    if recording.has("profiled_launches") and "point" in recording.columns("profiled_launches"):
        point = recording.columns("profiled_launches").coded("point")
        found |= dict.fromkeys(point.values[code] for code in np.unique(point.codes[point.codes >= 0]).tolist())
    found.pop("", None)
    return list(found)


def _first_known(index: pd.Index, columns: Iterable[pd.Series]) -> pd.Series:
    """Return for each label the value of the first column that has one."""
    import pandas as pd

    aligned = [column.reindex(index) for column in columns]
    return reduce(pd.Series.fillna, aligned) if aligned else pd.Series(np.nan, index=index)


def _attributes(labels: list[str]) -> pd.DataFrame:
    import pandas as pd

    decoded = [decode_label(label) for label in labels]
    frame = pd.DataFrame([{key: pairs.get(key) for key in RESERVED_KEYS} for pairs in decoded], index=labels, dtype=object)
    rest = [{key: value for key, value in pairs.items() if key not in RESERVED_KEYS} for pairs in decoded]
    frame["attributes"] = [json.dumps(pairs, ensure_ascii=False) if pairs else None for pairs in rest]
    blocks = frame["block"].dropna()
    if all(text.isdigit() for text in blocks):
        frame["block"] = blocks.map(int).astype("Int64")
    return frame


def _notes(index: pd.Index, gpu: dict[str, pd.DataFrame], untraced: bool) -> pd.Series:
    """Return what must be known of the times by a tool; its name stands before where the time does not come from it."""
    notes = [(f"under {tool}: " if untraced else "") + found["note"].dropna() for tool, found in gpu.items()]
    return _first_known(index, notes)


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    """Join sentences row by row; None where there is none."""
    import pandas as pd

    lines = pd.concat(parts, axis=1).astype(object)
    return lines.apply(lambda row: "; ".join(row.dropna()) or None, axis=1)


def _program(recording: Captures, results: dict[str, pd.DataFrame], gpu: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Take what the program said of each point from the first document that has it; the worst status counts.

    A point of which no iteration is whole, and which no document times, is partial.
    """
    import pandas as pd

    said = pd.DataFrame(columns=["label", *_SAID, "verification"], dtype=object)
    spoiled = pd.DataFrame(spoiled_points(recording).items(), columns=["label", "reason"]).assign(status=PointStatus.FAILED.value)
    partial = pd.concat(
        [said, *(item["why_partial"].dropna().rename("reason").rename_axis("label").reset_index() for item in gpu.values())]
    )
    partial = partial[~partial["label"].isin(pd.concat([said, *results.values()])["label"])].assign(
        status=PointStatus.PARTIAL.value
    )
    documents = [table.reindex(columns=said.columns).astype(object) for table in (*results.values(), spoiled, partial)]
    said = pd.concat([said, *documents], ignore_index=True)
    gravest_first = said["status"].map(gravity).sort_values(ascending=False, kind="stable").index
    facts = said.loc[gravest_first].groupby("label", sort=False).first()
    passed = facts["verification"].map(lambda record: json.loads(record).get("passed"), na_action="ignore")
    return facts[list(_SAID)].assign(verified=passed.map({True: "passed", False: "failed"}))


def _times(recording: Captures, index: pd.Index, gpu: dict[str, pd.DataFrame], results: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    samples = {tool: found for tool in _RESULT_TOOLS if (found := sample_times(recording, tool)) is not None}
    own = {UNTRACED: samples[UNTRACED]} if UNTRACED in samples else {}
    timed = {**{tool: gpu[tool] for tool in KERNEL_TIMERS if tool in gpu}, **own}
    frame = pd.DataFrame(index=index)
    for tool, found in timed.items():
        frame = frame.join(found[list(STATISTICS)].add_prefix(f"{tool}_").add_suffix("_ns"))
    if own:
        frame[f"{UNTRACED}_host_median_ns"] = own[UNTRACED]["host_median"]
    if _TRACED in samples:
        frame[f"{_TRACED}_event_median_ns"] = samples[_TRACED]["median"]
    # the tool whose time comes first also says how many iterations that time rests on
    counts = [found["count"].where(found["count"] > 0) for found in (*gpu.values(), *own.values())]
    frame["iterations"] = _first_known(index, counts)
    wrong = {label for table in results.values() for label in table["label"][table["status"] == PointStatus.WRONG_OUTPUT.value]}
    for name in (*PARTS, "timed_by", "lost_iterations"):
        frame[name] = _first_known(index, [found[name] for found in gpu.values()])
    # a wrong answer has no speed
    frame.loc[index.isin(wrong | spoiled_points(recording).keys())] = np.nan
    return frame


def _traffic(
    recording: Captures,
    index: pd.Index,
    gpu: dict[str, pd.DataFrame],
    results: dict[str, pd.DataFrame],
    times: pd.DataFrame,
    cache: pd.Series,
) -> pd.DataFrame:
    """Return the bytes that an iteration must move, how fast it moves them, and what is wrong where that is beyond the peak."""
    stated = [table.drop_duplicates("label", keep="last").set_index("label") for table in results.values()]
    sizes = [table["bytes_per_iteration"].astype("float64") for table in stated if "bytes_per_iteration" in table]
    size = _first_known(index, [*(item["payload_bytes"] for item in gpu.values()), *(size.where(size > 0) for size in sizes)])
    time = _first_known(
        index,
        [
            times[name]
            for source in TIME_SOURCES
            if (name := f"{source.column}_median_ns") in times and source.column in RANGE_MARKERS
        ],
    )
    frame = size.to_frame("bytes_per_iteration")
    frame["effective_bandwidth_bytes_per_s"] = (size * 1e9 / time).where(time > 0)
    first = next(iter(device_rows(recording.columns("devices")).values()), {}) if recording.has("devices") else {}
    peak, l2 = (
        _first_known(index, [item[name] for item in gpu.values()]).astype("float64").fillna(float(first.get(name) or np.nan))
        for name in DEVICE_TOTALS
    )
    frame["effective_bandwidth_pct"] = frame["effective_bandwidth_bytes_per_s"] * 100.0 / peak
    beyond = frame["effective_bandwidth_pct"] > 100
    impossible = beyond & (cache.reindex(index) == "cold") & (size > 2 * l2)
    frame["note"] = None
    frame.loc[beyond, "note"] = "bandwidth above the peak: served by cache"
    frame.loc[impossible, "note"] = "bandwidth above the peak with a cold cache: impossible, the bytes or the time are wrong"
    return frame


def _configuration(recording: Captures, gpu: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Describe the launch that dominates each point; several kernels in one iteration share the name of the longest."""
    import pandas as pd

    index = pd.Index(dict.fromkeys(label for item in gpu.values() for label in item.index), dtype=object)
    frame = pd.DataFrame(index=index)
    for name in ("kernels_per_iteration", "memcpys_in_iterations"):
        frame[name] = _first_known(index, [item[name] for item in gpu.values()])
    chosen = [_describe(recording.only(tool), item["launch_configuration"].dropna()) for tool, item in gpu.items()]
    described = pd.concat([pd.DataFrame(columns=list(_DESCRIBED), dtype=object), *chosen])
    return frame.join(described[~described.index.duplicated()])


def _describe(recording: Captures, chosen: pd.Series) -> pd.DataFrame:
    """Return a row about each point's launch configuration.

    Args:
        recording: The recording as the tool saw it that recorded the launches.
        chosen: Launch configuration of each label.
    """
    import pandas as pd

    if not len(chosen) or not recording.has("launch_configurations"):
        return pd.DataFrame(columns=list(_DESCRIBED), dtype=object)
    configurations = recording.columns("launch_configurations").take(chosen.to_numpy(dtype=np.int64))
    values = {
        "kernel": configurations.array("kernel"),
        "grid": dimensions(configurations, "grid"),
        "kernel_block": dimensions(configurations, "block"),
        "registers_per_thread": configurations.array("registers_per_thread"),
        "shared_memory_bytes": shared_memory(configurations),
        **first_device_occupancy(recording, configurations),
    }
    return Columns(values).to_frame().astype(object).set_axis(chosen.index)


def _counters(recording: Captures) -> pd.DataFrame:
    """Average the counters of a point's profiled launches: counts of one launch equally, shares and rates by duration.

    A kernel that takes a hundredth of the time must not set half of the occupancy.
    """
    import pandas as pd

    try:
        launches = LAUNCHES.of(recording).to_frame()
    except DataMissingError:
        return pd.DataFrame(columns=list(_FROM_LAUNCHES.values()), dtype="float64")
    point = launches["point"].astype(object)
    duration = launches["profiled_duration_ns"].astype("float64")
    means = {}
    for source, target in _FROM_LAUNCHES.items():
        values = launches[source].astype("float64")
        known = values.notna()
        # a point of which one launch has no duration counts them equally
        untimed = point[known & ~(duration > 0)]
        equally = (source in _PER_LAUNCH) | point.isin(untimed) | ~(duration > 0)
        weight = duration.mask(equally, 1.0).where(known)
        means[target] = (values * weight).groupby(point).sum(min_count=1) / weight.groupby(point).sum(min_count=1)
    return pd.DataFrame(means)


def _time_specs(prefix: str, what: str) -> tuple[ColumnSpec, ...]:
    names = {
        "median": "median",
        "p05": "5th percentile",
        "p95": "95th percentile",
        "min": "shortest",
        "max": "longest",
        "stddev": "standard deviation of a sample (n - 1)",
    }
    return tuple(ColumnSpec(f"{prefix}_{name}_ns", "lower", f"{what}: {text}") for name, text in names.items())


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
        ColumnSpec("block", text="threads per block, as the point's label states it", kind="id", unit="threads"),
        ColumnSpec("attributes", text="further attributes of the label as JSON"),
        ColumnSpec("status", text="ok, partial, failed, wrong_output or skipped"),
        ColumnSpec("reason", text="why it is not ok"),
        ColumnSpec("verified", text="passed or failed: output compared with the reference"),
        ColumnSpec("iterations", text="measured iterations behind the first time of this row", dtype="int"),
        *(spec for tool in TOOLS.values() if tool.time_text for spec in _time_specs(tool.name, tool.time_text)),
        ColumnSpec("builtin_host_median_ns", "lower", "host time to enqueue an iteration: median"),
        ColumnSpec("nsys_event_median_ns", "lower", "time by the program's own clock while nsys recorded: median"),
        ColumnSpec("timed_by", text="what a tool's time of the point is: span, or period where its iterations overlap on the GPU"),
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
            "effective_bandwidth_bytes_per_s", "higher", "bytes_per_iteration over the median time (builtin, else nsys, else cupti)"
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
        REGISTERS,
        SHARED_MEMORY,
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
