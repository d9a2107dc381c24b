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
    "Time(%),Time (ns),Calls,Average,Minimum,Maximum,Name",
    "PID,TID,DevId,Count,QCount,TAvg (ns),TMed (ns),AAvg (ns),KAvg (ns),API Name,Kernel Name",
    "API Start (ns),API Dur (ns),Queue Start (ns),Queue Dur (ns),Kernel Start (ns),Kernel Dur (ns),Total Dur (ns),PID",
    "Range,Style,Total Proj Time (ns),Total Range Time (ns),Range Instances,Proj Avg (ns),Proj Med (ns)",
    "NVTX Range,Style,PID,TID,NVTX Inst,Kern Inst,Total Time (ns),Avg (ns),Kernel Name",
    "Name,Projected Start (ns),Projected Duration (ns),Orig Start (ns),Orig Duration (ns),Style,PID,TID",
    "Virtual Address,HtoD Migration Size (MB),DtoH Migration Size (MB),CPU Page Faults,GPU PageFaults",
    " ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):",
]
TRACE = (
    "Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,StcSMem (MB),DymSMem (MB),Bytes (MB),Device,Strm,Name\n"
    "100,200,3,5,1,1,32,1,1,16,0.000,0.002,,H200 (1),7,k\n400,50,4,,,,,,,,,,1.500,H200 (1),7,[CUDA memcpy Unified Host-to-Device]\n"
)


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


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("notice", ["", "NOTICE: Existing SQLite export found: report1.sqlite\nProcessing [report1.sqlite]...\n"])
def test_every_other_report_says_what_to_give(tmp_path, profiler, header, notice, separator):
    path = tmp_path / "report.csv"
    path.write_text((f"{notice}{header}\n" + ",".join("7" for _ in header.split(",")) + "\n").replace(",", separator))
    code, _, err = profiler("metrics", path, "--table", "kernels")
    assert code == 5
    assert "nsys stats printed" in err and ".sqlite or .nsys-rep" in err


def old(text):
    """Return a trace as nsys of 2020 printed it: no blank before a unit, `nsec`, sizes in bytes."""
    return text.replace(" (ns)", "(nsec)").replace(" (MB)", "").replace("0.002", "2000").replace("1.500", "1500000")


def as_json(text):
    rows = list(csv.DictReader(text.splitlines()))
    numbers = [
        {key: float(value) if "." in value else int(value) for key, value in row.items() if value[:1].isdigit()} for row in rows
    ]
    return json.dumps([{**dict.fromkeys(row, None), **row, **own} for row, own in zip(rows, numbers, strict=True)]).replace(
        '""', "null"
    )


@pytest.mark.parametrize("form", [str, old, as_json, lambda text: text.replace(",", "\t")], ids=["csv", "2020", "json", "tsv"])
def test_a_trace_is_read_in_every_form(tmp_path, rows, form):
    path = tmp_path / "trace"
    path.write_text(form(TRACE))
    (kernel,) = rows(path, "kernels")
    assert [kernel[name] for name in ("kernel", "grid", "block", "shared_memory_bytes", "total_ns")] == [
        *("k", "5x1x1", "32x1x1", 2000, 200),
    ]
    (copy,) = rows(path, "memory_operations")
    assert (copy["direction"], copy["bytes"], copy["total_ns"]) == ("UVM HtoD", 1_500_000, 50)
