"""The ops' C interface through ctypes, with the library that the build made."""

import os
from pathlib import Path

import numpy as np
import pytest
from fake_cuda import FakeCuda

from profiler.capture.artefacts import find_ops_library
from profiler.engines import cuda_runtime
from profiler.engines.base import PointSkipped
from profiler.engines.direct import DirectEngine
from profiler.engines.ops_library import OpsLibrary, tensor
from profiler.errors import CaptureError, ToolMissingError, UsageError
from profiler.runner.ops import OPS
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings

PATH = find_ops_library()
pytestmark = pytest.mark.skipif(PATH is None, reason="libprofiler_ops is not built: profiler build")


@pytest.fixture(scope="module")
def library():
    return OpsLibrary(PATH)


def test_every_op_of_the_library_has_a_numpy_reference_that_agrees(library):
    values = np.random.default_rng(5).standard_normal(10_000) * 5
    assert set(library.ops) == set(OPS)
    for name, op in OPS.items():
        assert library.ops[name]["plugin_name"] == op.plugin_name
        fields = {field["name"]: field["default"] for field in library.ops[name]["fields"] if not field["launch_only"]}
        assert fields == op.defaults
        for value in (1.0, -0.75):
            attributes = dict.fromkeys(op.defaults, value)
            prepared = library.prepare(name, attributes)
            np.testing.assert_allclose(prepared.reference(values), op.exact(values, attributes), rtol=1e-14, atol=0)
            for dtype in ("fp32", "fp16", "bf16"):
                facts = prepared.describe(tensor(dtype, (4, 4)), tensor(dtype, (4, 4)))
                assert (facts["tolerance_abs"], facts["tolerance_rel"]) == pytest.approx(op.tolerance(attributes, dtype))
            prepared.release()


def test_a_launch_is_described(library):
    prepared = library.prepare("swish", {"variant": "vectorized", "block": 256})
    facts = prepared.describe(tensor("fp32", (65536, 1024)), tensor("fp32", (65536, 1024)))
    assert facts["block"] == [256, 1, 1]
    assert facts["bytes_per_iteration"] == 2 * 65536 * 1024 * 4
    assert facts["refusal"] is None
    assert facts["kernel"] == "swish_vectorized_kernel"


@pytest.mark.parametrize(
    ("op", "attributes", "text"),
    [
        ("swich", {}, "no op"),
        ("swish", {"blok": 64}, "blok"),
        ("swish", {"block": 7}, "steps of 32"),
        ("swish", {"variant": "x"}, "vectorized"),
    ],
)
def test_what_the_library_refuses_is_named(library, op, attributes, text):
    with pytest.raises(UsageError, match=text):
        library.prepare(op, attributes)


def test_a_file_that_is_no_ops_library_is_named(tmp_path):
    (tmp_path / "x.so").write_bytes(b"\x7fELF")
    for path in (tmp_path / "x.so", tmp_path / "absent.so", Path(os.path.realpath("/lib/x86_64-linux-gnu/libc.so.6"))):
        with pytest.raises(ToolMissingError, match="ops library"):
            OpsLibrary(path)


@pytest.fixture
def engine(monkeypatch):
    fake = FakeCuda()
    monkeypatch.setattr(cuda_runtime, "load_bindings", lambda: (fake.runtime, fake.driver))
    return DirectEngine(
        SweepOptions((Point("swish", (64,)),), plugin_libraries=(str(PATH),), settings=MeasureSettings(cache="warm"))
    )


def test_the_direct_engine_prepares_points_with_the_library(engine):
    case = engine.prepare(Point("swish", (64, 64), "fp16", {"block": 128, "variant": "scalar"}))
    assert case.launch["kernel"] == "swish_scalar_kernel"
    assert case.launch["block"] == [128, 1, 1]
    assert case.bytes_per_iteration == 2 * 64 * 64 * 2
    assert engine.digests()["plugin_library"].startswith("sha256:")
    case.close()
    engine.close()


def test_launch_attributes_share_one_expected_output(engine):
    data = engine._context.data
    first = data._expectation(Point("swish", (64,), "fp32", {"block": 64}), 1)
    assert data._expectation(Point("swish", (64,), "fp32", {"block": 128}), 1) is first
    assert data._expectation(Point("swish", (64,), "fp32", {"block": 128, "beta": 2.0}), 1) is not first


def test_a_launch_that_fails_is_an_error_of_the_point(engine):
    case = engine.prepare(Point("swish", (64,), "fp32"))
    with pytest.raises((CaptureError, PointSkipped)):
        case.verify()


def test_a_missing_library_names_the_build(monkeypatch):
    with pytest.raises(ToolMissingError) as caught:
        DirectEngine(SweepOptions((Point("swish", (64,)),)))
    assert "profiler build" in caught.value.hint
