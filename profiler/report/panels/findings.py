"""Panel: what the rules found, worst first, with the evidence and what to do."""

from __future__ import annotations

from profiler.findings import evaluate_rows
from profiler.report.blocks import Block, Finding, Findings, Note
from profiler.report.panels.base import Panel
from profiler.report.view import View

_ORDER = {"error": 0, "warning": 1, "advice": 2, "info": 3, "ok": 4}
_SKIPPED = "not_evaluated"


def _rows(view: View) -> list[tuple[str, dict[str, str]]]:
    labelled = zip(view.names, view.recordings, strict=True)
    return [(name if view.several else "", row) for name, recording in labelled for row in evaluate_rows(recording)]


def collect(view: View) -> list[Finding]:
    """Return the findings of all recordings, worst first, in the order of the rules within a severity."""
    found = [_finding(row, label) for label, row in _rows(view) if row["severity"] != _SKIPPED]
    return sorted(found, key=lambda item: _ORDER[item.severity])


def _finding(row: dict[str, str], recording: str) -> Finding:
    texts = {key: row[key] for key in ("severity", "title", "evidence", "advice", "source")}
    return Finding(**texts, recording=recording)


def _not_evaluated(view: View) -> list[Block]:
    """Say which rules lacked their data, one note per reason."""
    reasons: dict[str, list[str]] = {}
    for label, row in _rows(view):
        if row["severity"] == _SKIPPED:
            reasons.setdefault(f"{label}: {row['evidence']}" if label else row["evidence"], []).append(row["rule"])
    return [Note(f"Not evaluated: {', '.join(rules)}. {reason}.", "hint") for reason, rules in reasons.items()]


def build(view: View) -> list[Block]:
    """Build the list of findings."""
    found = collect(view)
    nothing = Note("No rule found anything to say about this recording.", "hint")
    return [Findings(found) if found else nothing, *_not_evaluated(view)]


PANEL = Panel("findings", "Findings", (), build, "What the rules noticed, with their evidence.", ("findings",))
