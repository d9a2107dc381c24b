"""The panels of a page, in reading order. A new panel is one module and one line here; a metric table needs none."""

from __future__ import annotations

from profiler.report.panels import (
    counters,
    diagnostics,
    findings,
    gaps,
    kernels,
    launch_configurations,
    launch_latency,
    memory_operations,
    nvtx,
    provenance,
    roofline,
    samples,
    stream_overlap,
    summary,
    timeline,
)
from profiler.report.panels.base import Panel
from profiler.report.panels.plain import plain_panels

_WRITTEN: tuple[Panel, ...] = (
    summary.PANEL,
    launch_configurations.PANEL,
    findings.PANEL,
    samples.PANEL,
    timeline.PANEL,
    kernels.PANEL,
    memory_operations.PANEL,
    gaps.PANEL,
    launch_latency.PANEL,
    stream_overlap.PANEL,
    nvtx.PANEL,
    counters.PANEL,
    roofline.PANEL,
    diagnostics.PANEL,
    provenance.PANEL,
)

PANELS: tuple[Panel, ...] = (*_WRITTEN, *plain_panels(_WRITTEN))
"""Those above, and one for each metric table that none of them shows."""
