"""A comparison: one row per thing compared, with its verdict; what differs between the sides; what has no partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.align import Pair
from profiler.compare.comparability import Difference, compare_conditions, mixed_conditions
from profiler.compare.statistics import Estimates
from profiler.compare.summaries import resolution_variance
from profiler.compare.verdict import REASONS, Decisions, Rule, Verdict, decide

if TYPE_CHECKING:
    import pandas as pd

    from profiler.compare.noise import MachineNoise
    from profiler.compare.sides import Row

COMPARISON_VERSION = 1

ROW_COLUMNS = (
    "candidate", "row", "op", "kernel", "variant", "shape", "dtype", "block", "base_label", "candidate_label",
    "match", "match_note", "base_median_ns", "candidate_median_ns", "ratio", "ratio_low", "ratio_high",
    "p_value", "q_value", "base_samples", "candidate_samples", "rounds", "dropped_rounds", "base_bandwidth_bytes_per_s",
    "candidate_bandwidth_bytes_per_s", "verdict", "reason", "detail", "problem_side",
)  # fmt: skip
"""Columns of `Comparison.rows`; ratio is candidate / base, above 1 is slower, with the ends of its interval. problem_side: the
side whose point is wrong, failed or skipped: `base`, `candidate` or `both`."""

_VOID = ("wrong_output", "failed", "skipped")
"""Problems of a point that leave it without a time, the gravest first."""

CLOCK_TOLERANCE = 0.03
"""Relative difference of SM clocks above which times are not compared."""


@dataclass
class SideInfo:
    """What a page or a report says of a side.

    Attributes:
        name: Name for people.
        targets: Runs, files, revisions or commands it is made of.
        source: Where its times come from, in words.
        facts: Flat facts of its recording: GPU, driver, versions, digests.
    """

    name: str
    targets: tuple[str, ...]
    source: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class Comparison:
    """The result of `compare` and `ab`.

    Attributes:
        base: The base.
        candidates: The candidates.
        rows: `ROW_COLUMNS`; for each candidate first the rows of the base in its order, then the candidate's own.
        metrics: Changes of other metrics (`metric_changes.METRIC_COLUMNS`).
        differences: Facts in which the sides differ.
        rule: Threshold and error rates.
        design: How it was measured, in one sentence.
        notes: Sentences that a reader must know.
        rounds: Of an A/B job: one row per round, side and label (`rounds.ROUND_COLUMNS`).
        links: Name to address, for reports.
    """

    base: SideInfo
    candidates: list[SideInfo]
    rows: pd.DataFrame
    metrics: pd.DataFrame
    differences: list[Difference]
    rule: Rule
    design: str
    notes: list[str] = field(default_factory=list)
    rounds: pd.DataFrame | None = None
    links: dict[str, str] = field(default_factory=dict)

    def counts(self, candidate: str | None = None) -> dict[str, int]:
        """Return rows per verdict, every verdict listed."""
        rows = self.rows if candidate is None else self.rows[self.rows["candidate"] == candidate]
        found = rows["verdict"].value_counts()
        return {verdict.value: int(found.get(verdict.value, 0)) for verdict in Verdict}

    def worst_first(self) -> pd.DataFrame:
        """Return the rows in the order in which a reviewer needs them: slower first, the largest first."""
        order = {verdict: index for index, verdict in enumerate(_REVIEW_ORDER)}
        keyed = self.rows.assign(_verdict=self.rows["verdict"].map(order), _size=-np.abs(np.log(self.rows["ratio"].astype(float))))
        return keyed.sort_values(["_verdict", "_size"], kind="stable").drop(columns=["_verdict", "_size"])


_REVIEW_ORDER = ("slower", "not comparable", "base only", "cannot tell", "candidate only", "faster", "same")


@dataclass
class Judged:
    """A pair on its way to a row.

    Attributes:
        candidate: Name of the candidate side.
        pair: The rows.
        verdict: Fixed verdict when no estimate can or need be made, else None.
        reason: Reason code of a fixed verdict.
        detail: One sentence beside the reason.
        dropped_rounds: Rounds left out because the clock fell.
        problem_side: Side whose point is wrong, failed or skipped: `base`, `candidate` or `both`; else empty.
    """

    candidate: str
    pair: Pair
    verdict: Verdict | None = None
    reason: str = ""
    detail: str = ""
    dropped_rounds: int = 0
    problem_side: str = ""


def judge_pair(name: str, pair: Pair, voided: Sequence[Difference], allowed: frozenset[str]) -> Judged:
    """Say what can be said of a pair before any statistic: unmatched, void, wrong output, unusable samples."""
    if pair.base is None or pair.candidate is None:
        verdict = Verdict.CANDIDATE_ONLY if pair.base is None else Verdict.BASE_ONLY
        side, row = ("candidate", pair.candidate) if pair.base is None else ("base", pair.base)
        if row is not None and row.problem in _VOID:
            return Judged(name, pair, verdict, row.problem, _sentence(side, row), problem_side=side)
        return Judged(name, pair, verdict, pair.reason or "unmatched", row.note if row else "")
    void = _void_side(pair.base, pair.candidate)
    if void:
        side, row = ("base", pair.base) if void == "base" else ("candidate", pair.candidate)
        return Judged(name, pair, Verdict.NOT_COMPARABLE, row.problem, _sentence(side, row), problem_side=void)
    if voided:
        detail = "; ".join(f"{item.title}: {item.base_value} and {item.candidate_value}" for item in voided)
        return Judged(name, pair, Verdict.NOT_COMPARABLE, "conditions_differ", detail)
    for side, row in (("base", pair.base), ("candidate", pair.candidate)):
        mixed = mixed_conditions(row.mixed, allowed)
        if mixed:
            return Judged(name, pair, Verdict.NOT_COMPARABLE, "conditions_differ", f"processes of the {side} differ: {mixed}")
    conditions = compare_conditions(pair.base.conditions, pair.candidate.conditions, allowed)
    if conditions:
        return Judged(name, pair, Verdict.NOT_COMPARABLE, "conditions_differ", conditions)
    for side, row in (("base", pair.base), ("candidate", pair.candidate)):
        if row.problem:
            return Judged(name, pair, Verdict.CANNOT_TELL, row.problem, _sentence(side, row))
    return Judged(name, pair)


def _void_side(base: Row, candidate: Row) -> str:
    """Return the side whose problem leaves the row without a comparison: the candidate's counts before the base's."""
    if candidate.problem in _VOID:
        return "both" if base.problem == candidate.problem else "candidate"
    return "base" if base.problem in _VOID else ""


def _sentence(side: str, row: Row) -> str:
    return f"{side}: {row.note}" if row.note else f"{side}: {REASONS[row.problem]}"


def clocks_differ(judged: Judged) -> Judged:
    """Void a pair whose SM clocks differ by more than the tolerance."""
    base, candidate = judged.pair.base, judged.pair.candidate
    if judged.verdict is None and base is not None and candidate is not None:
        ratio = candidate.sm_clock_hz / base.sm_clock_hz if base.sm_clock_hz else np.nan
        if np.isfinite(ratio) and abs(ratio - 1.0) > CLOCK_TOLERANCE:
            judged.verdict, judged.reason = Verdict.NOT_COMPARABLE, "clock_differs"
            judged.detail = f"SM clock {base.sm_clock_hz / 1e6:.0f} and {candidate.sm_clock_hz / 1e6:.0f} MHz"
    return judged


def capture_estimates(judged: Sequence[Judged], noise: Sequence[MachineNoise], extra_spread: Sequence[float]) -> Estimates:
    """Estimate log ratios of recordings that were made one after the other.

    With two or more degrees of freedom between the processes of both sides their spread is measured, else it is taken
    from the machine's self-test or assumed. The error within each process always counts.

    Args:
        judged: Pairs; those with a fixed verdict give NaN.
        noise: Spread between processes for each pair.
        extra_spread: Standard deviation added for each pair, for another board.
    """
    values = [_capture_estimate(item, own, extra) for item, own, extra in zip(judged, noise, extra_spread, strict=True)]
    columns = np.array(values, dtype=float).reshape(-1, 4).T
    return Estimates(*columns)


def _capture_estimate(item: Judged, noise: MachineNoise, extra: float) -> tuple[float, float, float, float]:
    base, candidate = item.pair.base, item.pair.candidate
    if item.verdict is not None or base is None or candidate is None:
        return np.nan, np.nan, np.nan, 0
    sides = [np.log([summary.median_ns for summary in row.summaries]) for row in (base, candidate)]
    within = [np.mean([summary.log_error**2 for summary in row.summaries]) for row in (base, candidate)]
    steps = [summary.resolution_ns for row in (base, candidate) for summary in row.summaries]
    floor = resolution_variance(
        min(base.median_ns, candidate.median_ns), float(np.nanmin(steps)) if np.isfinite(steps).any() else np.nan
    )
    dof = sum(side.size - 1 for side in sides)
    share = sum(1.0 / side.size for side in sides)
    if dof >= 2:
        spread = sum(((side - side.mean()) ** 2).sum() for side in sides) / dof
        variance = max(spread, max(within)) * share
    else:
        dof = noise.dof
        variance = noise.process_spread**2 * share + sum(error / side.size for error, side in zip(within, sides, strict=True))
    return (
        float(sides[1].mean() - sides[0].mean()),
        float(np.sqrt(variance + floor + 2 * extra**2)),
        dof,
        min(side.size for side in sides),
    )


def build_rows(judged: Sequence[Judged], estimates: Estimates, rule: Rule, looks: int = 1) -> pd.DataFrame:
    """Turn judged pairs and their estimates into `Comparison.rows`.

    Args:
        judged: Pairs of all candidates: the family over which the false discovery rate is held.
        estimates: Shape (pairs,) or (pairs, looks taken).
        rule: Threshold and error rates.
        looks: Looks of the schedule.
    """
    import pandas as pd

    decisions = decide(estimates, rule, looks)
    records = [_record(item, decisions, index) for index, item in enumerate(judged)]
    frame = pd.DataFrame(records, columns=list(ROW_COLUMNS))
    integers = ("base_samples", "candidate_samples", "rounds", "dropped_rounds")
    return frame.astype(dict.fromkeys(integers, "Int64"))


def _record(item: Judged, decisions: Decisions, index: int) -> dict[str, Any]:
    base, candidate = item.pair.base, item.pair.candidate
    shown = base or candidate
    assert shown is not None
    fixed = item.verdict is not None
    verdict, reason = (item.verdict.value, item.reason) if item.verdict else (decisions.verdict[index], decisions.reason[index])
    numbers = {name: getattr(decisions, name)[index] for name in ("ratio", "ratio_low", "ratio_high", "p_value", "q_value")}
    detail = item.detail or REASONS.get(reason, "")
    return {
        "candidate": item.candidate,
        "row": shown.label,
        **{name: shown.keys.get(name) for name in ("op", "kernel", "variant", "shape", "dtype")},
        "block": shown.keys.get("block") or shown.keys.get("launch_block"),
        "base_label": base.label if base else None,
        "candidate_label": candidate.label if candidate else None,
        "match": item.pair.match or None,
        "match_note": item.pair.note or None,
        "base_median_ns": base.median_ns if base else np.nan,
        "candidate_median_ns": candidate.median_ns if candidate else np.nan,
        **(dict.fromkeys(numbers, np.nan) if fixed else numbers),
        "base_samples": base.count if base else None,
        "candidate_samples": candidate.count if candidate else None,
        "rounds": 0 if fixed else int(decisions.rounds[index]),
        "dropped_rounds": item.dropped_rounds,
        "base_bandwidth_bytes_per_s": base.bandwidth_bytes_per_s if base else np.nan,
        "candidate_bandwidth_bytes_per_s": candidate.bandwidth_bytes_per_s if candidate else np.nan,
        "verdict": verdict,
        "reason": reason,
        "detail": detail,
        "problem_side": item.problem_side or None,
    }
