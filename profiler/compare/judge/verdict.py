"""What is said of a row: verdicts, reason codes, and the one rule that turns an estimate into a verdict."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from profiler.compare.judge.statistics import Estimates, benjamini_hochberg, interval, local_level, overall_error, two_sided_p
from profiler.compare.rows.summaries import Floats
from profiler.errors import UsageError
from profiler.units import format_percent

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Verdict(str, Enum):
    """The answer for one row."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    CANNOT_TELL = "cannot tell"
    BASE_ONLY = "base only"
    CANDIDATE_ONLY = "candidate only"
    NOT_COMPARABLE = "not comparable"


REASONS: dict[str, str] = {
    "beyond_threshold": "the difference is significant and at least the threshold",
    "within_threshold": "the whole interval lies within the threshold",
    "identical_code": "machine code and launch configuration are identical; not measured",
    "interval_too_wide": "the interval reaches beyond the threshold: more rounds, or less noise, would decide",
    "near_threshold": "there is a difference, but too near the threshold to say whether it matters",
    "unconfirmed": "a difference that later rounds have yet to confirm on their own",
    "serial_dependence": "a side keeps its state from process to process, so that more rounds say little more",
    "one_capture": "one process on each side: the spread between processes is assumed, not measured",
    "few_processes": "processes of one build may fall into groups so far apart, and chance may split so few between the sides",
    "one_sample": "one sample only on a side",
    "repeated_samples": "two processes have the same samples in the same order: one result was given twice",
    "too_few_samples": "so few can be in one order by chance: five on each side could tell",
    "too_few_rounds": "fewer than three complete rounds",
    "missing_samples": "a side has no samples",
    "nan_samples": "a side holds samples that are not numbers",
    "zero_duration": "a side holds durations of zero or less",
    "throttled": "too many rounds were dropped because the SM clock fell",
    "wrong_output": "the output did not match the reference, so its time counts for nothing",
    "failed": "the point failed on a side",
    "partial": "the times of a side are not those of the device's work",
    "skipped": "the point is not supported on a side",
    "clock_differs": "the SM clocks of the two sides differ too much",
    "conditions_differ": "the two sides were measured under different conditions",
    "unmatched": "nothing on the other side corresponds to it",
    "ambiguous": "several rows of the other side fit equally well",
}


@dataclass(frozen=True)
class DecisionRule:
    """When a difference counts.

    A row is `slower` (`faster`) when the hypothesis "the ratio differs from 1 by at most the tolerance" is rejected, after
    Benjamini-Hochberg over all rows, at `error_rate`, and the estimate is at least the threshold away from 1. It is
    `same` when the interval lies within the threshold.

    Attributes:
        threshold: Smallest relative change that matters in practice.
        error_rate: False discovery rate; with identical sides, the share of rows called slower or faster is below it.
        confidence: Coverage of the printed intervals.
    """

    threshold: float = 0.01
    error_rate: float = 0.01
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: A value is outside (0, 1).
        """
        for name in ("threshold", "error_rate", "confidence"):
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise UsageError(f"{name} is {value}, expected a number between 0 and 1", "write 1 % as 0.01")

    @property
    def log_threshold(self) -> float:
        """The threshold on the log scale."""
        return float(np.log1p(self.threshold))

    @property
    def promise(self) -> str:
        """How often rows and jobs without a change are called changed. Source: python benchmarks/false_alarms.py."""
        row, job = format_percent(self.error_rate), format_percent(2.0 * self.error_rate)
        return f"Of identical rows at most {row} are called faster or slower, of clean jobs of up to 48 rows at most {job} stopped."

    @property
    def tolerance(self) -> float:
        """Half the threshold, on the log scale: a change surely below it never counts."""
        return float(np.log1p(self.threshold / 2.0))


@dataclass(frozen=True)
class Decisions:
    """Verdicts of many rows, from estimates.

    Attributes:
        verdict: `Verdict` values, shape (rows,).
        reason: Reason codes, shape (rows,).
        p_value: Valid over all looks taken; NaN without an estimate.
        q_value: p-values after Benjamini-Hochberg.
        ratio: Candidate / base.
        ratio_low: Lower end of the interval.
        ratio_high: Upper end of the interval.
        rounds: Rounds that entered.
    """

    verdict: NDArray[np.object_]
    reason: NDArray[np.object_]
    p_value: Floats
    q_value: Floats
    ratio: Floats
    ratio_low: Floats
    ratio_high: Floats
    rounds: Floats


def q_values(estimates: Estimates, rule: DecisionRule, looks: int, jobs: int = 1) -> tuple[Floats, Floats]:
    """Return p-values valid over all looks so far, and q-values over the rows of each job, both of shape (rows, looks taken)."""
    local = two_sided_p(estimates, rule.tolerance)
    p_value = overall_error(np.fmin.accumulate(local, axis=1), looks)
    by_job = np.swapaxes(p_value.reshape(jobs, -1, local.shape[1]), 1, 2)
    return p_value, np.swapaxes(benjamini_hochberg(by_job), 1, 2).reshape(local.shape)


def decide(estimates: Estimates, rule: DecisionRule, looks: int = 1, jobs: int = 1) -> Decisions:
    """Decide every row from the looks taken so far.

    Args:
        estimates: Shape (rows, looks taken), or (rows,) for one look.
        rule: Threshold and error rates.
        looks: Looks of the whole schedule, not only those taken: 1 or len(LOOKS).
        jobs: The rows are those of so many jobs of equal size, one after the other: the false discovery rate is held in each.
    """
    if estimates.log_ratio.ndim == 1:
        estimates = Estimates(*(np.atleast_1d(getattr(estimates, item.name))[:, None] for item in fields(Estimates)))
    p_value, q_value = q_values(estimates, rule, looks, jobs)
    last = Estimates(*(getattr(estimates, name)[:, -1] for name in ("log_ratio", "standard_error", "dof", "rounds")))
    low, high = interval(last, local_level(1.0 - rule.confidence, looks))
    verdict, reason = _verdicts(last, low, high, q_value[:, -1], rule)
    few = (verdict == Verdict.CANNOT_TELL.value) & (np.abs(last.log_ratio) >= rule.log_threshold)
    few &= np.broadcast_to(estimates.least_p, p_value.shape)[:, -1] > rule.error_rate
    reason[few] = "few_processes"
    dependent = np.broadcast_to(estimates.dependent, p_value.shape)[:, -1]
    verdict[dependent], reason[dependent] = Verdict.CANNOT_TELL.value, "serial_dependence"
    return Decisions(
        verdict, reason, p_value[:, -1], q_value[:, -1], np.exp(last.log_ratio), np.exp(low), np.exp(high), last.rounds
    )


def _verdicts(
    last: Estimates, low: Floats, high: Floats, q_value: Floats, rule: DecisionRule
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    known = np.isfinite(last.log_ratio) & np.isfinite(last.standard_error)
    differs = known & (q_value <= rule.error_rate)
    matters = np.abs(last.log_ratio) >= rule.log_threshold
    inside = known & (low >= -rule.log_threshold) & (high <= rule.log_threshold)
    conditions = [~known, differs & matters & (last.log_ratio > 0), differs & matters, inside, differs]
    verdicts = [Verdict.CANNOT_TELL, Verdict.SLOWER, Verdict.FASTER, Verdict.SAME, Verdict.CANNOT_TELL]
    reasons = ["too_few_rounds", "beyond_threshold", "beyond_threshold", "within_threshold", "near_threshold"]
    verdict = np.select(conditions, [np.array(v.value, dtype=object) for v in verdicts], Verdict.CANNOT_TELL.value)
    reason = np.select(conditions, [np.array(r, dtype=object) for r in reasons], "interval_too_wide")
    return verdict.astype(object), reason.astype(object)
