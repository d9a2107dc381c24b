"""May the candidate be merged? Verdicts and budgets become one exit code, with a line for everything that counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import numpy as np

from profiler.compare.gate.config import BANDWIDTH, LIMITS, TIME, Accepted, Budget, GateConfig
from profiler.compare.judge.comparison import Comparison
from profiler.compare.judge.verdict import REASONS, Verdict
from profiler.units import format_percent, format_value

PASS, REGRESSION, CANNOT_TELL, NOT_COMPARABLE = 0, 10, 11, 12
WRONG_OUTPUT, BROKEN = 7, 4

OUTCOMES = {
    PASS: "no regression",
    REGRESSION: "regression",
    CANNOT_TELL: "cannot tell",
    NOT_COMPARABLE: "not comparable",
    WRONG_OUTPUT: "wrong output",
    BROKEN: "broken run",
}
"""Exit code to what it means."""

_SEVERITY = (WRONG_OUTPUT, BROKEN, REGRESSION, NOT_COMPARABLE, CANNOT_TELL, PASS)


@dataclass(frozen=True)
class GateCheck:
    """One thing the gate looked at and did not simply pass.

    Attributes:
        candidate: Candidate side.
        row: Row label.
        metric: `time` or a metric.
        code: Exit code it asks for by itself.
        text: What was found, in one sentence.
        accepted: Why it is accepted all the same; empty when it is not.
    """

    candidate: str
    row: str
    metric: str
    code: int
    text: str
    accepted: str = ""


@dataclass(frozen=True)
class GateResult:
    """The gate's answer.

    Attributes:
        exit_code: One of `OUTCOMES`.
        checks: What counted, the gravest first; accepted ones last.
        notes: Expired acceptances and limits that could not be checked.
    """

    exit_code: int
    checks: tuple[GateCheck, ...]
    notes: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The exit code in words."""
        return OUTCOMES[self.exit_code]


def evaluate(comparison: Comparison, config: GateConfig, today: date | None = None) -> GateResult:
    """Hold a comparison against budgets and accepted regressions.

    Args:
        comparison: The comparison.
        config: Budgets and accepted regressions.
        today: Day on which acceptances must still be valid; default today, UTC.

    Returns:
        Exit code 7 when a candidate's output is wrong, 4 when a point of it failed, 10 for a regression, 12 when rows are
        not comparable or missing, 11 when nobody can tell (with `strict`: of any row, else of none), else 0. Nothing decided
        is never 0: without a decided row, or a metric that was held against a budget, it is 11 or 12.
    """
    day = today or datetime.now(timezone.utc).date()
    valid = [entry for entry in config.accepted if entry.expires >= day]
    notes = [
        f"the acceptance of {entry.row} expired on {entry.expires}: {entry.reason}"
        for entry in config.accepted
        if entry.expires < day
    ]
    rows = comparison.rows.to_dict("records")
    checks = [check for row in rows for check in _row_checks(row, comparison, config, valid, notes)]
    checks += _metric_checks(comparison, config, valid, rows)
    checks += _bandwidth_checks(rows, config, valid, notes)
    notes += [note for budget in config.budgets for note in _unheld(budget, comparison, rows)]
    counted = [check for check in checks if not check.accepted]
    codes = {check.code for check in counted if check.code != CANNOT_TELL}
    if any(check.code == CANNOT_TELL for check in counted) and (config.strict or not _any_decided(rows)):
        codes.add(CANNOT_TELL)
    if not (codes or _any_decided(rows) or _any_metric_held(comparison, rows, config)):
        codes.add(NOT_COMPARABLE)
        notes.append("nothing was decided: no row has a verdict and no metric was held against a budget")
    exit_code = next((code for code in _SEVERITY if code in codes), PASS)
    checks.sort(key=lambda check: (bool(check.accepted), _SEVERITY.index(check.code)))
    return GateResult(exit_code, tuple(checks), tuple(notes))


def _any_decided(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row["verdict"] in (Verdict.FASTER.value, Verdict.SLOWER.value, Verdict.SAME.value) for row in rows)


def _row_checks(
    row: Mapping[str, Any], comparison: Comparison, config: GateConfig, valid: Sequence[Accepted], notes: list[str]
) -> list[GateCheck]:
    verdict, reason = row["verdict"], row["reason"]
    make = _maker(row, TIME)
    if verdict == Verdict.BASE_ONLY.value:
        return [] if config.allow_missing else [make(NOT_COMPARABLE, "the candidate does not have this row")]
    found: list[GateCheck] = []
    if row["problem_side"] == "base":
        found = _base_problem(row, make, notes)
    elif verdict == Verdict.NOT_COMPARABLE.value or (verdict == Verdict.CANDIDATE_ONLY.value and row["problem_side"]):
        return _candidate_problem(row, make, config)
    elif verdict == Verdict.CANNOT_TELL.value:
        found = [make(CANNOT_TELL, row["detail"] or REASONS[reason])]
    # an undecided row has an interval and a median all the same, and a limit may be broken for sure
    budget = _budget_for(row, TIME, config.budgets)
    found += [make(REGRESSION, text) for text in _time_excesses(row, budget, comparison.rule.threshold)]
    return [_accept(check, row["ratio"] - 1.0, valid) if check.code == REGRESSION else check for check in found]


def _candidate_problem(row: Mapping[str, Any], make: Any, config: GateConfig) -> list[GateCheck]:
    """Return what a row of the candidate that is wrong, broken, left out or measured under other conditions asks for."""
    reason = row["reason"]
    text = f"{REASONS[reason]} ({row['detail']})"
    if reason != "skipped":
        return [make({"wrong_output": WRONG_OUTPUT, "failed": BROKEN}.get(reason, NOT_COMPARABLE), text)]
    # what neither side supports says nothing of the candidate; what only the base could run is missing
    lost = row["problem_side"] == "candidate" and row["verdict"] == Verdict.NOT_COMPARABLE.value
    return [make(NOT_COMPARABLE, text)] if lost and not config.allow_missing else []


def _base_problem(row: Mapping[str, Any], make: Any, notes: list[str]) -> list[GateCheck]:
    """Return what a row whose base is wrong, broken or left out asks for: nothing when the candidate repaired it."""
    text = f"{REASONS[row['reason']]} ({row['detail']})"
    if np.isfinite(row["base_median_ns"]):
        return [make(NOT_COMPARABLE, text)]  # only some processes of the base: it could be measured, and was not
    notes.append(f"{row['row']}: there is no time of the base to compare with: {text}")
    return []


def _time_excesses(row: Mapping[str, Any], budget: Budget | None, threshold: float) -> list[str]:
    """Return what is wrong with a row's time: a slowdown beyond its budget, or an absolute limit exceeded."""
    excesses = []
    limit = budget.max_increase if budget and budget.max_increase is not None else None
    if row["verdict"] == Verdict.SLOWER.value and (limit is None or row["ratio"] > 1.0 + limit):
        shown = f", budget {format_percent(limit)}" if limit is not None else ""
        excesses.append(f"{_percent(row['ratio'])} slower [{_percent(row['ratio_low'])}, {_percent(row['ratio_high'])}]{shown}")
    elif limit is not None and limit < threshold and row["ratio_low"] > 1.0 + limit:
        excesses.append(f"{_percent(row['ratio'])} slower, at least {_percent(row['ratio_low'])}, budget {format_percent(limit)}")
    if budget is not None and budget.max is not None and row["candidate_median_ns"] > budget.max:
        excesses.append(
            f"median {format_value(row['candidate_median_ns'], 'ns')}, at most {format_value(budget.max, 'ns')} allowed"
        )
    return excesses


def _percent(ratio: float) -> str:
    return f"{100.0 * (ratio - 1.0):+.2f} %"


def _any_metric_held(comparison: Comparison, rows: Sequence[Mapping[str, Any]], config: GateConfig) -> bool:
    """Return whether a budget of a metric found a value of the candidate."""
    return any(
        np.isfinite(change["candidate_value"]) and _budget_for(row, change["metric"], config.budgets) is not None
        for change, row in _metric_rows(comparison, rows)
    )


def _metric_rows(comparison: Comparison, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the changes of metrics, each with the row that the patterns of a budget are held against."""
    identity = {row["row"]: row for row in rows}
    found: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    for change in comparison.metrics.to_dict("records"):
        # a row of machine code is named by its kernel and is no row of times
        known = {"kernel": change["row"], **identity.get(change["row"], {})}
        found.append((change, {**known, "row": change["row"], "candidate": change["candidate"]}))
    return found


def _metric_checks(
    comparison: Comparison, config: GateConfig, valid: Sequence[Accepted], rows: Sequence[Mapping[str, Any]]
) -> list[GateCheck]:
    """Hold metrics that have a budget against it; metrics without one never stop a merge."""
    named = {budget.metric for budget in config.budgets} - {TIME, BANDWIDTH}
    checks = []
    for change, row in _metric_rows(comparison, rows) if named else ():
        if change["metric"] not in named:
            continue
        budget = _budget_for(row, change["metric"], config.budgets)
        for text in _excesses(change["base_value"], change["candidate_value"], change["unit"], budget) if budget else ():
            check = _maker(row, change["metric"])(REGRESSION, text)
            checks.append(_accept(check, abs(change["change_ratio"] - 1.0), valid))
    return checks


def _bandwidth_checks(
    rows: Sequence[Mapping[str, Any]], config: GateConfig, valid: Sequence[Accepted], notes: list[str]
) -> list[GateCheck]:
    copies: dict[tuple[Any, ...], float] = {}
    for row in rows:
        if row["op"] == "copy":
            # a sweep may copy the same tensors in several ways: the bandwidth to reach is that of the best
            key = (row["candidate"], row["shape"], row["dtype"])
            copies[key] = float(np.fmax(copies.get(key, np.nan), row["candidate_bandwidth_bytes_per_s"]))
    checks = []
    for row in rows:
        budget = _budget_for(row, BANDWIDTH, config.budgets)
        if budget is None or row["candidate_label"] is None or row["op"] == "copy":
            continue
        base, found = row["base_bandwidth_bytes_per_s"], row["candidate_bandwidth_bytes_per_s"]
        texts = _excesses(base, found, "bytes/s", budget)
        if budget.min_of_copy is not None:
            copy = copies.get((row["candidate"], row["shape"], row["dtype"]), np.nan)
            if not np.isfinite(copy) or not np.isfinite(found):
                notes.append(f"{row['row']}: no copy of this shape and type was measured, so min_of_copy was not checked")
            elif found < budget.min_of_copy * copy:
                share = f"{format_percent(found / copy)} of the copy's"
                texts.append(f"{format_value(found, 'bytes/s')}, {share}, at least {format_percent(budget.min_of_copy)} required")
        checks += [_accept(_maker(row, BANDWIDTH)(REGRESSION, text), abs(1.0 - found / base), valid) for text in texts]
    return checks


def _unheld(budget: Budget, comparison: Comparison, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where a budget could not be held: it fits no row, or the candidate (or, for a change, the base) has no value."""
    if budget.metric in (TIME, BANDWIDTH):
        column = "median_ns" if budget.metric == TIME else "bandwidth_bytes_per_s"
        # a row that only the base has is missing, which the gate says by itself
        fitting = [row for row in rows if _fits(budget, row)]
        values = [(row, row[f"base_{column}"], row[f"candidate_{column}"]) for row in fitting if row["candidate_label"] is not None]
    else:
        held = [pair for pair in _metric_rows(comparison, rows) if pair[0]["metric"] == budget.metric]
        found = [(change, row) for change, row in held if _fits(budget, row)]
        fitting = [row for _, row in found]
        values = [(row, change["base_value"], change["candidate_value"]) for change, row in found]
    if not fitting:
        return [f"budget {budget}: fits no row, so nothing was held against it"]
    notes = []
    relative = any(getattr(budget, name) is not None for name in ("max_increase", "max_decrease", "max_added", "max_removed"))
    for side, missing in (
        ("candidate", [row for row, _, theirs in values if not np.isfinite(theirs)]),
        ("base", [row for row, ours, theirs in values if relative and np.isfinite(theirs) and not np.isfinite(ours)]),
    ):
        if missing:
            more = f" and {len(missing) - 1} more rows" if len(missing) > 1 else ""
            notes.append(f"budget {budget}: not checked, for the {side} has no value: {missing[0]['row']}{more}")
    return notes


def _excesses(base: float, candidate: float, unit: str, budget: Budget) -> list[str]:
    """Return the limits that a candidate's value breaks, in words; a value that is missing breaks none."""
    if not np.isfinite(candidate):
        return []
    shown = f"{format_value(base, unit)} → {format_value(candidate, unit)}"
    added = candidate - base if np.isfinite(base) else np.nan
    limit = {name: np.nan if (value := getattr(budget, name)) is None else value for name in LIMITS}
    limits = {
        f"at most {budget.max} allowed": candidate > limit["max"],
        f"at least {budget.min} required": candidate < limit["min"],
        f"at most {budget.max_added} more allowed": added > limit["max_added"],
        f"at most {budget.max_removed} less allowed": -added > limit["max_removed"],
        f"at most {format_percent(budget.max_increase)} more allowed": added > limit["max_increase"] * abs(base),
        f"at most {format_percent(budget.max_decrease)} less allowed": -added > limit["max_decrease"] * abs(base),
    }
    return [f"{shown}, {text}" for text, broken in limits.items() if broken]


def _budget_for(row: Mapping[str, Any], metric: str, budgets: Sequence[Budget]) -> Budget | None:
    fitting = [budget for budget in budgets if budget.metric == metric and _fits(budget, row)]
    return fitting[-1] if fitting else None


def _fits(budget: Budget, row: Mapping[str, Any]) -> bool:
    return all(fnmatchcase(str(row.get(key) or ""), value) for key, value in budget.match.items())


def _maker(row: Mapping[str, Any], metric: str) -> partial[GateCheck]:
    return partial(GateCheck, str(row["candidate"]), str(row["row"]), metric)


def _accept(check: GateCheck, change: float, valid: Sequence[Accepted]) -> GateCheck:
    for entry in valid:
        if entry.metric == check.metric and fnmatchcase(check.row, entry.row) and change <= entry.up_to:
            reason = f"accepted up to {format_percent(entry.up_to)} until {entry.expires}: {entry.reason}"
            return replace(check, accepted=reason)
    return check
