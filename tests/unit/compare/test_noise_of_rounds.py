"""Rounds under noise that breaks what a t-test takes for granted: modes of processes, sides that keep their state."""

import numpy as np
import pytest

from profiler.compare.judge.assumptions import describe_modes, serial_correlation
from profiler.compare.judge.rounds import decide_rounds
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import DecisionRule

RULE = DecisionRule()


def tight_modes(rng, shape, share):
    return 0.03 * (rng.random(shape) < share) + 0.0005 * rng.standard_normal(shape)


def kept_state(rng, shape, correlation, spread=0.01):
    values = spread * rng.standard_normal(shape)
    for index in range(1, shape[1]):
        values[:, index] = correlation * values[:, index - 1] + np.sqrt(1 - correlation**2) * values[:, index]
    return values


def kept_modes(rng, shape, share=0.3, stays=0.9):
    slow = rng.random(shape) < share
    for index in range(1, shape[1]):
        slow[:, index] = np.where(rng.random(shape[0]) < stays, slow[:, index - 1], slow[:, index])
    return 0.03 * slow + 0.0005 * rng.standard_normal(shape)


def looked(base, candidate, jobs, rng):
    """Return what is said at every look, each a `Decisions`; the rounds go on whatever is decided."""
    first = rng.choice([-1.0, 1.0], LOOKS[-1] // 2)
    order = np.stack([first, -first], axis=1).ravel()
    sides = 1e5 * np.exp(base), 1e5 * np.exp(candidate)
    return [decide_rounds(sides[0][:, :look], sides[1][:, :look], order[:look], RULE, jobs=jobs) for look in LOOKS]


def claims(decisions):
    return np.isin(decisions.verdict, ["slower", "faster"])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_clean_job_of_48_rows_is_not_stopped_by_modes_of_processes(share):
    rng, jobs = np.random.default_rng(3), 150
    sides = [tight_modes(rng, (48 * jobs, LOOKS[-1]), share) for _ in range(2)]
    stopped = np.zeros(jobs, dtype=bool)
    for found in looked(*sides, jobs, rng):
        stopped |= claims(found).reshape(jobs, 48).any(axis=1)
    assert stopped.mean() <= 0.02


def test_a_slowdown_under_modes_is_found_all_the_same():
    rng = np.random.default_rng(4)
    base, candidate = (tight_modes(rng, (300, LOOKS[-1]), 0.3) for _ in range(2))
    assert np.mean(looked(base, candidate + np.log(1.03), 300, rng)[-1].verdict == "slower") > 0.95


def test_a_claim_takes_rounds_that_did_not_make_it():
    """Six rounds in which one side alone met the slow mode, and then rounds in which neither does."""
    rng = np.random.default_rng(5)
    base, candidate = (0.0005 * rng.standard_normal((1, 18)) for _ in range(2))
    candidate[:, :6] += 0.03
    ends = [
        decide_rounds(*(1e5 * np.exp(side[:, :n]) for side in (base, candidate)), np.tile([1.0, -1.0], n // 2), RULE)
        for n in (6, 18)
    ]
    assert [found.verdict[0] for found in ends] == ["cannot tell", "cannot tell"] and ends[0].reason[0] == "unconfirmed"


@pytest.mark.parametrize("model", [lambda rng, shape: kept_state(rng, shape, 0.9), kept_modes])
def test_a_side_that_keeps_its_state_is_told_and_not_called_slower(model):
    rng, jobs = np.random.default_rng(6), 40
    sides = [model(rng, (48 * jobs, LOOKS[-1])) for _ in range(2)]
    found = looked(*sides, jobs, rng)
    stopped = np.any([claims(look).reshape(jobs, 48).any(axis=1) for look in found], axis=0)
    assert stopped.mean() <= 0.02 and np.mean(found[-1].reason == "serial_dependence") > 0.9


def test_one_row_alone_is_seldom_called_slower_for_a_state_that_a_side_keeps():
    rng = np.random.default_rng(6)
    alone = looked(*(kept_state(rng, (2000, LOOKS[-1]), 0.9) for _ in range(2)), 2000, rng)
    assert np.any([claims(look) for look in alone], axis=0).mean() <= 0.015


def test_weaker_dependence_widens_the_interval():
    rng, jobs = np.random.default_rng(7), 3000
    sides = [kept_state(rng, (jobs, LOOKS[-1]), 0.5, 0.003) for _ in range(2)]
    for found in looked(*sides, jobs, rng)[2:]:
        assert np.mean((found.ratio_low <= 1.0) & (found.ratio_high >= 1.0)) >= 0.95


def test_correlation_agrees_with_all_orders_of_the_rounds():
    """Independent rounds are seldom taken for dependent ones, also where all rows share the state of a process."""
    rng = np.random.default_rng(8)
    shared = np.repeat(rng.standard_normal((400, 1, 12)), 20, axis=1).reshape(-1, 12)
    for differences, jobs in ((rng.standard_normal((4000, 12)), 4000), (shared, 400), (rng.standard_normal((8000, 12)), 400)):
        correlation, stop = serial_correlation(differences, jobs=jobs)
        assert stop.mean() < 0.02 and np.mean(correlation.reshape(jobs, -1)[:, 0] > 0) < 0.4


def test_groups_of_processes_are_named():
    slow = np.array([134e3, 134.05e3])
    assert describe_modes(np.concatenate([[130e3, 130.02e3, 130.05e3], slow])) == [(pytest.approx(130.02e3), 3), (134.025e3, 2)]
    assert describe_modes(1e5 * np.exp(0.002 * np.random.default_rng(1).standard_normal(12))) == []
