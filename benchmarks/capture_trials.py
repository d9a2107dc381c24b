"""How `compare` judges simulated recordings: so many processes a side, recorded in turn, that measured the same rows."""

from __future__ import annotations

import numpy as np
from noise_models import MEDIAN_ERROR, MODELS, Array, Model, simulate
from round_trials import POWER

from profiler.compare.judge.capture_estimates import Processes, estimate_captures
from profiler.compare.judge.noise import MachineNoise, assumed_noise
from profiler.compare.judge.selftest import common_spread
from profiler.compare.judge.verdict import DecisionRule, decide

SIDES = ("1:1", "2:2", "3:3", "5:5", "10:10", "1:3", "2:3", "2:10", "10:2")
"""Processes of the base and of the candidate."""
ROWS = (48, 1)
"""Rows of a comparison."""
SELFTEST_ROUNDS, SELFTEST_ROWS, ITERATIONS = 30, 40, 60


def measured_noise(model: Model, rng: np.random.Generator) -> MachineNoise:
    """Return what a self-test of the machine says of the spread between processes."""
    data = simulate(model, 1, SELFTEST_ROWS, SELFTEST_ROUNDS, rng)
    spread, dof, correlation = common_spread(data.candidate_ln - data.base_ln)
    return MachineNoise(spread, dof, "self-test", correlation=correlation)


def _processes(logs: Array) -> Processes:
    return Processes(logs, np.full(logs.shape, MEDIAN_ERROR), np.full(logs.shape, ITERATIONS - 1.0))


def trial(name: str, sides: str, rows: int, jobs: int, rng: np.random.Generator) -> dict[str, float]:
    """Count what comparisons of identical sides say, and how often each slowdown in `POWER` is found.

    Each count stands twice: with the spread between processes assumed, and as `known …` with that of a self-test.
    """
    model, rule = MODELS[name], DecisionRule()
    ours, theirs = map(int, sides.split(":"))
    data = simulate(model, jobs, rows, max(ours, theirs), rng)
    base, counts = _processes(data.base_ln[:, :ours]), {"rows": jobs * rows, "jobs": jobs}
    for prefix, noise in (("", assumed_noise(host_clock=False)), ("known ", measured_noise(model, rng))):
        for slowdown in (0.0, *POWER):
            candidate = _processes(data.candidate_ln[:, :theirs] + np.log1p(slowdown))
            said = decide(estimate_captures(base, candidate, noise, jobs=jobs), rule, jobs=jobs)
            slower = said.verdict == "slower"
            if slowdown:
                counts[f"{prefix}found {slowdown:g}"] = int(slower.sum())
                continue
            counts[f"{prefix}alarms"] = int(np.isin(said.verdict.astype(str), ("slower", "faster")).sum())
            counts[f"{prefix}stopped"] = int(slower.reshape(jobs, rows).any(axis=1).sum())
            counts[f"{prefix}covered"] = int(((said.ratio_low <= 1.0) & (said.ratio_high >= 1.0)).sum())
    return counts
