"""Compares metric tables with the CSV reports of `nsys stats`: integers exactly, rounded figures to the printed digit."""

import csv
import io
import math

PRINTED = 0.05 + 1e-6
STYLES = {"PushPop": "push_pop", "StartEnd": "start_end"}
OPERATIONS = {
    "[CUDA memcpy Host-to-Device]": "HtoD",
    "[CUDA memcpy Device-to-Host]": "DtoH",
    "[CUDA memcpy Device-to-Device]": "DtoD",
    "[CUDA memset]": "memset",
}


def rows(text):
    return list(csv.DictReader(io.StringIO(text.strip())))


def same(ours, theirs, digits=PRINTED):
    theirs = float(theirs)
    if ours is None or (isinstance(ours, float) and math.isnan(ours)):
        # a deviation of one value: nsys prints 0, this project says that there is none
        return theirs == 0.0
    return abs(float(ours) - theirs) <= digits


def check(ours, theirs, exact, rounded, key):
    for name, column in exact.items():
        assert int(ours[name]) == int(float(theirs[column])), (key, name)
    for name, column in rounded.items():
        assert same(ours[name], theirs[column]), (key, name, ours[name], theirs[column])


def check_kernels(recording, text):
    table = {(row["kernel"], row["grid"], row["block"]): row for row in recording.metric_columns("kernel_summary").to_records()}
    report = rows(text)
    assert len(table) == len(report)
    for row in report:
        key = (row["Name"], "x".join(row["GridXYZ"].split()), "x".join(row["BlockXYZ"].split()))
        exact = {"total_ns": "Total Time (ns)", "count": "Instances", "min_ns": "Min (ns)", "max_ns": "Max (ns)"}
        rounded = {"share_pct": "Time (%)", "mean_ns": "Avg (ns)", "median_ns": "Med (ns)", "stddev_ns": "StdDev (ns)"}
        check(table[key], row, exact, rounded, key)
    return len(report)


def check_memory(recording, times, sizes):
    table = recording.metric_columns("memory_operations").to_records()
    for report, unit, exact_total in ((rows(times), "ns", "Total Time (ns)"), (rows(sizes), "B", "Total (B)")):
        assert {OPERATIONS[row["Operation"]] for row in report} == {row["direction"] for row in table}
        for row in report:
            mine = [item for item in table if item["direction"] == OPERATIONS[row["Operation"]]]
            what = "ns" if unit == "ns" else "bytes"
            total = "total_ns" if unit == "ns" else "bytes"
            assert sum(item["count"] for item in mine) == int(row["Count"])
            assert sum(item[total] for item in mine) == int(float(row[exact_total]))
            assert min(item[f"min_{what}" if unit == "B" else "min_ns"] for item in mine) == int(float(row[f"Min ({unit})"]))
            assert max(item[f"max_{what}" if unit == "B" else "max_ns"] for item in mine) == int(float(row[f"Max ({unit})"]))
            if len(mine) == 1:
                # nsys does not tell pageable from pinned: only with one kind are its groups these
                for name, column in (("mean", "Avg"), ("median", "Med"), ("stddev", "StdDev")):
                    ours = mine[0][f"{name}_ns" if unit == "ns" else f"{name}_bytes"]
                    assert same(ours, row[f"{column} ({unit})"], 0.5 if unit == "B" else PRINTED)


def named_range(row):
    return (f"{row['domain']}:{row['range']}" if row["domain"] else row["range"], row["kind"])


def check_projection(recording, text, without=()):
    table = {named_range(row): row for row in recording.metric_columns("nvtx").to_records() if row["kind"] != "unranged"}
    report = {(row["Range"], STYLES[row["Style"]]): row for row in rows(text)}
    ours = {key for key, row in table.items() if row["proj_count"]}
    assert ours - set(report) == set(without)
    for key, row in report.items():
        exact = {
            "proj_total_ns": "Total Proj Time (ns)",
            "proj_count": "Range Instances",
            "proj_min_ns": "Proj Min (ns)",
            "proj_max_ns": "Proj Max (ns)",
            "launch_count": "Total GPU Ops",
        }
        if table[key]["count"] == table[key]["proj_count"]:
            # nsys counts the host time of ranges with GPU work only
            exact["host_total_ns"] = "Total Range Time (ns)"
        rounded = {"proj_mean_ns": "Proj Avg (ns)", "proj_median_ns": "Proj Med (ns)", "proj_stddev_ns": "Proj StdDev (ns)"}
        check(table[key], row, exact, rounded, key)
    return len(report)


def check_range_kernels(recording, text):
    table = {
        (*named_range(row), row["process_id"], row["thread_id"], row["kernel"]): row
        for row in recording.metric_columns("nvtx_kernels").to_records()
    }
    report = [row for row in rows(text) if row["NVTX Range"]]
    assert len(table) == len(report)
    for row in report:
        key = (row["NVTX Range"], STYLES[row["Style"]], int(row["PID"]), int(row["TID"]), row["Kernel Name"])
        exact = {
            "range_count": "NVTX Inst",
            "kernel_count": "Kern Inst",
            "total_ns": "Total Time (ns)",
            "min_ns": "Min (ns)",
            "max_ns": "Max (ns)",
        }
        check(table[key], row, exact, {"mean_ns": "Avg (ns)", "median_ns": "Med (ns)", "stddev_ns": "StdDev (ns)"}, key)
    unranged = [row for row in rows(text) if not row["NVTX Range"]]
    ours = [row for row in recording.metric_columns("nvtx").to_records() if row["kind"] == "unranged"]
    outside = ours[0]["kernel_total_ns"] if ours else 0
    assert outside == sum(int(row["Total Time (ns)"]) for row in unranged)
    return len(report)


def check_launches(recording, text):
    """Launch costs by API call and kernel name, as nsys groups them, from the joined rows."""
    import pandas as pd

    from profiler.metrics.gpu_operations import KERNEL, api_rows, gpu_operations
    from profiler.tools.nsys.identifiers import api_name

    operations, call = gpu_operations(recording), api_rows(recording)
    kernel = (operations.kind == KERNEL) & (call >= 0)
    calls = recording.table("api_calls").iloc[call[kernel]].reset_index(drop=True)
    frame = pd.DataFrame({"name": operations.label.decode()[kernel], "start": operations.start[kernel]})
    frame["api"], frame["thread"] = calls["name"].astype(str), calls["thread_id"]
    frame["api_ns"] = calls["duration_ns"]
    frame["queue_ns"] = frame["start"] - calls["start_ns"] - calls["duration_ns"]
    report = rows(text)
    for row in report:
        # nsys 2023.4.4 leaves five-digit version suffixes in place
        chosen = (frame["name"] == row["Kernel Name"]) & (frame["api"] == api_name(row["API Name"]))
        mine = frame[chosen & (frame["thread"] == int(row["TID"]))]
        assert len(mine) == int(row["Count"])
        waiting = mine.loc[mine["queue_ns"] >= 0, "queue_ns"]
        assert len(waiting) == int(row["QCount"] or 0)
        assert same(mine["api_ns"].mean(), row["AAvg (ns)"])
        assert same(waiting.median(), row["QMed (ns)"] or 0)
    return len(report)
