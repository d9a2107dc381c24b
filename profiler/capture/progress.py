"""What a recording tells while it runs; the command line draws it, the library stays silent."""

from __future__ import annotations

from collections.abc import Sequence


class Progress:
    """Receives what happens. Every method may be overridden; none does anything here."""

    def begin(self, tool: str, argv: Sequence[str], points: int) -> None:
        """Begin a pass of a tool.

        Args:
            tool: Tool name.
            argv: What runs.
            points: Sweep points in this pass, 0 for a program of the user's own.
        """

    def line(self, text: str) -> object:
        """Show a line of output of the tool or the target; true when it is shown, and need not be quoted in an error."""

    def point(self, done: int, total: int, status: str, label: str) -> None:
        """Take note of a finished sweep point."""

    def note(self, text: str) -> None:
        """Tell something the user must know, one sentence."""

    def end(self, tool: str, status: str, duration_s: float) -> None:
        """End a pass."""
