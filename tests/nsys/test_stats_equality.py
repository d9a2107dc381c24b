"""The figures equal what the installed nsys prints of the same file, committed and generated."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import profiler

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "unit" / "metrics"), str(TESTS.parent / "benchmarks")]

import generate_capture  # noqa: E402
import stats_reports  # noqa: E402

REPORTS = (
    "cuda_gpu_kern_gb_sum",
    "cuda_gpu_mem_time_sum",
    "cuda_gpu_mem_size_sum",
    "nvtx_gpu_proj_sum",
    "nvtx_kern_sum",
    "cuda_kern_exec_sum",
)


@pytest.fixture(scope="module", params=["node", "graph", "generated"])
def capture(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("stats") / "capture.sqlite"
    if request.param == "generated":
        generate_capture.write_capture(path, 5000)
    else:
        shutil.copy(TESTS / "data" / "nsys_h200" / f"{request.param}.sqlite", path)
    copy = path.with_name("for-nsys.sqlite")
    shutil.copy(path, copy)

    argv = ["nsys", "stats", "-q", "--format", "csv:mem=B", "--report", ",".join(REPORTS), "--output", str(path.with_name("r"))]
    subprocess.run([*argv, str(copy)], capture_output=True, check=True)
    return request.param, profiler.load(path), lambda name: path.with_name(f"r_{name}.csv").read_text(encoding="utf-8")


def test_kernels(capture):
    _, recording, report = capture
    assert stats_reports.check_kernels(recording, report("cuda_gpu_kern_gb_sum")) >= 12


def test_memory_operations(capture):
    _, recording, report = capture
    stats_reports.check_memory(recording, report("cuda_gpu_mem_time_sum"), report("cuda_gpu_mem_size_sum"))


def test_projection(capture):
    name, recording, report = capture
    text = report("nvtx_gpu_proj_sum")
    graph_known = any(row["Range"] == "graph" for row in stats_reports.rows(text))
    without = [("graph", "push_pop")] if name == "graph" and not graph_known else []
    assert stats_reports.check_projection(recording, text, without) >= 5


def test_range_kernels(capture):
    _, recording, report = capture
    assert stats_reports.check_range_kernels(recording, report("nvtx_kern_sum")) >= 15


def test_launches(capture):
    _, recording, report = capture
    assert stats_reports.check_launches(recording, report("cuda_kern_exec_sum")) >= 3
