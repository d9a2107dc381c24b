"""Records without any tool: the target writes its own ranges and samples (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import CaptureError
from profiler.tools.base import Recorder, RecordPlan, ToolVersion

if TYPE_CHECKING:
    from profiler.capture.request import CaptureRequest

RESULT = "result.json"
RANGES = "ranges.json"
FOLDER_VARIABLE = "PROFILER_BUILTIN_DIR"


class BuiltinRecorder(Recorder):
    """The built-in recorder: works everywhere, sees only what the target itself marks."""

    tool = "builtin"
    in_runner = "ranges"

    def probe(self) -> ToolVersion | None:
        """It is always there."""
        from profiler import __version__

        return ToolVersion("", tuple(int(part) for part in __version__.split(".") if part.isdecimal()), f"profiler {__version__}")

    def plan(self, request: CaptureRequest, folder: Path, stem: str) -> RecordPlan:
        """Return the target's own command line; a variable tells `profiler.point` where to write."""
        environment = {**request.environment, FOLDER_VARIABLE: str(folder.absolute())}
        return RecordPlan(request.command, environment)

    def finish(self, request: CaptureRequest, folder: Path, run: Callable[..., Any], stem: str) -> tuple[list[Path], list[str]]:
        """Put together what the target's processes wrote, and check that it is something.

        Raises:
            CaptureError: It did not: it marks no sweep points.
        """
        from profiler.annotate.documents import join_journals

        notes = join_journals(folder)
        found = [folder / name for name in (RESULT, RANGES) if (folder / name).is_file()]
        if not found:
            fix = "mark one: with profiler.point(block=256, bytes=n): launch(); or record with --tool nsys"
            raise CaptureError("the program marked no sweep point, so there is nothing to record without a tool", fix)
        return found, notes


recorder = BuiltinRecorder
