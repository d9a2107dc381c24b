"""Writes a recording as Chrome trace JSON, which Perfetto and chrome://tracing open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from profiler.errors import DataMissingError
from profiler.report.lanes import Lane, Names
from profiler.report.timeline_events import collect_lanes
from profiler.store.run_dir import write_atomic
from profiler.units import NS_PER_US

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


def write_perfetto(recording: Recording, out: Path) -> Path:
    """Write every event of the timeline, none merged or left out.

    Args:
        recording: A recording with events in time.
        out: File to write, `.json`.

    Returns:
        `out`.

    Raises:
        DataMissingError: No event of the recording carries a time.
        CaptureError: The file cannot be written.

    Source:
        Trace Event Format, Google: complete events (`ph` X), times in µs, process and thread names as metadata (`ph` M).
    """
    names = Names()
    lanes = [lane for lane in collect_lanes(recording, names) if len(lane.events)]
    if not lanes:
        raise DataMissingError(f"{recording.name}: no event carries a time", "choose a recording of nsys, cupti or builtin")
    groups = {group: number + 1 for number, group in enumerate(dict.fromkeys(lane.group for lane in lanes))}
    texts = np.array([json.dumps(entry["text"]) for entry in names.entries], dtype=object)
    parts = [_metadata("process_name", pid, 0, group) for group, pid in groups.items()]
    for number, lane in enumerate(lanes):
        pid = groups[lane.group]
        parts.append(_metadata("thread_name", pid, number + 1, lane.label))
        parts.append(_complete_events(lane, texts, pid, number + 1))
    write_atomic(out, '{"displayTimeUnit":"ns","traceEvents":[\n' + ",\n".join(parts) + "\n]}\n")
    return out


def _metadata(what: str, pid: int, tid: int, name: str) -> str:
    return json.dumps({"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": name}})


def _complete_events(lane: Lane, texts: np.ndarray, pid: int, tid: int) -> str:
    """Return the lane's events as JSON objects; pandas writes them far faster than a loop would."""
    events = lane.events
    name = pd.Series(texts[events.name])
    start, length = (_microseconds(values) for values in (events.start, events.duration))
    head = f'{{"ph":"X","cat":"{lane.kind}","pid":{pid},"tid":{tid},"name":'
    value = "" if events.value is None else pd.Series(events.value).astype(str)
    args = "" if events.value is None else f',"args":{{"{events.value_unit}":' + value + "}"
    return ",\n".join(head + name + ',"ts":' + start + ',"dur":' + length + args + "}")


def _microseconds(values: np.ndarray) -> object:
    """Write ns as µs with three decimals, exactly."""
    whole, rest = np.divmod(values, NS_PER_US)
    return pd.Series(whole).astype(str) + "." + pd.Series(rest).astype(str).str.zfill(3)
