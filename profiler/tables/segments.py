"""Joins the captures of one tool that make one run: the attempts of a sweep, and the files that were imported together.

A sweep that was cut off goes on in a second capture (`capture-2`). Its clock starts anew, so the second is put a second
behind the end of the first. A sweep point that the first attempt did not finish is marked again, whole, in a later one:
its broken ranges are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from profiler.columns import Column, Columns, stack
from profiler.schema import TABLES
from profiler.store.compressed import plain_name
from profiler.tables.identities import Identity, identify
from profiler.tables.marks import point_labels, point_rows
from profiler.tables.source_protocol import Artefacts, TableSource
from profiler.units import NS_PER_S

_SEGMENT = re.compile(r"^(?P<stem>.+?)(?:-(?P<number>[2-9]|\d\d+))?$")
_RANGE = re.compile(r"^(?P<stem>.+)\.(?P<number>\d+)$")
"""A capture range of several: each is a capture of its own."""
_CLOCK_TABLES = tuple(name for name, table in TABLES.items() if "duration_ns" in table.names and "start_ns" in table.names)
BREAKS = "breaks_ns"
"""Fact of a joined capture: where on its time axis a later one begins; nobody knows what the GPU did before that."""
START = "start_epoch_ns"
"""Fact of a capture: when its clock stood at 0, ns since 1970 in UTC."""


def join_segments(sources: Sequence[Artefacts], imported: bool = False) -> list[TableSource]:
    """Replace the segments of one capture by one source that reads them all; other sources pass unchanged.

    Args:
        sources: Sources of one tool.
        imported: The user put them together: all that one reader reads belong together, in the order given.
    """
    groups: dict[tuple[str, str], list[Artefacts]] = {}
    for source in sources:
        stem, _ = _numbered(source.path)
        key = (type(source.reader).__name__, "") if imported else (stem, plain_name(source.path).suffix)
        groups.setdefault(key, []).append(source)
    joined: list[TableSource] = []
    for members in groups.values():
        ordered = members if imported else sorted(members, key=lambda source: _numbered(source.path)[1])
        apart = imported or any(_RANGE.match(plain_name(source.path).stem) for source in members)
        joined.append(JoinedSource(ordered, apart) if len(ordered) > 1 else ordered[0])
    return joined


def _numbered(path: Path) -> tuple[str, int]:
    """Return the name of a capture's file without its number, and the number, 1 where it has none."""
    stem = plain_name(path).stem
    match = _RANGE.match(stem) or _SEGMENT.match(stem)
    return (match["stem"], int(match["number"] or 1)) if match else (stem, 1)


class JoinedSource:
    """Several captures of one sweep, read as one.

    Args:
        segments: In the order of recording.
        apart: They are recordings of their own, not attempts at one: none repeats a part of another.
    """

    def __init__(self, segments: Sequence[Artefacts], apart: bool = False) -> None:
        self._segments, self._apart = list(segments), apart
        self._frames: dict[str, Columns | None] = {}
        self.tool, self.path, self.reader = segments[0].tool, segments[0].path, segments[0].reader

    def prefetch(self, names: Iterable[str]) -> None:
        """Read some tables of every segment in one pass each."""
        names = list(names)
        for segment in self._segments:
            segment.prefetch(names)

    def read(self, name: str) -> Columns | None:
        """Return a table of all segments, or None when none has it."""
        if name not in self._frames:
            self._frames[name] = self._read(name)
        return self._frames[name]

    def _read(self, name: str) -> Columns | None:
        frames = [(index, frame) for index, segment in enumerate(self._segments) if (frame := segment.read(name)) is not None]
        if name == "devices":
            new = [identity.new_devices for identity in self._identities]
            frames = [(index, frame.take(np.isin(frame.array("device_id"), new[index]))) for index, frame in frames]
        shifted = [(index, self._shifted(index, name, self._whole(index, name, frame))) for index, frame in frames]
        return stack([self._identities[index].applied(frame) for index, frame in shifted]) if shifted else None

    @cached_property
    def _identities(self) -> list[Identity]:
        return identify(self._segments, self._apart)

    @cached_property
    def _offsets(self) -> list[int]:
        ends = (_end_ns(segment) + NS_PER_S for segment in self._segments[:-1])
        return self._side_by_side() or list(accumulate(ends, initial=0))

    def _shifted(self, index: int, name: str, frame: Columns) -> Columns:
        """Move a segment's times and row numbers behind those of the segments before it."""
        changes: dict[str, Column] = {}
        if "start_ns" in frame:
            changes["start_ns"] = frame.array("start_ns").astype(np.int64) + self._offsets[index]
        for column in TABLES[name].columns:
            if column.refers and column.name in frame:
                earlier = (segment.read(column.refers) for segment in self._segments[:index])
                before = sum(found.rows for found in earlier if found is not None)
                changes[column.name] = frame.array(column.name) + before
        return frame.with_columns(**changes) if changes else frame

    def _side_by_side(self) -> list[int] | None:
        """Return where captures that ran at the same time stand on one axis; None when they did not, or no one knows."""
        starts = [segment.info().get(START) for segment in self._segments] if self._apart else []
        known = [int(start) for start in starts if start]
        if not starts or len(known) < len(starts):
            return None
        ends = [start + _end_ns(segment) for start, segment in zip(known, self._segments, strict=True)]
        return [start - min(known) for start in known] if max(known) < min(ends) else None

    def _whole(self, index: int, name: str, frame: Columns) -> Columns:
        """Leave out the ranges of sweep points that a later segment holds again."""
        if name != "nvtx_ranges" or self._apart:
            return frame
        ranges = (segment.read(name) for segment in self._segments[index + 1 :])
        later = {label for found in ranges if found is not None for label in point_labels(found, point_rows(found)).decode()}
        points = point_rows(frame)
        broken = points[point_labels(frame, points).passing(lambda label: label in later)]
        if not len(broken):
            return frame
        start, thread = frame.array("start_ns"), frame.array("thread_id")
        end = start + np.ma.filled(frame.array("duration_ns"), 0)
        keep = np.ones(frame.rows, dtype=bool)
        for row in broken.tolist():
            keep &= ~((thread == thread[row]) & (start >= start[row]) & (end <= end[row]))
        return frame.take(keep)

    def reason(self, name: str) -> str:
        """Return why no segment has a table."""
        return next((reason for segment in self._segments if (reason := segment.reason(name))), "")

    def info(self) -> dict[str, Any]:
        """Return facts about the first capture, how many there are, the names of those that the user put together, and `BREAKS`."""
        names = {"captures": [plain_name(segment.path).stem for segment in self._segments]} if self._apart else {}
        breaks = [] if self._side_by_side() else self._offsets[1:]
        return {**self._segments[0].info(), "segments": len(self._segments), **names, BREAKS: breaks}


def _end_ns(segment: TableSource) -> int:
    ends = [0]
    for name in _CLOCK_TABLES:
        frame = segment.read(name)
        if frame is not None and frame.rows:
            ends.append(int((frame.array("start_ns").astype(np.int64) + np.ma.filled(frame.array("duration_ns"), 0)).max()))
    return max(ends)
