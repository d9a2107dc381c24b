"""Keeps apart what several captures of one run count from the start: processes, GPUs, sweep points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from profiler.columns import Coded, Column, Columns
from profiler.point_label import decode_label, encode_label
from profiler.schema import POINT_PREFIX
from profiler.store.compressed import plain_name
from profiler.tables.marks import in_domain
from profiler.tables.source_protocol import TableSource

_PROCESS_TABLES = ("kernels", "api_calls", "nvtx_ranges", "memcpys", "memsets", "profiled_launches", "contexts")
_LARGEST_PROCESS = 1 << 22
"""Processes of Linux are numbered below it. Source: /proc/sys/kernel/pid_max on 64 bits."""
CAPTURE = "capture"


@dataclass
class Identity:
    """How one capture's numbers are told from those of the captures before it.

    Attributes:
        name: Name of the capture, its file without ending.
        process_shift: Added to every process; what belongs to a process (contexts, streams, correlations) goes with it.
        devices: Number of a GPU in this capture to its number in the run.
        new_devices: Those of them that no earlier capture has.
        names_points: Sweep points carry the capture's name, because another one has a point of the same label.
    """

    name: str
    process_shift: int = 0
    devices: dict[int, int] = field(default_factory=dict)
    new_devices: list[int] = field(default_factory=list)
    names_points: bool = False

    def applied(self, frame: Columns) -> Columns:
        """Return a table of this capture with the numbers of the run and the capture's name as a column."""
        changes: dict[str, Column] = {CAPTURE: Coded(np.zeros(frame.rows, np.int32), [self.name])}
        if self.process_shift and "process_id" in frame:
            changes["process_id"] = frame.array("process_id").astype(np.int64) + self.process_shift
        if "device_id" in frame and any(old != new for old, new in self.devices.items()):
            changes["device_id"] = _renumbered(frame.array("device_id"), self.devices)
        if self.names_points:
            changes |= self._named_points(frame)
        return frame.with_columns(**changes)

    def _named_points(self, frame: Columns) -> dict[str, Column]:
        own: dict[str, Callable[[str], str]] = {"label": self._named, "point": lambda text: self._named(text) if text else text}
        changes: dict[str, Column] = {name: frame.coded(name).renamed(rename) for name, rename in own.items() if name in frame}
        if "domain" in frame and "name" in frame:
            changes["name"] = self._named_ranges(frame)
        return changes

    def _named_ranges(self, frame: Columns) -> Coded:
        names = frame.coded("name")
        known: dict[str, int] = {str(value): code for code, value in enumerate(names.values)}
        renamed = {
            code: known.setdefault(POINT_PREFIX + self._named(text[len(POINT_PREFIX) :]), len(known))
            for text, code in list(known.items())
            if text.startswith(POINT_PREFIX)
        }
        target = np.array([renamed.get(code, code) for code in range(len(names.values))] + [-1], dtype=np.int32)
        return Coded(np.where(in_domain(frame), target[names.codes], names.codes), list(known))

    def _named(self, label: str) -> str:
        return encode_label({**decode_label(label), CAPTURE: self.name})


def identify(sources: Sequence[TableSource], apart: bool) -> list[Identity]:
    """Return the identities of captures that read as one.

    Args:
        sources: The captures.
        apart: They are recordings of their own: a point of one never goes on in another.
    """
    found = [Identity(plain_name(source.path).stem) for source in sources]
    taken: set[int] = set()
    for place, (source, identity) in enumerate(zip(sources, found, strict=True)):
        processes = _processes(source)
        identity.process_shift = place * _LARGEST_PROCESS if processes & taken else 0
        taken |= {number + identity.process_shift for number in processes}
    _number_devices(sources, found)
    if apart:
        labels = [_point_labels(source) for source in sources]
        shared = any(mine & other for place, mine in enumerate(labels) for other in labels[:place])
        for identity in found:
            identity.names_points = shared
    return found


def _processes(source: TableSource) -> set[int]:
    found: set[int] = set()
    for name in _PROCESS_TABLES:
        frame = source.read(name)
        if frame is not None and "process_id" in frame:
            found |= set(np.unique(np.ma.compressed(np.ma.asarray(frame.array("process_id")))).tolist())
    return found


def _number_devices(sources: Sequence[TableSource], identities: Sequence[Identity]) -> None:
    """Give each GPU one number: GPUs with one identifier are one, those with different ones are two."""
    by_uuid: dict[str, int] = {}
    used: set[int] = set()
    for source, identity in zip(sources, identities, strict=True):
        devices = source.read("devices")
        if devices is None:
            continue
        uuids = devices.array("uuid").tolist() if "uuid" in devices else [None] * devices.rows
        before = set(used)
        for number, uuid in zip(devices.array("device_id").tolist(), uuids, strict=True):
            free = number if uuid is None or number not in used else max(used) + 1
            target = free if uuid is None else by_uuid.setdefault(uuid, free)
            identity.devices[number] = target
            if target not in before:
                identity.new_devices.append(number)
            used.add(target)


def _point_labels(source: TableSource) -> set[str]:
    labels: set[str] = set()
    points, launches, ranges = (source.read(name) for name in ("points", "profiled_launches", "nvtx_ranges"))
    if points is not None:
        labels |= set(points.coded("label").values)
    if launches is not None and "point" in launches:
        labels |= set(launches.coded("point").values) - {""}
    if ranges is not None:
        labels |= {str(name)[len(POINT_PREFIX) :] for name in ranges.coded("name").values if str(name).startswith(POINT_PREFIX)}
    return labels


def _renumbered(values: np.ndarray, numbers: dict[int, int]) -> np.ndarray:
    plain = np.ma.getdata(values)
    result = plain.copy()
    for old, new in numbers.items():
        result[plain == old] = new
    return np.ma.masked_array(result, np.ma.getmaskarray(values)) if isinstance(values, np.ma.MaskedArray) else result
