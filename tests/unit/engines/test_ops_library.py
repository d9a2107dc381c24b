"""The ops' C interface through ctypes, with the library that the build made."""

import os
from pathlib import Path

import numpy as np
import pytest
from fake_cuda import FakeCuda

from profiler.capture.artefacts import find_host_ops_library
from profiler.engines import cuda_runtime, ops_library
from profiler.engines.base import PointSkipped
from profiler.engines.direct import DirectEngine
from profiler.engines.ops_library import OpsLibrary, check_points, tensor
from profiler.errors import CaptureError, ToolMissingError, UsageError
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings

PATH = find_host_ops_library()
pytestmark = pytest.mark.skipif(PATH is None, reason="the library of ops is not built: profiler build")


@pytest.fixture(scope="module")
def library():
    return OpsLibrary(PATH)


FORMULAS = {
    "swish": lambda x, beta=1.0: x / (1 + np.exp(-beta * x)),
    "add_scalar": lambda x, scalar=1.0: x + scalar,
}
"""The ops in NumPy: what the library's references must agree with."""


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("value", [None, 1.0, -0.75])
def test_references_agree_with_numpy(library, name, value):
    own = [field["name"] for field in library.facts(name)["fields"] if not field["launch_only"]]
    attributes = {} if value is None else dict.fromkeys(own, value)
    values = np.random.default_rng(5).standard_normal(10_000) * 5
    got = library.reference(Point(name, values.shape, "fp32", {**attributes, "block": 64})).exact(values)
    np.testing.assert_allclose(got, FORMULAS[name](values, **attributes), rtol=1e-14, atol=0)


def test_swish_at_the_ends(library):
    values = np.array([0.0, np.inf, 1000.0, -1000.0, np.nan])
    result = library.reference(Point("swish", (5,))).exact(values)
    assert result[:4].tolist() == [0.0, np.inf, 1000.0, -0.0]
    assert np.isnan(result[4])


def test_a_tolerance_is_that_of_a_launch(library):
    prepared = library.prepare("swish", {"beta": 2.0})
    for dtype in ("fp32", "fp16", "bf16"):
        facts = prepared.describe(tensor(dtype, (4, 4)), tensor(dtype, (4, 4)))
        point = Point("swish", (4, 4), dtype, {"beta": 2.0, "variant": "scalar"})
        assert library.tolerance(point) == (facts["tolerance_abs"], facts["tolerance_rel"])
    assert library.tolerance(Point("add_scalar", (4,), "fp32", {})) == (0, 0)


def test_points_are_checked_before_anything_runs(monkeypatch, library):
    monkeypatch.setattr(ops_library, "host_library", lambda: library)
    check_points([Point("swish", (4,), "fp32", {"block": 7}), Point("swish", (4,), "fp32", {"block": 64})])  # the first is skipped
    for op, attributes, text in [
        ("swsh", {}, "did you mean swish"),
        ("swish", {"blok": 64}, "did you mean block"),
        ("swish", {"block": 7}, "steps of 32"),
        ("swish", {"beta": 1e9}, "-1000000 to 1000000"),
    ]:
        with pytest.raises(UsageError) as caught:
            check_points([Point(op, (4,), "fp32", attributes)])
        assert text in f"{caught.value.message} {caught.value.hint}"


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
        ("swich", {}, "swich"),
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
