"""From which pass a table is taken when several have it."""

from pathlib import Path

import pytest

from profiler.metrics.recording import load
from profiler.tools.registry import tool_order

EXAMPLE = next((Path(__file__).parents[3] / "runs" / "examples").glob("*-swish-h200-cpp-direct-*"))


@pytest.mark.parametrize(
    "table, tools, order",
    [
        ("samples", ("nsys", "cupti", "builtin", "ncu"), ("builtin", "nsys", "cupti", "ncu")),
        ("points", ("nsys", "ncu"), ("nsys", "ncu")),
        ("kernels", ("cupti", "ncu", "builtin", "nsys"), ("nsys", "cupti", "builtin", "ncu")),
        ("kernels", ("zeta", "ncu", "alpha"), ("ncu", "alpha", "zeta")),
    ],
)
def test_own_measurements_come_from_the_pass_without_a_tool(table, tools, order):
    assert tool_order(table, tools) == order


def test_a_run_of_three_tools_shows_the_samples_taken_without_one():
    recording = load(str(EXAMPLE))
    assert recording.tools == ("nsys", "builtin", "ncu")
    assert set(recording.table("points")["tool"]) == {"builtin"}
    samples = recording.table("samples").groupby("point_id")["duration_ns"].median()
    assert samples.tolist() == recording.table("samples", "builtin").groupby("point_id")["duration_ns"].median().tolist()
    assert samples.tolist() != recording.table("samples", "nsys").groupby("point_id")["duration_ns"].median().tolist()
