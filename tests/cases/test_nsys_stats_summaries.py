"""Reports of `nsys stats` that hold no single times: refused with what they hold and what to give instead."""

from __future__ import annotations

import csv
import json

import pytest

HEADERS = [
    "Time (%),Total Time (ns),Instances,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name",
    "Time(%),Total Time (ns),Instances,Average,Minimum,Maximum,Name",
    "Time (%),Total Time (ns),Num Calls,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name",
    "Time (%),Total Time (ns),Instances,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Style,Range",
    "Total (MB),Count,Avg (MB),Med (MB),Min (MB),Max (MB),StdDev (MB),Operation",
    "Start (ns),Duration (ns),Name,Result,CorrID,Pid,Tid,T-Pri,Thread Name",
]


def test_the_given_summary(case, profiler):
    path = case("nsys_stats_kern_gb_sum.csv")
    for verb in ("show", "import"):
        code, out, err = profiler(verb, path)
        assert (code, out) == (5, "")
        assert "count 1, total 11649 ns" in err and "cutlass" in err
        assert ".sqlite or .nsys-rep" in err and "cuda_gpu_trace" in err


def test_the_same_as_json(case, profiler, tmp_path):
    with case("nsys_stats_kern_gb_sum.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(rows, indent=1))
    code, _, err = profiler("show", path)
    assert code == 5
    assert "count 1, total 11649 ns" in err and ".sqlite" in err


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("notice", ["", "NOTICE: Existing SQLite export found: report1.sqlite\nProcessing [report1.sqlite]...\n"])
def test_every_other_report_says_what_to_give(tmp_path, profiler, header, notice):
    path = tmp_path / "report.csv"
    path.write_text(f"{notice}{header}\n" + ",".join("7" for _ in header.split(",")) + "\n")
    code, _, err = profiler("metrics", path, "--table", "kernels")
    assert code == 5
    assert "nsys stats printed" in err and ".sqlite or .nsys-rep" in err


def test_a_trace_is_still_read(tmp_path, rows):
    path = tmp_path / "trace.csv"
    path.write_text(
        "Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,Device,Name\n1,2,3,1,1,1,1,1,1,16,H200 (0),k\n"
    )
    assert [row["kernel"] for row in rows(path, "kernels")] == ["k"]
