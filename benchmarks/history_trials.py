"""How `trend` judges simulated histories: constant ones, and ones with a step in their middle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from noise_models import Array, autoregressive

from profiler.compare.history.change_points import change_points, noise_of
from profiler.compare.judge.noise import ASSUMED_PROCESS_SPREAD
from profiler.compare.judge.verdict import DecisionRule

RUNS = (12, 20, 30, 60, 100, 200)
STEPS = (0.0, 0.015, 0.02, 0.03, 0.05, 0.1)
MODELS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "Gaussian 1 %": lambda rng, shape: 0.01 * rng.standard_normal(shape),
    "Student t 2.5, 1 %": lambda rng, shape: 0.01 * rng.standard_t(2.5, shape),
    "a fifth of the runs 3 % slower": lambda rng, shape: 0.03 * (rng.random(shape) < 0.2) + 0.001 * rng.standard_normal(shape),
    "autocorrelation 0.5, 1 %": lambda rng, shape: 0.01 * autoregressive(rng.standard_normal(shape), 0.5, 1),
    "autocorrelation 0.9, 1 %": lambda rng, shape: 0.01 * autoregressive(rng.standard_normal(shape), 0.9, 1),
}
"""Noise of the runs of a history, on the log scale."""


def trial(model: str, runs: int, step: float, histories: int, rng: np.random.Generator) -> dict[str, float]:
    """Count the histories in which a change is shown, and those in which dependence alone keeps one from being shown."""
    series = MODELS[model](rng, (histories, runs)) + np.log1p(step) * (np.arange(runs) >= runs // 2)
    smallest = DecisionRule().log_threshold
    found = [change_points(values, noise_of(values, ASSUMED_PROCESS_SPREAD), smallest) for values in series]
    return {
        "histories": histories,
        "changes": sum(bool(points) for points, _ in found),
        "warned": sum(bool(kept_back) for _, kept_back in found),
    }
