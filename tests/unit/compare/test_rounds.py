import numpy as np
import pandas as pd
import pytest
from conftest import row

from profiler.compare.judge.rounds import ROUND_COLUMNS, balanced_order, compare_rounds, decide_rounds, looks_taken, throttled_pairs
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import DecisionRule


def test_looks_happen_at_scheduled_numbers_and_at_the_end():
    assert looks_taken(5, False) == () and looks_taken(5, True) == (5,)
    assert looks_taken(9, False) == (6, 8) and looks_taken(9, True) == (6, 8, 9)
    assert looks_taken(LOOKS[-1], True) == LOOKS and looks_taken(0, True) == ()
    assert all(len(looks_taken(rounds, True)) <= len(LOOKS) for rounds in range(200))


def test_every_pair_of_sides_runs_equally_often_in_either_order():
    order = balanced_order(4, 20, np.random.default_rng(1))
    assert order.shape == (20, 4) and (np.sort(order, axis=1) == np.arange(4)).all()
    place = np.argsort(order, axis=1)
    for first in range(4):
        for second in range(first):
            assert (place[:, first] < place[:, second]).sum() == 10
    assert len({tuple(line) for line in order.tolist()}) > 4


def test_throttled_rounds_are_those_whose_clock_fell():
    base = np.array([[1.98e9, 1.98e9, 1.60e9, 1.60e9, 1.98e9, 1.98e9, np.nan]])
    candidate = np.array([[1.98e9, 1.60e9, 1.98e9, 1.60e9, 1.98e9, 1.97e9, np.nan]])
    assert throttled_pairs(base, candidate).tolist() == [[False, True, True, True, False, False, False]]


def test_a_candidate_that_always_runs_at_a_lower_clock_is_kept():
    base = np.full((1, 6), 1.98e9)
    assert not throttled_pairs(base, 0.9 * base).any()


def test_dropping_does_not_favour_a_side():
    """A clock that is low half the time must not leave rounds in which one side is always the lower one."""
    rng = np.random.default_rng(2)
    low = (np.cumsum(rng.random((2000, 128)) < 1 / 12, axis=1) + rng.integers(0, 2, (2000, 1))) % 2
    clock = (1.98e9 * np.exp(-0.05 * low)).reshape(2000, 64, 2)
    kept = ~throttled_pairs(clock[..., 0], clock[..., 1])
    difference = np.where(kept, np.log(clock[..., 0] / clock[..., 1]), np.nan)
    assert np.nanmax(np.abs(difference)) < 0.01


def frame(base, candidate, **more):
    records = []
    for number, pair in enumerate(zip(base, candidate, strict=True), 1):
        for position, (side, median) in enumerate(zip(("base", "candidate"), pair, strict=True)):
            values = {
                "round": number,
                "position": position if number % 2 else 1 - position,
                "side": side,
                "label": "op=a",
                "median_ns": median,
                "samples": 10,
                "resolution_ns": 1.0,
                "problem": "",
                "sm_clock_before_hz": np.nan,
                "sm_clock_after_hz": np.nan,
            }
            records.append(values | {name: series[side][number - 1] for name, series in more.items()})
    return pd.DataFrame(records, columns=list(ROUND_COLUMNS))


def sides(**more):
    return {"base": [row("op=a", [1000.0, 1001.0])], "candidate": [row("op=a", [1000.0, 1001.0], **more)]}


def only(rows):
    (record,) = rows.to_dict("records")
    return record


def test_a_clear_slowdown_is_slower_once_later_rounds_confirm_it():
    noise = 1 + 0.001 * np.random.default_rng(1).standard_normal((2, 28))
    whole = frame(1e5 * noise[0], 1.02e5 * noise[1])
    early, late = (only(compare_rounds(whole[whole["round"] <= n], sides(), DecisionRule(), final=False)) for n in (18, 28))
    assert (early["verdict"], early["reason"], early["rounds"]) == ("cannot tell", "unconfirmed", 18)
    assert (late["verdict"], late["rounds"]) == ("slower", 28) and late["ratio"] == pytest.approx(1.02, abs=0.002)


def test_before_the_first_look_nothing_is_said():
    found = only(compare_rounds(frame([1e5] * 5, [2e5] * 5), sides(), DecisionRule(), final=False))
    assert (found["verdict"], found["reason"]) == ("cannot tell", "too_few_rounds")
    assert only(compare_rounds(frame([1e5] * 5, [2e5] * 5), sides(), DecisionRule(), final=True))["verdict"] == "slower"


def test_rounds_of_a_fallen_clock_are_dropped_and_counted():
    clocks = {"base": [1.98e9] * 8, "candidate": [1.98e9] * 7 + [1.6e9]}
    noise = 1 + 0.001 * np.random.default_rng(0).standard_normal((2, 8))
    medians = 1e5 * noise
    medians[1, 7] *= 1.24
    found = only(compare_rounds(frame(*medians, sm_clock_after_hz=clocks), sides(), DecisionRule(), final=False))
    assert (found["verdict"], found["dropped_rounds"], found["rounds"]) == ("same", 1, 7)


def test_too_many_dropped_rounds_are_the_reason():
    clocks = {"base": [1.98e9, 1.6e9, 1.4e9, 1.2e9, 1e9, 0.8e9], "candidate": [1.2e9, 1.98e9, 1e9, 1.4e9, 0.7e9, 1.98e9]}
    found = only(compare_rounds(frame([1e5] * 6, [1e5] * 6, sm_clock_after_hz=clocks), sides(), DecisionRule(), final=True))
    assert (found["verdict"], found["reason"]) == ("cannot tell", "throttled") and "of 6 rounds" in found["detail"]


def test_one_bad_process_costs_one_round():
    base = [1e5, np.nan, *[1e5] * 6]
    found = only(compare_rounds(frame(base, [1e5] * 8), sides(), DecisionRule(), final=False))
    assert found["rounds"] == 7 and found["verdict"] == "same"


@pytest.mark.parametrize("reason", ["missing_samples", "zero_duration", "nan_samples"])
def test_a_row_that_no_round_could_measure_says_why(reason):
    values = {"missing_samples": None, "zero_duration": [0.0, 1.0], "nan_samples": [np.nan, 1.0]}[reason]
    given = {"base": [row("op=a", [1.0, 2.0])], "candidate": [row("op=a", values)]}
    found = only(compare_rounds(frame([1e5] * 6, [np.nan] * 6), given, DecisionRule(), final=True))
    assert (found["verdict"], found["reason"]) == ("cannot tell", reason)


def test_identical_code_is_said_and_not_estimated():
    found = only(
        compare_rounds(frame([1e5], [3e5]), sides(), DecisionRule(), final=True, identical={"candidate": frozenset(["op=a"])})
    )
    assert (found["verdict"], found["reason"]) == ("same", "identical_code") and np.isnan(found["ratio"])


def test_a_coarse_clock_is_not_taken_for_certainty():
    steps = {"base": [500.0] * 6, "candidate": [500.0] * 6}
    found = only(compare_rounds(frame([5000.0] * 6, [5500.0] * 6, resolution_ns=steps), sides(), DecisionRule(), final=True))
    assert found["ratio_high"] > found["ratio"] * 1.03


def test_rows_left_over_do_not_widen_what_was_decided_before():
    rng = np.random.default_rng(4)
    base = 1e5 * np.exp(0.004 * rng.standard_normal((48, 42)))
    candidate = 1.02 * 1e5 * np.exp(0.004 * rng.standard_normal((48, 42)))
    order = np.tile([1.0, -1.0], 21)
    # twelve rows are measured on, and begin to keep a state; the others were decided after 28 rounds
    candidate[:12, 28:] *= np.exp(np.where(np.arange(28, 42) % 8 < 4, 0.006, -0.006))
    base[12:, 28:] = np.nan
    then = decide_rounds(base[:, :28], candidate[:, :28], order[:28], DecisionRule())
    now = decide_rounds(base, candidate, order, DecisionRule())
    assert (then.verdict == "slower").all() and (now.verdict[12:] == "slower").all()
    assert now.ratio_low[12:] == pytest.approx(then.ratio_low[12:], rel=1e-9)
