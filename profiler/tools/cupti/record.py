"""Records the project's own runner with CUPTI in its own process, for machines without Nsight Systems."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import CaptureError, UsageError
from profiler.schema import POINT_PREFIX
from profiler.tools.base import Recorder, RecordPlan, ToolVersion
from profiler.tools.cupti.archive import merge_archives, read_archive

if TYPE_CHECKING:
    from profiler.capture.request import CaptureRequest

RUNNER = "profiler.runner"
PARTS = "records-*.npz"
CAPTURE = "capture.npz"


class CuptiRecorder(Recorder):
    """The embedded recorder."""

    tool = "cupti"
    in_runner = "activity"

    def probe(self) -> ToolVersion | None:
        """Find cupti-python in this interpreter."""
        if importlib.util.find_spec("cupti") is None:
            return None
        try:
            text = importlib.metadata.version("cupti-python")
        except importlib.metadata.PackageNotFoundError:
            # something else of that name
            return None
        return ToolVersion("", tuple(int(part) for part in text.split(".") if part.isdecimal()), f"cupti-python {text}")

    def plan(self, request: CaptureRequest, folder: Path, stem: str) -> RecordPlan:
        """Return the runner's own command line, which already names the recorder.

        Raises:
            UsageError: The command is not the runner's.
        """
        if RUNNER not in request.command:
            raise UsageError("--tool cupti records the Python runner only", "use --driver python, or --tool nsys")
        return RecordPlan(request.command, dict(request.environment))

    def finish(self, request: CaptureRequest, folder: Path, run: Callable[..., Any], stem: str) -> tuple[list[Path], list[str]]:
        """Join what the processes of the runner wrote, those of earlier attempts among them.

        Raises:
            CaptureError: None wrote anything.
            BadExportError: A file is damaged.
        """
        capture = folder / CAPTURE
        parts = sorted(folder.glob(PARTS))
        known = [*filter(Path.is_file, [capture]), *parts]
        if not known:
            raise CaptureError("the embedded recorder wrote nothing", "read the log; profiler doctor checks CUPTI")
        merge_archives(known, capture)
        for part in parts:
            part.unlink()
        return [capture], [] if "kernels" in read_archive(capture) else ["CUPTI recorded no kernel"]

    def recorded_points(self, folder: Path, stem: str) -> set[str] | None:
        """Return the labels of the sweep points that the capture holds; a worker that died wrote nothing."""
        ranges = read_archive(folder / CAPTURE).get("nvtx_ranges")
        names = ranges.coded("name").values if ranges is not None else ()
        return None if ranges is None else {name.removeprefix(POINT_PREFIX) for name in names if name.startswith(POINT_PREFIX)}


recorder = CuptiRecorder
