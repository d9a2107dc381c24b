"""How `ab` judges simulated jobs: each look as a job takes it, decided rows left out of later rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from noise_models import MODELS, Array, Model, simulate

from profiler.compare.judge.rounds import decide_rounds, throttled_pairs
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import DecisionRule

POWER = (0.015, 0.02, 0.03, 0.05)
"""Relative slowdowns whose detection is counted."""
DECIDED = ("slower", "faster", "same")


@dataclass(frozen=True)
class Ended:
    """What jobs said when they ended, shape (jobs · rows,)."""

    verdict: Array
    low: Array
    high: Array
    warned: Array
    rounds: Array


def play(
    model: Model, jobs: int, truths: Array, rng: np.random.Generator, rule: DecisionRule, most_rounds: int = LOOKS[-1]
) -> Ended:
    """Play jobs of as many rows as there are truths, ln(candidate / base) each, to the end that each job finds."""
    rows = truths.size
    data = simulate(model, jobs, rows, LOOKS[-1], rng)
    dropped = throttled_pairs(*data.clocks_hz)
    base = np.where(dropped, np.nan, np.exp(data.base_ln))
    candidate = np.where(dropped, np.nan, np.exp(data.candidate_ln + np.tile(truths, jobs)[:, None]))
    ended = Ended(np.full(base.shape[0], "cannot tell", dtype=object), *(np.full(base.shape[0], np.nan) for _ in range(4)))
    running, before = np.arange(jobs), 0
    for rounds in (look for look in LOOKS if look <= most_rounds):
        of_jobs = (running[:, None] * rows + np.arange(rows)).ravel()
        # what the last look decided is not measured, until a later one thinks otherwise
        settled = of_jobs[np.isin(ended.verdict[of_jobs].astype(str), DECIDED)]
        base[settled, before:rounds] = np.nan
        said = decide_rounds(*(values[of_jobs, :rounds] for values in (base, candidate, data.order)), rule, jobs=running.size)
        for name, values in (
            ("verdict", said.verdict),
            ("low", np.log(said.ratio_low)),
            ("high", np.log(said.ratio_high)),
            ("warned", said.reason == "serial_dependence"),
            ("rounds", rounds),
        ):
            getattr(ended, name)[of_jobs] = values
        over = np.isin(said.verdict.astype(str), DECIDED).reshape(-1, rows).all(axis=1)
        running, before = running[~over], rounds
        if not running.size:
            break
    return ended


def trial(name: str, rows: int, jobs: int, rng: np.random.Generator) -> dict[str, float]:
    """Count what jobs of identical sides say, and jobs of which up to four rows of each slowdown in `POWER` are slower."""
    model, rule = MODELS[name], DecisionRule()
    same = play(model, jobs, np.zeros(rows), rng, rule)
    claims = np.isin(same.verdict.astype(str), ("slower", "faster"))
    stopped = same.verdict == "slower"
    counts = {
        "rows": jobs * rows,
        "alarms": int(claims.sum()),
        "jobs": jobs,
        "stopped": int(stopped.reshape(jobs, rows).any(axis=1).sum()),
        "warned": int((same.warned > 0).reshape(jobs, rows).any(axis=1).sum()),
        "undecided": int((same.verdict == "cannot tell").sum()),
        "covered": int(((same.low <= 0) & (same.high >= 0)).sum()),
        "rounds": float(same.rounds.reshape(jobs, rows).max(axis=1).sum()),
    }
    if rows > 1:
        return counts | _mixed(model, jobs, rows, rng, rule)
    for slowdown in POWER:
        found = play(model, jobs, np.log1p([slowdown]), rng, rule).verdict == "slower"
        counts |= {f"tried {slowdown:g}": jobs, f"found {slowdown:g}": int(found.sum())}
    return counts


def _mixed(model: Model, jobs: int, rows: int, rng: np.random.Generator, rule: DecisionRule) -> dict[str, float]:
    each = min(rows // 8, 4)
    truths = np.zeros(rows)
    truths[: each * len(POWER)] = np.log1p(np.repeat(POWER, each))
    verdict = play(model, jobs, truths, rng, rule).verdict.astype(str).reshape(jobs, rows)
    claimed = np.isin(verdict, ("slower", "faster"))
    wrong = claimed & ((truths == 0) | (verdict == "faster"))
    shares = wrong.sum(axis=1) / np.maximum(claimed.sum(axis=1), 1)
    counts = {"false_discovery": float(shares.sum())}
    for index, slowdown in enumerate(POWER):
        own = verdict[:, index * each : (index + 1) * each]
        counts |= {f"tried {slowdown:g}": own.size, f"found {slowdown:g}": int((own == "slower").sum())}
    return counts
