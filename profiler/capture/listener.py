"""Sorts what a tool and its target print: finished sweep points, chatter of the tool, and the rest."""

from __future__ import annotations

import re
from collections import deque

from profiler.capture.progress import Progress

_POINT_LINE = re.compile(r"^\[(\d+)/(\d+)\] (ok|failed|skipped|wrong_output): (.*)$")
_TOOL_CHATTER = re.compile(r"^(\[\d+/\d+\] \[[= \d%]*|Generat(ed|ing)\b.*|==PROF==.*|\s*/\S+\.(nsys-rep|sqlite|qdstrm))")
_KEPT_LINES = 40
_SHOWN_LINES = 5


class Listener:
    """Takes lines, tells the progress, and keeps the last ones.

    Args:
        progress: Told what happens.
        points: Whether sweep points are told as such.
    """

    def __init__(self, progress: Progress, points: bool) -> None:
        self._progress, self._points = progress, points
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def __call__(self, line: str) -> None:
        """Take one line."""
        match = _POINT_LINE.match(line) if self._points else None
        if match:
            self._progress.point(int(match[1]), int(match[2]), match[3], match[4])
        elif not _TOOL_CHATTER.match(line):
            self._lines.append(line)
            self._progress.line(line)

    def after(self, prefix: str) -> str:
        """Return what follows a prefix in the first line that has it; empty when none has."""
        return next((line[len(prefix) :] for line in self._lines if line.startswith(prefix)), "")

    def tail(self) -> list[str]:
        """Return the last lines, for an error message."""
        return [f"  | {line}" for line in list(self._lines)[-_SHOWN_LINES:]]
