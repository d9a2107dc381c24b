"""Findings: what rules notice in a recording, each with its evidence and what to do.

One rule a module. To add one, write `findings/<rule>.py` with a `RULE` and put its line into `RULE_MODULES`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from profiler.errors import DataMissingError
from profiler.findings.rule import Finding
from profiler.metrics.measured import is_own_sweep, measured

if TYPE_CHECKING:
    import pandas as pd

    from profiler.findings.rule import Rule
    from profiler.metrics.recording import Recording

RULE_MODULES = (
    "bad_points",
    "copies_inside_iterations",
    "uncoalesced_access",
    "excess_traffic",
    "bank_conflicts",
    "local_memory",
    "divergence",
    "small_grid",
    "tail_effect",
    "latency_bound",
    "low_achieved_occupancy",
    "low_theoretical_occupancy",
    "launch_bound",
    "idle_gpu",
    "pageable_copies",
    "no_copy_overlap",
    "memory_bound_at_peak",
)
"""Rules in the order in which they are told, causes before their effects."""

COLUMNS = ("rule", "severity", "title", "evidence", "advice", "source")
SEVERITIES = ("error", "warning", "advice", "info", "ok", "not_evaluated")
"""Worst first; `not_evaluated` says that a table which the rule needs has no data, and why."""


_OWN_SWEEP = "the sweep's driver holds streams back and checks outputs between points: this is its work, not the kernels'"


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order in which they are told."""
    return tuple(replace(import_module(f"{__name__}.{name}").RULE, name=name) for name in RULE_MODULES)


def _missing(rule: Rule, recording: Recording) -> Finding | None:
    """Return why a rule cannot be evaluated; None when it can."""
    if rule.whole_program and is_own_sweep(recording):
        return Finding(rule.text, _OWN_SWEEP, "not_evaluated", "Record your own program to have it judged.")
    try:
        for name in rule.needs:
            recording.metric_columns(name)
    except DataMissingError as error:
        return Finding(rule.text, error.message, "not_evaluated", error.hint)
    return None


def _row(rule: Rule, finding: Finding) -> dict[str, str]:
    saving = f"; could save at most {finding.saving:.0%} of the GPU time" if finding.saving >= 0.01 else ""
    advice = (finding.advice or rule.advice) if finding.severity == "not_evaluated" else rule.advice + finding.advice
    texts = {"severity": finding.severity, "title": finding.title, "evidence": finding.evidence + saving}
    return {"rule": rule.name, **texts, "advice": advice, "source": rule.source}


def evaluate_rows(recording: Recording) -> list[dict[str, str]]:
    """Evaluate every rule, without pandas; rows as in `evaluate`."""
    # what a program does outside its measured iterations, where it has any, is set-up
    shown = measured(recording)
    found: list[tuple[Rule, Finding]] = []
    for rule in rules():
        missing = _missing(rule, shown)
        found += [(rule, finding) for finding in ([missing] if missing else rule.check(shown))]
    found.sort(key=lambda item: (SEVERITIES.index(item[1].severity), -item[1].saving))
    return [_row(rule, finding) for rule, finding in found]


def evaluate(recording: Recording) -> pd.DataFrame:
    """Evaluate every rule on a recording.

    Args:
        recording: What to look at.

    Returns:
        rule, severity (one of `SEVERITIES`), title, evidence, advice, source; worst first, then by the share of the GPU time
        that it could save, then in the order of the rules.
        A rule that holds for nothing has no row; one that lacks its data has a row that says why.
    """
    import pandas as pd

    return pd.DataFrame(evaluate_rows(recording), columns=list(COLUMNS))
