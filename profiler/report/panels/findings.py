"""Panel: what the rules found, worst first, with the evidence and what to do."""

from __future__ import annotations

from importlib.util import find_spec

from profiler.report.blocks import Block, Finding, Findings, Note
from profiler.report.panels.base import Panel
from profiler.report.view import View

_ORDER = {"error": 0, "critical": 0, "warning": 1, "advice": 2, "hint": 2, "info": 3, "ok": 4}


def collect(view: View) -> list[Finding]:
    """Return the findings of all recordings, worst first, in the order of the rules within a severity."""
    if find_spec("profiler.findings") is None or find_spec("profiler.findings").origin is None:
        return []
    from profiler.findings import evaluate

    found = []
    for name, recording in zip(view.names, view.recordings, strict=True):
        label = name if view.several else ""
        found += [_finding(row, label) for row in evaluate(recording).to_dict("records")]
    return sorted(found, key=lambda item: _ORDER.get(item.severity, 2))


def _finding(row: dict[str, object], recording: str) -> Finding:
    texts = {key: str(row.get(key) or "") for key in ("severity", "title", "evidence", "advice", "source")}
    return Finding(**texts, recording=recording)


def build(view: View) -> list[Block]:
    """Build the list of findings."""
    found = collect(view)
    if not found:
        return [Note("No rule found anything to say about this recording.", "hint")]
    return [Findings(found)]


PANEL = Panel("findings", "Findings", (), build, "What the rules noticed, with their evidence.", ("findings",))
