import numpy as np
import pytest

from profiler.compare.judge.verdict import REASONS
from profiler.compare.rows.summaries import resolution_variance, summarise

PROBLEMS = {
    "missing_samples": (None, "ok"),
    "nan_samples": ([1.0, float("nan"), 2.0], "ok"),
    "zero_duration": ([5.0, 0.0, 5.0], "ok"),
    "one_sample": ([5.0], "ok"),
    "wrong_output": ([5.0, 6.0], "wrong_output"),
    "failed": ([], "failed"),
    "skipped": (None, "skipped"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_everything_that_can_be_wrong_has_a_name(problem):
    values, status = PROBLEMS[problem]
    found = summarise(None if values is None else np.array(values), status)
    assert found.problem == problem and problem in REASONS
    assert np.isnan(found.median_ns) == (problem != "one_sample")


def test_infinite_and_negative_durations_are_named_too():
    assert summarise(np.array([1.0, np.inf])).problem == "nan_samples"
    assert summarise(np.array([-1.0, 2.0])).problem == "zero_duration"


def test_good_samples():
    found = summarise(np.array([100.0, 104.0, 102.0]))
    assert (found.median_ns, found.count, found.resolution_ns, found.problem) == (102.0, 3, 2.0, "")
    assert 0 < found.log_error < 0.05


def test_resolution_variance_is_that_of_two_rounded_values():
    rng = np.random.default_rng(1)
    true = rng.uniform(900, 1100, 200_000)
    rounded = np.round(true / 32) * 32
    assert resolution_variance(1000.0, 32.0) == pytest.approx(2 * np.var(np.log(rounded) - np.log(true)), rel=0.05)
    assert resolution_variance(1000.0, float("nan")) == resolution_variance(1000.0, 1.0)
