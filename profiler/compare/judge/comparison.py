"""A comparison: one row per thing compared, with its verdict; what differs between the sides; what has no partner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.judge.conditions import Difference, compare_conditions, mixed_conditions
from profiler.compare.judge.verdict import REASONS, DecisionRule, Decisions, Verdict
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.row import have_repeated, with_one_quantity
from profiler.point_status import VOID_STATUSES
from profiler.units import format_ns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from profiler.compare.rows.row import Row

COMPARISON_VERSION = 1

ROW_COLUMNS = (
    "candidate",
    "row",
    "op",
    "kernel",
    "variant",
    "shape",
    "dtype",
    "block",
    "base_label",
    "candidate_label",
    "match",
    "match_note",
    "base_median_ns",
    "candidate_median_ns",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
    "q_value",
    "base_samples",
    "candidate_samples",
    "rounds",
    "dropped_rounds",
    "base_bandwidth_bytes_per_s",
    "candidate_bandwidth_bytes_per_s",
    "verdict",
    "reason",
    "detail",
    "problem_side",
)
"""Columns of `Comparison.rows`; ratio is candidate / base, above 1 is slower, with the ends of its interval. problem_side: the
side whose point is wrong, failed or skipped: `base`, `candidate` or `both`."""

CLOCK_TOLERANCE = 0.03
"""Relative difference of SM clocks above which times are not compared."""

MEASURED_PROCESSES = 3
"""From so many processes on, a side's own spread is believed: that of two is far too small in one case of ten."""

_ORDERS, _ENOUGH = 200, 5
"""With fewer ways to mix the samples of two alike sides, one in a hundred orders them as if one side were slower; five on
each have more."""


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
    """

    base: SideInfo
    candidates: list[SideInfo]
    rows: pd.DataFrame
    metrics: pd.DataFrame
    differences: list[Difference]
    rule: DecisionRule
    design: str
    notes: list[str] = field(default_factory=list)
    rounds: pd.DataFrame | None = None

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
        remark: What its processes show beside the verdict: their modes.
    """

    candidate: str
    pair: Pair
    verdict: Verdict | None = None
    reason: str = ""
    detail: str = ""
    dropped_rounds: int = 0
    problem_side: str = ""
    remark: str = ""


def judge_pair(name: str, pair: Pair, voided: Sequence[Difference], allowed: frozenset[str], with_itself: bool = False) -> Judged:
    """Say what can be said of a pair before any statistic: unmatched, void, wrong output, unusable samples.

    Args:
        name: Candidate.
        pair: Rows of both sides.
        voided: Facts that void the comparison.
        allowed: Conditions that may differ.
        with_itself: One file is meant to stand on both sides.
    """
    if pair.base is None or pair.candidate is None:
        verdict = Verdict.CANDIDATE_ONLY if pair.base is None else Verdict.BASE_ONLY
        side, row = ("candidate", pair.candidate) if pair.base is None else ("base", pair.base)
        if row is not None and row.problem in VOID_STATUSES:
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
    conditions = compare_conditions(pair.base.conditions, pair.candidate.conditions, allowed | _renamed(pair))
    if conditions:
        return Judged(name, pair, Verdict.NOT_COMPARABLE, "conditions_differ", conditions + _totals(pair.base, pair.candidate))
    base, candidate = with_one_quantity((pair.base, pair.candidate))
    for side, row in (("base", base), ("candidate", candidate)):
        if row.problem:
            verdict = Verdict.NOT_COMPARABLE if row.problem == "repeated_samples" else Verdict.CANNOT_TELL
            return Judged(name, pair, verdict, row.problem, _sentence(side, row))
    if not with_itself and have_repeated((base, candidate)):
        return Judged(name, pair, Verdict.NOT_COMPARABLE, "repeated_samples", REASONS["repeated_samples"])
    if has_too_few(base, candidate):
        counts = f"{base.count} and {candidate.count} samples"
        return Judged(name, pair, Verdict.CANNOT_TELL, "too_few_samples", f"{counts}: {REASONS['too_few_samples']}")
    return Judged(name, replace(pair, base=base, candidate=candidate))


def has_too_few(base: Row, candidate: Row) -> bool:
    """Return whether chance alone may put all samples of one side above all of the other in more than one case of a hundred."""
    if min(len(base.summaries), len(candidate.summaries)) >= MEASURED_PROCESSES:
        return False
    fewest = min(base.count, candidate.count, _ENOUGH)
    return fewest < _ENOUGH and math.comb(base.count + candidate.count, fewest) < _ORDERS


def _renamed(pair: Pair) -> frozenset[str]:
    """Return the conditions that may differ because the user said that rows of other names or keys are the same."""
    asked = pair.match.startswith("keys") or (pair.candidate is not None and pair.candidate.own_label != pair.candidate.label)
    return frozenset({"bytes_per_iteration"} if asked else ())


def _totals(base: Row, candidate: Row) -> str:
    """Return the time of all launches of a kernel on both sides, where their numbers differ."""
    if base.conditions.get("launches") == candidate.conditions.get("launches"):
        return ""
    change = 100.0 * (candidate.total_ns / base.total_ns - 1.0)
    return f"; {format_ns(base.total_ns)} and {format_ns(candidate.total_ns)} in all ({change:+.1f} %)"


def _void_side(base: Row, candidate: Row) -> str:
    """Return the side whose problem leaves the row without a comparison: the candidate's counts before the base's."""
    if candidate.problem in VOID_STATUSES:
        return "both" if base.problem == candidate.problem else "candidate"
    return "base" if base.problem in VOID_STATUSES else ""


def _sentence(side: str, row: Row) -> str:
    return f"{side}: {row.note}" if row.note else f"{side}: {REASONS[row.problem]}"


def clocks_differ(judged: Judged) -> Judged:
    """Leave out processes whose SM clock was unlike the others', and void a pair whose sides still differ in it.

    What a clock is held to is the same for both sides: a norm of its own for each would keep the fast processes of one and
    the slow ones of the other.
    """
    base, candidate = judged.pair.base, judged.pair.candidate
    if judged.verdict is not None or base is None or candidate is None:
        return judged
    clocks = [np.asarray(row.clocks_hz, dtype=float) for row in (base, candidate)]
    together = np.concatenate(clocks)
    known = together[np.isfinite(together) & (together > 0)]
    if not known.size:
        return judged
    odd = [(own > 0) & (np.abs(own / np.median(known) - 1.0) > CLOCK_TOLERANCE) for own in clocks]
    if any(own.mean() > 0.5 for own in odd):
        return _clock_void(judged, clocks)
    kept = [own[~out] for own, out in zip(clocks, odd, strict=True)]
    medians = [np.median(own[own > 0]) if (own > 0).any() else np.nan for own in kept]
    if abs(medians[1] / medians[0] - 1.0) > CLOCK_TOLERANCE:
        return _clock_void(judged, kept)
    judged.dropped_rounds = int(sum(out.sum() for out in odd))
    if judged.dropped_rounds:
        judged.pair = replace(judged.pair, base=_without(base, odd[0]), candidate=_without(candidate, odd[1]))
    return judged


def _clock_void(judged: Judged, clocks: Sequence[NDArray[np.float64]]) -> Judged:
    typical = [np.median(own[own > 0]) / 1e6 if (own > 0).any() else np.nan for own in clocks]
    judged.verdict, judged.reason = Verdict.NOT_COMPARABLE, "clock_differs"
    judged.detail = f"SM clock {typical[0]:.0f} and {typical[1]:.0f} MHz"
    return judged


def _without(row: Row, out: NDArray[np.bool_]) -> Row:
    """Return a row without some of its processes."""
    kept = np.flatnonzero(~out).tolist()
    return replace(row, summaries=[row.summaries[index] for index in kept], clocks_hz=[row.clocks_hz[index] for index in kept])


def build_rows(judged: Sequence[Judged], decisions: Decisions, rule: DecisionRule) -> pd.DataFrame:
    """Turn judged pairs and what was decided of them into `Comparison.rows`."""
    import pandas as pd

    records = [_record(item, decisions, index, rule.threshold) for index, item in enumerate(judged)]
    frame = pd.DataFrame(records, columns=list(ROW_COLUMNS))
    integers = ("base_samples", "candidate_samples", "rounds", "dropped_rounds")
    return frame.astype(dict.fromkeys(integers, "Int64"))


def _remarks(base: Row, candidate: Row, ratio: float, threshold: float, verdict: str) -> list[str]:
    """Say where a row's times are periods, and where kernel time alone would lead to another answer."""
    found = ["iterations overlap on the GPU, so their periods are compared"] if base.overlaps or candidate.overlaps else []
    kernels = candidate.kernel_ns / base.kernel_ns
    change = _direction(kernels, threshold)
    is_open = verdict == Verdict.CANNOT_TELL.value and change == 0
    if np.isfinite(kernels) and np.isfinite(ratio) and change != _direction(ratio, threshold) and not is_open:
        found.append(f"kernel time alone changed by {100.0 * (kernels - 1.0):+.2f} %")
    return found


def _notes(base: Row, candidate: Row) -> list[str]:
    """Return what must be known of the times of either side, once where it is the same."""
    if base.remark == candidate.remark:
        return [base.remark] if base.remark else []
    return [f"{side}: {row.remark}" for side, row in (("base", base), ("candidate", candidate)) if row.remark]


def explanation(row: Mapping[Any, Any]) -> str:
    """Return what there is to say of a row of `Comparison.rows` beside a verdict that speaks for itself."""
    if row["verdict"] not in ("slower", "faster", "same") or row["reason"] == "identical_code":
        return str(row["detail"])
    return str(row["detail"]).removeprefix(REASONS.get(row["reason"], "")).removeprefix("; ")


def _direction(ratio: float, threshold: float) -> int:
    return int(ratio > 1.0 + threshold) - int(ratio < 1.0 - threshold)


def _record(item: Judged, decisions: Decisions, index: int, threshold: float) -> dict[str, Any]:
    base, candidate = item.pair.base, item.pair.candidate
    shown = base or candidate
    assert shown is not None  # noqa: S101 - tells the type checker
    fixed = item.verdict is not None
    verdict, reason = (item.verdict.value, item.reason) if item.verdict else (decisions.verdict[index], decisions.reason[index])
    numbers = {name: getattr(decisions, name)[index] for name in ("ratio", "ratio_low", "ratio_high", "p_value", "q_value")}
    said = [item.detail or REASONS.get(reason, "")]
    if base is not None and candidate is not None:
        said += [] if fixed else [*_remarks(base, candidate, numbers["ratio"], threshold, verdict), item.remark]
        said += _notes(base, candidate)
    detail = "; ".join(filter(None, said))
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
