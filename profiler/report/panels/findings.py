"""Panel: what the rules found, worst first, with the evidence and what to do."""

from __future__ import annotations

from profiler.findings import SEVERITIES, evaluate_rows
from profiler.report.blocks import Block, Findings, FindingText, Note
from profiler.report.panels.base import Panel
from profiler.report.view import View

NOT_EVALUATED = "not_evaluated"


def collect(view: View) -> list[FindingText]:
    """Return the findings of all recordings, worst first, in the order of the rules within a severity."""
    return view.memo("findings", lambda: _collect(view))


def _collect(view: View) -> list[FindingText]:
    found = []
    for name, recording in zip(view.names, view.recordings, strict=True):
        label = name if view.several else ""
        for row in evaluate_rows(recording):
            texts = {key: str(row[key] or "") for key in ("severity", "title", "evidence", "advice", "source")}
            found.append(FindingText(**texts, recording=label))
    return sorted(found, key=lambda item: SEVERITIES.index(item.severity))


def build(view: View) -> list[Block]:
    """Build the list of findings, and name the rules that could not be evaluated."""
    found = collect(view)
    noticed = [item for item in found if item.severity != NOT_EVALUATED]
    silent = [item for item in found if item.severity == NOT_EVALUATED]
    blocks: list[Block] = [Findings(noticed, silent)]
    return blocks if noticed else [Note("No rule that could be evaluated found anything to say.", "hint"), *blocks]


PANEL = Panel("findings", "Findings", (), build, "What the rules noticed, with their evidence.", ("findings",))
