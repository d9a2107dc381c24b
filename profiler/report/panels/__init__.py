"""The panels of a page, in reading order. A new panel is one module and its name here; a metric table needs none."""

from __future__ import annotations

from importlib import import_module

from profiler.metrics.catalog import METRIC_TABLES
from profiler.report.panels.base import Panel, table_panel

_MODULES = (
    *("summary", "launch_configurations", "findings", "samples", "timeline", "kernels", "memory_operations", "gaps"),
    *("launch_latency", "stream_overlap", "nvtx", "counters", "roofline", "diagnostics", "provenance"),
)
_WRITTEN: tuple[Panel, ...] = tuple(import_module(f"{__name__}.{name}").PANEL for name in _MODULES)
_SHOWN = {name for panel in _WRITTEN for name in (*panel.needs, *panel.sources)}
_PLAIN = [table for table in METRIC_TABLES if table.name not in _SHOWN]

PANELS: tuple[Panel, ...] = (
    *_WRITTEN,
    *(table_panel(table.name, table.title, table.name, f"{table.text[:1].upper()}{table.text[1:]}.") for table in _PLAIN),
)
"""Those above, and one for each metric table that none of them shows."""
