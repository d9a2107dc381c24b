"""Which time counts, what may be ranked by it, and what is not comparable."""

from __future__ import annotations

import json
import lzma
import sqlite3
from pathlib import Path

import pytest


@pytest.fixture
def ranked(profiler):
    def run(*argv):
        code, out, err = profiler("best", *argv, "--all", "--format", "json")
        assert code == 0, err
        return json.loads(out)

    return run


SIX = {
    "fused": 12_976.5,
    "concurrent4": 39_921.0,
    "split8": 44_529.0,
    "hostsync4": 46_480.5,
    "serial4": 128_146.0,
    "copy_then_kernel": 171_442.5,
}


def test_six_variants_are_ranked_by_what_an_iteration_takes_on_the_gpu(case, profiler, ranked):
    path = case("rank_six_variants.sqlite")
    found = ranked(path)
    assert {row["row"].rpartition("=")[2]: row["median_ns"] for row in found} == SIX
    assert [row["place"] for row in found] == [1, 2, 3, 4, 5, 6]
    assert "copy_then_kernel would be first" in found[0]["note"] and not any(row["note"] for row in found[1:])
    out = profiler("best", path)[1]
    assert "fastest" in out and "no winner" not in out
    code, out, _ = profiler("show", path)
    assert code == 0 and "Fastest, by device time" in out and "variant=fused" in out and "device time of sweep points (nsys)" in out


@pytest.mark.parametrize(
    ("base", "candidate", "code", "times", "verdict"),
    [
        ("g_base", "g_memset", 10, (100e3, 280e3), "slower"),
        ("g_base", "g_gaps", 10, (100e3, 458e3), "slower"),
        ("g_gaps", "g_base", 0, (458e3, 100e3), "faster"),
        ("g_serial", "g_conc", 0, (120e3, 70e3), "faster"),
        ("g_conc", "g_serial", 10, (70e3, 120e3), "slower"),
    ],
)
def test_a_gate_judges_copies_fills_gaps_and_concurrency(case, profiler, tmp_path, base, candidate, code, times, verdict):
    out = tmp_path / "answer.json"
    paths = [case(f"{name}.sqlite") for name in (base, candidate)]
    assert profiler("gate", *paths, "--json", out)[0] == code
    (row,) = json.loads(out.read_text())["rows"]
    assert (row["base_median_ns"], row["candidate_median_ns"]) == pytest.approx(times, rel=0.002)
    assert row["verdict"] == verdict
    assert "kernel time alone changed by" in row["detail"]


def test_two_devices_that_work_at_once_take_the_time_of_one(case, rows):
    (row,) = rows(case("twodev.sqlite"), "point_summary")
    assert (row["nsys_median_ns"], row["span_ns"], row["kernel_time_ns"], row["busy_ns"]) == (50e3, 50e3, 100e3, 50e3)
    assert row["timed_by"] == "span" and row["effective_bandwidth_bytes_per_s"] == 2e12


def test_iterations_that_lost_a_launch_leave_the_times_and_are_named(case, profiler, rows, ranked):
    path = case("lost.sqlite")
    (row,) = rows(path, "point_summary")
    assert (row["nsys_median_ns"], row["nsys_min_ns"], row["iterations"], row["lost_iterations"]) == (60e3, 60e3, 2, 3)
    (found,) = ranked(path)
    assert found["median_ns"] == 60e3 and "3 of 5 iterations lost" in found["note"]
    warnings = [item["text"] for item in rows(path, "messages") if item["severity"] == "warning"]
    assert any("3 of 5 iterations of op=x variant=a" in text for text in warnings)
    code, out, _ = profiler("show", path)
    assert code == 0 and "3 of 5 iterations" in out


def test_work_of_another_thread_belongs_to_the_only_open_iteration(case, rows, ranked):
    path = case("otherthread.sqlite")
    (row,) = rows(path, "point_summary")
    assert (row["nsys_median_ns"], row["kernels_per_iteration"]) == (10e3, 1)
    assert "assigned by time" in row["note"] and "assigned by time" in ranked(path)[0]["note"]


def copy_range(name, change):
    """Return a statement that repeats the ranges of a name with some columns changed."""
    columns = ["start", "end", "eventType", "text", "globalTid", "textId", "domainId"]
    values = ", ".join(change.get(column, column) for column in columns)
    return (
        f"INSERT INTO NVTX_EVENTS ({', '.join(columns)}) SELECT {values} FROM NVTX_EVENTS "
        f"WHERE textId = (SELECT id FROM StringIds WHERE value = '{name}')"
    )


def test_work_of_another_thread_is_missing_while_several_iterations_are_open(case, rows, ranked):
    path = case("otherthread.sqlite", copy_range("iteration", {"globalTid": "globalTid + 5"}))
    (row,) = rows(path, "point_summary")
    assert row["nsys_median_ns"] is None and row["status"] == "partial"
    assert "another thread launched work while several iterations were open" in row["reason"]
    assert "several iterations were open" in ranked(path)[0]["note"]


def test_a_thread_with_a_point_of_its_own_works_for_that(case, rows):
    path = case("otherthread.sqlite", copy_range("point op=bwd variant=a", {"globalTid": "globalTid + 1"}))
    (row,) = rows(path, "point_summary")
    assert row["nsys_median_ns"] is None and row["note"] is None


@pytest.mark.parametrize("change", ["returnValue = 700", "nameId = (SELECT max(id) FROM StringIds)"])
def test_a_call_that_failed_or_launches_nothing_lost_nothing(case, rows, change):
    path = case(
        "lost.sqlite",
        "INSERT INTO StringIds SELECT max(id) + 1, 'cudaLaunchHostFunc_v10000' FROM StringIds",
        f"UPDATE CUPTI_ACTIVITY_KIND_RUNTIME SET {change} WHERE correlationId > 7",
    )
    (row,) = rows(path, "point_summary")
    assert not row["lost_iterations"]
    if "nameId" in change:
        assert "iterations differ in their operations: 3 of 1 operation (10 µs), 2 of 2 operations (60 µs)" in row["note"]


def test_launches_into_a_graph_that_is_captured_are_not_lost(case, rows):
    call = "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME SELECT {0}, {0} + 1, 0, globalTid, {1}, (SELECT max(id) FROM StringIds) - {2}, 0, NULL"
    path = case(
        "lost.sqlite",
        "INSERT INTO StringIds SELECT max(id) + 1, 'cudaStreamEndCapture_v10000' FROM StringIds",
        "INSERT INTO StringIds SELECT max(id) + 1, 'cudaStreamBeginCapture_v10000' FROM StringIds",
        *(
            call.format(start + shift, 1000 + start + shift, number) + " FROM CUPTI_ACTIVITY_KIND_RUNTIME LIMIT 1"
            for start in (125_710, 137_560, 149_410)
            for shift, number in ((-2, 0), (39, 1))
        ),
    )
    assert rows(path, "point_summary")[0]["lost_iterations"] == 0


def test_kernels_whose_times_contradict_each_other_are_counted_and_named(case, rows):
    path = case(
        "lost.sqlite",
        "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET start = 1100 WHERE correlationId = 1",
        "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = end + 1000 WHERE correlationId = 3",
    )
    texts = [item["text"] for item in rows(path, "messages")]
    assert any("1 of 7 kernels began before the call that launched them" in text and "(k)" in text for text in texts)
    assert any("1 of 7 kernels overlap the next one of their stream" in text and "(k)" in text for text in texts)


LOST = "INSERT INTO DIAGNOSTIC_EVENT SELECT {moment}, {clock}, 1, 2, '{text}', globalPid FROM CUPTI_ACTIVITY_KIND_KERNEL LIMIT 1"
TABLE = "CREATE TABLE IF NOT EXISTS DIAGNOSTIC_EVENT (timestamp INTEGER, timestampType INTEGER, source INTEGER, severity INTEGER, text TEXT, globalPid INTEGER)"


@pytest.mark.parametrize(
    ("moment", "clock", "text", "left_out"),
    [
        (0, 1, "12 events were lost", 1),
        (1, 1, "12 events were dropped", 1),
        (-5, 1, "12 events were lost", 0),
        (1, 2, "12 events were lost", 0),
        (1, 1, "Not all CUDA events might have been collected.", 0),
    ],
)
def test_iterations_at_a_moment_of_lost_events_are_left_out_and_named(case, rows, moment, clock, text, left_out):
    """A message says when on the capture's own clock, or says nothing of an iteration."""
    path = case("g_base.sqlite")
    (plain,) = rows(path, "point_summary")
    with sqlite3.connect(path) as capture:
        ((begin,),) = capture.execute(
            "SELECT start FROM NVTX_EVENTS JOIN StringIds ON id = textId WHERE value = 'iteration' ORDER BY start LIMIT 1 OFFSET 2"
        )
    path = case("g_base.sqlite", TABLE, LOST.format(moment=begin + moment, clock=clock, text=text))
    (row,) = rows(path, "point_summary")
    assert row["lost_iterations"] == left_out and row["iterations"] == plain["iterations"] - left_out
    told = f"during 1 of {plain['iterations']} the recording tool lost events: left out"
    assert (row["note"] or "") == (told if left_out else "")
    named = [item for item in rows(path, "messages") if "ran while the recording tool lost events" in item["text"]]
    assert len(named) == left_out and all(row["label"] in item["text"] for item in named)


def test_kernels_without_a_call_inside_iterations_are_counted_and_named(case, rows):
    path = case(
        "g_base.sqlite",
        "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET correlationId = 0, end = start + 1 WHERE correlationId = (SELECT max(correlationId) FROM CUPTI_ACTIVITY_KIND_KERNEL)",
        "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET start = (SELECT min(start) + 1 FROM CUPTI_ACTIVITY_KIND_KERNEL), end = (SELECT min(start) + 2 FROM CUPTI_ACTIVITY_KIND_KERNEL) WHERE correlationId = 0",
    )
    texts = [item["text"] for item in rows(path, "messages")]
    assert any(
        "have no API call (launched on the GPU" in text and "during measured iterations" in text and "(k)" in text for text in texts
    )


@pytest.mark.parametrize(("rate", "note"), [(2, None), (8, "bandwidth above the peak: served by cache")])
def test_a_bandwidth_is_held_against_the_peak_of_all_devices_used(case, rows, rate, note):
    path = case("twodev.sqlite", f"UPDATE NVTX_EVENTS SET int64Value = {rate * 50_000_000} WHERE int64Value IS NOT NULL",
                f"UPDATE NVTX_EVENTS SET uint64Value = {rate * 50_000_000} WHERE uint64Value IS NOT NULL")  # fmt: skip
    (row,) = rows(path, "point_summary")
    assert row["effective_bandwidth_bytes_per_s"] == rate * 1e12 and row["note"] == note


def test_what_the_program_says_of_its_own_times_stands_beside_them(case, profiler, ranked, rows, tmp_path):
    path, page, answer = case("c_by_a.json"), tmp_path / "page.html", tmp_path / "answer.json"
    document = json.loads(path.read_text())
    document["points"][0] |= {"reason": "the GPU waited for the host", "event_pair_ns": 6_000}
    path.write_text(json.dumps(document))
    note = "the GPU waited for the host; an empty pair of events takes 6 µs of the time"
    assert [row["note"] for row in rows(path, "point_summary")] == [note] == [row["note"] for row in ranked(path)]
    assert note in profiler("show", path)[1]
    assert profiler("dashboard", path, "--output", page)[0] == 0 and note in page.read_text(encoding="utf-8")
    assert profiler("compare", path, path, "--json", answer)[0] == 0
    assert [row["detail"].count(note) for row in json.loads(answer.read_text())["rows"]] == [1]
    document["points"][0]["event_pair_ns"] = 900  # too little to be said
    path.write_text(json.dumps(document))
    assert [row["note"] for row in ranked(path)] == ["the GPU waited for the host"]


def test_kernels_of_unlike_work_are_listed_by_name_and_never_ranked(case, profiler, ranked):
    path = case("nsys_three_kernels_best.sqlite")
    found = ranked(path)
    assert [(row["row"].partition("(")[0], row["samples"], row["median_ns"]) for row in found] == [
        ("kernel2", 1, 808_224_481),
        ("kernel", 4, pytest.approx(22_511, rel=0.001)),
        ("kernel", 1, pytest.approx(81_340, rel=0.001)),
    ]
    assert not any(row["place"] or row["tied"] or row["undecided"] for row in found)
    assert [row["note"] for row in found] == ["one sample: cannot tell", "", "one sample: cannot tell"]
    code, out, _ = profiler("best", path)
    assert code == 0 and "Nothing is ranked" in out and "tied" not in out and "fastest" not in out


def test_more_launches_of_a_kernel_are_said_and_are_not_comparable(case, profiler):
    first, second = case("e_k1.sqlite"), case("e_k2.sqlite")
    code, out, _ = profiler("gate", first, second)
    assert code == 12 and "launches of the kernel: 50 and 100; 5 ms and 10 ms in all (+100.0 %)" in " ".join(out.split())
    assert profiler("gate", first, second, "--allow", "launches")[0] == 11
    assert profiler("compare", first, second)[0] == 0


def test_launches_that_one_side_alone_counts_are_not_comparable(case, profiler):
    pair = [case("g_base.sqlite"), case("g_memset.sqlite", "DROP TABLE NVTX_EVENTS")]
    for base, candidate in (pair, reversed(pair)):
        code, out, _ = profiler("gate", base, candidate)
        assert code == 12 and "launches of the kernel: " in out and "unknown" in out


def test_iterations_that_move_other_bytes_are_not_comparable(case, profiler):
    pair = case("c_by_a.json"), case("c_by_b.json")
    code, out, _ = profiler("gate", *pair)
    assert code == 12 and "bytes that an iteration must move: 1048576 and 524288" in out
    assert profiler("gate", *pair, "--allow", "bytes_per_iteration")[0] == 0


BESIDE = "iterations ran beside each other: wall time over their number"


def test_iterations_that_ran_beside_each_other_are_ranked_by_their_period(ranked, rows):
    (run,) = (Path(__file__).parents[2] / "runs" / "examples").glob("*-experiment-under-tools-*")
    document = json.loads(lzma.decompress((run / "raw/builtin/steps/without-tool.json.xz").read_bytes()))
    walls = {
        point["label"]: point["wall_ns"] / sum(lane["sample_count"] for lane in point["lanes"])
        for point in document["points"]
        if point["streams"] == 2
    }
    found = {row["row"]: row for row in ranked(run)}
    assert len(walls) == 4 and {label for label, row in found.items() if BESIDE in row["note"]} == set(walls)
    assert {label: found[label]["median_ns"] for label in walls} == pytest.approx(walls)
    for row in rows(run, "point_summary"):
        if row["label"] in walls:
            assert row["timed_by"] == "period"
            assert row["effective_bandwidth_bytes_per_s"] == pytest.approx(row["bytes_per_iteration"] * 1e9 / walls[row["label"]])


def beside(path, variants):
    """Write a result: variant to event times, wall time and what else differs from two streams."""
    document = json.loads(path.read_text())
    (point,) = document["points"]
    shared = {**point, "measure": "throughput", "streams": 2, "threads": 1, "bytes_per_iteration": 1000}
    document["points"] = [
        {**shared, "label": f"op=k variant={name}", "samples_ns": samples, "wall_ns": wall, **more}
        for name, (samples, wall, more) in variants.items()
    ]
    path.write_text(json.dumps(document))
    return path


def test_a_period_ranks_where_single_times_would_name_another_winner(case, ranked, rows, profiler, tmp_path):
    quick, slow = [100, 101] * 30, [150, 151] * 30
    path = beside(case("c_by_a.json"), {"quick": (quick, 6000, {}), "slow": (slow, 4500, {})})
    found = ranked(path)
    assert [(row["row"], row["median_ns"]) for row in found] == [
        ("op=k variant=slow", pytest.approx(75)),
        ("op=k variant=quick", pytest.approx(100)),
    ]
    assert [row["bandwidth_bytes_per_s"] for row in found] == pytest.approx([1e12 / 75, 1e10])
    assert "variant=slow" in " ".join(profiler("show", path)[1].split()).split("Fastest")[1][:300]
    answer, other = tmp_path / "answer.json", tmp_path / "other.json"
    path = beside(case("c_by_a.json"), {"quick": (slow, 4500, {})})
    other.write_text(path.read_text())
    path = beside(case("c_by_a.json"), {"quick": (quick, 6000, {})})
    assert profiler("gate", path, other, "--json", answer)[0] == 0
    (row,) = json.loads(answer.read_text())["rows"]
    assert (row["verdict"], row["base_median_ns"], row["candidate_median_ns"]) == ("faster", pytest.approx(100), pytest.approx(75))


@pytest.mark.parametrize(
    ("more", "median"),
    [
        ({}, 50),
        ({"streams": 1, "threads": 4}, 50),
        ({"lanes": [{"thread": 0, "stream": n, "sample_count": 120} for n in (0, 1)]}, 25),  # of 240 samples 120 are in the file
        ({"streams": 1}, 100.5),  # one lane: its iterations follow each other
        ({"wall_ns": None}, 100.5),
        ({"samples_ns": [0] * 120}, None),
    ],
)
def test_which_results_are_timed_by_their_period(case, rows, more, median):
    (row,) = rows(beside(case("c_by_a.json"), {"a": ([100, 101] * 60, 6000, more)}), "point_summary")
    assert row["builtin_median_ns"] in (0, None) if median is None else row["builtin_median_ns"] == pytest.approx(median)
    assert row["timed_by"] == ("period" if median in (None, 25, 50) else None)


def test_what_was_not_timed_ran_beside_nothing(case, rows):
    (row,) = rows(beside(case("c_by_a.json"), {"a": ([], None, {"status": "skipped", "reason": "no"})}), "points")
    assert (row["note"], row["timed_by"], row["reason"]) == (None, None, "no")


@pytest.mark.parametrize("wall", [0.006, True, "6000"])
def test_a_wall_time_is_whole_nanoseconds(case, profiler, wall):
    code, _, err = profiler("best", beside(case("c_by_a.json"), {"a": ([100, 101], wall, {})}))
    assert code == 5 and "wall_ns of point 'op=k variant=a' must hold whole nanoseconds" in err
