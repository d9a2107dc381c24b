"""Finds what `profiler build` made: the driver and the libraries of ops and plugins."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from profiler.capture.build import source_root
from profiler.errors import UsageError

BUILD_VARIABLE = "PROFILER_BUILD_DIR"
DRIVER = "profiler-driver"
OPS_LIBRARY = "libprofiler_ops.so"
PLUGIN_LIBRARIES = "lib/libprofiler_plugins_[tr]*.so"


def _build_folders() -> list[Path]:
    named = os.environ.get(BUILD_VARIABLE)
    folders = [Path(named)] if named else []
    try:
        folders.append(source_root() / "build")
    except UsageError:
        pass
    return folders


def _find(*relative: str) -> Path | None:
    for folder in _build_folders():
        for name in relative:
            if (folder / name).is_file():
                return (folder / name).resolve()
    return None


def find_driver() -> Path | None:
    """Return the C++ driver: below $PROFILER_BUILD_DIR or the checkout's build folder, else on PATH."""
    on_path = shutil.which(DRIVER)
    return _find(f"bin/{DRIVER}", DRIVER) or (Path(on_path) if on_path else None)


def find_ops_library() -> Path | None:
    """Return the library with the ops' C interface."""
    return _find(f"lib/{OPS_LIBRARY}", OPS_LIBRARY)


def find_plugin_libraries() -> list[Path]:
    """Return the TensorRT plugin libraries, one for each TensorRT whose headers the build found."""
    for folder in _build_folders():
        found = sorted(path.resolve() for path in folder.glob(PLUGIN_LIBRARIES))
        if found:
            return found
    return []
