"""Panel: what the rules found, worst first, with the evidence and what to do."""

from __future__ import annotations

from profiler.report.blocks import Block, Findings, Note
from profiler.report.panels.base import Panel
from profiler.report.view import View

NOT_EVALUATED = "not_evaluated"


def build(view: View) -> list[Block]:
    """Build the list of findings, and name the rules that could not be evaluated."""
    noticed = [item for item in view.findings if item.severity != NOT_EVALUATED]
    silent = [item for item in view.findings if item.severity == NOT_EVALUATED]
    blocks: list[Block] = [Findings(noticed, silent)]
    return blocks if noticed else [Note("No rule that could be evaluated found anything to say.", "hint"), *blocks]


PANEL = Panel("findings", "Findings", (), build, "What the rules noticed, with their evidence.", ("findings",))
