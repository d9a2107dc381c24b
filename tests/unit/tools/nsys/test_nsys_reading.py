"""What the nsys readers make of real, odd, old and broken files."""

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import profiler
from profiler.errors import BadExportError, DataMissingError, ToolMissingError

TESTS = Path(__file__).parents[3]
sys.path.insert(0, str(TESTS / "unit" / "metrics"))

import traces  # noqa: E402

H200 = TESTS / "data" / "nsys_h200"
CPU = TESTS / "data" / "nsys_nvtx_cpu" / "events.sqlite"


def edited(tmp_path, source, *statements):
    path = tmp_path / source.name
    shutil.copy(source, path)
    path.chmod(0o644)
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def test_tables_of_a_real_capture():
    recording = profiler.load(H200 / "node.sqlite")
    kernels, memcpys = recording.table("kernels"), recording.table("memcpys")
    assert (len(kernels), len(memcpys), len(recording.table("memsets"))) == (275, 32, 1)
    assert (len(recording.table("api_calls")), len(recording.table("synchronizations"))) == (597, 23)
    assert kernels["start_ns"].is_monotonic_increasing
    assert kernels["graph_node_id"].notna().sum() == 20
    assert set(memcpys["direction"]) == {"HtoD", "DtoH", "DtoD"}
    assert set(memcpys["source_kind"]) == {"pageable", "pinned", "device"}
    assert (recording.table("synchronizations")["kind"] == "stream").sum() > 10
    assert recording.table("streams").set_index("stream_id").loc[14, "priority"] == -5
    device = recording.table("devices").iloc[0]
    assert (device["name"], device["compute_capability"], device["sm_count"]) == ("NVIDIA H200", "9.0", 132)
    assert device["memory_bandwidth_bytes_per_s"] == 4_814_304_000_000
    info = recording.info("nsys")
    assert info["tool_version"].startswith("2025.3") and info["graph_trace"] == "node" and info["driver"] == "580.159.04"


def test_tables_agree_with_plain_sql():
    path = H200 / "node.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            """SELECT k.start, k.end - k.start, s.value, gridX, blockX, registersPerThread, streamId, correlationId
               FROM CUPTI_ACTIVITY_KIND_KERNEL AS k JOIN StringIds AS s ON s.id = demangledName ORDER BY k.start"""
        ).fetchall()
    recording = profiler.load(path)
    joined = recording.table("kernels").join(recording.table("launch_configurations"), on="launch_configuration_id")
    names = ["start_ns", "duration_ns", "kernel", "grid_x", "block_x", "registers_per_thread", "stream_id", "correlation_id"]
    assert list(joined[names].itertuples(index=False, name=None)) == rows


def test_ranges_of_every_kind_from_an_older_nsys():
    ranges = profiler.load(CPU).table("nvtx_ranges").set_index("name")
    assert ranges.loc["a mark", "kind"] == "mark" and np.isnan(float(ranges["duration_ns"].astype("float64")["a mark"]))
    assert ranges.loc["int64 payload", "payload_int"] == -5 and ranges.loc["int64 payload", "category"] == "loading"
    assert ranges.loc["double payload", "payload_float"] == 2.5
    assert ranges.loc["huge uint64 payload", "payload_float"] == float(2**64 - 16)
    assert ranges["payload_int"].isna()["huge uint64 payload"]
    assert ranges["end_thread_id"].notna()["closed elsewhere"] and ranges["end_thread_id"].isna()["closed here"]
    assert ranges.loc["iteration", "domain"].tolist() == ["profiler"] * 3
    assert 'a <"name"> & </script>' in ranges.index
    assert ranges.loc["never closed", "duration_ns"] > 0
    with pytest.raises(DataMissingError, match=r"no CUDA kernel.*-t cuda"):
        profiler.load(CPU).table("kernels")


def test_iterations_without_a_gpu_still_make_a_point():
    (row,) = profiler.load(CPU).metric_columns("point_summary").to_records()
    assert (row["op"], row["block"], row["bytes_per_iteration"]) == ("a b", 64, 4096)
    assert row["nsys_median_ns"] is None


def test_an_open_range_ends_with_the_last_event(tmp_path):
    path = traces.write_trace(tmp_path / "open.sqlite", ranges=[{"start": 5, "text": "open"}, (7, 90, {"text": "closed"})])
    ranges = profiler.load(path).table("nvtx_ranges").set_index("name")
    assert ranges.loc["open", "duration_ns"] == 85


def test_kernels_without_an_end_are_left_out(tmp_path):
    path = tmp_path / "capture.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(traces.SCHEMA.read_text().replace("end INTEGER NOT NULL", "end INTEGER"))
        database.execute("INSERT INTO StringIds VALUES (1, 'k')")
        database.execute("INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_PRODUCT_VERSION', '2025.3.2.0')")
        for start, end in ((0, 10), (20, None)):
            row = {**traces.KERNEL, "start": start, "end": end}
            marks = ", ".join("?" * len(row))
            names = ", ".join(f'"{name}"' for name in row)
            database.execute(f"INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL ({names}) VALUES ({marks})", list(row.values()))
        database.commit()
    assert profiler.load(path).table("kernels")["duration_ns"].tolist() == [10]


NULLABLE = ("PRAGMA writable_schema = 1", "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")


def damaged_times(tmp_path, table, change):
    """A real capture in which some rows of a table have impossible times."""
    path = edited(tmp_path, H200 / "node.sqlite", *NULLABLE)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"UPDATE {table} SET {change}")
        database.commit()
    return profiler.load(path)


def left_out(recording):
    messages = recording.table("diagnostics")
    found = messages[messages["text"].str.contains("left out", regex=False)]
    assert set(found["severity"]) <= {"warning"} and found["hint"].str.contains("record again").all()
    return found["text"].tolist()


FIRST = "(SELECT min(rowid) FROM CUPTI_ACTIVITY_KIND_KERNEL)"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("end = start - 1000", "1 ending before the start"),
        ("end = NULL", "1 without a start or an end"),
        ("start = NULL", "1 without a start or an end"),
        ("start = -9223372036854775000, end = 9223372036854775800", "1 with a time stamp outside the capture"),
        ("start = 9223372036854775000, end = 9223372036854775800", "1 with a time stamp outside the capture"),
    ],
)
def test_kernels_with_impossible_times_are_counted_not_measured(tmp_path, change, why):
    recording = damaged_times(tmp_path, "CUPTI_ACTIVITY_KIND_KERNEL", f"{change} WHERE rowid = {FIRST}")
    kernels = recording.table("kernels")
    assert len(kernels) == 274 and kernels["duration_ns"].min() > 0 and kernels["start_ns"].max() < 1 << 47
    assert left_out(recording) == [f"1 of 275 rows of CUPTI_ACTIVITY_KIND_KERNEL are left out: {why}"]
    profiler.load(recording.path).metric("kernel_summary")


def test_other_events_with_impossible_times_are_counted(tmp_path):
    calls = damaged_times(tmp_path, "CUPTI_ACTIVITY_KIND_RUNTIME", "end = start - 10 WHERE rowid % 2")
    assert calls.table("api_calls")["duration_ns"].min() >= 0 and len(left_out(calls)) == 1
    ranges = damaged_times(tmp_path, "NVTX_EVENTS", "end = start - 5 WHERE end IS NOT NULL")
    assert left_out(ranges)[0].endswith("ending before the start")
    assert not (ranges.has("nvtx_ranges") and (ranges.table("nvtx_ranges")["duration_ns"].dropna() < 0).any())
    waits = damaged_times(tmp_path, "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", "end = start - 5 WHERE rowid = 1")
    assert len(waits.table("synchronizations")) == 22 and len(left_out(waits)) == 1
    # a call that was still open when the capture ended lasts until then
    open_calls = damaged_times(tmp_path, "CUPTI_ACTIVITY_KIND_RUNTIME", "end = NULL WHERE rowid = 1")
    assert len(open_calls.table("api_calls")) == 597 and left_out(open_calls) == []


def test_a_capture_of_unfinished_kernels_is_not_blamed_on_the_machine(tmp_path):
    recording = damaged_times(tmp_path, "CUPTI_ACTIVITY_KIND_KERNEL", "end = NULL")
    assert recording.reason("kernels") == (
        "none of the 275 rows of CUPTI_ACTIVITY_KIND_KERNEL is usable: 275 without a start or an end"
    )


def test_columns_that_an_older_version_lacks(tmp_path):
    path = edited(
        tmp_path,
        H200 / "node.sqlite",
        "ALTER TABLE CUPTI_ACTIVITY_KIND_KERNEL DROP COLUMN graphNodeId",
        "ALTER TABLE CUPTI_ACTIVITY_KIND_KERNEL DROP COLUMN localMemoryPerThread",
        "ALTER TABLE CUPTI_ACTIVITY_KIND_KERNEL DROP COLUMN sharedMemoryExecuted",
        "ALTER TABLE CUPTI_ACTIVITY_KIND_RUNTIME DROP COLUMN returnValue",
        "ALTER TABLE CUPTI_ACTIVITY_KIND_MEMCPY DROP COLUMN srcKind",
        "ALTER TABLE NVTX_EVENTS DROP COLUMN endGlobalTid",
        "ALTER TABLE NVTX_EVENTS DROP COLUMN uint64Value",
        "DROP TABLE TARGET_INFO_CUDA_DEVICE",
    )
    old, new = profiler.load(path), profiler.load(H200 / "node.sqlite")
    for name in ("kernels", "nvtx", "gaps", "stream_overlap", "launch_latency"):
        left, right = old.metric_columns(name).to_records(), new.metric_columns(name).to_records()
        if name != "kernels":
            assert left == right
        else:
            assert [row["median_ns"] for row in left] == [row["median_ns"] for row in right]
    assert set(old.table("memcpys")["source_kind"]) == {"unknown"}
    assert old.table("devices")["device_id"].tolist() == [0]


def test_a_renamed_column_is_named(tmp_path):
    path = edited(tmp_path, H200 / "node.sqlite", "ALTER TABLE CUPTI_ACTIVITY_KIND_KERNEL RENAME COLUMN registersPerThread TO regs")
    with pytest.raises(BadExportError) as caught:
        profiler.load(path).table("kernels")
    assert all(text in caught.value.message for text in (str(path), "registersPerThread", "regs", "2025.3.2.0"))
    # the other tables of the file still read
    assert len(profiler.load(path).table("memcpys")) == 32


def test_empty_tables_count_as_absent(tmp_path):
    path = traces.write_trace(tmp_path / "capture.sqlite", lazy=False, ranges=[(0, 1, {"text": "r"})])
    recording = profiler.load(path)
    assert not recording.has("kernels") and recording.has("nvtx_ranges")
    assert "no CUDA kernel" in recording.reason("kernels")


def with_devices(path, *rows):
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS TARGET_INFO_CUDA_DEVICE (gpuId INTEGER, cudaId INTEGER, pid INTEGER)")
        database.executemany("INSERT INTO TARGET_INFO_CUDA_DEVICE VALUES (?, ?, ?)", rows)
        database.commit()
    return profiler.load(path)


def test_a_process_that_sees_one_of_many_devices(tmp_path):
    path = traces.write_trace(tmp_path / "capture.sqlite", kernels=[(0, 1, {})], gpus=[{"id": 3, "cuDevice": 3}])
    recording = with_devices(path, (3, 0, 77))
    assert recording.table("devices")["device_id"].tolist() == [0] == recording.table("kernels")["device_id"].tolist()


def test_processes_whose_first_devices_differ_are_told_apart(tmp_path):
    second = (1 << 48) | (88 << 24)
    gpus = [{"id": 2, "cuDevice": 2, "name": "two"}, {"id": 5, "cuDevice": 5, "name": "five"}]
    kernels = [(0, 10, {}), (5, 20, {"globalPid": second})]
    recording = with_devices(traces.write_trace(tmp_path / "capture.sqlite", kernels=kernels, gpus=gpus), (2, 0, 77), (5, 0, 88))
    activity = recording.metric("device_activity")
    assert activity[["device", "name", "busy_ns"]].values.tolist() == [[2, "two", 10], [5, "five", 15]]


def test_waits_of_such_processes_name_the_same_gpus(tmp_path):
    second = (1 << 48) | (88 << 24)
    gpus = [{"id": 2, "cuDevice": 2, "name": "two"}, {"id": 5, "cuDevice": 5, "name": "five"}]
    waits = [(0, 10, {}), (5, 20, {"globalPid": second})]
    path = traces.write_trace(tmp_path / "capture.sqlite", kernels=[(0, 10, {})], syncs=waits, gpus=gpus)
    found = with_devices(path, (2, 0, 77), (5, 0, 88)).table("synchronizations")
    assert found["device_id"].tolist() == [2, 5]


def test_a_wrong_ending_is_no_error(tmp_path):
    path = tmp_path / "capture.csv"
    shutil.copy(H200 / "graph.sqlite", path)
    assert len(profiler.load(path).table("kernels")) == 105


def bad_files(tmp_path):
    whole = (H200 / "node.sqlite").read_bytes()
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE songs (title)")
        database.commit()
    half = tmp_path / "half.sqlite"
    with closing(sqlite3.connect(half)) as database:
        database.execute("CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT)")
        database.execute("CREATE TABLE ProcessStreams (a, b)")
        database.commit()
    files = {
        "empty.sqlite": b"",
        "text.sqlite": b"not a database at all",
        "cut.sqlite": whole[: len(whole) // 2],
        "header.sqlite": whole[:60],
        "zeros.sqlite": whole[:100] + bytes(len(whole) - 100),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in files] + [other, half]


def test_bad_files_end_in_one_line_with_a_fix(tmp_path):
    for path in bad_files(tmp_path):
        with pytest.raises(BadExportError) as caught:
            profiler.load(path).table("kernels")
        assert str(path) in caught.value.message and "\n" not in caught.value.message and caught.value.hint, path
        assert caught.value.exit_code == 5


def test_a_file_that_vanishes(tmp_path):
    path = tmp_path / "capture.sqlite"
    shutil.copy(H200 / "graph.sqlite", path)
    recording = profiler.load(path)
    path.unlink()
    with pytest.raises(BadExportError, match=r"No such file"):
        recording.table("kernels")
    with pytest.raises(BadExportError, match=r"No such file"):
        profiler.load(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "capture.sqlite"
    shutil.copy(H200 / "graph.sqlite", path)
    path.chmod(0)
    with pytest.raises(BadExportError, match="Permission denied"):
        profiler.load(path)


def test_trace_csv_equals_the_export_it_was_printed_from():
    printed, export = profiler.load(H200 / "graph_cuda_gpu_trace.csv"), profiler.load(H200 / "graph.sqlite")
    names = ["kernel", "grid", "block", "registers_per_thread", "count", "total_ns", "median_ns", "stddev_ns"]
    assert printed.metric("kernel_summary")[names].values.tolist() == export.metric("kernel_summary")[names].values.tolist()
    left, right = (recording.metric_columns("memory_operations").to_records() for recording in (printed, export))
    for name in ("direction", "source_kind", "count", "total_ns"):
        assert [row[name] for row in left] == [row[name] for row in right]
    assert np.allclose([row["bytes"] for row in left], [row["bytes"] for row in right], rtol=1e-3)
    assert "rounded" in printed.metric("messages")["text"].iloc[0]
    with pytest.raises(DataMissingError, match=r"GPU work only"):
        printed.metric("nvtx")


def test_trace_csv_in_other_units_and_behind_notices(tmp_path):
    lines = (H200 / "graph_cuda_gpu_trace.csv").read_text().strip().splitlines()
    header = lines[0].replace("Start (ns)", "Start (us)").replace("Duration (ns)", "Duration (us)")
    body = []
    for line in lines[1:]:
        start, duration, rest = line.split(",", 2)
        body.append(f"{int(start) / 1000:.3f},{int(duration) / 1000:.3f},{rest}")
    path = tmp_path / "trace.csv"
    path.write_text("\n".join(["Generating SQLite file", "NOTICE: nothing", "", header, *body]) + "\n")
    whole = profiler.load(H200 / "graph_cuda_gpu_trace.csv").table("kernels")
    assert profiler.load(path).table("kernels")[["start_ns", "duration_ns"]].equals(whole[["start_ns", "duration_ns"]])


def test_rows_of_a_trace_csv_without_a_time_are_counted(tmp_path):
    lines = (H200 / "graph_cuda_gpu_trace.csv").read_text().strip().splitlines()
    kernels = [number for number, line in enumerate(lines) if "kernel" in line]
    for number, times in zip(kernels, (",5,", "5,,", "5,-1,", "1e300,5,", "nan,5,"), strict=False):
        lines[number] = times + lines[number].split(",", 2)[2]
    path = tmp_path / "trace.csv"
    path.write_text("\n".join(lines) + "\n")
    recording = profiler.load(path)
    assert len(recording.table("kernels")) == len(kernels) - 5
    assert recording.table("kernels")[["start_ns", "duration_ns"]].min().min() >= 0
    said = recording.table("diagnostics").set_index("severity").loc["warning", "text"]
    assert said == f"5 of {len(lines) - 1} rows of the trace are left out: 4 without a start or an end, 1 ending before the start"


def test_a_cut_trace_csv(tmp_path):
    text = (H200 / "graph_cuda_gpu_trace.csv").read_text()
    path = tmp_path / "trace.csv"
    path.write_text(text[: len(text) - 90])
    with pytest.raises(BadExportError, match="not a whole report"):
        profiler.load(path).table("kernels")
    path.write_text(text.replace("Duration (ns)", "Duration (fortnights)"))
    with pytest.raises(BadExportError, match="fortnights"):
        profiler.load(path).table("kernels")


def test_a_report_without_nsys(tmp_path, monkeypatch):
    path = tmp_path / "capture.nsys-rep"
    path.write_bytes(b"NVIDIA Tegra Profiler Report 2025@3\n" + bytes(200))
    monkeypatch.setattr("profiler.tools.nsys.export.find_nsys", lambda: None)
    with pytest.raises(ToolMissingError, match="nsys"):
        profiler.load(path).table("kernels")


def test_a_lost_domain_is_noticed(tmp_path):
    path = traces.write_trace(tmp_path / "capture.sqlite", ranges=[traces.DOMAIN], kernels=[(0, 1, {})])
    recording = profiler.load(path)
    texts = recording.metric("messages").set_index("severity").loc[["warning"], "text"].tolist()
    assert any("'profiler' was created but recorded no range" in text for text in texts)
    assert not recording.has("nvtx_ranges")
