"""The command that stands for a sweep: the project's own runner or driver, told what to run and where to write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.runner.request import REQUEST, SweepOptions
from profiler.tools.registry import TOOLS

NCU_SAMPLES = 1


def pass_request(sweep: SweepOptions, tool: str, folder: Path, segment: int) -> SweepOptions:
    """Return the request of one pass, which the runner gets as a file.

    Args:
        sweep: What runs.
        tool: Tool under which it runs; a replaying tool gets few untimed iterations.
        folder: Folder of the tool's files, as the command's working directory sees it.
        segment: Number of this attempt, from 1.
    """
    settings = sweep.settings
    if TOOLS[tool].replays:
        settings = settings.changed(warmup=min(settings.warmup, 1), iterations=NCU_SAMPLES, timed=False)
    cache = str(folder.parent.parent / "cache") if sweep.engine.startswith("tensorrt") else ""
    return replace(sweep, settings=settings, cache_folder=cache, recorder=recorders()[tool].in_runner, segment=segment)


def sweep_command(python: str, folder: Path) -> tuple[str, ...]:
    """Return the command line that runs the request in a folder, and writes its results beside it."""
    return (python, "-m", "profiler.runner", "--request", str(folder / REQUEST))


@contextmanager
def importable_package(request: CaptureRequest) -> Iterator[dict[str, str]]:
    """Make this package, and nothing else of this interpreter's, importable for the interpreter that runs the sweep.

    Yields:
        The variables to set.
    """
    package = Path(__file__).resolve().parents[1]
    with TemporaryDirectory(prefix="profiler-path-") as folder:
        (Path(folder) / package.name).symlink_to(package, target_is_directory=True)
        inherited = os.environ.get("PYTHONPATH", "") if request.python == sys.executable else ""
        parts = (folder, request.environment.get("PYTHONPATH", ""), inherited)
        yield {**request.environment, "PYTHONPATH": os.pathsep.join(part for part in parts if part)}
