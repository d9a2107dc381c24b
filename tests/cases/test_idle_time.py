"""Gaps inside iterations are told, and nothing is told where there are none."""

from __future__ import annotations

import pytest

from profiler.findings import evaluate_rows
from profiler.metrics.recording import load


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("g_gaps", ["idle 378 µs of 458 µs"]),
        ("rank_six_variants", ["hostsync4: idle 32.96 µs of 46.48 µs", "split8: idle 32.9 µs of 44.53 µs"]),
        ("g_base", []),
        ("g_serial", []),
        ("g_conc", []),
    ],
)
def test_idle_time_is_that_of_iterations(case, name, evidence):
    found = [row for row in evaluate_rows(load(case(f"{name}.sqlite"))) if row["rule"] == "idle_gpu"]
    assert len(found) == bool(evidence)
    assert all(text in row["evidence"] for row in found for text in evidence)
