"""Marked programs on a driver that has a clock in place of a GPU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="session")
def fake_cuda(tmp_path_factory):
    """Return the path of the built fake driver."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("driver") / "libfakecuda.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "fake_cuda.c")], check=True)
    return library


@pytest.fixture(scope="session")
def marked_program(tmp_path_factory):
    """Return the path of the built C++ program."""
    nvtx = next((path for path in (Path("/usr/local/cuda/include"), *_packaged()) if (path / "nvtx3").is_dir()), None)
    if shutil.which("g++") is None or nvtx is None:
        pytest.skip("no C++ compiler or no NVTX headers")
    program = tmp_path_factory.mktemp("program") / "marked"
    command = ["g++", "-std=c++17", "-O1", f"-I{ROOT / 'cpp_driver/include'}", "-isystem", str(nvtx), str(HERE / "marked.cpp")]
    subprocess.run([*command, "-ldl", "-o", str(program)], check=True)
    return program


def _packaged() -> list[Path]:
    return [Path(folder) / "nvidia/cu13/include" for folder in sys.path]


@pytest.fixture
def environment(fake_cuda, tmp_path):
    """Return the variables of a program whose journal goes to `tmp_path`."""
    return {**os.environ, "PROFILER_CUDA_LIBRARY": str(fake_cuda), "PROFILER_BUILTIN_DIR": str(tmp_path)}
