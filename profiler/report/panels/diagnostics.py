"""Panel: what the tools said about their own captures."""

from __future__ import annotations

from profiler.report.panels.base import table_panel

PANEL = table_panel(
    "diagnostics", "Diagnostics", "messages", "Messages of the tools and of the reader about what they found.", wrap=True
)
