"""A new op is one folder: with it added to a copy of the sources, it runs on the CPU, and no other file was touched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import profiler
from profiler.engines.ops_library import OpsLibrary
from profiler.runner.point import Point

ROOT = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.skipif(not (shutil.which("cmake") and shutil.which("c++")), reason="needs cmake and a C++ compiler"),
    pytest.mark.long,
]


@pytest.fixture(scope="module")
def build(tmp_path_factory, build_host_ops):
    source = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "CMakeLists.txt", source)
    for folder in ("cmake", "plugins", "third_party"):
        shutil.copytree(ROOT / folder, source / folder)
    for op in ("negate", "row_sum"):
        shutil.copytree(ROOT / "plugins" / "tests" / "new_op" / op, source / "plugins" / op)
    return build_host_ops(source, tmp_path_factory.mktemp("build")).parents[1]


def run(build, tmp_path, *options):
    return subprocess.run(
        [sys.executable, "-m", "profiler", "run", "--runs", str(tmp_path), "--engine", "reference", "--tool", "builtin", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "PROFILER_BUILD_DIR": str(build)},
    )


def test_a_new_op_runs_on_the_cpu(build, tmp_path):
    done = run(build, tmp_path, "--plugin", "negate", "--shape", "16x33", "--dtype", "fp16", "--sweep", "block=32,64")
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.iterdir()
    points = profiler.load(folder).table("points")
    assert list(points["status"]) == ["ok", "ok"]
    assert list(points["op"]) == ["negate", "negate"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--plugin", "negte"], "did you mean negate"),
        (["--plugin", "negate", "--set", "blok=64"], "did you mean block"),
        (["--plugin", "negate", "--set", "block=65"], "steps of 32"),
        (["--plugin", "swish", "--set", "beta=1e9"], "-1000000 to 1000000"),
    ],
)
def test_what_no_op_is_leaves_no_run_behind(build, tmp_path, options, text):
    done = run(build, tmp_path, "--shape", "4x4", *options)
    assert done.returncode == 2
    assert text in done.stderr
    assert not list(Path(tmp_path).iterdir())


@pytest.mark.parametrize("scaled", ["no", "yes"])
def test_an_op_of_several_tensors_tells_their_shapes_and_computes(build, scaled):
    prepared = OpsLibrary(build / "lib" / "libprofiler_ops_host.so").prepare("row_sum", {"scaled": scaled, "chunk": 4})
    tensors = prepared.tensors(Point("row_sum", (5, 7)))
    shapes = [item.shape for item in tensors if item.is_input]
    assert shapes == ([(5, 7), (7,)] if scaled == "yes" else [(5, 7)])
    assert [item.shape for item in tensors if not item.is_input] == [(5, 2)]
    values = [np.random.default_rng(1).standard_normal(shape) for shape in shapes]
    got = np.empty((5, 2))
    prepared.reference(tensors, values, [got])
    weight = values[1] if scaled == "yes" else np.ones(7)
    np.testing.assert_allclose(got, np.add.reduceat(values[0] * weight, [0, 4], axis=1), rtol=1e-13)


def test_an_op_of_several_tensors_runs_on_the_cpu(build, tmp_path):
    done = run(build, tmp_path, "--plugin", "row_sum", "--shape", "16x33,0x4,3x0", "--sweep", "scaled=no,yes", "--iterations", "3")
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.iterdir()
    assert list(profiler.load(folder).table("points")["status"]) == ["ok"] * 6


def test_the_readme_shows_this_op():
    blocks = (ROOT / "plugins" / "README.md").read_text().split("```cpp\n")[1:]
    folder = ROOT / "plugins" / "tests" / "new_op" / "negate"
    for block, name in zip(blocks, ("negate.hpp", "negate.cu"), strict=True):
        shown = [line for line in block.split("```")[0].splitlines() if line.strip()]
        written = [line for line in (folder / name).read_text().splitlines() if line.strip() and not line.startswith("///")]
        assert shown == written
