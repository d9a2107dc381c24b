from pathlib import Path

import pytest

from profiler.findings import evaluate_rows
from profiler.metrics.measured import is_narrowed, is_own_sweep, measured
from profiler.metrics.recording import load

ROOT = Path(__file__).parents[3]
RUNS = ROOT / "runs" / "examples"


@pytest.fixture(scope="module")
def sweep():
    return load("swish-h200-cpp-direct", RUNS)


def test_only_the_work_of_measured_iterations_stays(sweep):
    own = measured(sweep)
    assert own is measured(sweep) and is_own_sweep(sweep) and is_narrowed(sweep)
    kernels = own.metric("kernel_summary")
    assert kernels["kernel"].str.contains("swish_").all() and sweep.metric("kernel_summary")["kernel"].str.contains("delay").any()
    points = sweep.metric("point_summary")
    assert kernels["count"].sum() == len(own.table("kernels")) == int(points["iterations"].sum())
    assert own.table("kernels")["duration_ns"].sum() < sweep.table("kernels")["duration_ns"].sum()


def test_everything_else_is_the_same(sweep):
    own = measured(sweep)
    for name in ("points", "launches", "counters"):
        assert own.metric(name).equals(sweep.metric(name))
    assert own.metric("point_summary")["nsys_median_ns"].notna().all()
    assert own.only("nsys").table("kernels").equals(own.table("kernels")) and own.only("ncu").tools == ("ncu",)


def test_a_recording_without_iterations_stays_whole():
    recording = load(ROOT / "tests/data/nsys_nvtx_cpu/events.sqlite")
    assert measured(recording) is recording and not is_own_sweep(recording) and not is_narrowed(recording)


def test_no_rule_judges_how_the_own_driver_uses_the_gpu(sweep):
    rows = {row["rule"]: row for row in evaluate_rows(sweep)}
    for rule in ("idle_gpu", "no_copy_overlap", "pageable_copies", "launch_bound"):
        assert rows[rule]["severity"] == "not_evaluated" and "checks outputs between points" in rows[rule]["evidence"]
    other = evaluate_rows(load(ROOT / "tests/data/nsys_h200/node.sqlite"))
    assert other and not any("checks outputs between points" in row["evidence"] for row in other)
