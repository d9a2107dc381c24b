"""The Python runner builds every sweep point's engine with TensorRT for RTX, and says that there is no GPU to run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from profiler.capture.sweep import expand
from profiler.engines.base import unary_tensors
from profiler.engines.onnx_model import one_node_model
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

ROOT = Path(__file__).resolve().parents[2]
ATTRIBUTES = {"block": 256, "variant": "vectorized", "beta": 1.5, "items": 0}


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_the_model_is_what_the_onnx_package_would_write(dtype):
    onnx = pytest.importorskip("onnx")
    tensors = unary_tensors(Point("swish", (300, 0, 70000), dtype))
    model = onnx.load_from_string(one_node_model("ProfilerSwish", "profiler", ATTRIBUTES, tensors))
    (node,) = model.graph.node
    assert (node.op_type, node.domain, list(node.input), list(node.output)) == ("ProfilerSwish", "profiler", ["x"], ["y"])
    found = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    assert found == {"block": 256, "variant": b"vectorized", "beta": 1.5, "items": 0}
    for value in (*model.graph.input, *model.graph.output):
        assert [size.dim_value for size in value.type.tensor_type.shape.dim] == [300, 0, 70000]
        names = {"fp32": "FLOAT", "fp16": "FLOAT16", "bf16": "BFLOAT16"}
        assert value.type.tensor_type.elem_type == onnx.TensorProto.DataType.Value(names[dtype])
    assert {item.domain: item.version for item in model.opset_import} == {"": 17, "profiler": 1}


@pytest.fixture
def runner(rtx_environment, rtx_plugin_library, tmp_path):
    def run(*sweeps, op="swish", shapes=("4x4",), dtypes=(), sets=(), library=rtx_plugin_library, **options):
        points = tuple(expand(op, shapes, dtypes, sets, sweeps))
        sweep = SweepOptions(points, "python", "tensorrt_rtx", plugin_libraries=(str(library),), **options)
        sweep.write(tmp_path / "request.json")
        (tmp_path / "points.jsonl").unlink(missing_ok=True)
        argv = [sys.executable, "-m", "profiler.runner", "--request", "request.json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done, json.loads((tmp_path / "result.json").read_text())

    return run


SWEEP = {"shapes": ["64x128,8"], "dtypes": ["fp32,fp16,bf16"], "cache_folder": "cache"}


def test_every_points_engine_is_built_once_and_then_taken_from_the_cache(runner):
    sweeps = ("block=64,256", "variant=scalar,vectorized,grid_stride")
    done, document = runner(*sweeps, **SWEEP)
    assert done.returncode == 4, done.stdout + done.stderr
    points = document["points"]
    assert len(points) == 36
    assert {(point["status"], point["reason"]) for point in points} == {
        ("skipped", "the engine was built, and there is no GPU to run it")
    }
    assert {point["engine_origin"] for point in points} == {"built"}
    assert len({point["engine_digest"] for point in points}) == 36
    assert all(point["engine_bytes"] > 1000 for point in points)
    assert set(document["digests"]) == {"plugin_library"}
    _, again = runner(*sweeps, **SWEEP)
    assert {point["engine_origin"] for point in again["points"]} == {"cache"}
    assert [point["engine_digest"] for point in again["points"]] == [point["engine_digest"] for point in points]


def test_add_scalar_is_built_too(runner):
    done, document = runner(op="add_scalar", sets=["scalar=2.5"])
    assert done.returncode == 4, done.stdout
    assert document["points"][0]["engine_bytes"] > 1000


@pytest.mark.parametrize(
    ("setting", "text"), [("blok=64", "unknown attribute 'blok'"), ("block=7", "attribute 'block': found '7'")]
)
def test_what_the_plugin_refuses_is_a_failed_point(runner, setting, text):
    done, document = runner(sets=[setting])
    assert done.returncode == 4
    assert document["points"][0]["status"] == "failed"
    assert text in document["points"][0]["reason"]


def test_a_plugin_library_of_another_tensorrt_is_not_loaded(runner, rtx_plugin_library, tmp_path):
    other = tmp_path / "libprofiler_plugins_trt8.so"
    other.write_bytes(rtx_plugin_library.read_bytes())
    done, document = runner(library=other)
    assert done.returncode == 4
    assert document["points"] == []
    assert "no plugin library for tensorrt_rtx" in done.stderr
