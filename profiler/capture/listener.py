"""Sorts what a tool and its target print: finished sweep points, chatter of the tool, and the rest."""

from __future__ import annotations

import re
from collections import deque

from profiler.capture.progress import Progress

_POINT_LINE = re.compile(r"^\[(\d+)/(\d+)\] (ok|failed|skipped|wrong_output): (.*)$")
_TOOL_CHATTER = re.compile(r"^(\[\d+/\d+\] \[[= \d%]*|Generat(ed|ing)\b.*|==PROF==.*|\s*/\S+\.(nsys-rep|sqlite|qdstrm))")
_SHOWN_LINES = 5


class Listener:
    """Takes lines, tells the progress, and keeps for an error message what nobody has seen.

    Args:
        progress: Told what happens.
        points: Whether sweep points are told as such.
        own: The program is one of this project: its `error:` and `fix:` are said by whoever judges it.
    """

    def __init__(self, progress: Progress, points: bool = False, own: bool = False) -> None:
        self._progress, self._points, self._own = progress, points, own
        self._unseen: deque[str] = deque(maxlen=_SHOWN_LINES)
        self.error = ""
        """What the program called its error."""
        self.fix = ""
        """What it said should be done about it."""

    def __call__(self, line: str) -> None:
        """Take one line."""
        match = _POINT_LINE.match(line) if self._points else None
        if match:
            self._progress.point(int(match[1]), int(match[2]), match[3], match[4])
        elif self._own and line.startswith(("error: ", "fix: ")):
            name, _, text = line.partition(": ")
            setattr(self, name, getattr(self, name) or text)
        elif not _TOOL_CHATTER.match(line) and not self._progress.line(line):
            self._unseen.append(line)

    def tail(self) -> list[str]:
        """Return the last lines that were not shown, for an error message."""
        return [f"  | {line}" for line in self._unseen]
