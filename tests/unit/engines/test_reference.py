"""The CPU reference engine: right results in every variant, and refusals that name the way out."""

import numpy as np
import pytest

from profiler.engines import load_engine
from profiler.engines.base import PointSkipped
from profiler.engines.reference import ReferenceEngine, from_float64, to_float64
from profiler.errors import UsageError
from profiler.runner.core import load_core
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.runner.worker import run_point

QUICK = {"iterations": 7, "warmup": 2, "cache_mode": "warm"}


def run(point, ranges=None, **settings):
    request = SweepOptions((point,), settings=MeasureSettings(**{**QUICK, **settings}))
    engine = ReferenceEngine(request)
    return run_point(load_core(), engine, request, 0, ranges or RangeRecorder())


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("variant", ["auto", "scalar", "vectorized", "grid_stride"])
@pytest.mark.parametrize(("op", "shape"), [("swish", (37, 1001)), ("add_scalar", (1,)), ("swish", (0, 5)), ("swish", (100_003,))])
def test_every_variant_is_right_on_odd_sizes(op, variant, dtype, shape):
    record = run(Point(op, shape, dtype, {"variant": variant, "block": 32, "items": 1}))
    assert (record["status"], record["reason"]) == ("ok", None)
    assert record["verification"]["passed"]
    assert record["verification"]["element_count"] == int(np.prod(shape))
    assert record["bytes_per_iteration"] == 2 * int(np.prod(shape)) * {"fp32": 4}.get(dtype, 2)


def test_every_iteration_is_a_sample_in_a_range_with_its_bytes():
    ranges = RangeRecorder(keep=True)
    record = run(Point("swish", (64,)), ranges)
    assert (len(record["samples_ns"]), record["warmup_count"], record["stop_reason"]) == (7, 2, "iterations")
    assert [row[4] for row in ranges.rows if row[0] == "iteration"] == [512] * 7


def test_the_block_sets_how_much_is_computed_at_once(monkeypatch):
    pieces = []
    widen = to_float64
    monkeypatch.setattr(
        "profiler.engines.reference.to_float64", lambda part, dtype: (pieces.append(part.size), widen(part, dtype))[1]
    )
    run(
        Point("swish", (1 << 16,), "fp32", {"block": 64, "items": 2, "variant": "vectorized"}), verify=False, iterations=1, warmup=0
    )
    assert set(pieces) == {64 * 2 * 256}


def test_cold_inputs_rotate():
    assert run(Point("swish", (1 << 20,)), cache_mode="cold")["buffer_set_count"] > 1
    assert run(Point("swish", (1 << 20,)))["buffer_set_count"] == 1


@pytest.mark.parametrize("settings", [{"launch_mode": "graph"}, {"streams": 2}, {"threads": 2}])
def test_what_a_cpu_has_not_is_skipped(settings):
    record = run(Point("swish", (4,)), **settings)
    assert record["status"] == "skipped"
    assert "no CUDA graphs" in record["reason"]


@pytest.mark.parametrize(
    "attributes", [{"variant": "tensor"}, {"block": "many"}, {"block": -1}, {"beta": "steep"}, {"beta": 1e9}, {"bolck": 64}]
)
def test_unknown_configurations_are_skipped(attributes):
    record = run(Point("swish", (4,), "fp32", attributes))
    assert record["status"] == "skipped"
    assert next(iter(attributes)) in record["reason"]


def test_a_misspelt_attribute_is_no_configuration():
    with pytest.raises(PointSkipped, match="no attribute 'bolck'; did you mean block"):
        ReferenceEngine(SweepOptions((Point("swish"),))).prepare(Point("swish", (64,), "fp32", {"bolck": 64}))


def test_unknown_engines_name_the_nearest():
    with pytest.raises(UsageError) as caught:
        load_engine("tensort")
    assert "tensorrt" in caught.value.hint
    assert load_engine("reference") is ReferenceEngine


def test_bfloat16_is_the_upper_half_rounded_to_nearest_even():
    # 1 + 2^-8 lies in the middle between 1 and 1 + 2^-7: to even; 1 + 3 * 2^-8 goes up
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -2.5, 3.4e38, np.inf, -np.inf])
    expected = [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -2.5, np.inf, np.inf, -np.inf]
    assert to_float64(from_float64(values, "bf16"), "bf16").tolist() == expected
    assert np.isnan(to_float64(from_float64(np.array([np.nan]), "bf16"), "bf16"))[0]


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_what_a_type_can_hold_survives(dtype):
    values = np.array([0.0, -0.0, 1.5, -2.25, 240.0])
    assert to_float64(from_float64(values, dtype), dtype).tobytes() == values.tobytes()
