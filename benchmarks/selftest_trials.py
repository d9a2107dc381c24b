"""Whether the smallest slowdown that a self-test names is found as surely as it says, on simulated machines."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from noise_models import MODELS, simulate
from round_trials import play

from profiler.compare.judge.rounds import ROUND_COLUMNS
from profiler.compare.judge.selftest import judge_selftest
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Summary

ROWS, ROUNDS, TRIAL_ROUNDS = 12, 64, 28
"""Rows and rounds of a self-test, and rounds of one of its trials at most."""
NAMES = ("Gaussian 0.3 %", "Gaussian 1 %", "two modes 3 % apart, 30 % slow", "Student t 2.5, 0.5 %", "1 %, shared by all rows")
SURE = 0.9
TRUTH_JOBS = 50


@cache
def true_power(name: str, slowdown: float) -> float:
    """Return how often new jobs of as many rows and rounds find a slowdown of all rows."""
    rng = np.random.default_rng(1)
    ended = play(MODELS[name], TRUTH_JOBS, np.full(ROWS, np.log1p(slowdown)), rng, DecisionRule(), TRIAL_ROUNDS)
    return float(np.mean(ended.verdict == "slower"))


def trial(name: str, machines: int, rng: np.random.Generator) -> dict[str, float]:
    """Count self-tests that name a slowdown, those whose slowdown is truly found in 90 %, and how far their interval holds the truth."""
    counts = {"machines": machines, "named": 0, "sure": 0, "held": 0, "slowdown": 0.0, "power": 0.0}
    labels = [f"op=a shape={index}" for index in range(ROWS)]
    sides = {side: [Row(label, {}, [Summary(1e5, 5e-4, 60, 1.0)]) for label in labels] for side in ("base", "again")}
    for _ in range(machines):
        found = judge_selftest(_rounds(name, labels, rng), sides, DecisionRule(), TRIAL_ROUNDS, {})
        if found.smallest_slowdown is None or found.smallest_power_low is None:
            continue
        truth = true_power(name, found.smallest_slowdown)
        counts["named"] += 1
        counts["sure"] += int(truth >= SURE)
        counts["held"] += int(found.smallest_power_low <= truth)
        counts["slowdown"] += found.smallest_slowdown
        counts["power"] += truth
    return counts


def _rounds(name: str, labels: list[str], rng: np.random.Generator) -> pd.DataFrame:
    data = simulate(MODELS[name], 1, ROWS, ROUNDS, rng)
    number = np.tile(np.arange(1, ROUNDS + 1), ROWS)
    parts = [
        pd.DataFrame(
            {
                "round": number,
                "position": np.where(data.order.ravel() * sign > 0, 0, 1),
                "side": side,
                "label": np.repeat(labels, ROUNDS),
                "median_ns": 1e5 * np.exp(logs.ravel()),
                "samples": 60,
                "resolution_ns": 1.0,
                "problem": "",
            }
        )
        for side, sign, logs in (("base", 1.0, data.base_ln), ("again", -1.0, data.candidate_ln))
    ]
    return pd.concat(parts, ignore_index=True).reindex(columns=list(ROUND_COLUMNS))
