"""Panel: what the tools said about their own captures."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def build(view: View) -> list[Block]:
    """Build the table."""
    return [table_block("diagnostics-table", "messages", view.required("messages"), wrap=True)]


PANEL = Panel("diagnostics", "Diagnostics", ("messages",), build, "Messages of the tools and of the reader about what they found.")
