import csv
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from conftest import row, samples

from profiler.compare.rows.row import merge_replicates
from profiler.compare.rows.sides import side_rows
from profiler.metrics.recording import load
from profiler.metrics.time_sources import TimeSource, available_sources


def test_rows_of_a_result(write_result):
    path = write_result(
        "a.json",
        {
            "op=swish variant=vectorized shape=4x8 dtype=fp16 block=64": {
                "samples_ns": samples(5000),
                "bytes_per_iteration": 5000,
                "sm_clock_before_hz": 1_900_000_000,
                "sm_clock_after_hz": 1_980_000_000,
                "launch": {
                    "kernel": "swish_vectorized_kernel",
                    "grid": [4, 1, 1],
                    "block": [64, 1, 1],
                    "dynamic_shared_memory_bytes": 0,
                },
            },
            "op=swish shape=4x8 dtype=fp32": {"status": "failed", "reason": "illegal address"},
        },
    )
    recording = load(path)
    (source,) = available_sources(recording)
    first, second = side_rows(recording, source)
    assert {
        "op": "swish",
        "variant": "vectorized",
        "shape": "4x8",
        "dtype": "fp16",
        "block": "64",
        "kernel": "swish_vectorized_kernel",
        "launch_grid": "4x1x1",
        "launch_block": "64x1x1",
    }.items() <= first.keys.items()
    assert first.median_ns == np.median(samples(5000)) and first.count == 50 and first.sm_clock_hz == 1_900_000_000
    assert first.bandwidth_bytes_per_s == pytest.approx(1e9, rel=0.01)
    assert first.conditions == {
        "cache": "cold",
        "launch_mode": "plain",
        "clock": "cuda_event",
        "engine": "direct",
        "bytes_per_iteration": "5000",
    }
    assert (second.problem, second.note) == ("failed", "illegal address") and np.isnan(second.median_ns)


def test_null_among_samples_is_no_number(write_result):
    recording = load(write_result("a.json", {"op=x": [5, None, 6]}))
    assert side_rows(recording, available_sources(recording)[0])[0].problem == "nan_samples"


def test_replicates_are_joined_and_a_missing_one_is_named():
    parts = [[row("op=a", [5.0, 6.0]), row("op=b", [1.0, 2.0])], [row("op=a", [7.0, 8.0])], [row("op=c", [3.0, 4.0])]]
    merged = {item.label: item for item in merge_replicates(parts)}
    assert [summary.problem for summary in merged["op=a"].summaries] == ["", "", "missing_samples"]
    assert [summary.problem for summary in merged["op=b"].summaries] == ["", "missing_samples", "missing_samples"]
    assert [summary.problem for summary in merged["op=c"].summaries] == ["missing_samples", "missing_samples", ""]
    assert merged["op=a"].median_ns == 6.5


def one_document(tmp_path, *points):
    records = [{"status": "ok", "clock": "cuda_event", "cache": "cold", "launch_mode": "plain"} | point for point in points]
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"schema": "profiler-result", "schema_version": 1, "points": records}))
    recording = load(path)
    return side_rows(recording, available_sources(recording)[0])


def test_points_of_one_label_are_pooled_for_they_are_one_process(tmp_path):
    a, b = ({"label": "op=a", "samples_ns": values} for values in ([5, 6], [7, 8, 9]))
    (row,) = one_document(tmp_path, a, b)
    assert len(row.summaries) == 1 and (row.count, row.median_ns, row.mixed) == (5, 7.0, {})
    (row,) = one_document(tmp_path, a, b | {"cache": "warm"})
    assert row.mixed == {"cache": ("cold", "warm")}
    (row,) = one_document(tmp_path, a, {"label": "op=a", "status": "failed", "reason": "crash"})
    assert (row.problem, row.note) == ("failed", "crash")


NSYS = Path(__file__).parents[2] / "data" / "nsys_h200"


def test_a_real_nsys_capture_gives_points_and_kernels():
    recording = load(NSYS / "node.sqlite")
    points, kernels = (side_rows(recording, source) for source in available_sources(recording))
    medians = dict(
        zip(recording.metric("point_summary")["label"], recording.metric("point_summary")["nsys_median_ns"], strict=True)
    )
    assert {item.label: item.median_ns for item in points} == medians and len(points) > 3
    assert all(item.keys["launch_grid"] and item.conditions["clock"] == "nsys timestamps" for item in points)
    with (NSYS / "node_cuda_gpu_kern_gb_sum.csv").open() as stream:
        text = [line for line in stream if line.count(",") > 5]
    expected = {(line["Name"], line["GridXYZ"].split(), line["BlockXYZ"].split()).__repr__(): line for line in csv.DictReader(text)}
    assert len(kernels) == len(expected)
    assert sum(item.count for item in kernels) == sum(int(line["Instances"]) for line in expected.values())


def test_a_real_capture_compares_with_itself():
    from profiler.compare.judge.captures import compare_targets

    path = str(NSYS / "node.sqlite")
    found = compare_targets(path, [path])
    assert set(found.rows["reason"]) == {"one_capture"} and (found.rows["ratio"] == 1.0).all()
    kernels = compare_targets(path, [path], source="kernels")
    assert (kernels.rows["match"] == "label").all() and len(kernels.rows) > len(found.rows) - 1


def test_kernel_times_of_points_know_how_the_program_measured(tmp_path):
    from profiler.store.manifest import CaptureRecord
    from profiler.store.run_dir import create_run

    run = create_run(tmp_path / "runs", "sweep")
    label = "op=swish variant=scalar shape=65536x1024 dtype=fp32 block=64"
    point = {"label": label, "status": "ok", "samples_ns": [1, 2], "measure": "throughput", "cold_method": "flush"}
    for tool, name in (("nsys", "capture.sqlite"), ("builtin", "result.json")):
        run.raw(tool).mkdir()
        run.manifest.captures.append(CaptureRecord(tool, artefacts=[f"raw/{tool}/{name}"]))
    shutil.copy(NSYS / "node.sqlite", run.raw("nsys") / "capture.sqlite")
    document = {"schema": "profiler-result", "schema_version": 1, "points": [point]}
    (run.raw("builtin") / "result.json").write_text(json.dumps(document))
    run.finish("complete")
    assert [str(source) for source in available_sources(load(run.path))] == [
        "own timing of sweep points (builtin)",
        "device time of sweep points (nsys)",
        "kernel time of each launch configuration (nsys)",
    ]
    rows = {item.label: item for item in side_rows(load(run.path), TimeSource("gpu_points", "nsys"))}
    assert (rows[label].conditions["measure"], rows[label].conditions["cold_method"]) == ("throughput", "flush")


def test_a_renamed_kernel_is_found_by_the_point_that_launched_it(tmp_path):
    from profiler.compare.judge.captures import compare_targets

    source, renamed = NSYS.parent / "driver_h200" / "swish.sqlite", tmp_path / "renamed.sqlite"
    shutil.copy(source, renamed)
    renamed.chmod(0o644)
    with sqlite3.connect(renamed) as database:
        kernels = "CUPTI_ACTIVITY_KIND_KERNEL"
        most = f"select demangledName from {kernels} group by 1 order by count(*) desc limit 1"
        database.execute(f"update StringIds set value = 'void other::zzz_gated_unit<int>(char*)' where id = ({most})")
    database.close()
    found = compare_targets(str(source), [str(renamed)], source="kernels").rows
    assert not found["verdict"].isin(["base only", "candidate only"]).any()
    moved = found[found["match"] != "label"]
    assert len(moved) and set(moved["match"]) == {"NVTX range and launch configuration; kernel renamed"}
    assert moved["match_note"].str.contains("zzz_gated_unit").all()


def test_a_kernel_has_a_range_only_if_one_range_ran_it():
    from profiler.compare.rows.kernel_ranges import configuration_ranges

    recording = load(NSYS / "node.sqlite")
    places = configuration_ranges(recording.only("nsys"))
    table = recording.metric("nvtx_kernels")
    points = table[table["range"].str.startswith("point ")]
    names = recording.table("launch_configurations", "nsys")["kernel"]
    for number, place in places.items():
        mine = points[points["kernel"] == names[number]]["range"].str.removeprefix("point ")
        assert place in set(mine) or mine.empty
    kernels = recording.table("kernels", "nsys")
    assert 0 < len(places) <= kernels["launch_configuration_id"].nunique()
