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


def test_the_head_tells_of_idle_time_inside_iterations_only(case, profiler):
    for name, busy in (("g_gaps.sqlite", "17.47 % (of 22.9 ms)"), ("twodev.sqlite", "100 % (of 250 µs)")):
        out = profiler("show", case(name))[1]
        assert f"GPU busy in iterations {busy}" in out and "Idle gaps" not in out
    out = profiler("show", case("nsys_three_kernels_best.sqlite"))[1]
    assert "GPU busy 79.51 % (of 1.018 s)" in out and "Idle gaps 8 (longest 192 ms)" in out


def test_nothing_is_idle_between_two_captures_of_a_run(case, profiler, rows):
    assert profiler("import", case("join/day1.sqlite"), case("join/day2.sqlite"))[0] == 0
    alone = [rows(case(f"join/day{day}.sqlite"), "device_activity")[0] for day in (1, 2)]
    (both,) = rows("latest", "device_activity")
    for name in ("span_ns", "busy_ns", "idle_ns", "gap_count", "operation_count"):
        assert both[name] == sum(row[name] for row in alone), name
    gaps = rows("latest", "gaps")
    assert len(gaps) == both["gap_count"] and max(gap["duration_ns"] for gap in gaps) == both["longest_gap_ns"] < 10_000
