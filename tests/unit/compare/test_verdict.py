import numpy as np
import pytest

from profiler.compare.judge.statistics import LOOKS, Estimates
from profiler.compare.judge.verdict import REASONS, DecisionRule, Verdict, decide
from profiler.errors import UsageError


def estimates(*rows, dof=50.0):
    values = np.array(rows, dtype=float)
    return Estimates(values[:, 0], values[:, 1], np.full(len(rows), dof), np.full(len(rows), 8.0))


CASES = {
    "slower": ((0.03, 0.001), "slower", "beyond_threshold"),
    "faster": ((-0.03, 0.001), "faster", "beyond_threshold"),
    "same": ((0.001, 0.001), "same", "within_threshold"),
    "same though significant": ((0.008, 0.0005), "same", "within_threshold"),
    "wide": ((0.02, 0.02), "cannot tell", "interval_too_wide"),
    "only the lower end outside": ((-0.009, 0.005), "cannot tell", "interval_too_wide"),
    "only the upper end outside": ((0.009, 0.005), "cannot tell", "interval_too_wide"),
    "near": ((0.0095, 0.001), "cannot tell", "near_threshold"),
    "unknown": ((np.nan, np.nan), "cannot tell", "too_few_rounds"),
    "error unknown": ((0.5, np.nan), "cannot tell", "too_few_rounds"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_kind_of_estimate_has_its_verdict(case):
    values, verdict, reason = CASES[case]
    found = decide(estimates(values), DecisionRule())
    assert (found.verdict[0], found.reason[0]) == (verdict, reason)
    assert found.reason[0] in REASONS


def test_many_rows_raise_the_bar_for_each():
    alone = decide(estimates((0.02, 0.0048)), DecisionRule()).verdict[0]
    among = decide(estimates((0.02, 0.0048), *[(0.0, 0.0048)] * 200), DecisionRule())
    assert alone == "slower" and among.verdict[0] == "cannot tell" and among.q_value[0] > among.p_value[0]


def test_more_looks_raise_the_bar_and_widen_the_interval():
    one, many = (decide(estimates((0.02, 0.0048)), DecisionRule(), looks) for looks in (1, len(LOOKS)))
    assert one.verdict[0] == "slower" and many.verdict[0] == "cannot tell"
    assert many.ratio_high[0] - many.ratio_low[0] > one.ratio_high[0] - one.ratio_low[0]


def test_an_earlier_look_that_rejected_stays_counted():
    values = Estimates(*(np.array([pair]) for pair in ((0.03, 0.025), (0.001, 0.02), (20.0, 22.0), (6.0, 8.0))))
    found = decide(values, DecisionRule(), len(LOOKS))
    assert found.verdict[0] == "slower" and found.ratio[0] == pytest.approx(np.exp(0.025))


def test_interval_has_the_stated_confidence():
    found = decide(estimates((0.0, 0.01), dof=np.inf), DecisionRule(confidence=0.9))
    assert np.log(found.ratio_high[0]) == pytest.approx(0.0164485, rel=1e-4)


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"threshold": 5.0}, {"error_rate": -1.0}, {"confidence": 1.0}])
def test_rule_refuses_values_that_mean_nothing(wrong):
    with pytest.raises(UsageError):
        DecisionRule(**wrong)


def test_verdicts_are_the_published_words():
    assert {item.value for item in Verdict} == {
        "faster",
        "slower",
        "same",
        "cannot tell",
        "base only",
        "candidate only",
        "not comparable",
    }


def test_the_promise_names_the_error_of_rows_and_of_jobs():
    assert DecisionRule().promise.startswith("Of identical rows at most 1 % are called faster or slower, of clean jobs")
    assert "at most 2 % stopped" in DecisionRule().promise
