"""Panels of metric tables that no other panel shows: the table as it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from profiler.metrics.catalog import METRIC_TABLES
from profiler.metrics.spec import MetricTable
from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def plain_panels(panels: Iterable[Panel]) -> tuple[Panel, ...]:
    """Return a panel for each metric table that is no source of the given panels."""
    shown = {name for panel in panels for name in (*panel.needs, *panel.sources)}
    return tuple(_panel(table) for table in METRIC_TABLES if table.name not in shown)


def _panel(table: MetricTable) -> Panel:
    return Panel(table.name, table.title, (table.name,), partial(_build, table), f"{table.text[:1].upper()}{table.text[1:]}.")


def _build(table: MetricTable, view: View) -> list[Block]:
    frame = view.metric(table.name)
    return [] if frame is None else [table_block(f"{table.name}-table", table.name, frame, title=table.title)]
