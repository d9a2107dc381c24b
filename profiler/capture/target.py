"""The command that stands for a sweep: the project's own runner or driver, told what to run and where to write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest, SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.tools.registry import TOOLS

POINTS = "points.json"
JOURNAL = "points.jsonl"
RESULT = "result.json"
NCU_SAMPLES = 1
OWNER_VARIABLE = "PROFILER_OWNER_PID"


def sweep_command(sweep: SweepOptions, tool: str, python: str, folder: Path, segment: int) -> tuple[str, ...]:
    """Return the command line that runs a sweep.

    Args:
        sweep: What runs.
        tool: Tool under which it runs; a replaying tool gets few untimed iterations.
        python: Interpreter.
        folder: Folder of the tool's files, as the command's working directory sees it.
        segment: Number of this attempt, from 1.
    """
    settings = sweep.settings
    argv = [python, "-m", "profiler.runner", "--driver", sweep.driver, "--engine", sweep.engine]
    argv += ["--points", str(folder / POINTS), "--json", str(folder / RESULT), "--journal", str(folder / JOURNAL)]
    argv += ["--segment", str(segment), *_measuring(settings, tool), "--point-timeout", f"{sweep.point_timeout_s:g}"]
    for library in sweep.plugin_libraries:
        argv += ["--plugin-library", library]
    if sweep.engine_file:
        argv += ["--engine-file", sweep.engine_file]
    if sweep.onnx_file:
        argv += ["--onnx", sweep.onnx_file]
    if sweep.engine.startswith("tensorrt"):
        argv += ["--engine-cache", str(folder.parent.parent / "cache")]
    if sweep.device:
        argv += ["--device", str(sweep.device)]
    return (*argv, *recorders()[tool].runner_arguments(folder))


def _measuring(settings: MeasureSettings, tool: str) -> list[str]:
    replay = TOOLS[tool].replays
    argv = ["--warmup", str(min(settings.warmup, 1) if replay else settings.warmup)]
    argv += ["--min-samples", str(NCU_SAMPLES if replay else settings.min_samples)]
    argv += ["--max-samples", str(NCU_SAMPLES if replay else settings.max_samples)]
    argv += ["--max-seconds", f"{settings.max_seconds:g}", "--precision", f"{settings.precision:g}"]
    argv += ["--cache", settings.cache, "--launch-mode", settings.launch_mode]
    argv += ["--streams", str(settings.streams), "--threads", str(settings.threads), "--seed", str(settings.seed)]
    return [*argv, *([] if settings.verify else ["--no-verify"]), *(["--untimed"] if replay else [])]


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
