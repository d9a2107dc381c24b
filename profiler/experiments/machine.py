"""Finds what experiments need on this machine, before any GPU time is spent."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from profiler.capture.artefacts import DRIVER, find_driver
from profiler.capture.gpus import gpus
from profiler.capture.recorders import recorders
from profiler.errors import ToolMissingError
from profiler.experiments.experiment import Experiment, Toolbox

NULL_STREAM_LIBRARIES = "libprofiler_plugins_null_stream_trt*.so"
_SANITIZER = "compute-sanitizer"
_SANITIZER_FOLDERS = ("/usr/local/cuda/bin", "/opt/cuda/bin")


def find_toolbox(device: int = 0) -> Toolbox:
    """Return what this machine offers; a driver that is not built goes by its name."""
    driver = find_driver() or Path(DRIVER)
    torch = sys.executable if importlib.util.find_spec("torch") is not None else ""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SANITIZER_FOLDERS))
    libraries = (sorted(folder.glob(NULL_STREAM_LIBRARIES)) for folder in (driver.parent, driver.parent.parent / "lib"))
    null_stream = next((found[0] for found in libraries if found), None)
    return Toolbox(driver, null_stream, torch, shutil.which(_SANITIZER, path=folders) or "", device)


def require(experiments: Iterable[Experiment], toolbox: Toolbox) -> None:
    """Check that everything the experiments cannot do without is there.

    Raises:
        ToolMissingError: Something is not; the hint says how to get it.
    """
    if not toolbox.driver.is_file():
        raise ToolMissingError("profiler-driver is not built", "profiler build   (or point PROFILER_BUILD_DIR at a build folder)")
    for experiment in experiments:
        for need in experiment.needs:
            _require(experiment.name, need, toolbox)
    if not gpus():
        raise ToolMissingError("no NVIDIA GPU is visible", "run on a machine with one; --dry-run shows what would run")


def _require(experiment: str, need: str, toolbox: Toolbox) -> None:
    if need == "null-stream library" and toolbox.null_stream_library is None:
        raise ToolMissingError(
            f"{experiment} needs {NULL_STREAM_LIBRARIES}, which is not beside {toolbox.driver}",
            "build with TensorRT headers: TENSORRT_INCLUDE_DIR=DIR profiler build",
        )
    if need == "compute-sanitizer" and not toolbox.sanitizer:
        raise ToolMissingError(f"{experiment} needs compute-sanitizer", "it comes with the CUDA toolkit; put it on PATH")
    if need in recorders() and recorders()[need].probe() is None:
        raise ToolMissingError(f"{experiment} needs {need}, which is not installed", "profiler doctor says how to install it")
