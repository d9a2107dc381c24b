"""The tool held against itself on this machine: A against A many times, and the smallest slowdown that is surely found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from profiler.compare.judge.assumptions import SURE, serial_correlation
from profiler.compare.judge.noise import SELFTEST_VERSION
from profiler.compare.judge.rounds import compare_rounds, looks_taken
from profiler.compare.judge.statistics import LOOKS, MANY_ROWS, common_variance, serial_inflation
from profiler.compare.judge.verdict import DecisionRule, Verdict
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Flags, Floats

if TYPE_CHECKING:
    import pandas as pd

POWER = 0.95
FEWEST_COMPARISONS = 20
"""Fewer trials times rows say nothing of a power of 95 %."""

FEWEST_ROUNDS = 3
"""Fewer say nothing of the spread between processes."""

SLOWDOWNS = (0.0025, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Known slowdowns that are tried, as relative changes."""

_DECIDED = (Verdict.FASTER.value, Verdict.SLOWER.value, Verdict.SAME.value)


@dataclass
class SelfTest:
    """What a machine's self-test found.

    Attributes:
        gpu: Product name; empty on the CPU.
        gpu_uuid: UUID of the board.
        driver: Driver version.
        rounds: Rounds measured.
        trials: Jobs cut from them, each with its own stopping rule.
        comparisons: Rows decided over all trials with identical sides.
        alarms: Those called faster or slower.
        alarm_rate_high: Upper end of the 95 % interval of the alarm rate.
        undecided: Those of which nobody could tell.
        process_spread: Standard deviation of ln(median) between processes (`common_spread`).
        process_spread_dof: Its degrees of freedom: the fewer, the more the rows differ in it.
        process_correlation: How far a process depends on that of the same side before it, 0 to 1.
        smallest_slowdown: Smallest slowdown called slower with 95 % power, in each half of the trials by itself; None when none is.
        smallest_power_low: Lower end of the 95 % interval of its power, from the half that did not choose it.
        power: Slowdown to the share of trials and rows that called it slower.
        rows: Label to its own spread and number of processes.
    """

    gpu: str
    gpu_uuid: str
    driver: str
    rounds: int
    trials: int
    comparisons: int
    alarms: int
    alarm_rate_high: float
    undecided: int
    process_spread: float | None
    process_spread_dof: float
    process_correlation: float
    smallest_slowdown: float | None
    smallest_power_low: float | None
    power: dict[str, float]
    rows: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def alarm_rate(self) -> float:
        """Share of the comparisons of identical sides that were called faster or slower."""
        return self.alarms / self.comparisons if self.comparisons else float("nan")

    def to_json(self) -> str:
        """Return the document; a missing value is null."""
        document = {"schema": "profiler-selftest", "schema_version": SELFTEST_VERSION, **asdict(self)}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def replay(
    rounds: pd.DataFrame, sides: Mapping[str, list[Row]], rule: DecisionRule, max_rounds: int, slowdown: float = 0.0
) -> list[pd.DataFrame]:
    """Cut recorded rounds into jobs, one after the other, each ended by the stopping rule, and decide each.

    Args:
        rounds: Rounds table of two sides.
        sides: Their rows, the base first.
        rule: Threshold and error rates.
        max_rounds: Rounds of one job at most; a rest too short for a first look is left out.
        slowdown: Known relative slowdown given to the candidate's times.

    Returns:
        `Comparison.rows` of each job.
    """
    candidate = list(sides)[1]
    changed = rounds.copy()
    changed.loc[changed["side"] == candidate, "median_ns"] *= 1.0 + slowdown
    total = int(rounds["round"].max()) if len(rounds) else 0
    results, start = [], 0
    while (available := min(max_rounds, total - start)) >= LOOKS[0]:
        for count in looks_taken(available, final=False):
            part = changed[(changed["round"] > start) & (changed["round"] <= start + count)]
            rows = compare_rounds(part.assign(round=part["round"] - start), sides, rule, final=False)
            if rows["verdict"].isin(_DECIDED).all():
                break
        results.append(rows)
        start += count
    return results


def judge_selftest(
    rounds: pd.DataFrame, sides: Mapping[str, list[Row]], rule: DecisionRule, max_rounds: int, facts: Mapping[str, str]
) -> SelfTest:
    """Judge the rounds of a job whose two sides are the same.

    Args:
        rounds: Rounds table.
        sides: Their rows, the base first.
        rule: Threshold and error rates.
        max_rounds: Rounds of one trial at most.
        facts: Facts of the base: GPU and driver.
    """
    trials = replay(rounds, sides, rule, max_rounds)
    verdicts = np.concatenate([trial["verdict"].to_numpy() for trial in trials]) if trials else np.array([], dtype=object)
    alarms = int(np.isin(verdicts, ["slower", "faster"]).sum())
    enough = verdicts.size >= FEWEST_COMPARISONS
    found = {
        slowdown: [job["verdict"].to_numpy() == Verdict.SLOWER.value for job in replay(rounds, sides, rule, max_rounds, slowdown)]
        for slowdown in (SLOWDOWNS if enough else ())
    }
    smallest, low = smallest_found(found)
    differences = round_differences(rounds)
    common, dof, correlation = common_spread(differences.to_numpy())
    return SelfTest(
        gpu=facts.get("device.name", ""),
        gpu_uuid=facts.get("device.uuid", ""),
        driver=facts.get("driver", facts.get("versions.driver", "")),
        rounds=int(rounds["round"].max()) if len(rounds) else 0,
        trials=len(trials),
        comparisons=int(verdicts.size),
        alarms=alarms,
        alarm_rate_high=_upper(alarms, verdicts.size),
        undecided=int((verdicts == Verdict.CANNOT_TELL.value).sum()),
        process_spread=common,
        process_spread_dof=dof,
        process_correlation=correlation,
        smallest_slowdown=smallest,
        smallest_power_low=low,
        power={f"{slowdown:g}": float(np.mean(np.concatenate(trials))) for slowdown, trials in found.items()},
        rows=process_spread(differences),
    )


def smallest_found(found: Mapping[float, Sequence[Flags]]) -> tuple[float | None, float | None]:
    """Return the smallest slowdown that either half of the trials finds with the power asked for, and the least credible power.

    What one half chooses is judged by the other: its power there has chosen nothing.

    Args:
        found: Slowdown to the answers of each trial.

    Returns:
        Slowdown, and lower end of the 95 % interval of its power (Clopper and Pearson 1934); None of both where there is none.
    """
    halves = [{slowdown: trials[start::2] for slowdown, trials in found.items()} for start in range(2)]
    chosen = [_smallest(half) for half in halves]
    if chosen[0] is None or chosen[1] is None:
        return None, None
    smallest = max(chosen[0], chosen[1])
    judges = halves[0 if chosen[1] == smallest else 1][smallest]
    answers = np.concatenate(judges)
    return smallest, float(stats.binomtest(int(answers.sum()), answers.size).proportion_ci(0.95).low)


def _smallest(found: Mapping[float, Sequence[Flags]]) -> float | None:
    """Return the smallest slowdown from which on every larger one is found with the power asked for."""
    smallest = None
    for slowdown, trials in sorted(found.items(), reverse=True):
        if not trials or np.mean(np.concatenate(trials)) < POWER:
            break
        smallest = slowdown
    return smallest


def _upper(events: int, trials: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a rate (Clopper and Pearson 1934)."""
    return 1.0 if events >= trials else float(stats.beta.ppf(0.95, events + 1, trials - events))


def common_spread(differences: Floats) -> tuple[float | None, float, float]:
    """Return what the processes of a machine have in common.

    Args:
        differences: ln(candidate / base) of rounds of identical sides, shape (rows, rounds); NaN where one is missing.

    Returns:
        Standard deviation of ln(median) between processes that a further row has, None without rounds; its degrees of freedom, no
        more than those of one row, for a process may be slow in all of them; correlation with the process before. Of fewer than
        eight rows the 90th percentile of their spreads.
    """
    dof = np.isfinite(differences).sum(axis=1) - 1.0
    differences, dof = differences[dof >= FEWEST_ROUNDS - 1], dof[dof >= FEWEST_ROUNDS - 1]
    if not dof.size:
        return None, 0.0, 0.0
    correlation = float(np.median(serial_correlation(differences, least=SURE)[0]))
    variances = np.nanvar(differences, axis=1, ddof=1) / 2.0 / serial_inflation(np.array(correlation), dof + 1.0)[1]
    if dof.size < MANY_ROWS:
        return float(np.sqrt(np.quantile(variances, 0.9))), float(dof.min()), correlation
    variance, found = common_variance(variances, dof)
    return float(np.sqrt(variance)), float(min(found, dof.min())), correlation


def round_differences(rounds: pd.DataFrame) -> pd.DataFrame:
    """Return ln(second side / first) of each label and round of two sides.

    Differences within a round count, not the drift of the machine over the job.
    """
    table = rounds[rounds["median_ns"] > 0].pivot_table(index="label", columns=["side", "round"], values="median_ns", sort=False)
    sides = list(dict.fromkeys(table.columns.get_level_values("side")))
    return np.log(table[sides[1]]) - np.log(table[sides[0]]) if len(sides) == 2 else table.iloc[:0]


def process_spread(differences: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return for each label the standard deviation of ln(median) between processes, and their number.

    Half the variance of the paired difference is the variance of one process.
    """
    known = differences[differences.count(axis=1) >= FEWEST_ROUNDS]
    found = {"spread": known.std(axis=1) / np.sqrt(2.0), "processes": 2.0 * known.count(axis=1)}
    return {str(label): {name: float(values[label]) for name, values in found.items()} for label in known.index}
