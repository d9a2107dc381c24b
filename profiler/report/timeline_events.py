"""Turns the event tables of a recording into the lanes of its timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.errors import ProfilerError
from profiler.report.kernel_labels import kernel_labels
from profiler.report.lanes import MAX_SLICES, Events, Lane, Names, join, merge_runs, pack_lane, sort

if TYPE_CHECKING:
    from profiler.columns import Columns
    from profiler.metrics.recording import Recording

MAX_GAPS = 5_000
_MANY = 10_000  # slices of a lane from which they are merged
_STREAM = ("process_id", "device_id", "context_id", "stream_id")
_THREAD = ("process_id", "thread_id")
_THREADS = (
    ("nvtx_ranges", "name", "nvtx", "NVTX ranges"),
    ("synchronizations", "kind", "wait", "CPU waits for the GPU"),
    ("api_calls", "name", "api", "CUDA API calls"),
)
"""Table, column of what is shown, kind and heading of the lanes of threads."""


def collect_lanes(recording: Recording, names: Names) -> list[Lane]:
    """Return every lane that the recording fills: GPU work, idle gaps, NVTX ranges, waits, API calls."""
    threads = (lane for row in _THREADS for lane in _thread_lanes(recording, names, *row))
    return [*_gpu_lanes(recording, names), *_idle_lanes(recording, names), *threads]


def build_timeline(recording: Recording) -> dict[str, Any] | None:
    """Return the timeline of one recording for the page's script, None when it holds no events.

    What does not fit `MAX_SLICES` is merged or, for API calls, left out, and named in `notes`.
    """
    names, notes = Names(), list[str]()
    lanes = [lane for lane in _fit(collect_lanes(recording, names), names, notes) if len(lane.events)]
    if not lanes:
        return None
    origin = min(int(lane.events.start[0]) for lane in lanes)
    end = max(int((lane.events.start + lane.events.duration).max()) for lane in lanes)
    packed = [pack_lane(f"lane-{index}", lane, origin) for index, lane in enumerate(lanes)]
    return {"origin_ns": origin, "end_ns": end - origin, "lanes": packed, "names": names.entries, "notes": notes}


def _fit(lanes: list[Lane], names: Names, notes: list[str]) -> list[Lane]:
    calls = [lane for lane in lanes if lane.kind == "api"]
    others = [lane for lane in lanes if lane.kind != "api"]
    total, left_out = (sum(len(lane.events) for lane in part) for part in (others, calls))
    if total > MAX_SLICES:
        size = -(-total // MAX_SLICES)
        notes.append(
            f"{total:,} slices are too many for a page: each block of the timeline stands for {size} successive ones. "
            "Record a shorter range to see each."
        )
        others = [
            replace(lane, events=merge_runs(lane.events, size, names), nested=False) if len(lane.events) >= _MANY else lane
            for lane in others
        ]
    if left_out and total + left_out > MAX_SLICES:
        notes.append(f"{left_out:,} CUDA API calls are left out of the timeline: they do not fit beside the GPU's work.")
        return others
    return others + calls


def _columns(recording: Recording, table: str) -> Columns | None:
    try:
        columns = recording.columns(table)
    except ProfilerError:
        return None
    return columns if columns.rows else None


def _whole(columns: Columns, name: str) -> np.ndarray:
    """Return a column as int64; a missing duration (a mark) is 0 long."""
    return np.asarray(np.nan_to_num(np.ma.filled(columns.array(name), 0)).astype(np.int64))


def _texts(columns: Columns, name: str) -> tuple[np.ndarray, list[str]]:
    """Return a text column as codes and its distinct texts; a missing text is `?`."""
    coded = columns.coded(name).filled("?")
    return coded.codes, list(coded.values)


def _kernel_events(recording: Recording, columns: Columns, names: Names) -> Events:
    configurations = recording.columns("launch_configurations").to_frame().to_dict("records")
    labels = kernel_labels(str(row["kernel"]) for row in configurations)
    blocks: dict[str, set[str]] = {}
    for row in configurations:
        blocks.setdefault(str(row["kernel"]), set()).add(_size(row, "block"))
    several = {kernel for kernel, found in blocks.items() if len(found) > 1}
    index = np.array([_configuration_name(row, names, labels, several) for row in configurations], dtype=np.int64)
    return Events(_whole(columns, "start_ns"), _whole(columns, "duration_ns"), index[_whole(columns, "launch_configuration_id")])


def _size(row: dict[str, Any], side: str) -> str:
    return "×".join(str(row[f"{side}_{axis}"]) for axis in "xyz")


def _configuration_name(row: dict[str, Any], names: Names, labels: dict[str, str], several: set[str]) -> int:
    """Name a launch configuration; where blocks of several sizes ran the same kernel, the size tells them apart."""
    kernel = str(row["kernel"])
    grid, block = _size(row, "grid"), _size(row, "block")
    text = f"{labels[kernel]} · block {block.removesuffix('×1').removesuffix('×1')}" if kernel in several else labels[kernel]
    shared = row["static_shared_memory_bytes"] + row["dynamic_shared_memory_bytes"]
    resources = f"{row['registers_per_thread']} registers per thread · {shared} B shared memory"
    detail = f"{kernel}\ngrid {grid} · block {block}\n{resources}"
    return names.add(text, "kernel", detail, group=kernel, label=labels[kernel])


def _copy_events(_: Recording, columns: Columns, names: Names) -> Events:
    parts = [_texts(columns, name) for name in ("direction", "source_kind", "destination_kind")]
    combined = np.stack([codes for codes, _ in parts])
    distinct, index = np.unique(combined, axis=1, return_inverse=True)
    kinds = [[values[code] for (_, values), code in zip(parts, column, strict=True)] for column in distinct.T]
    name = np.array([names.add(f"memcpy {d}", "memcpy", f"{s} → {t}", group=d) for d, s, t in kinds], dtype=np.int64)
    start, duration = _whole(columns, "start_ns"), _whole(columns, "duration_ns")
    return Events(start, duration, name[index.reshape(-1)], _whole(columns, "size_bytes"), "bytes")


def _plain_events(columns: Columns, text: str, kind: str, names: Names, value: str = "") -> Events:
    index = np.full(columns.rows, names.add(text, kind))
    amount = _whole(columns, value) if value else None
    return Events(_whole(columns, "start_ns"), _whole(columns, "duration_ns"), index, amount, "bytes" if value else "")


def _fill_events(_: Recording, columns: Columns, names: Names) -> Events:
    return _plain_events(columns, "memset", "memset", names, "size_bytes")


def _graph_events(_: Recording, columns: Columns, names: Names) -> Events:
    return _plain_events(columns, "CUDA graph", "graph", names)


def _gpu_events(recording: Recording, names: Names) -> Iterator[tuple[Columns, Events]]:
    """Yield each kind of GPU work that the recording holds."""
    makers = {"kernels": _kernel_events, "memcpys": _copy_events, "memsets": _fill_events, "graph_launches": _graph_events}
    for table, make in makers.items():
        columns = _columns(recording, table)
        if columns is not None:
            yield columns, make(recording, columns, names)


def _gpu_lanes(recording: Recording, names: Names) -> list[Lane]:
    split = [(key, part) for columns, events in _gpu_events(recording, names) for key, part in _split(columns, events, _STREAM)]
    devices = _device_names(recording)
    several = len({(process, context) for (process, _, context, _), _ in split}) > 1
    lanes = []
    for key in sorted({key for key, _ in split}, key=lambda item: (item[1], *item)):
        process, device, context, stream = key
        label = f"stream {stream}" + (f" · context {context}, process {process}" if several else "")
        events = sort(join([part for other, part in split if other == key]))
        lanes.append(Lane(label, f"GPU {device}{devices.get(device, '')}", "gpu", events, nested=True))
    return lanes


def _device_names(recording: Recording) -> dict[int, str]:
    columns = _columns(recording, "devices")
    if columns is None:
        return {}
    return {int(number): f" · {name}" for number, name in zip(columns.array("device_id"), columns.array("name"), strict=True)}


def _split(columns: Columns, events: Events, keys: tuple[str, ...]) -> Iterator[tuple[tuple[int, ...], Events]]:
    """Yield the events of each distinct combination of key columns."""
    import pandas as pd

    for key, index in pd.DataFrame({key: _whole(columns, key) for key in keys}).groupby(list(keys)).indices.items():
        yield key if isinstance(key, tuple) else (key,), events.take(index)


def _idle_lanes(recording: Recording, names: Names) -> list[Lane]:
    try:
        columns = recording.metric_columns("gaps")
    except ProfilerError:
        return []
    events = _plain_events(columns, "GPU idle", "idle", names)
    lanes = []
    for (device,), part in _split(columns, events, ("device",)):
        longest = part.take(np.argsort(-part.duration, kind="stable")[:MAX_GAPS])
        shown = "" if len(longest) == len(part) else f", longest {MAX_GAPS:,}"
        lanes.append(Lane(f"GPU {device} idle{shown}", "Idle gaps", "idle", sort(longest)))
    return lanes


def _thread_lanes(recording: Recording, names: Names, table: str, column: str, kind: str, group: str) -> list[Lane]:
    columns = _columns(recording, table)
    if columns is None:
        return []
    codes, values = _texts(columns, column)
    events = Events(_whole(columns, "start_ns"), _whole(columns, "duration_ns"), names.add_many(values, kind)[codes])
    keys = _THREAD if "thread_id" in columns else _THREAD[:1]
    lanes = []
    for key, part in sorted(_split(columns, events, keys), key=lambda item: item[0]):
        where = f"thread {key[1]}" if len(key) > 1 else f"process {key[0]}"
        lanes.append(Lane(where, group, kind, sort(part), nested=True))
    return lanes
