"""The CPU reference engine: right results in every variant, and refusals that name the way out."""

import numpy as np
import pytest

from profiler.engines import load_engine
from profiler.engines.base import PointSkipped
from profiler.engines.reference import ReferenceEngine
from profiler.errors import UsageError
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings


def engine(**settings):
    return ReferenceEngine(SweepOptions((Point("swish", (64,)),), settings=MeasureSettings(**{"cache": "warm", **settings})))


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("variant", ["auto", "scalar", "vectorized", "grid_stride"])
@pytest.mark.parametrize(("op", "shape"), [("swish", (37, 1001)), ("add_scalar", (1,)), ("swish", (0, 5)), ("swish", (100_003,))])
def test_every_variant_is_right_on_odd_sizes(op, variant, dtype, shape):
    case = engine().prepare(Point(op, shape, dtype, {"variant": variant, "block": 32, "items": 1}))
    report = case.verify()
    assert report["passed"], report
    assert report["element_count"] == int(np.prod(shape))
    assert case.bytes_per_iteration == 2 * int(np.prod(shape)) * {"fp32": 4}.get(dtype, 2)


def test_the_block_sets_how_much_is_computed_at_once():
    pieces = []
    case = engine().prepare(Point("swish", (1 << 16,), "fp32", {"block": 64, "items": 2, "variant": "vectorized"}))
    exact = case._exact
    case._exact = lambda values: (pieces.append(values.size), exact(values))[1]
    case.warm_up(1)
    assert pieces == [64 * 2 * 256] * 2


def test_cold_inputs_rotate_and_are_equal():
    case = engine(cache_mode="cold").prepare(Point("swish", (1 << 20,), "fp32"))
    assert len(case._sources) * (1 << 22) > 2 * (64 << 20)
    assert all(np.array_equal(case._sources[0], source) for source in case._sources)
    assert case._next() is not case._next()


def test_samples_follow_the_stop_rule():
    case = engine().prepare(Point("swish", (64,)))
    recorder = RangeRecorder(keep=True)
    measured = case.measure(recorder, lambda samples: len(samples) < 7)
    assert len(measured.samples_ns) == 7
    assert [row[4] for row in recorder.rows] == [512] * 7


@pytest.mark.parametrize("settings", [{"launch_mode": "graph"}, {"streams": 2}, {"threads": 2}])
def test_what_a_cpu_has_not_is_skipped(settings):
    with pytest.raises(PointSkipped, match="reference engine has no CUDA"):
        engine(**settings).prepare(Point("swish", (4,)))


@pytest.mark.parametrize("attributes", [{"variant": "tensor"}, {"block": "many"}, {"block": -1}, {"beta": "steep"}, {"beta": 1e9}])
def test_unknown_configurations_are_skipped(attributes):
    with pytest.raises(PointSkipped):
        engine().prepare(Point("swish", (4,), "fp32", attributes))


def test_unknown_engines_name_the_nearest():
    with pytest.raises(UsageError) as caught:
        load_engine("tensort")
    assert "tensorrt" in caught.value.hint
    assert load_engine("reference") is ReferenceEngine


def test_a_measured_output_that_went_wrong_is_found():
    case = engine().prepare(Point("swish", (64,)))
    assert case.verify()["passed"]
    case.warm_up(2)
    case.measure(RangeRecorder(), lambda samples: len(samples) < 3)
    assert case.verify_measured() is None
    case._target[5] += 1
    assert case.verify_measured()["worst_index"] == [5]
    case.warm_up(0)
    assert case.verify_measured()["failed_count"] == 64, "an output that no measured iteration wrote"


def test_a_misspelt_attribute_is_no_configuration():
    with pytest.raises(PointSkipped, match="no attribute 'bolck'; did you mean block"):
        engine().prepare(Point("swish", (64,), "fp32", {"bolck": 64}))
