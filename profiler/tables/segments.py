"""Joins the captures of one tool that a sweep needed several attempts for, so that they read as one.

A sweep that was cut off goes on in a second capture (`capture-2`). Its clock starts anew, so the second is put a second
behind the end of the first. A sweep point that the first attempt did not finish is marked again, whole, in a later one:
its broken ranges are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from profiler.columns import Column, Columns, concatenate
from profiler.schema import POINT_DOMAIN, POINT_PREFIX, TABLES
from profiler.store.compressed import plain_name
from profiler.tables.source_protocol import TableSource
from profiler.units import NS_PER_S

_SEGMENT = re.compile(r"^(?P<stem>.+?)(?:-(?P<number>[2-9]|\d\d+))?$")
_CLOCK_TABLES = tuple(name for name, table in TABLES.items() if "start_ns" in table.names)
_ONCE = ("devices",)


def join_segments(sources: Sequence[TableSource]) -> list[TableSource]:
    """Replace the segments of one capture by one source that reads them all; other sources pass unchanged.

    Args:
        sources: Sources of one tool.
    """
    groups: dict[tuple[str, str], list[TableSource]] = {}
    for source in sources:
        name = plain_name(source.path)
        match = _SEGMENT.match(name.stem)
        groups.setdefault((match["stem"] if match else name.stem, name.suffix), []).append(source)
    joined: list[TableSource] = []
    for (_, _), members in groups.items():
        ordered = sorted(members, key=lambda source: _number(source.path))
        joined.append(JoinedSource(ordered) if len(ordered) > 1 else ordered[0])
    return joined


def _number(path: Path) -> int:
    match = _SEGMENT.match(plain_name(path).stem)
    return int(match["number"] or 1) if match else 1


class JoinedSource:
    """Several captures of one sweep, read as one.

    Args:
        segments: In the order of recording.
    """

    def __init__(self, segments: Sequence[TableSource]) -> None:
        self._segments = list(segments)
        self._frames: dict[str, Columns | None] = {}
        self._offsets: list[int] | None = None
        self.tool, self.path = segments[0].tool, segments[0].path

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the reader can fill."""
        return self._segments[0].tables

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
        if name in _ONCE or len(frames) < 2:
            frames = frames[:1]
        shifted = [self._shifted(index, name, self._whole(index, name, frame)) for index, frame in frames]
        return _stack(shifted) if shifted else None

    def _shifted(self, index: int, name: str, frame: Columns) -> Columns:
        """Move a segment's times and row numbers behind those of the segments before it."""
        changes: dict[str, Column] = {}
        if "start_ns" in frame:
            changes["start_ns"] = frame.array("start_ns").astype(np.int64) + self._offset(index)
        for column in TABLES[name].columns:
            if column.refers and column.name in frame:
                earlier = (segment.read(column.refers) for segment in self._segments[:index])
                before = sum(found.rows for found in earlier if found is not None)
                changes[column.name] = frame.array(column.name) + before
        return frame.with_columns(**changes) if changes else frame

    def _offset(self, index: int) -> int:
        if self._offsets is None:
            self._offsets = [0]
            for segment in self._segments[:-1]:
                self._offsets.append(self._offsets[-1] + _end_ns(segment) + NS_PER_S)
        return self._offsets[index]

    def _whole(self, index: int, name: str, frame: Columns) -> Columns:
        """Leave out the ranges of sweep points that a later segment holds again."""
        if name != "nvtx_ranges":
            return frame
        later: set[str | None] = set()
        for segment in self._segments[index + 1 :]:
            ranges = segment.read(name)
            later |= set() if ranges is None else set(_point_names(ranges))
        later.discard(None)
        broken = [row for row, name in enumerate(_point_names(frame)) if name in later]
        if not broken:
            return frame
        start, thread = frame.array("start_ns"), frame.array("thread_id")
        end = start + np.ma.filled(frame.array("duration_ns"), 0)
        keep = np.ones(frame.rows, dtype=bool)
        for row in broken:
            keep &= ~((thread == thread[row]) & (start >= start[row]) & (end <= end[row]))
        return frame.take(keep)

    def reason(self, name: str) -> str:
        """Return why no segment has a table."""
        return next((reason for segment in self._segments if (reason := segment.reason(name))), "")

    def info(self) -> dict[str, Any]:
        """Return facts about the first capture, and how many there are."""
        return {**self._segments[0].info(), "segments": len(self._segments)}


def _point_names(ranges: Columns) -> list[str | None]:
    """Return the name of each row that is a sweep point's range, None for the others."""
    rows = zip(ranges.array("domain"), ranges.array("name"), strict=True)
    return [name if domain == POINT_DOMAIN and str(name).startswith(POINT_PREFIX) else None for domain, name in rows]


def _end_ns(segment: TableSource) -> int:
    ends = [0]
    for name in _CLOCK_TABLES:
        frame = segment.read(name) if name in segment.tables else None
        if frame is not None and frame.rows:
            ends.append(int((frame.array("start_ns").astype(np.int64) + np.ma.filled(frame.array("duration_ns"), 0)).max()))
    return max(ends)


def _stack(frames: Sequence[Columns]) -> Columns:
    """Put frames below each other; a column that one of them lacks is left out."""
    if len(frames) == 1:
        return frames[0]
    names = [name for name in frames[0] if all(name in frame for frame in frames)]
    return Columns({name: concatenate([frame[name] for frame in frames]) for name in names})
