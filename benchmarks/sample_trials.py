"""How `compare` and the rules of peers judge two single processes with so many samples each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from noise_models import Array, autoregressive
from peer_rules import PEERS

from profiler.compare.judge.capture_estimates import capture_estimates
from profiler.compare.judge.comparison import Judged
from profiler.compare.judge.noise import MachineNoise, assumed_noise
from profiler.compare.judge.verdict import DecisionRule, decide
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import summarise

COUNTS = (2, 3, 5, 8, 20, 60)
SPREAD = 0.002
"""Standard deviation of ln(median) between the processes."""
MODELS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "Gaussian 0.5 %": lambda rng, shape: 0.005 * rng.standard_normal(shape),
    "Gaussian 3 %": lambda rng, shape: 0.03 * rng.standard_normal(shape),
    "Student t 2.5, 2 %": lambda rng, shape: 0.02 * rng.standard_t(2.5, shape),
    "two modes 3 % apart, half each": lambda rng, shape: 0.03 * (rng.random(shape) < 0.5) + 0.003 * rng.standard_normal(shape),
    "two modes 8 % apart, half each": lambda rng, shape: 0.08 * (rng.random(shape) < 0.5) + 0.003 * rng.standard_normal(shape),
    "two modes 8 % apart, a fifth slow": lambda rng, shape: 0.08 * (rng.random(shape) < 0.2) + 0.003 * rng.standard_normal(shape),
    "autocorrelation 0.95, 1 %": lambda rng, shape: 0.01 * autoregressive(rng.standard_normal(shape), 0.95, 1),
}
"""Noise of the iterations of one process, on the log scale."""
RULES = ("compare, self-tested", "compare, spread assumed", *PEERS)


def trial(model: str, count: int, slowdown: float, pairs: int, rng: np.random.Generator) -> dict[str, float]:
    """Count the changes that each rule claims: any for identical sides, else a slowdown."""
    shift = np.array([0.0, np.log1p(slowdown)])[:, None, None] + SPREAD * rng.standard_normal((2, pairs, 1))
    samples = 1e5 * np.exp(shift + [MODELS[model](rng, (pairs, count)) for _ in range(2)])
    rows = [[Row("row", {}, [summarise(values)]) for values in side] for side in samples]
    judged = [Judged("candidate", Pair(*both)) for both in zip(*rows, strict=True)]
    said = {}
    for name, noise in zip(RULES, (MachineNoise(SPREAD, 29.0, "self-test"), assumed_noise(host_clock=False)), strict=False):
        verdict = decide(capture_estimates(judged, noise, np.zeros(pairs), pairs), DecisionRule(), jobs=pairs).verdict
        said[name] = (verdict == "slower").astype(int) - (verdict == "faster")
    said |= {name: rule(*samples) for name, rule in PEERS.items()}
    return {"pairs": pairs, **{name: int(np.sum(signs > 0 if slowdown else signs != 0)) for name, signs in said.items()}}
