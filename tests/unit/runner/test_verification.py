"""Outputs are compared with float64 arithmetic, and element types convert exactly."""

import math

import numpy as np
import pytest

from profiler.runner.numeric import from_float32, round_to, to_float32, to_float64
from profiler.runner.verification import verify


def stored(values, dtype="fp32"):
    return from_float32(np.asarray(values, np.float32), dtype)


def check(actual, source, exact=lambda x: x, tolerance=(0.0, 0.0), dtype="fp32", shape=None):
    shape = shape or (len(actual),)
    return verify(stored(actual, dtype), stored(source, dtype), dtype, shape, exact, tolerance)


def test_bfloat16_is_the_upper_half_rounded_to_nearest_even():
    # 1 + 2^-8 lies in the middle between 1 and 1 + 2^-7: to even; 1 + 3 * 2^-8 goes up
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -2.5, 3.4e38, np.inf, -np.inf], np.float32)
    expected = [1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -2.5, np.inf, np.inf, -np.inf]
    widened = to_float32(from_float32(values, "bf16"), "bf16")
    assert widened.tolist() == expected
    assert np.isnan(to_float32(from_float32(np.array([np.nan], np.float32), "bf16"), "bf16"))[0]


def test_bfloat16_agrees_with_a_bitwise_search():
    values = np.random.default_rng(7).standard_normal(500).astype(np.float32) * 100
    for value, rounded in zip(values, to_float64(from_float32(values, "bf16"), "bf16"), strict=True):
        bits = int(np.float32(value).view(np.uint32)) >> 16
        candidates = [float(np.uint32((bits + step) << 16).view(np.float32)) for step in (0, 1)]
        best = min(candidates, key=lambda c: (abs(c - float(value)), (int(np.float32(c).view(np.uint32)) >> 16) & 1))
        assert rounded == best


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_what_a_type_can_hold_survives(dtype):
    values = np.array([0.0, -0.0, 1.5, -2.25, 240.0], np.float32)
    assert to_float32(from_float32(values, dtype), dtype).tobytes() == values.tobytes()
    assert round_to(values.astype(np.float64), dtype).tolist() == values.tolist()


def test_equal_output_passes_with_difference_zero():
    report = check([1, 2, 3], [1, 2, 3])
    assert report["passed"]
    assert (report["max_abs_error"], report["rmse"], report["failed_count"], report["cosine"]) == (0, 0, 0, pytest.approx(1))


def test_figures_of_a_known_difference():
    report = check([1, 2, 3.5, 4], [1, 2, 3, 4], shape=(2, 2))
    assert not report["passed"]
    assert report["failed_count"] == 1
    assert report["max_abs_error"] == 0.5
    assert report["mean_abs_error"] == 0.125
    assert report["max_rel_error"] == pytest.approx(0.5 / 3)
    assert report["rmse"] == 0.25
    assert report["worst_index"] == [1, 0]
    assert (report["worst_expected"], report["worst_actual"]) == (3.0, 3.5)
    a, b = np.array([1, 2, 3.5, 4]), np.array([1, 2, 3, 4])
    assert report["cosine"] == pytest.approx(a @ b / math.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize(
    ("actual", "expected", "passes"),
    [
        ([np.nan], [np.nan], True),
        ([np.inf], [np.inf], True),
        ([-np.inf], [np.inf], False),
        ([np.nan], [1.0], False),
        ([1.0], [np.nan], False),
        ([3e38], [np.inf], False),
        ([0.0], [-0.0], True),
        ([1.05], [1.0], True),
        ([1.2], [1.0], False),
        ([], [], True),
    ],
)
def test_special_values_and_tolerance(actual, expected, passes):
    report = check(actual, expected, tolerance=(0.0, 0.1))
    assert report["passed"] is passes
    assert report["element_count"] == len(actual)


def test_a_poisoned_output_never_passes():
    poisoned = np.full(64, 0xFF, np.uint8).view(np.float32)
    assert not verify(poisoned, np.zeros(16, np.float32), "fp32", (16,), lambda x: x, (1e9, 1e9))["passed"]
