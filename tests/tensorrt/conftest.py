"""A plugin build and a TensorRT for RTX installation for the tests of this folder, or one line that names what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RTX_MODULES = ("tensorrt_rtx_libs", "tensorrt_rtx_bindings", "onnx")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.tensorrt)


def find_nvcc() -> str | None:
    """The CUDA compiler: CUDACXX, on PATH, or where the toolkit's installer puts it."""
    candidates = (os.environ.get("CUDACXX"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc")
    return next((path for path in candidates if path and Path(path).is_file()), None)


def build_targets(build_dir: Path, *targets: str, definitions: Sequence[str] = (), source: Path = ROOT) -> None:
    """Configures and builds targets; a failure shows the end of the compiler's output."""
    definitions = ["-DCMAKE_CUDA_ARCHITECTURES=90", *definitions]
    commands = [
        ["cmake", "-S", str(source), "-B", str(build_dir), f"-DCMAKE_CUDA_COMPILER={find_nvcc()}", *definitions],
        ["cmake", "--build", str(build_dir), "--parallel", "2", "--target", *targets],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\n{(done.stdout + done.stderr)[-4000:]}"


@pytest.fixture(scope="session")
def build():
    """The function that builds targets; skips where there is no compiler."""
    missing = [name for name, path in (("cmake", shutil.which("cmake")), ("nvcc", find_nvcc())) if path is None]
    if missing:
        pytest.skip(f"plugin libraries: {' and '.join(missing)} not found on PATH")
    return build_targets


@pytest.fixture(scope="session")
def rtx_plugin_library(request, tmp_path_factory) -> Path:
    """The plugin library for TensorRT for RTX: of PROFILER_BUILD_DIR when that is set, otherwise built here."""
    given = os.environ.get("PROFILER_BUILD_DIR")
    build_dir = Path(given) if given else tmp_path_factory.mktemp("plugins")
    library = build_dir / "lib" / "libprofiler_plugins_rtx.so"
    if not (given and library.exists()):
        request.getfixturevalue("build")(build_dir, "profiler_plugins_rtx")
    return library


@pytest.fixture(scope="session")
def rtx_environment(tmp_path_factory) -> dict[str, str]:
    """Environment in which a child process finds TensorRT for RTX.

    The ONNX parser opens the library by its name without version, which the wheel does not carry; a link with that name helps.
    """
    missing = [module for module in RTX_MODULES if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"TensorRT for RTX: {', '.join(missing)} not installed (pip install -e '.[dev,tensorrt-rtx]')")
    libraries = Path(importlib.util.find_spec("tensorrt_rtx_libs").origin).parent
    links = tmp_path_factory.mktemp("rtx")
    (links / "libtensorrt_rtx.so").symlink_to(next(libraries.glob("libtensorrt_rtx.so.*")))
    return {**os.environ, "LD_LIBRARY_PATH": f"{links}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
