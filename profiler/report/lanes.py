"""Lanes of the timeline: events of a recording as packed integer columns, one lane per stream, thread or device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from profiler.errors import BadExportError
from profiler.report.embed import pack_integers

MAX_SLICES = 1_200_000
MAX_DEPTH = 10


@dataclass
class Names:
    """The texts that slices show, each once.

    Attributes:
        entries: `text` (shown on the slice), `detail` (lines of the tooltip), `kind` (decides the colour), `color` (slot, or none).
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, text: str, kind: str, detail: str = "", group: str = "", label: str = "") -> int:
        """Return the index of an entry, new or known.

        Args:
            text: What the slice shows.
            kind: `kernel`, `memcpy`, `memset`, `graph`, `nvtx`, `api`, `wait`, `idle` or `group`.
            detail: Further lines for the tooltip.
            group: Entries of one group share a colour; the text by default.
            label: What the legend calls the group; the text by default.
        """
        key = (text, kind, detail)
        if key not in self._known:
            self._known[key] = len(self.entries)
            entry = {"text": text, "kind": kind, "detail": detail, "group": group or text}
            self.entries.append(entry | ({"label": label} if label else {}))
        return self._known[key]

    def add_many(self, texts: Sequence[str], kind: str) -> np.ndarray:
        """Return the index of an entry for each text."""
        return np.fromiter((self.add(str(text), kind) for text in texts), dtype=np.int64, count=len(texts))


@dataclass
class Events:
    """Events before they are split into lanes; all arrays have one length.

    Attributes:
        start: ns since the capture began.
        duration: ns.
        name: Index into `Names`.
        value: A number for the tooltip (bytes), or None.
        value_unit: Unit of the value.
    """

    start: np.ndarray
    duration: np.ndarray
    name: np.ndarray
    value: np.ndarray | None = None
    value_unit: str = ""

    def __len__(self) -> int:
        return len(self.start)

    def take(self, index: np.ndarray | slice) -> Events:
        """Return the selected events, in the order of the index."""
        value = None if self.value is None else self.value[index]
        return Events(self.start[index], self.duration[index], self.name[index], value, self.value_unit)


def join(parts: Sequence[Events]) -> Events:
    """Put events of several kinds together; those without a value get 0."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    unit = next((part.value_unit for part in parts if part.value_unit), "")
    values = [np.zeros(len(part), np.int64) if part.value is None else part.value for part in parts]
    start, duration, name = (np.concatenate([getattr(part, field) for part in parts]) for field in ("start", "duration", "name"))
    return Events(start, duration, name, np.concatenate(values) if unit else None, unit)


def sort(events: Events) -> Events:
    """Order by start; of events that start together the longest first, so that a parent precedes its children."""
    if len(events) < 2 or (np.diff(events.start) > 0).all():
        return events
    return events.take(np.lexsort((-events.duration, events.start)))


def depths(events: Events) -> np.ndarray:
    """Return how many earlier events are still open when each sorted event starts: its row within the lane."""
    ends = np.sort(events.start + np.maximum(events.duration, 1))  # a mark is drawn, so it takes room
    opened = np.arange(len(events)) - np.searchsorted(ends, events.start, side="right")
    depth: np.ndarray = np.clip(opened, 0, MAX_DEPTH - 1)
    return depth


def merge_runs(events: Events, size: int, names: Names) -> Events:
    """Replace each run of `size` successive events by one block from the first start to the last end.

    Args:
        events: Sorted by start.
        size: Events per block.
        names: Gets an entry for the blocks.

    Returns:
        Blocks, with the busy time within each as their value.
    """
    first = np.arange(0, len(events), size)
    ends = np.maximum.reduceat(events.start + events.duration, first)
    start = events.start[first]
    name = names.add(f"{size} slices drawn as one", "group")
    busy = np.minimum(np.add.reduceat(events.duration, first), ends - start)
    return Events(start, ends - start, np.full(len(first), name), busy, "ns busy")


@dataclass
class Lane:
    """One lane.

    Attributes:
        label: Text at the left edge.
        group: Heading above the lanes of one device or of the CPU.
        kind: `gpu`, `nvtx`, `api`, `wait` or `idle`; decides height and colour.
        events: Sorted by start.
        nested: Whether events inside others get rows of their own.
    """

    label: str
    group: str
    kind: str
    events: Events
    nested: bool = False


def pack_lane(lane_id: str, lane: Lane, origin_ns: int) -> dict[str, Any]:
    """Pack one lane.

    Args:
        lane_id: Unique within the timeline.
        lane: The lane.
        origin_ns: Time that becomes 0.

    Raises:
        BadExportError: Times lie further apart than a lane can hold.
    """
    events = lane.events
    span = int((events.start + events.duration).max(initial=origin_ns)) - origin_ns
    if span >> 48 or (len(events) and int(events.duration.min()) < 0):
        raise BadExportError(
            f"{lane.label}: events from {events.start.min()} ns on, {span} ns after the capture's first; a timeline holds 78 hours",
            "record again: the time stamps are damaged",
        )
    row = depths(events) if lane.nested else np.zeros(len(events), np.int64)
    packed: dict[str, Any] = {
        "id": lane_id,
        "label": lane.label,
        "group": lane.group,
        "kind": lane.kind,
        "n": len(events),
        "rows": int(row.max(initial=0)) + 1,
        "start": pack_integers(np.diff(events.start - origin_ns, prepend=0)),
        "duration": pack_integers(events.duration),
        "name": pack_integers(events.name),
    }
    if packed["rows"] > 1:
        packed["row"] = pack_integers(row)
    if events.value is not None:
        packed["value"], packed["unit"] = pack_integers(events.value), events.value_unit
    return packed
