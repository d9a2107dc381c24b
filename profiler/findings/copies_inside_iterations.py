"""Rule: measured iterations copy memory."""

from __future__ import annotations

import numpy as np

from profiler.findings.rule import Finding, Rule, busy_ns, severity_of
from profiler.metrics.recording import Recording
from profiler.units import format_ns

KIND = "copy_in_iteration"


def check(recording: Recording) -> list[Finding]:
    """Count the copies that measured iterations launched."""
    table = recording.metric_columns("memcpy_gaps")
    inside = np.flatnonzero(table.array("kind") == KIND)
    if not len(inside):
        return []
    points = [point for point in dict.fromkeys(table.array("point")[inside].tolist()) if point]
    where = f", in {len(points)} points, first {points[0]}" if points else ""
    total = int(table.array("duration_ns")[inside].sum())
    saving = min(total / (busy_ns(recording) or total or 1), 1.0)
    evidence = f"{len(inside)} copies of {format_ns(total)} in total{where}"
    return [Finding("Measured iterations copy memory", evidence, severity_of(saving), saving=saving)]


RULE = Rule(
    text="any copy launched inside a measured iteration",
    needs=("memcpy_gaps",),
    advice="Move the copy out of the measured range, or keep the tensors on the device between iterations; in TensorRT,"
    " look for reformat layers around the plugin.",
    source="docs/formats.md, NVTX convention",
    check=check,
)
