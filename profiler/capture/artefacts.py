"""Finds what `profiler build` made: the driver and the libraries of ops and plugins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from profiler.capture.build import source_root
from profiler.errors import UsageError

BUILD_VARIABLE = "PROFILER_BUILD_DIR"
DRIVER = "profiler-driver"
OPS_LIBRARY = "libprofiler_ops.so"
CORE_LIBRARY = "libprofiler_core.so"
HOST_OPS_LIBRARY = "libprofiler_ops_host.so"
PACKAGED = Path(__file__).parents[1] / "_native"
"""Where an installed package keeps the libraries that need no CUDA."""
PLUGIN_LIBRARIES = "lib/libprofiler_plugins_[tr]*.so"


def _build_folders() -> list[Path]:
    folders = _named_folder()
    with suppress(UsageError):
        folders.append(source_root() / "build")
    return folders


def _named_folder() -> list[Path]:
    named = os.environ.get(BUILD_VARIABLE)
    return [Path(named)] if named else []


def _first_file(candidates: Iterable[Path]) -> Path | None:
    return next((path.resolve() for path in candidates if path.is_file()), None)


def _find(*relative: str) -> Path | None:
    return _first_file(folder / name for folder in _build_folders() for name in relative)


def find_driver() -> Path | None:
    """Return the C++ driver: below $PROFILER_BUILD_DIR or the checkout's build folder, else on PATH."""
    on_path = shutil.which(DRIVER)
    return _find(f"bin/{DRIVER}", DRIVER) or (Path(on_path) if on_path else None)


def find_ops_library() -> Path | None:
    """Return the library with the ops' C interface."""
    return _find(f"lib/{OPS_LIBRARY}", OPS_LIBRARY)


def _find_packaged(name: str) -> Path | None:
    named = [folder / "lib" / name for folder in _named_folder()]
    return _first_file([*named, PACKAGED / name]) or _find(f"lib/{name}")


def find_host_ops_library() -> Path | None:
    """Return the library that says what every op is: that of the host alone, else the one with kernels, which says the same."""
    return _find_packaged(HOST_OPS_LIBRARY) or find_ops_library()


def find_core_library() -> Path | None:
    """Return the measuring core."""
    return _find_packaged(CORE_LIBRARY)


def find_plugin_libraries() -> list[Path]:
    """Return the TensorRT plugin libraries, one for each TensorRT whose headers the build found."""
    found = (sorted(path.resolve() for path in folder.glob(PLUGIN_LIBRARIES)) for folder in _build_folders())
    return next(filter(None, found), [])
