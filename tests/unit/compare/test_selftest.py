import json

import numpy as np
import pandas as pd
import pytest
from conftest import row
from noise_models import autoregressive

from profiler.compare.judge.noise import find_noise
from profiler.compare.judge.rounds import ROUND_COLUMNS
from profiler.compare.judge.selftest import common_spread, process_spread, replay, round_differences, smallest_found
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import DecisionRule
from profiler.jobs.ab_store import AbRequest
from profiler.jobs.selftest import run_selftest
from profiler.jobs.sides import command_side

LABELS = [f"op=a shape={index}" for index in range(10)]


def rounds_table(count, spread, seed=0):
    rng = np.random.default_rng(seed)
    records = []
    for number in range(1, count + 1):
        for position, side in enumerate(("base", "again") if number % 2 else ("again", "base")):
            for label in LABELS:
                median = 1e5 * np.exp(spread * rng.standard_normal())
                records.append((number, position, side, label, median, 20, 1.0, "", np.nan, np.nan))
    return pd.DataFrame(records, columns=list(ROUND_COLUMNS))


def sides():
    return {side: [row(label, [1e5, 1e5 + 1]) for label in LABELS] for side in ("base", "again")}


def test_rounds_are_cut_into_jobs_that_end_when_decided():
    jobs = replay(rounds_table(30, 0.001), sides(), DecisionRule(), 18)
    assert len(jobs) == 5 and all((job["rounds"] == LOOKS[0]).all() and (job["verdict"] == "same").all() for job in jobs)


def test_a_known_slowdown_is_found_in_recorded_rounds():
    slower = replay(rounds_table(36, 0.001), sides(), DecisionRule(), 28, slowdown=0.02)
    assert {verdict for job in slower for verdict in job["verdict"]} == {"slower"}
    assert [job["rounds"].max() for job in replay(rounds_table(30, 0.05), sides(), DecisionRule(), 12)] == [12, 12, 6]
    assert replay(rounds_table(4, 0.001), sides(), DecisionRule(), 18) == []


def test_spread_between_processes_is_recovered():
    found = process_spread(round_differences(rounds_table(200, 0.004)))
    assert list(found) == LABELS and np.mean([item["spread"] for item in found.values()]) == pytest.approx(0.004, rel=0.05)
    assert found[LABELS[0]]["processes"] == 400


def test_what_rows_have_in_common_is_what_a_further_row_has():
    """Rows of one spread give it with the degrees of freedom of one row at most, unlike rows with few; kept state is seen."""
    rng = np.random.default_rng(5)
    alike = [common_spread(0.004 * np.sqrt(2.0) * rng.standard_normal((40, 30))) for _ in range(50)]
    assert np.mean([spread for spread, *_ in alike]) == pytest.approx(0.004, rel=0.02)
    assert np.mean([dof for _, dof, _ in alike]) == pytest.approx(29.0, rel=0.02)
    assert np.mean([correlation > 0 for *_, correlation in alike]) <= 0.06
    own = 0.004 / np.sqrt(rng.chisquare(4.0, (50, 40, 1)) / 4.0)
    unlike = [common_spread(np.sqrt(2.0) * part * rng.standard_normal((40, 30))) for part in own]
    assert 2.5 < np.median([dof for _, dof, _ in unlike]) < 6.5
    kept = common_spread(0.01 * autoregressive(rng.standard_normal((40, 30)), 0.9, 1))
    assert kept[2] > 0.7 and kept[0] == pytest.approx(0.01 / np.sqrt(2.0), rel=0.3)
    assert common_spread(np.full((3, 30), np.nan)) == (None, 0.0, 0.0)


def test_the_smallest_slowdown_is_judged_by_trials_that_did_not_choose_it():
    """Chance makes the power of a half look right at what that half chose; the other half's has no such luck."""
    rng, truth = np.random.default_rng(6), {0.01: 0.85, 0.02: 0.93, 0.03: 0.97, 0.04: 0.99}
    chosen = []
    for _ in range(400):
        chosen.append(smallest_found({slowdown: list(rng.random((4, 10)) < power) for slowdown, power in truth.items()}))
    powers = np.array([truth[slowdown] for slowdown, _ in chosen if slowdown])
    lows = np.array([low for slowdown, low in chosen if slowdown])
    assert np.mean(powers < 0.9) < 0.03 and np.mean(lows <= powers) > 0.95
    assert smallest_found({0.01: [np.array([True] * 10)]}) == (None, None)  # one trial has no other to judge it


def test_a_self_test_is_stored_and_used(driver, tmp_path):
    command = driver(
        "--shape", "65536x1024", "--dtype", "fp32,fp16", "--set", "block=64,128,256,512,1024", "--process-noise", "0.002"
    )
    request = AbRequest((command_side("base", command), command_side("again", command)), skip_identical=False, stop_early=False)
    run, result = run_selftest(request, tmp_path, "selftest", 120.0, 2 * LOOKS[3], LOOKS[3])
    assert (result.gpu, result.gpu_uuid, result.rounds) == ("Simulated GPU", "GPU-0", 36)
    assert result.trials >= 2 and result.comparisons == 10 * result.trials and result.alarms == 0 and result.alarm_rate_high < 0.15
    assert (
        0.005 < result.smallest_slowdown <= 0.03
        and 0.5 < result.smallest_power_low < 1.0
        and result.power["0.05"] == 1.0
        and result.power["0.0025"] == 0.0
    )
    assert 0.001 < result.process_spread < 0.005
    assert result.process_spread_dof <= result.rounds - 1
    stored = json.loads((run.raw("selftest") / "selftest.json").read_text())
    assert stored["schema"] == "profiler-selftest" and stored["process_spread"] == result.process_spread
    noise = find_noise(tmp_path, "Simulated GPU", "GPU-0")
    assert noise.process_spread == result.process_spread and run.run_id in noise.origin
