"""How `compare` judges simulated recordings: so many processes a side, recorded in turn, that measured the same rows."""

from __future__ import annotations

import numpy as np
from noise_models import MEDIAN_ERROR, Array, Model, simulate
from round_trials import POWER

from profiler.compare.judge.capture_estimates import Processes, estimate_captures
from profiler.compare.judge.noise import MachineNoise, assumed_noise
from profiler.compare.judge.verdict import DecisionRule, decide

SIDES = ((1, 1), (2, 2), (3, 3), (5, 5), (10, 10), (1, 3), (2, 3), (2, 10), (10, 2))
"""Processes of the base and of the candidate."""
SELFTEST_ROUNDS, SELFTEST_ROWS, ITERATIONS = 30, 40, 60


def measured_noise(model: Model, rng: np.random.Generator) -> MachineNoise:
    """Return what a self-test of the machine says of the spread between processes: its 90th percentile over rows."""
    data = simulate(model, 1, SELFTEST_ROWS, SELFTEST_ROUNDS, rng)
    spread = (data.candidate_ln - data.base_ln).std(axis=1, ddof=1) / np.sqrt(2.0)
    return MachineNoise(float(np.quantile(spread, 0.9)), SELFTEST_ROUNDS - 1.0, "self-test")


def _processes(logs: Array) -> Processes:
    return Processes(logs, np.full(logs.shape, MEDIAN_ERROR), np.full(logs.shape, ITERATIONS - 1.0))


def trial(
    model: Model, sides: tuple[int, int], jobs: int, rows: int, selftested: bool, rng: np.random.Generator
) -> dict[str, float]:
    """Count what comparisons of identical sides say, and how often each slowdown in `POWER` is found."""
    rule, noise = DecisionRule(), measured_noise(model, rng) if selftested else assumed_noise(host_clock=False)
    data = simulate(model, jobs, rows, max(sides), rng)
    counts: dict[str, float] = {}
    for slowdown in (0.0, *POWER):
        candidate = _processes(data.candidate_ln[:, : sides[1]] + np.log1p(slowdown))
        said = decide(estimate_captures(_processes(data.base_ln[:, : sides[0]]), candidate, noise), rule, jobs=jobs)
        verdict = said.verdict.astype(str).reshape(jobs, rows)
        if slowdown:
            counts |= {f"tried {slowdown:g}": verdict.size, f"found {slowdown:g}": int((verdict == "slower").sum())}
            continue
        counts |= {
            "rows": verdict.size,
            "alarms": int(np.isin(verdict, ("slower", "faster")).sum()),
            "jobs": jobs,
            "stopped": int((verdict == "slower").any(axis=1).sum()),
            "covered": int(((said.ratio_low <= 1.0) & (said.ratio_high >= 1.0)).sum()),
        }
    return counts
