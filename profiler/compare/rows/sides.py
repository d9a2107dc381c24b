"""A side of a comparison: its rows (kernel or op, launch configuration, shape, type), their samples, and its conditions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.kernel_ranges import configuration_ranges
from profiler.compare.rows.summaries import Summary, summarise
from profiler.errors import DataMissingError
from profiler.kernel_names import base_function
from profiler.metrics.gpu_operations import gpu_operations
from profiler.metrics.point_ranges import iterations, operation_points
from profiler.metrics.range_projection import counts_as_kernel
from profiler.point_label import decode_label
from profiler.units import NS_PER_S

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

CONDITIONS = ("cache", "cold_method", "launch_mode", "measure", "clock", "streams", "threads", "engine")
"""Point columns that must agree between the sides of a row."""

LISTED = ("engine_digest", "layers")
"""Point columns whose differences are listed: a rebuilt engine may take other tactics, which is what is compared."""


_GRAVEST = ("wrong_output", "failed", "skipped")


def _gravity(problem: str) -> int:
    return _GRAVEST.index(problem) if problem in _GRAVEST else len(_GRAVEST)


@dataclass(eq=False)
class Row:
    """What is compared: one launch configuration on one side.

    Attributes:
        label: Its name on this side: the point's label, or kernel and launch configuration.
        keys: Identity: op, kernel, variant, shape, dtype, block, grid, attributes, point; absent when unknown.
        summaries: What each process measured; one entry a process.
        conditions: `CONDITIONS`; absent when unknown.
        sm_clock_before_hz: SM clock before the samples; NaN when unknown.
        sm_clock_after_hz: SM clock after the samples; NaN when unknown.
        note: Why it has no usable time, in the recording's own words.
        own_label: The label before an alias gave it the base's name.
        bytes_per_iteration: Bytes that one iteration must move; NaN when unknown.
        symbol: Mangled name of the kernel's instantiation; empty when unknown.
        listed: What may differ between the sides, and is then said: engine digest and layers of the point.
        mixed: Conditions in which processes (or measurements of one label) differ: name to two of the values.
        clocks_hz: Lower SM clock of each process, as `summaries`; NaN when unknown.
    """

    label: str
    keys: dict[str, str]
    summaries: list[Summary]
    conditions: dict[str, str] = field(default_factory=dict)
    sm_clock_before_hz: float = float("nan")
    sm_clock_after_hz: float = float("nan")
    note: str = ""
    own_label: str = ""
    bytes_per_iteration: float = float("nan")
    symbol: str = ""
    listed: dict[str, str] = field(default_factory=dict)
    mixed: dict[str, tuple[str, str]] = field(default_factory=dict)
    clocks_hz: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember the label that it was made with, and give each process the clock of the row."""
        self.own_label = self.own_label or self.label
        self.clocks_hz = self.clocks_hz or [self.sm_clock_hz] * len(self.summaries)

    @property
    def sm_clock_hz(self) -> float:
        """The lower of the two clocks; NaN when neither is known."""
        return float(np.fmin(self.sm_clock_before_hz, self.sm_clock_after_hz))

    @property
    def problem(self) -> str:
        """Reason code of the gravest thing wrong with any of its processes; empty when all is well."""
        found = [summary.problem for summary in self.summaries if summary.problem]
        return min(found, key=_gravity, default="")

    @property
    def median_ns(self) -> float:
        """Median over the processes' medians; NaN when none is usable."""
        usable = [summary.median_ns for summary in self.summaries if np.isfinite(summary.median_ns)]
        return float(np.median(usable)) if usable else float("nan")

    @property
    def bandwidth_bytes_per_s(self) -> float:
        """Effective bandwidth: the bytes that an iteration must move over its median time; NaN when unknown."""
        bytes_moved = self.bytes_per_iteration if self.bytes_per_iteration > 0 else float("nan")
        return bytes_moved / self.median_ns * NS_PER_S

    @property
    def count(self) -> int:
        """Samples over all processes."""
        return sum(summary.count for summary in self.summaries)


@dataclass(frozen=True)
class Source:
    """Where times come from.

    Attributes:
        kind: `points` (the program's own timing of its sweep points), `gpu_points` (kernel time of each measured iteration
            of a sweep point, by a tool) or `kernels` (every kernel by itself, by a tool).
        tool: Tool whose capture it is.
    """

    kind: str
    tool: str

    def __str__(self) -> str:
        """Name it for people."""
        return f"{_KINDS[self.kind]} ({self.tool})"


_KINDS = {
    "points": "own timing of sweep points",
    "gpu_points": "kernel time of sweep points",
    "kernels": "kernel time of each launch configuration",
}
SOURCE_KINDS = tuple(_KINDS)

_PREFERRED = (
    Source("points", "builtin"), Source("gpu_points", "nsys"), Source("gpu_points", "cupti"), Source("points", "cupti"),
    Source("points", "nsys"), Source("kernels", "nsys"), Source("kernels", "cupti"),
)  # fmt: skip


@dataclass
class Side:
    """One recording, ready to be compared.

    Attributes:
        name: Name for people.
        source: Where the times come from.
        rows: Rows in the recording's order.
        facts: GPU, driver, versions, options (see `comparability`).
        recording: The recording, when there is one.
    """

    name: str
    source: Source | None
    rows: list[Row]
    facts: dict[str, str] = field(default_factory=dict)
    recording: Recording | None = None


_ABSENT = summarise(None)


def merge_replicates(parts: list[list[Row]]) -> list[Row]:
    """Join the rows of several recordings of one side by label: each recording is one more process.

    A row that a recording lacks gets a summary that says so. Labels stand once in each recording: `rows_from_points` pools
    what one process measured under one label, for that is no second process.
    """
    rows: dict[str, Row] = {}
    for index, part in enumerate(parts):
        for row in part:
            known = rows.setdefault(row.label, replace(row, summaries=[], clocks_hz=[], conditions={}, mixed=dict(row.mixed)))
            _fill_up(known, index)
            known.summaries += row.summaries
            known.clocks_hz += row.clocks_hz
            known.note = known.note or row.note
            known.mixed = mix_conditions(known.conditions, row.conditions) | row.mixed | known.mixed
            known.sm_clock_before_hz = float(np.fmin(known.sm_clock_before_hz, row.sm_clock_before_hz))
            known.sm_clock_after_hz = float(np.fmin(known.sm_clock_after_hz, row.sm_clock_after_hz))
    for row in rows.values():
        _fill_up(row, len(parts))
    return list(rows.values())


def _fill_up(row: Row, processes: int) -> None:
    missing = processes - len(row.summaries)
    row.summaries += [_ABSENT] * missing
    row.clocks_hz += [float("nan")] * missing


def mix_conditions(known: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Add the conditions of one more process to those known, in place, and return those in which it differs."""
    for name, value in other.items():
        known.setdefault(name, value)
    return {name: (known[name], value) for name, value in other.items() if known[name] != value}


def side_rows(recording: Recording, source: Source) -> list[Row]:
    """Return the rows of a recording.

    Args:
        recording: A loaded recording.
        source: One of its available sources.

    Raises:
        DataMissingError: The recording has no such table.
    """
    if source.kind == "kernels":
        return _kernel_rows(recording, source.tool)
    if source.kind == "gpu_points":
        return _gpu_point_rows(recording, source.tool)
    samples = recording.table("samples", source.tool) if recording.has("samples", source.tool) else None
    return rows_from_points(recording.table("points", source.tool), samples)


def available_sources(recording: Recording) -> tuple[Source, ...]:
    """Return where a recording's times can come from, preferred first."""
    return tuple(source for source in _PREFERRED if source.tool in recording.tools and _is_available(recording, source))


def _is_available(recording: Recording, source: Source) -> bool:
    if source.kind != "gpu_points":
        return recording.has(source.kind, source.tool)
    if not recording.has("kernels", source.tool):
        return False
    found = iterations(recording.only(source.tool))
    return found is not None and len(found.row) > 0


def _text(value: Any) -> str:
    if value is None or value != value or str(value) in ("<NA>", "None", "nan"):
        return ""
    return str(value)


def rows_from_points(points: pd.DataFrame, samples: pd.DataFrame | None) -> list[Row]:
    """Return one row per label of a sweep point; points of one label are pooled: one process is one measurement of it.

    Args:
        points: Schema table `points`.
        samples: Schema table `samples`; None when no point has any.
    """
    grouped = {} if samples is None else _samples_by_point(samples)
    by_label: dict[str, list[dict[str, Any]]] = {}
    for point in points.to_dict("records"):
        by_label.setdefault(_text(point.get("label")), []).append(point)
    return [_pooled(label, same, [grouped.get(point["point_id"]) for point in same]) for label, same in by_label.items()]


def _pooled(label: str, points: list[dict[str, Any]], samples: list[np.ndarray | None]) -> Row:
    """Return the row of the points of one label."""
    found = [values for values in samples if values is not None]
    first = points[0]
    statuses = [_text(point.get("status")) or "ok" for point in points]
    worst = min((status for status in statuses if status != "ok"), key=_gravity, default="ok")
    clocks = [
        float(np.fmin.reduce([float(_text(point.get(f"sm_clock_{when}_hz")) or "nan") for point in points]))
        for when in ("before", "after")
    ]
    conditions: dict[str, str] = {}
    mixed: dict[str, tuple[str, str]] = {}
    for point in points:
        mixed |= mix_conditions(conditions, {name: _text(point[name]) for name in CONDITIONS if _text(point.get(name))})
    return Row(
        label=label,
        keys=_point_keys(first),
        summaries=[summarise(np.concatenate(found) if found else None, worst)],
        conditions=conditions,
        sm_clock_before_hz=clocks[0],
        sm_clock_after_hz=clocks[1],
        note=next((text for text in (_text(point.get("reason")) for point in points) if text), ""),
        bytes_per_iteration=float(_text(first.get("bytes_per_iteration")) or "nan"),
        symbol=_text(_launch(first).get("symbol")),
        mixed=mixed,
        listed={name: _text(first[name]) for name in LISTED if _text(first.get(name))},
    )


def _launch(point: dict[str, Any]) -> dict[str, Any]:
    text = _text(point.get("launch"))
    return (json.loads(text) or {}) if text else {}


def _samples_by_point(samples: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return each point's durations in the order of measurement."""
    order = np.lexsort((samples["sample_index"].to_numpy(), samples["point_id"].to_numpy()))
    ids = samples["point_id"].to_numpy()[order]
    durations = samples["duration_ns"].to_numpy(dtype=float, na_value=np.nan)[order]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if ids.size else np.array([], dtype=int)
    return dict(zip(ids[starts].tolist(), np.split(durations, starts[1:]), strict=True)) if ids.size else {}


def _gpu_point_rows(recording: Recording, tool: str) -> list[Row]:
    """Return one row per sweep point, timed by the sum of the kernels of each measured iteration."""
    only = recording.only(tool)
    found = iterations(only)
    if found is None:
        raise DataMissingError(f"{recording.name}: {tool} saw no measured iteration", "annotate the program, docs/formats.md")
    operations, (owner, _) = gpu_operations(only), operation_points(only)
    timed = (owner >= 0) & counts_as_kernel(operations)
    durations = (operations.end - operations.start)[timed].astype(float)
    sums = np.bincount(owner[timed], weights=durations, minlength=len(found.row))
    launched = np.bincount(owner[timed], minlength=len(found.row)) > 0
    recorded = {item["label"]: item for item in recording.table("points").to_dict("records")} if recording.has("points") else {}
    rows = []
    for point in recording.metric("points").to_dict("records"):
        own = recorded.get(point["label"], {})
        codes = [code for code, value in enumerate(found.label.values) if value == point["label"]]
        chosen = launched & np.isin(found.label.codes, codes)
        status = _text(point.get("status")) or "ok"
        conditions = {name: _text(point[name]) for name in ("cache", "launch_mode", "engine") if _text(point.get(name))}
        conditions |= {name: _text(own[name]) for name in ("cold_method", "measure") if _text(own.get(name))}
        keys = _point_keys({name: point.get(name) for name in ("op", "variant", "shape", "dtype", "label")})
        launch = {"kernel": "kernel", "launch_grid": "grid", "launch_block": "kernel_block"}
        keys |= {key: _text(point.get(name)) for key, name in launch.items() if _text(point.get(name))}
        rows.append(
            Row(
                label=point["label"],
                keys=keys,
                summaries=[summarise(sums[chosen], status)],
                conditions={**conditions, "clock": f"{tool} timestamps"},
                note=_text(point.get("reason")),
                bytes_per_iteration=float(_text(point.get("bytes_per_iteration")) or "nan"),
                listed={name: _text(own[name]) for name in LISTED if _text(own.get(name))},
            )
        )
    return rows


def _point_keys(point: dict[str, Any]) -> dict[str, str]:
    keys = {name: _text(point.get(name)) for name in ("op", "variant", "shape", "dtype")}
    keys.update(
        {name: value for name, value in decode_label(_text(point.get("label"))).items() if name not in keys or not keys[name]}
    )
    record = _launch(point)
    if record:
        keys["kernel"] = _text(record.get("kernel"))
        for name in ("grid", "block"):
            if record.get(name):
                keys[f"launch_{name}"] = "x".join(str(part) for part in record[name])
        keys["dynamic_shared_memory"] = _text(record.get("dynamic_shared_memory_bytes"))
    return {name: value for name, value in keys.items() if value}


def _kernel_rows(recording: Recording, tool: str) -> list[Row]:
    """Return one row per kernel and launch configuration, timed by the tool's GPU timestamps."""
    kernels, configurations = (recording.table(name, tool) for name in ("kernels", "launch_configurations"))
    if not len(kernels):
        raise DataMissingError(f"{recording.name}: no kernel was recorded", "record a program that launches kernels")
    ordered = kernels.sort_values(["launch_configuration_id", "start_ns"], kind="stable")
    ids = ordered["launch_configuration_id"].to_numpy()
    durations = ordered["duration_ns"].to_numpy(dtype=float)
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    pieces = np.split(durations, starts[1:])
    table = configurations.to_dict("records")
    places = configuration_ranges(recording.only(tool))
    merged: dict[str, tuple[dict[str, str], list[np.ndarray], set[str]]] = {}
    for index, piece in zip(ids[starts], pieces, strict=True):
        keys = _kernel_keys(table[int(index)])
        label = f"{keys['kernel']} grid={keys['launch_grid']} block={keys['launch_block']} shared={keys['shared_memory']}"
        _, parts, ranges = merged.setdefault(label, (keys, [], set()))
        parts.append(piece)
        ranges.add(places.get(int(index), ""))
    clock = {"clock": f"{tool} timestamps"}
    return [
        Row(label, keys | _only_range(ranges), [summarise(np.concatenate(parts))], dict(clock))
        for label, (keys, parts, ranges) in merged.items()
    ]


def _only_range(ranges: set[str]) -> dict[str, str]:
    """Return the key that names where a kernel ran, if that is one place."""
    (place, *others) = sorted(ranges)
    return {"range": place} if place and not others else {}


def _kernel_keys(configuration: dict[str, Any]) -> dict[str, str]:
    name = _text(configuration["kernel"])
    return {
        "kernel": name,
        "function": base_function(name),
        "launch_grid": "x".join(str(configuration[f"grid_{axis}"]) for axis in "xyz"),
        "launch_block": "x".join(str(configuration[f"block_{axis}"]) for axis in "xyz"),
        "shared_memory": str(configuration["dynamic_shared_memory_bytes"]),
    }
