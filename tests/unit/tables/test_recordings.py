"""Recordings: runs and files, several tools, Parquet copies, and what is said when something is absent."""

import json
import math
import shutil
import sys
from pathlib import Path

import pytest

import profiler
from profiler.cli import main
from profiler.compare.ranking import rank_recordings
from profiler.errors import BadExportError, DataMissingError, UsageError
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import create_run
from profiler.tables import cache, source

TESTS = Path(__file__).parents[2]
H200 = TESTS / "data" / "nsys_h200"
LABEL = "op=swish variant=scalar shape=65536x1024 dtype=fp32 block=64"


def result(points):
    return {
        "schema": "profiler-result",
        "schema_version": 1,
        "program": {"name": "profiler-driver", "version": "1"},
        "engine": "direct",
        "device": None,
        "points": points,
    }


def point(label=LABEL, samples=(700_000, 690_000, 710_000), status="ok", **more):
    return {
        "label": label,
        "op": "swish",
        "shape": [65536, 1024],
        "dtype": "fp32",
        "attributes": {"variant": "scalar", "block": 64},
        "status": status,
        "reason": None,
        "bytes_per_iteration": 536870912,
        "clock": "cuda_event",
        "cache": "cold",
        "samples_ns": list(samples),
        "host_samples_ns": [4000] * len(samples),
        "verification": {"passed": status != "wrong_output"},
        **more,
    }


@pytest.fixture
def run(tmp_path):
    made = create_run(tmp_path / "runs", "sweep")
    for tool in ("nsys", "builtin"):
        made.raw(tool).mkdir()
    shutil.copy(H200 / "node.sqlite", made.raw("nsys") / "capture.sqlite")
    (made.raw("builtin") / "result.json").write_text(json.dumps(result([point()])))
    artefacts = {"nsys": ["raw/nsys/capture.sqlite"], "builtin": ["raw/builtin/result.json"]}
    made.manifest.captures = [CaptureRecord(tool, artefacts=paths) for tool, paths in artefacts.items()]
    made.finish("complete")
    return made


def test_a_run_joins_all_its_tools_by_label(run):
    recording = profiler.load(run.run_id, runs=run.path.parent)
    assert recording.tools == ("nsys", "builtin")
    rows = {row["label"]: row for row in recording.metric_columns("point_summary").to_records()}
    assert len(rows) == 10
    row = rows[LABEL]
    assert (row["nsys_median_ns"], row["builtin_median_ns"], row["builtin_host_median_ns"]) == (631164.0, 700000.0, 4000.0)
    assert (row["status"], row["verified"], row["clock"], row["engine"]) == ("ok", "passed", "cuda_event", "direct")
    alone = rows[LABEL.replace("block=64", "block=128")]
    assert alone["builtin_median_ns"] is None and alone["status"] is None


def test_targets(run):
    runs = run.path.parent
    for target in (run.run_id, "sweep", run.run_id[:20], "latest", run.path):
        assert profiler.load(target, runs=runs).path == run.path
    with pytest.raises(UsageError, match="neither a file nor a run"):
        profiler.load("swep", runs=runs)
    with pytest.raises(BadExportError, match="a folder without"):
        profiler.load(run.path / "raw")


def test_a_wrong_output_has_no_speed(run):
    wrong = point(status="wrong_output", reason="max error 3")
    (run.raw("builtin") / "result.json").write_text(json.dumps(result([wrong])))
    recording = profiler.load(run.path)
    row = next(row for row in recording.metric_columns("point_summary").to_records() if row["label"] == LABEL)
    assert (row["status"], row["verified"], row["reason"]) == ("wrong_output", "failed", "max error 3")
    assert row["nsys_median_ns"] is None and row["effective_bandwidth_bytes_per_s"] is None
    assert "wrong_output" in recording.metric("messages")["text"].iloc[0]


def test_failed_and_skipped_points_stay(run):
    points = [
        point(),
        point("op=swish block=4096", (), "skipped", reason="too many threads"),
        point("op=swish block=7", (), "failed"),
    ]
    (run.raw("builtin") / "result.json").write_text(json.dumps(result(points)))
    rows = {row["label"]: row for row in profiler.load(run.path).metric_columns("point_summary").to_records()}
    assert (rows["op=swish block=4096"]["status"], rows["op=swish block=4096"]["reason"]) == ("skipped", "too many threads")
    assert rows["op=swish block=7"]["builtin_median_ns"] is None


def test_samples_recorded_under_a_tool_keep_that_name(run):
    (run.raw("nsys") / "result.json").write_text(json.dumps(result([point(samples=(900_000, 950_000))])))
    recording = profiler.load(run.path)
    assert recording.table("points", "nsys")["tool"].tolist() == ["nsys"]
    row = next(row for row in recording.metric_columns("point_summary").to_records() if row["label"] == LABEL)
    assert (row["nsys_event_median_ns"], row["builtin_median_ns"]) == (925_000.0, 700_000.0)
    # the program's own clock, with and without nsys: 925 over 700 µs
    assert row["tracing_cost_pct"] == pytest.approx(32.142857)
    assert "+32.1 % while nsys records (n = 2 and 3)" in row["note"]


@pytest.mark.parametrize(
    ("own", "cost", "said"),
    [
        # 631164 ns under nsys, and 4000 ns that the events hold beside the work
        ({"samples": (600_000,) * 5, "event_pair_ns": 4_000}, 5.860667, "+5.9 % while nsys records (n = 20 and 5)"),
        ({"samples": (630_000,) * 5, "event_pair_ns": 63_000}, 10.184762, "an empty pair of events takes 63 µs of the time"),
        # nothing says that events took these times, or that they cover the work
        ({"samples": (600_000,) * 5}, None, ""),
        ({"samples": (600_000,) * 5, "event_pair_ns": 4_000, "status": "partial"}, None, ""),
    ],
)
def test_what_recording_and_events_cost_is_said_wherever_a_point_is_ranked(run, capsys, own, cost, said):
    (run.raw("builtin") / "result.json").write_text(json.dumps(result([point(**own)])))
    row = next(row for row in profiler.load(run.path).metric_columns("point_summary").to_records() if row["label"] == LABEL)
    assert row["tracing_cost_pct"] == (None if cost is None else pytest.approx(cost, rel=1e-5))
    assert said in (row["note"] or "")
    # points that nsys alone timed are listed too
    ranked = rank_recordings([profiler.load(run.path)], source="points").set_index("row").loc[LABEL]
    assert said in ranked["note"]
    assert ranked["tracing_cost_pct"] == pytest.approx(math.nan if cost is None else cost, rel=1e-5, nan_ok=True)
    with pytest.raises(SystemExit):
        main(["best", str(run.path)])
    assert ("under tool" in capsys.readouterr().out) == (cost is not None)


def test_parquet_copies_are_used_and_renewed(run, monkeypatch):
    monkeypatch.setattr(source, "WORTHWHILE_BYTES", 0)
    fresh = {
        name: profiler.load(run.path).metric_columns(name).to_records()
        for name in ("kernels", "nvtx", "memory_operations", "points")
    }
    profiler.load(run.path).prefetch(["kernels", "graph_launches"])
    assert (run.tables("nsys") / "kernels.parquet").is_file()

    def forbidden(*_):
        raise AssertionError("the artefact was read although its copies are valid")

    with monkeypatch.context() as patch:
        patch.setattr("profiler.tools.nsys.reader.SqliteReader.read", forbidden)
        recording = profiler.load(run.path)
        assert {name: recording.metric_columns(name).to_records() for name in fresh} == fresh
        assert "no CUDA graph" in recording.reason("graph_launches")
        assert recording.info("nsys")["tool_version"] == "2025.3.2.0"
    # another artefact, or another parser: the copies no longer count
    shutil.copy(H200 / "graph.sqlite", run.raw("nsys") / "capture.sqlite")
    assert len(profiler.load(run.path).table("kernels")) == 105
    shutil.copy(H200 / "node.sqlite", run.raw("nsys") / "capture.sqlite")
    assert len(profiler.load(run.path).table("kernels")) == 275


def test_a_copy_that_broke_off_is_made_again(run, monkeypatch):
    monkeypatch.setattr(source, "WORTHWHILE_BYTES", 0)
    profiler.load(run.path).table("kernels")
    path = run.tables("nsys") / "kernels.parquet"
    path.write_bytes(path.read_bytes()[:200])
    assert len(profiler.load(run.path).table("kernels")) == 275


def test_small_artefacts_leave_no_copies(run):
    profiler.load(run.path).table("kernels")
    assert not (run.path / "tables").exists()


def test_a_run_folder_that_cannot_be_written_is_read_all_the_same(run, monkeypatch):
    monkeypatch.setattr(source, "WORTHWHILE_BYTES", 0)
    (run.path / "tables").write_text("in the way")
    assert len(profiler.load(run.path).table("kernels")) == 275


def test_a_change_in_the_middle_of_a_large_file_changes_its_key(tmp_path):
    path = tmp_path / "large"
    content = bytearray(cache.WHOLE_BYTES + 5_000_000)
    path.write_bytes(content)
    before = cache.content_key(path, 1)
    # what rewrites a SQLite file changes the counter in its header
    content[27] ^= 1
    path.write_bytes(content)
    assert cache.content_key(path, 1) != before
    assert cache.content_key(path, 2) != cache.content_key(path, 1)


def test_a_damaged_artefact_of_the_manifest_is_said(run):
    (run.raw("nsys") / "capture.sqlite").write_bytes(b"")
    with pytest.raises(BadExportError, match="the file is empty"):
        profiler.load(run.path)


def test_cut_result_json(run):
    path = run.raw("builtin") / "result.json"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(BadExportError, match="not a whole profiler-result document"):
        profiler.load(run.path).table("points")
    path.write_text(json.dumps({**result([]), "schema_version": 99}))
    with pytest.raises(BadExportError, match="version 99"):
        profiler.load(run.path).table("points", "builtin")
    path.write_text(json.dumps(result([{"status": "ok"}])))
    with pytest.raises(BadExportError, match="label"):
        profiler.load(run.path).table("points", "builtin")


def test_ranges_of_the_runner(tmp_path):
    columns = {
        "name": ["point op=a block=1", "iteration", "iteration"],
        "start_ns": [10**15, 10**15 + 5, 10**15 + 50],
        "duration_ns": [100, 20, 30],
        "process_id": [1] * 3,
        "thread_id": [1] * 3,
        "payload_int": [None, 64, 64],
    }
    path = tmp_path / "ranges.json"
    path.write_text(json.dumps({"schema": "profiler-ranges", "schema_version": 1, "domain": "profiler", "columns": columns}))
    recording = profiler.load(path)
    assert recording.table("nvtx_ranges")["start_ns"].tolist() == [0, 5, 50]
    (row,) = recording.metric_columns("point_summary").to_records()
    assert (row["op"], row["bytes_per_iteration"], row["builtin_median_ns"]) == ("a", 64, None)


def test_unknown_names():
    recording = profiler.load(H200 / "node.sqlite")
    with pytest.raises(UsageError) as caught:
        recording.table("kernel")
    assert "kernels" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        recording.metric("memory_operation")
    assert "memory_operations" in caught.value.hint
    with pytest.raises(KeyError):
        recording.metrics["nothing"]


def test_mappings_hold_what_has_data():
    recording = profiler.load(H200 / "node.sqlite")
    assert "kernels" in recording.tables and "counters" not in recording.tables
    assert {"kernel_summary", "nvtx", "gaps", "point_summary", "summary"} <= set(recording.metrics)
    assert len(recording.metrics["kernel_summary"]) == 12
    assert recording.metric("kernels") is recording.metrics["kernels"] is recording.metric("kernel_summary")
    assert "kernels" in recording.metrics and "kernels" not in list(recording.metrics)
    for former, name in (("points", "point_summary"), ("diagnostics", "messages")):
        assert recording.metric(former) is recording.metrics[name]
    with pytest.raises(DataMissingError, match="counters"):
        recording.table("counters")


def test_metric_tables_have_the_columns_they_state():
    from profiler.metrics import catalog

    recording = profiler.load(H200 / "node.sqlite")
    frames, absent = catalog.compute_all(recording)
    assert set(absent) == {"launches", "launch_counters"}
    for table in catalog.METRIC_TABLES:
        if table.name in frames:
            assert list(frames[table.name]) == [spec.name for spec in table.columns], table.name
            assert frames[table.name].rows > 0


def test_tables_of_events_need_no_pandas():
    import subprocess

    code = (
        "import sys, profiler; from profiler.metrics import catalog;"
        "names = [table.name for table in catalog.METRIC_TABLES if table.name not in ('point_summary', 'summary')];"
        f"catalog.compute_all(profiler.load({str(H200 / 'node.sqlite')!r}), names);"
        "print({'pandas', 'pyarrow', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TESTS.parent)
    assert done.stdout.strip() == "set()"
