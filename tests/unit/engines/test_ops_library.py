"""The ops' C interface through ctypes, with the library that the build made."""

import os
from pathlib import Path

import numpy as np
import pytest
from fake_cuda import Error, FakeCuda

from profiler.capture.artefacts import find_host_ops_library
from profiler.engines import cuda_runtime, ops_library
from profiler.engines.base import PointSkipped, unary_tensors
from profiler.engines.direct import DirectEngine, Launcher
from profiler.engines.ops_library import OpsLibrary, check_points
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
    got = np.empty_like(values)
    library.prepare(name, {**attributes, "block": 64}).reference(unary_tensors(Point(name, values.shape)), [values], [got])
    np.testing.assert_allclose(got, FORMULAS[name](values, **attributes), rtol=1e-14, atol=0)


def test_swish_at_the_ends(library):
    values = np.array([0.0, np.inf, 1000.0, -1000.0, np.nan])
    result = np.empty_like(values)
    library.prepare("swish", {}).reference(unary_tensors(Point("swish", (5,))), [values], [result])
    assert result[:4].tolist() == [0.0, np.inf, 1000.0, -0.0]
    assert np.isnan(result[4])


def test_a_tolerance_is_that_of_the_op_and_its_type(library):
    points = {dtype: Point("swish", (4, 4), dtype, {"beta": 2.0}) for dtype in ("fp32", "fp16", "bf16")}
    relative = {dtype: check(library, point)["tolerance"][1] for dtype, point in points.items()}
    assert relative == {"fp32": 1e-6, "fp16": 2.0**-10, "bf16": 2.0**-7}
    assert check(library, Point("add_scalar", (4,), "fp32"))["tolerance"] == (0, 0)


def check(library, point):
    prepared = library.prepare(point.op, point.attributes)
    return prepared.check(prepared.tensors(point))


def test_a_point_has_the_tensors_of_its_op(library):
    tensors = library.prepare("swish", {}).tensors(Point("swish", (4, 8), "bf16"))
    assert [(item.name, item.shape, item.dtype, item.is_input) for item in tensors] == [
        ("input0", (4, 8), "bf16", True),
        ("output0", (4, 8), "bf16", False),
    ]


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
    facts = prepared.describe(unary_tensors(Point("swish", (65536, 1024))))
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
        with pytest.raises(ToolMissingError, match="cannot be used as library of ops"):
            OpsLibrary(path)


@pytest.fixture
def fake(monkeypatch):
    device = FakeCuda()
    monkeypatch.setattr(cuda_runtime, "load_runtime", lambda: device.runtime)
    return device


def engine(**settings):
    chosen = MeasureSettings(**settings)
    return DirectEngine(SweepOptions((Point("swish", (64,)),), plugin_libraries=(str(PATH),), settings=chosen))


def test_the_direct_engine_prepares_points_with_the_library(fake):
    direct = engine()
    case = direct.prepare(Point("swish", (64, 64), "fp16", {"block": 128, "variant": "scalar"}))
    launch = case.facts["launch"]
    assert (launch["kernel"], launch["block"]) == ("swish_scalar_kernel", [128, 1, 1])
    assert case.bytes_per_iteration == 2 * 64 * 64 * 2
    assert direct.digests()["plugin_library"].startswith("sha256:")
    assert direct.versions() == {"cuda_runtime": "12.6"}
    result = np.empty(3)
    case.reference([np.array([0.0, 1.0, -1.0])], [result])
    assert result.tolist() == pytest.approx([0.0, 1 / (1 + np.exp(-1)), -1 / (1 + np.exp(1))])


class Prepared:
    """A prepared op that answers each launch with a status."""

    def __init__(self, status, library):
        self.status, self.library, self.launches = status, library, []

    def launch(self, source, target, workspace, size, stream):
        self.launches.append((source[0].data, target[0].data, workspace, size, stream))
        return self.status


def launcher(status, library, lanes=2, workspace_bytes=64):
    prepared = Prepared(status, library)
    return Launcher(cuda_runtime.Cuda(), prepared, unary_tensors(Point("swish", (64,))), workspace_bytes, lanes), prepared


def test_each_lane_launches_with_its_own_scratch_memory_which_is_given_back(fake, library):
    own, prepared = launcher(0, library)
    for lane in (0, 1):
        own.enqueue(lane, [0x10, 0x20], 7)
    first, second = prepared.launches
    assert (first[:2], first[3:]) == ((0x10, 0x20), (64, 7))
    assert first[2] != second[2]
    assert set(fake.blocks) == {first[2], second[2]}
    own.close()
    assert not fake.blocks


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (1, CaptureError, "launch: cudaErrorInvalidValue"),
        (700, CaptureError, "launch: cudaErrorIllegalAddress"),
        (987, CaptureError, "cudaError_t 987"),
        (-4, PointSkipped, "."),
        (-5, CaptureError, "launch: "),
    ],
)
def test_a_launch_that_fails_is_told_by_its_status(fake, library, status, error, text):
    own, _ = launcher(status, library)
    with pytest.raises(error, match=text):
        own.enqueue(0, [0x10, 0x20], 7)


def test_scratch_memory_that_is_not_there_fails_the_point_and_leaves_nothing(fake, library):
    fake.fail["cudaMalloc"] = Error.cudaErrorMemoryAllocation
    with pytest.raises(CaptureError, match="cudaMalloc"):
        launcher(0, library)
    assert not fake.blocks


@pytest.mark.parametrize(("devices", "ordinal", "text"), [(0, 0, "no CUDA device"), (1, 1, "device 1 does not exist")])
def test_a_device_that_is_not_there_is_named(monkeypatch, devices, ordinal, text):
    device = FakeCuda(devices)
    monkeypatch.setattr(cuda_runtime, "load_runtime", lambda: device.runtime)
    with pytest.raises(ToolMissingError, match=text):
        cuda_runtime.Cuda(ordinal)


def test_a_missing_library_names_the_build(monkeypatch):
    with pytest.raises(ToolMissingError) as caught:
        DirectEngine(SweepOptions((Point("swish", (64,)),)))
    assert "profiler build" in caught.value.hint
