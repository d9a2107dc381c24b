"""Panels of metric tables that no other panel shows: the table as it is."""

from __future__ import annotations

from collections.abc import Iterable

from profiler.metrics.catalog import METRIC_TABLES
from profiler.report.panels.base import Panel, table_panel


def plain_panels(panels: Iterable[Panel]) -> tuple[Panel, ...]:
    """Return a panel for each metric table that is no source of the given panels."""
    shown = {name for panel in panels for name in (*panel.needs, *panel.sources)}
    return tuple(
        table_panel(table.name, table.title, table.name, f"{table.text[:1].upper()}{table.text[1:]}.")
        for table in METRIC_TABLES
        if table.name not in shown
    )
