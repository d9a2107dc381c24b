"""The adapters compile against every TensorRT header tree that the environment names, and those libraries pass their own tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TREES = [Path(tree) for tree in os.environ.get("TENSORRT_INCLUDE_DIRS", "").replace(";", os.pathsep).split(os.pathsep) if tree]

pytestmark = pytest.mark.skipif(not TREES, reason="TensorRT headers: TENSORRT_INCLUDE_DIRS names no directory")


def major_version(tree: Path) -> str:
    """The major version that a tree's headers state."""
    words = (line.split() for line in (tree / "NvInferVersion.h").read_text().splitlines() if line.startswith("#define "))
    names = ("NV_TENSORRT_MAJOR", "TRT_MAJOR_ENTERPRISE")
    return next(line[2] for line in words if line[1] in names and line[2].isdigit())


@pytest.fixture(scope="module")
def libraries(build, tmp_path_factory) -> Path:
    """Build folder with the library of every tree, made with warnings as errors."""
    build_dir = tmp_path_factory.mktemp("trees")
    trees = ";".join(str(tree) for tree in TREES)
    targets = [f"profiler_plugins_trt{major_version(tree)}_test" for tree in TREES]
    build(build_dir, *targets, definitions=[f"-DTENSORRT_INCLUDE_DIR={trees}", "-DPROFILER_WARNINGS_AS_ERRORS=ON"])
    return build_dir


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_adapters_compile_and_pass(tree, libraries):
    name = f"profiler_plugins_trt{major_version(tree)}"
    command = [libraries / "bin" / f"{name}_test", libraries / "lib" / f"lib{name}.so"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert " 0 failed" in done.stdout
