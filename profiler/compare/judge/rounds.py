"""Rounds of an A/B job: each a fresh process of every side, in random order; from their records to a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from profiler.compare.judge.assumptions import MODE_DISTANCE, has_modes, modes_sentence, serial_correlation
from profiler.compare.judge.comparison import Judged, build_rows, judge_pair
from profiler.compare.judge.conditions import Difference
from profiler.compare.judge.statistics import LOOKS, Estimates, paired_estimates, two_sided_p
from profiler.compare.judge.verdict import DecisionRule, Decisions, Verdict, decide, q_values
from profiler.compare.rows.alignment import Pair, align
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Flags, Floats, resolution_variance

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ROUND_COLUMNS = (
    "round",
    "position",
    "side",
    "label",
    "median_ns",
    "samples",
    "resolution_ns",
    "problem",
    "sm_clock_before_hz",
    "sm_clock_after_hz",
)
"""Columns of the rounds table: one row per round, side and label; position 0 ran first."""

CLOCK_DROP = 0.03
"""A process whose SM clock was lower than usual by more than this share was throttled."""

FRESH_ROUNDS, FRESH_ROUNDS_ALONE = 10, 20
"""Rounds at least that confirm a claim: in fewer a side that keeps its state looks like another one. In a job of one row no other
shows such a state."""

_MOSTLY = 0.5


def looks_taken(rounds: int, final: bool) -> tuple[int, ...]:
    """Return the numbers of rounds at which a job with so many rounds has looked.

    Looks happen at the scheduled numbers only. A job that ends between two of them, for want of time, takes its last look
    then, in place of the next one.
    """
    taken = tuple(look for look in LOOKS if look <= rounds)
    if final and rounds and (not taken or taken[-1] < rounds):
        taken = (*taken, rounds)
    return taken[: len(LOOKS)]


def balanced_order(sides: int, rounds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return who runs when: shape (rounds, sides), side at each position.

    Every second round is the reverse of the one before, so each pair of sides runs equally often in either order.
    """
    first = [rng.permutation(sides) for _ in range((rounds + 1) // 2)]
    return np.array([order for pair in first for order in (pair, pair[::-1])], dtype=np.intp)[:rounds]


def throttled_pairs(base_hz: Floats, candidate_hz: Floats) -> Flags:
    """Say which rounds were disturbed by the SM clock.

    A round is dropped when the clock fell between its two sides, or was low in both. What decides is symmetric in the
    sides: holding each to a norm of its own would keep rounds in which one is high and the other low. A candidate that
    always runs at another clock than the base is not thrown out for it.

    Args:
        base_hz: Clock of each round, shape (rows, rounds); NaN when unknown, which never drops a round.
        candidate_hz: The same for the candidate.
    """
    between = np.log(candidate_hz) - np.log(base_hz)
    together = (np.log(candidate_hz) + np.log(base_hz)) / 2.0
    changed = np.abs(between - _median(between)) > CLOCK_DROP
    return changed | (together - _median(together) < -CLOCK_DROP)


def _median(values: Floats) -> Floats:
    """Return the median of each row, NaN where nothing is known."""
    result = np.full((values.shape[0], 1), np.nan)
    known = np.isfinite(values).any(axis=1)
    if known.any():
        result[known, 0] = np.nanmedian(values[known], axis=1)
    return result


_MEASURED = ("median_ns", "resolution_ns", "position", "sm_clock_before_hz", "sm_clock_after_hz")


def _matrices(frame: pd.DataFrame, labels: Sequence[str], rounds: int) -> dict[str, Floats]:
    """Return columns of the rounds table of one side, each of shape (labels, rounds); NaN where a round lacks a label."""
    index = {label: position for position, label in enumerate(labels)}
    known = frame[frame["label"].isin(index)]
    place = known["label"].map(index).to_numpy(dtype=np.intp), known["round"].to_numpy(dtype=np.intp) - 1
    found = {name: np.full((len(labels), rounds), np.nan) for name in _MEASURED}
    for name, matrix in found.items():
        matrix[place] = known[name].to_numpy(dtype=float, na_value=np.nan)
    return found


def compare_rounds(
    rounds: pd.DataFrame,
    sides: Mapping[str, Sequence[Row]],
    rule: DecisionRule,
    *,
    final: bool,
    keys: Sequence[str] = (),
    differences: Sequence[Difference] = (),
    identical: Mapping[str, frozenset[str]] | None = None,
    allowed: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Decide every row from the rounds so far.

    Args:
        rounds: Rounds table.
        sides: Side name to its rows, the base first; labels already in the base's words.
        rule: Threshold and error rates.
        final: The job ends here.
        keys: The only keys that identify a row; empty for the label.
        differences: Facts in which the sides differ.
        identical: Candidate to labels (the base's) whose machine code and launch configuration equal the base's.
        allowed: Conditions that may differ.

    Returns:
        `Comparison.rows`.
    """
    base_name, *candidates = sides
    count = int(rounds["round"].max()) if len(rounds) else 0
    judged: list[Judged] = []
    parts: list[tuple[Floats, Floats, Floats, Floats]] = []
    for name in candidates:
        pairs = align(sides[base_name], sides[name], keys)
        voided = [item for item in differences if item.candidate == name and item.voids]
        part = [_judge(name, pair, voided, allowed, (identical or {}).get(name, frozenset())) for pair in pairs]
        parts.append(_paired(part, rounds, base_name, name, count))
        judged += part
    base, candidate, order, floor = (np.concatenate(values) for values in zip(*parts, strict=True))
    decisions = decide_rounds(base, candidate, order, rule, final=final, floor=floor)
    for index, item in enumerate(judged):
        _say_why_unknown(item, bool(np.isfinite(decisions.ratio[index])), count)
        item.remark = modes_sentence(base[index], candidate[index])
    return build_rows(judged, decisions, rule)


def decide_rounds(
    base_ns: Floats,
    candidate_ns: Floats,
    order: Floats,
    rule: DecisionRule,
    *,
    final: bool = False,
    floor: Floats | None = None,
    jobs: int = 1,
) -> Decisions:
    """Decide rows from their times in each round.

    A claim, that a row is slower or faster by no more than modes of one build are apart, is made twice: by the rounds up to a
    look, and at a later look by the rounds after it on their own. A row whose rounds depend on those before has a wider
    interval, or no verdict.

    Args:
        base_ns: Median of the base's process, shape (rows, rounds); NaN where a row was not measured or the round does not count.
        candidate_ns: The same of the candidate.
        order: +1 where the base ran first, -1 where the candidate did, shape (rounds,) or (rows, rounds).
        rule: Threshold and error rates.
        final: The job ends here: it looks at all rounds, also between two scheduled looks.
        floor: Smallest credible variance of a round's ln(ratio), shape (rows,).
        jobs: The rows are those of so many jobs of equal size, one after the other, each judged by itself.
    """
    logs = np.log(base_ns), np.log(candidate_ns)
    differences = logs[1] - logs[0]
    looks = looks_taken(differences.shape[1], final)
    if not looks:
        unknown = np.full((differences.shape[0], 1), np.nan)
        return decide(Estimates(unknown, unknown, unknown, np.zeros(unknown.shape)), rule, len(LOOKS), jobs)
    seen = differences[:, : looks[-1]]
    correlation, dependent = _correlation_when_measured(seen, looks, jobs)
    order = np.broadcast_to(order, differences.shape)[:, : looks[-1]]
    estimates = paired_estimates(seen, order, looks, floor, correlation)
    modes = has_modes(logs[0][:, : looks[-1]]) | has_modes(logs[1][:, : looks[-1]])
    # of a row with modes no more than the signs of its differences are believed
    least_p = np.where(modes[:, None], 2.0 ** (1.0 - estimates.rounds), 0.0)
    estimates = replace(estimates, least_p=least_p, dependent=dependent[:, None])
    found = decide(estimates, rule, len(LOOKS), jobs)
    claims = np.isin(found.verdict, _CLAIMS)
    made = q_values(estimates, rule, len(LOOKS), jobs)[1] <= rule.error_rate
    fresh = np.where(np.arange(seen.shape[1]) < np.asarray(looks)[made.argmax(axis=1)][:, None], np.nan, seen)
    again = paired_estimates(fresh, order, looks[-1:], floor, correlation)
    needed = np.where(_are_alone(seen, jobs), FRESH_ROUNDS_ALONE, FRESH_ROUNDS)[:, None]
    confirmed = (two_sided_p(again, rule.tolerance) <= rule.error_rate) & (again.rounds >= needed)
    confirmed &= np.sign(again.log_ratio) == np.sign(estimates.log_ratio[:, -1:])
    confirmed |= np.abs(estimates.log_ratio[:, -1:]) > MODE_DISTANCE
    open_claims = claims & ~confirmed[:, 0]
    found.verdict[open_claims], found.reason[open_claims] = Verdict.CANNOT_TELL.value, "unconfirmed"
    return found


def _are_alone(differences: Floats, jobs: int) -> Flags:
    """Return of each row whether no other row of its job was measured."""
    measured = np.isfinite(differences).any(axis=1).reshape(jobs, -1)
    return np.repeat(measured.sum(axis=1) < 2, measured.shape[1])


def _correlation_when_measured(differences: Floats, looks: Sequence[int], jobs: int) -> tuple[Floats, Flags]:
    """Return the serial correlation of each row at the look after its last round, and where it is too strong by now.

    A decided row is not measured again: what the few rows left over show later says nothing of its rounds.
    """
    correlation, before = np.zeros(differences.shape[0]), 0
    for look in looks:
        measured = np.isfinite(differences[:, before:look]).any(axis=1)
        found, dependent = serial_correlation(differences[:, :look], jobs=jobs)
        correlation, before = np.where(measured, found, correlation), look
    return correlation, dependent


_CLAIMS = (Verdict.SLOWER.value, Verdict.FASTER.value)


def _judge(name: str, pair: Pair, voided: Sequence[Difference], allowed: frozenset[str], identical: frozenset[str]) -> Judged:
    item = judge_pair(name, pair, voided, allowed)
    if item.verdict is Verdict.CANNOT_TELL:
        # in a job a round that failed to measure is one round fewer, not the end
        item.verdict, item.reason, item.detail = None, "", ""
    if item.verdict is None and pair.base is not None and pair.base.label in identical:
        item.verdict, item.reason, item.detail = Verdict.SAME, "identical_code", ""
    return item


def _paired(
    judged: Sequence[Judged], rounds: pd.DataFrame, base: str, candidate: str, count: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the times of both sides, who ran first, and the clock's variance; notes on each pair how many rounds were dropped."""
    ours, theirs = (
        _matrices(rounds[rounds["side"] == side], [_label(item, which) for item in judged], count)
        for side, which in ((base, "base"), (candidate, "candidate"))
    )
    before, after = (throttled_pairs(ours[name], theirs[name]) for name in ("sm_clock_before_hz", "sm_clock_after_hz"))
    drop = (before | after) & np.isfinite(ours["median_ns"]) & np.isfinite(theirs["median_ns"])
    for item, dropped in zip(judged, drop.sum(axis=1), strict=True):
        item.dropped_rounds = int(dropped)
    order = np.where(ours["position"] < theirs["position"], 1.0, -1.0)
    floor = np.array([_floor(ours, theirs, row) for row in range(len(judged))])
    kept_base, kept_candidate = (np.where(drop, np.nan, side["median_ns"]) for side in (ours, theirs))
    return kept_base, kept_candidate, order, floor


def _label(item: Judged, side: str) -> str:
    row = item.pair.base if side == "base" else item.pair.candidate
    # a label that no round has keeps the matrix row empty
    return f"\0{id(item)}" if item.verdict is not None or row is None else row.label


def _floor(ours: Mapping[str, Floats], theirs: Mapping[str, Floats], row: int) -> float:
    medians, steps = (np.concatenate([ours[name][row], theirs[name][row]]) for name in ("median_ns", "resolution_ns"))
    if not np.isfinite(medians).any():
        return 0.0
    step = float(np.nanmin(steps)) if np.isfinite(steps).any() else np.nan
    return resolution_variance(float(np.nanmin(medians)), step)


def _say_why_unknown(item: Judged, known: bool, count: int) -> None:
    base, candidate = item.pair.base, item.pair.candidate
    if item.verdict is not None or known or base is None or candidate is None:
        return
    item.verdict = Verdict.CANNOT_TELL
    if item.dropped_rounds > _MOSTLY * count:
        item.reason, item.detail = "throttled", f"{item.dropped_rounds} of {count} rounds were dropped"
    else:
        item.reason = base.problem or candidate.problem or "too_few_rounds"
        item.detail = base.note or candidate.note
