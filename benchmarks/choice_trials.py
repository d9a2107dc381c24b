"""How `best` ranks simulated configurations of known speed."""

from __future__ import annotations

import numpy as np
from noise_models import MEDIAN_ERROR

from profiler.compare.judge.noise import MachineNoise
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.ranking import rank
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Summary

CONFIGURATIONS = 48
PROCESSES = (1, 3, 5)
CASES = {"alike": 0.0, "3 % apart": 0.03, "the best 3 % ahead": np.nan}
SPREADS = (0.002, 0.005, 0.01)
"""Standard deviation of ln(median) between processes, which a self-test knows."""


def trial(case: str, spread: float, processes: int, sweeps: int, rng: np.random.Generator) -> dict[str, float]:
    """Count how often the best is among those that may be the fastest, and how many these are."""
    distance = CASES[case]
    truth = np.arange(CONFIGURATIONS) * distance if np.isfinite(distance) else np.where(np.arange(CONFIGURATIONS) > 0, 0.03, 0.0)
    noise = MachineNoise(spread, 29.0, "self-test")
    counts = {"sweeps": sweeps, "kept": 0, "first": 0, "set": 0}
    for _ in range(sweeps):
        logs = truth[:, None] + spread * rng.standard_normal((CONFIGURATIONS, processes))
        rows = [
            Row(f"{index}", {}, [Summary(1e5 * np.exp(v), MEDIAN_ERROR, 60, 1.0) for v in own]) for index, own in enumerate(logs)
        ]
        found = rank(rows, noise, DecisionRule())
        may_win = found[(found["place"] == 1) | found["tied"] | found["undecided"]]
        counts["kept"] += int("0" in set(may_win["row"]))
        counts["first"] += int(found["row"].iloc[0] == "0")
        counts["set"] += len(may_win)
    return counts
