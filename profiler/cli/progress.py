"""Draws the progress of a recording on stderr: a bar for a sweep, the target's lines for a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from profiler.capture.progress import Progress
from profiler.cli.printing import console


class RichProgress(Progress):
    """Progress on a terminal; in a pipe one line per event that matters, no bar."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> RichProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def begin(self, tool: str, argv: Sequence[str], points: int) -> None:
        """Begin a pass of a tool."""
        from rich import progress as bars

        what = f"{points} points" if points else " ".join(argv)
        self._say(f"{tool}: recording {what}")
        if points and self._console.is_terminal:
            done = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn())
            times = (bars.TimeElapsedColumn(), bars.TimeRemainingColumn())
            self._bar = bars.Progress(*done, *times, console=self._console, transient=True)
            self._task = self._bar.add_task(tool, total=points)
            self._bar.start()

    def line(self, text: str) -> bool:
        """Show a line of output, unless a bar stands there."""
        if self._bar is None:
            self._say(f"  {text}")
        return self._bar is None

    def point(self, done: int, total: int, status: str, label: str) -> None:
        """Take note of a finished sweep point."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        if status != "ok":
            self._say(f"  {status}: {label}")

    def note(self, text: str) -> None:
        """Tell something the user must know."""
        self._say(f"note: {text}")

    def end(self, tool: str, status: str, duration_s: float) -> None:
        """End a pass."""
        self._close()
        self._say(f"{tool}: {status} after {duration_s:.1f} s")
