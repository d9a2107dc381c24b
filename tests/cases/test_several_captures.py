"""Several captures in one run: nothing of one is taken for the other's, and none is lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from profiler.metrics.recording import load


@pytest.fixture
def imported(profiler):
    def run(*files):
        code, out, err = profiler("import", *files)
        assert code == 0, err
        return out.strip().removeprefix("run: ")

    return run


def changed(path, target, *statements):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(target)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return target


@pytest.mark.parametrize("names", [("capture", "capture-2"), ("day1", "day2"), ("day2", "day1")])
def test_both_captures_are_read_whatever_their_names(case, imported, rows, names):
    run = imported(*(case(f"join/{name}.sqlite") for name in names))
    medians = {row["label"]: (row["iterations"], row["nsys_median_ns"]) for row in rows(run, "point_summary")}
    assert medians == {"op=g block=64": (20, 100_000), "op=g block=128": (20, 150_000)}
    tables = load(run).tables
    for name in ("kernels", "nvtx_ranges", "api_calls"):
        assert set(tables[name]["capture"]) == set(names)


def test_processes_with_one_number_are_two(case, imported):
    run = imported(case("join/day1.sqlite"), case("join/day2.sqlite"))
    for table in ("kernels", "nvtx_ranges", "api_calls"):
        frame = load(run).table(table)
        processes = frame.groupby("capture", observed=True)["process_id"].unique()
        assert set(processes["day1"]).isdisjoint(processes["day2"])
        assert set(processes["day1"]) == {100}


def test_ranks_with_the_same_points_keep_apart(case, imported, rows, tmp_path, profiler):
    first = changed(case("join/day1.sqlite"), tmp_path / "rank0" / "report.sqlite")
    second = changed(first, tmp_path / "rank1" / "report.sqlite", "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = end - 7000")
    run = imported(first, second)
    medians = {row["label"]: row["nsys_median_ns"] for row in rows(run, "point_summary")}
    assert medians == {"op=g block=64 capture=report": 100_000, "op=g block=64 capture=rank1-report": 93_000}
    # one configuration measured twice has no rival
    ranking = json.loads(profiler("best", run, "--format", "json")[1])
    assert [(row["place"], row["conditions"]) for row in ranking] == [(1, "capture=report"), (1, "capture=rank1-report")]


def test_each_rank_sees_its_gpu_as_device_0(case, imported, rows, tmp_path):
    first = case("join/day1.sqlite")
    other_gpu = ("UPDATE TARGET_INFO_GPU SET uuid = 'GPU-1'", "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = end - 7000")
    run = imported(first, changed(first, tmp_path / "rank1.sqlite", *other_gpu))
    recording = load(run)
    assert recording.table("devices")[["device_id", "uuid", "capture"]].values.tolist() == [
        [0, "GPU-0", "day1"],
        [1, "GPU-1", "rank1"],
    ]
    kernels = recording.table("kernels")
    assert kernels.groupby("capture", observed=True)["device_id"].unique().map(list).to_dict() == {"day1": [0], "rank1": [1]}
    assert {row["key"]: row["value"] for row in rows(run, "summary")}["device_count"] == 2


def test_captures_of_one_moment_stand_side_by_side(case, imported, tmp_path):
    statements = [
        "DROP TABLE IF EXISTS TARGET_INFO_SESSION_START_TIME",
        "CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INTEGER, utcTime TEXT)",
    ]
    first, second = (
        changed(
            case(f"join/day{day}.sqlite"),
            tmp_path / f"rank{day}.sqlite",
            *statements,
            f"INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES ({10**18 + 1000 * day}, '')",
        )
        for day in (1, 2)
    )
    kernels = load(imported(first, second)).table("kernels").groupby("capture", observed=True)["start_ns"].min()
    assert kernels["rank2"] - kernels["rank1"] == 1000


def test_what_one_capture_alone_holds_is_kept(case, imported, tmp_path):
    paid = changed(case("join/day1.sqlite"), tmp_path / "paid.sqlite", "UPDATE NVTX_EVENTS SET int64Value = 5 WHERE eventType = 59")
    for files in ((case("join/day2.sqlite"), paid), (paid, case("join/day2.sqlite"))):
        ranges = load(imported(*files)).table("nvtx_ranges")
        assert ranges[ranges["payload_int"].notna()].groupby("capture", observed=True).size().to_dict() == {"paid": 21}


def test_two_reports_of_ncu_are_two_captures(case, imported, rows):
    run = imported(case("cat2.csv"), case("det.csv"))
    found = rows(run, "launches")
    assert [row["profiled_duration_ns"] for row in found] == [1000, 9000, 1000, 9000]
    assert len({row["launch_id"] for row in found}) == 4


@pytest.mark.parametrize("names", [("join/day1.sqlite", "join/capture.sqlite"), ("cat2.csv", "cat2.csv")])
def test_one_capture_given_twice_is_refused(case, profiler, names):
    code, out, err = profiler("import", *(case(name) for name in names))
    assert (code, out) == (2, "")
    assert "same file" in err


def test_two_forms_of_one_tool_are_refused(case, profiler, tmp_path):
    trace = tmp_path / "trace.csv"
    trace.write_text(
        "Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,Device,Name\n1,2,3,1,1,1,1,1,1,16,H200 (0),k\n"
    )
    code, out, err = profiler("import", case("join/day1.sqlite"), trace)
    assert (code, out) == (2, "")
    assert "both hold" in err


def test_what_cannot_be_read_is_no_run(case, profiler, tmp_path):
    broken = changed(
        case("join/day1.sqlite"), tmp_path / "broken.sqlite", "ALTER TABLE CUPTI_ACTIVITY_KIND_KERNEL DROP COLUMN gridX"
    )
    code, out, _ = profiler("import", broken)
    assert (code, out) == (5, "")
    assert not list((tmp_path / "runs").glob("*imported*"))


def with_two_processes(path, target, *statements):
    """Give every second kernel, and all that belongs to it, to another process, in a capture that names no GPU of a process."""
    other = "CASE WHEN correlationId % 2 THEN {0} ELSE {0} + (7 << 24) END"
    return changed(
        path,
        target,
        *(
            f"UPDATE CUPTI_ACTIVITY_KIND_{table} SET {name} = {other.format(name)}"
            for table, name in (("KERNEL", "globalPid"), ("RUNTIME", "globalTid"))
        ),
        "DROP TABLE TARGET_INFO_CUDA_DEVICE",
        *statements,
    )


SECOND_GPU = "INSERT INTO TARGET_INFO_GPU (vmId, id, name, uuid, smCount, cuDevice) VALUES (1, 1, 'NVIDIA H200', 'GPU-1', 132, 1)"


def test_processes_of_one_capture_that_all_see_device_0_keep_apart(case, rows, tmp_path):
    path = with_two_processes(case("join/day1.sqlite"), tmp_path / "ranks.sqlite", SECOND_GPU)
    kernels = load(path).table("kernels")
    assert kernels.groupby("process_id")["device_id"].unique().map(list).to_dict() == {100: [0], 107: [1]}
    assert {row["key"]: row["value"] for row in rows(path, "summary")}["device_count"] == 2
    assert [row["severity"] for row in rows(path, "messages") if "2 processes use the same device numbers" in row["text"]] == [
        "warning"
    ]


def test_processes_share_the_only_gpu(case, rows, tmp_path):
    path = with_two_processes(case("join/day1.sqlite"), tmp_path / "shared.sqlite")
    assert set(load(path).table("kernels")["device_id"]) == {0}
    assert not [row for row in rows(path, "messages") if "device numbers" in row["text"]]


def test_points_that_a_tool_alone_timed_are_named(case, imported, profiler):
    run = imported(case("g_base.sqlite"), case("c_by_a.json"))
    ranking = json.loads(profiler("best", run, "--all", "--format", "json")[1])
    assert [(row["row"].split()[0], row["place"], row["note"]) for row in ranking] == [
        ("op=swish", 1, ""),
        ("op=gemm", None, "timed under nsys alone: --source gpu_points:nsys"),
    ]
