"""Findings: what rules notice in a recording, each with its evidence and what to do.

One rule a module. To add one, write `findings/<rule>.py` with a `RULE` and put its line into `RULE_MODULES`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from profiler.errors import DataMissingError
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
    "latency_bound",
    "low_achieved_occupancy",
    "low_theoretical_occupancy",
    "tail_effect",
    "small_grid",
    "launch_bound",
    "idle_gpu",
    "pageable_copies",
    "no_copy_overlap",
    "memory_bound_at_peak",
)
"""Rules in the order in which they are told."""

COLUMNS = ("rule", "severity", "title", "evidence", "advice", "source")
SEVERITIES = ("error", "warning", "advice", "info", "ok", "not_evaluated")
"""Worst first; `not_evaluated` says that a table which the rule needs has no data, and why."""


_OWN_SWEEP = "the sweep's driver holds streams back and checks outputs between points: this is its work, not the kernels'"


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order in which they are told."""
    return tuple(import_module(f"{__name__}.{name}").RULE for name in RULE_MODULES)


def _rows(rule: Rule, recording: Recording) -> list[dict[str, str]]:
    if rule.whole_program and is_own_sweep(recording):
        row = {"rule": rule.name, "severity": "not_evaluated", "title": rule.text, "evidence": _OWN_SWEEP}
        return [{**row, "advice": "Record your own program to have it judged.", "source": rule.source}]
    try:
        for name in rule.needs:
            recording.metric_columns(name)
    except DataMissingError as error:
        row = {"rule": rule.name, "severity": "not_evaluated", "title": rule.text, "evidence": error.message}
        return [{**row, "advice": error.hint, "source": rule.source}]
    return [
        {
            "rule": rule.name,
            "severity": finding.severity,
            "title": finding.title,
            "evidence": finding.evidence,
            "advice": finding.advice or rule.advice,
            "source": rule.source,
        }
        for finding in rule.check(recording)
    ]


def evaluate_rows(recording: Recording) -> list[dict[str, str]]:
    """Evaluate every rule, without pandas; rows as in `evaluate`."""
    shown = measured(recording) if is_own_sweep(recording) else recording
    found = [row for rule in rules() for row in _rows(rule, shown)]
    return sorted(found, key=lambda row: SEVERITIES.index(row["severity"]))


def evaluate(recording: Recording) -> pd.DataFrame:
    """Evaluate every rule on a recording.

    Args:
        recording: What to look at.

    Returns:
        rule, severity (one of `SEVERITIES`), title, evidence, advice, source; worst first, then in the order of the rules.
        A rule that holds for nothing has no row; one that lacks its data has a row that says why.
    """
    import pandas as pd

    return pd.DataFrame(evaluate_rows(recording), columns=list(COLUMNS))
