"""An op with an output shape of its own in a real builder: the expressions that the adapter makes are those that TensorRT computes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def row_sum_library(request, tmp_path_factory) -> Path:
    """The plugin library of a copy of the sources with the op row_sum: where ctest has left it, otherwise built here."""
    made = Path(os.environ.get("PROFILER_BUILD_DIR", "build")) / "plugins/tests/new_op/build/lib/libprofiler_plugins_rtx.so"
    if made.exists():
        return made
    source, build_dir = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("row_sum")
    shutil.copy(ROOT / "CMakeLists.txt", source)
    for folder in ("cmake", "plugins", "third_party"):
        shutil.copytree(ROOT / folder, source / folder)
    shutil.copytree(ROOT / "plugins/tests/new_op/row_sum", source / "plugins/row_sum")
    request.getfixturevalue("build")(build_dir, "profiler_plugins_rtx", source=source)
    return build_dir / "lib" / "libprofiler_plugins_rtx.so"


@pytest.mark.parametrize(("chunk", "chunks"), [(1, 64), (10, 7), (64, 1), (1000, 1)])
def test_the_builder_computes_the_stated_shape(chunk, chunks, row_sum_library, rtx_environment, tmp_path):
    case = {"id": "sums", "op_type": "ProfilerRowSum", "domain": "profiler", "attributes": {"chunk": chunk}, "dtype": "fp32"}
    request = {
        "plugin_library": str(row_sum_library.resolve()),
        "cases": [{**case, "shape": [8, 64], "plan_file": str(tmp_path / "plan")}],
    }
    worker = Path(__file__).with_name("rtx_builder.py")
    done = subprocess.run(
        [sys.executable, str(worker)], input=json.dumps(request), capture_output=True, text=True, env=rtx_environment
    )
    built = [step for step in map(json.loads, done.stdout.splitlines()) if step["step"] == "built"]
    assert [(step["errors"], step["output_shape"]) for step in built] == [([], [-1, chunks])], done.stderr
    assert built[0]["plan_bytes"] > 0
