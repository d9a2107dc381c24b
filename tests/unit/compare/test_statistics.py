import numpy as np
import pytest
from scipy import stats

from profiler.compare.judge.statistics import (
    LOOKS,
    Estimates,
    benjamini_hochberg,
    interval,
    local_level,
    overall_error,
    paired_estimates,
    two_sided_p,
)
from profiler.compare.rows.summaries import autocorrelation_time, median_error, resolution_ns


def balanced(rng, experiments, rounds):
    first = rng.choice([-1.0, 1.0], size=(experiments, (rounds + 1) // 2))
    return np.stack([first, -first], axis=2).reshape(experiments, -1)[:, :rounds]


def one(estimates, index=0, look=0):
    return tuple(float(getattr(estimates, name)[index, look]) for name in ("log_ratio", "standard_error", "dof", "rounds"))


def test_mean_and_error_without_order_effect_equal_the_t_test():
    d = np.array([[0.01, 0.03, 0.02, np.nan, 0.05]])
    found = paired_estimates(d, np.ones((1, 5)), (5,))
    known = d[0][np.isfinite(d[0])]
    assert one(found) == pytest.approx((known.mean(), known.std(ddof=1) / 2.0, 3, 4))


def test_order_effect_is_removed_as_least_squares_does():
    rng = np.random.default_rng(3)
    order = np.array([[1, -1, -1, 1, 1, -1, 1, -1.0]])
    d = 0.02 + 0.5 * order + 0.01 * rng.standard_normal((1, 8))
    found = paired_estimates(d, order, (8,))
    design = np.column_stack([np.ones(8), order[0]])
    solution, residual, *_ = np.linalg.lstsq(design, d[0], rcond=None)
    error = np.sqrt(residual[0] / 6 * np.linalg.inv(design.T @ design)[0, 0])
    assert one(found) == pytest.approx((solution[0], error, 6, 8))


def test_estimates_do_not_lose_digits_far_from_zero():
    d = 5.0 + 1e-9 * np.array([[1.0, 2, 3, 4, 5, 6]])
    assert one(paired_estimates(d, np.ones((1, 6)), (6,)))[1] == pytest.approx(
        1e-9 * np.std([1, 2, 3, 4, 5, 6], ddof=1) / np.sqrt(6), rel=1e-5
    )


def test_fewer_than_three_rounds_give_no_estimate():
    found = paired_estimates(np.array([[0.1, 0.2, np.nan, np.nan]]), np.ones((1, 4)), (4,))
    assert np.isnan(found.log_ratio[0, 0]) and found.rounds[0, 0] == 2


def test_equal_differences_are_not_certain_beyond_the_clock():
    d = np.zeros((1, 6))
    assert one(paired_estimates(d, np.ones((1, 6)), (6,), np.array([0.01])))[1] == pytest.approx(0.1 / np.sqrt(6))


@pytest.mark.parametrize("noise", ["normal", "student", "drift"])
def test_intervals_cover_95_percent_at_a_fixed_number_and_over_all_looks(noise):
    rng = np.random.default_rng(11)
    count, rounds = 6000, LOOKS[-1]
    order = balanced(rng, count, rounds)
    d = {"normal": rng.standard_normal, "student": lambda shape: rng.standard_t(3, shape), "drift": rng.standard_normal}[noise](
        (count, rounds)
    )
    if noise == "drift":
        d += 2.0 * order
    low, high = interval(paired_estimates(d, order, (12,)), 0.05)
    assert 0.93 <= np.mean((low <= 0) & (0 <= high)) <= 0.97
    low, high = interval(paired_estimates(d, order, LOOKS), local_level(0.05, len(LOOKS)))
    assert 0.93 <= np.mean(((low <= 0) & (0 <= high)).all(axis=1)) <= 0.97


def test_looking_at_every_scheduled_number_keeps_the_error_rate():
    rng = np.random.default_rng(12)
    count = 40_000
    order = balanced(rng, count, LOOKS[-1])
    p = two_sided_p(paired_estimates(rng.standard_normal((count, LOOKS[-1])), order, LOOKS)).min(axis=1)
    overall = overall_error(p, len(LOOKS))
    for level in (0.01, 0.05, 0.2):
        assert np.mean(overall <= level) == pytest.approx(level, abs=4 * np.sqrt(level / count) + 0.02 * level)
    assert np.mean(p <= 0.05) > 0.15  # without the correction


def test_local_level_is_the_inverse_of_overall_error():
    for overall in (1e-3, 0.01, 0.05, 0.3):
        assert float(overall_error(local_level(overall, len(LOOKS)), len(LOOKS))) == pytest.approx(overall, rel=1e-6)
    assert local_level(0.05, 1) == 0.05 and float(overall_error(0.03, 1)) == 0.03
    assert float(overall_error(1e-9, len(LOOKS))) == pytest.approx(len(LOOKS) * 1e-9)
    assert float(overall_error(0.04, 3)) == pytest.approx(0.12)
    assert np.all(np.diff(overall_error(np.geomspace(1e-12, 1, 200), len(LOOKS))) >= 0)


def test_p_value_of_a_difference_within_the_tolerance_is_large():
    estimates = Estimates(np.array([0.004, 0.01, -0.01, np.nan]), np.full(4, 0.001), np.full(4, np.inf), np.full(4, 6.0))
    p = two_sided_p(estimates, 0.005)
    assert p[0] == 1.0 and p[1] == pytest.approx(2 * stats.norm.sf(5), rel=1e-4) and p[1] == p[2] and np.isnan(p[3])


def test_certain_estimates_give_certain_p_values():
    estimates = Estimates(np.array([0.02, 0.0]), np.zeros(2), np.full(2, 5.0), np.full(2, 6.0))
    assert two_sided_p(estimates, 0.005).tolist() == [0.0, 1.0]


def test_benjamini_hochberg_is_held_in_each_job():
    p = np.random.default_rng(1).random((5, 40)) ** 3
    assert benjamini_hochberg(p) == pytest.approx(np.array([stats.false_discovery_control(job) for job in p]))


def test_benjamini_hochberg_leaves_rows_without_p_value_alone():
    q = benjamini_hochberg(np.array([0.01, np.nan, 0.04, 0.03]))
    assert q[[0, 2, 3]].tolist() == pytest.approx([0.03, 0.04, 0.04]) and np.isnan(q[1])
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


def test_autocorrelation_time_of_a_first_order_process():
    rng = np.random.default_rng(5)
    phi, times = 0.8, []
    for _ in range(20):
        noise = rng.standard_normal(4000)
        series = np.empty_like(noise)
        series[0] = noise[0] / np.sqrt(1 - phi**2)
        for index in range(1, noise.size):
            series[index] = phi * series[index - 1] + noise[index]
        times.append(autocorrelation_time(series))
    assert np.mean(times) == pytest.approx((1 + phi) / (1 - phi), rel=0.15)
    assert autocorrelation_time(rng.standard_normal(4000)) < 1.3
    assert autocorrelation_time(np.ones(10)) == 1.0


def test_error_of_a_median_agrees_with_repetition():
    rng = np.random.default_rng(6)
    data = 1e5 * np.exp(0.05 * rng.standard_normal((2000, 101)))
    true = np.std(np.log(np.median(data, axis=1)))
    # a little more than the truth, for fewer samples are trusted than there are
    assert true <= np.mean([median_error(values)[0] for values in data]) <= 1.4 * true
    assert median_error(np.full(10, 7.0)) == pytest.approx((0.0, 9.0), abs=1e-12)
    assert median_error(np.array([1.0, np.exp(0.02)]))[0] == pytest.approx(0.01) and median_error(np.ones(2))[1] == 1.0


def test_resolution_is_the_smallest_step():
    assert resolution_ns(np.array([96.0, 32, 64, 32])) == 32.0
    assert np.isnan(resolution_ns(np.array([5.0, 5.0])))


@pytest.mark.parametrize(
    "order",
    [
        [1, 1, 1, 1, 1, 1, -1, -1, -1, -1],  # just enough of the second order
        [-1, -1, -1, -1, -1, 1, 1, 1, 1],
        [1, -1, 1, -1, 1, -1, 1, -1],
        [1, -1, 1, -1, 1, -1],  # three of each: chance would be taken for an effect of the order
        [-1, -1, -1, -1, 1],
        [1, 1, 1],
    ],
)
def test_unbalanced_orders_equal_ordinary_least_squares(order):
    rng = np.random.default_rng(len(order))
    signs, d = np.array(order, dtype=float), 0.3 + 0.05 * np.array(order) + rng.normal(0, 0.01, len(order))
    seen = np.array([True] * len(order) + [False])
    row = np.where(seen, np.append(d, 0.0), np.nan)[None, :]
    found = one(paired_estimates(row, np.append(signs, 1.0), (len(order) + 1,)))
    fitted = min(np.sum(signs > 0), np.sum(signs < 0)) >= 4
    design = np.stack([np.ones(len(d)), signs], axis=1) if fitted else np.ones((len(d), 1))
    solution, *_ = np.linalg.lstsq(design, d, rcond=None)
    dof = len(d) - design.shape[1]
    variance = np.sum((d - design @ solution) ** 2) / dof * np.linalg.inv(design.T @ design)[0, 0]
    assert found == pytest.approx((solution[0], np.sqrt(variance), dof, len(d)), rel=1e-9)


def test_two_rounds_are_no_estimate():
    assert np.isnan(one(paired_estimates(np.array([[0.1, 0.2]]), np.array([1.0, -1.0]), (2,)))[:3]).all()
