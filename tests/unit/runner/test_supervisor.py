"""A sweep outlives points that crash, hang or give wrong output, and goes on where it was cut off."""

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from runner_process import command, request

from profiler.runner.result import Journal
from profiler.runner.worker import EXIT_BROKEN, run_worker

FAULTY = "faulty_engine:FaultyEngine"


def records(document):
    return {point["attributes"].get("fault"): point for point in document["points"]}


def test_each_fault_costs_its_own_point_and_is_named(runner, tmp_path):
    faults = "none,crash,kill,exit,hang,error,skip,broken,memory,wrong,late,last"
    done = runner(f"fault={faults}", engine=FAULTY, point_timeout_s=4.0)
    points = records(done.document)
    assert list(points) == faults.split(",")
    assert {fault: point["status"] for fault, point in points.items()} == {
        "none": "ok",
        "crash": "failed",
        "kill": "failed",
        "exit": "failed",
        "hang": "failed",
        "error": "failed",
        "skip": "skipped",
        "broken": "failed",
        "memory": "failed",
        "wrong": "wrong_output",
        "late": "wrong_output",
        "last": "ok",
    }
    for fault, reason in {
        "crash": "crashed: killed by SIGSEGV; about to touch address 0",
        "kill": "crashed: killed by SIGKILL",
        "exit": "crashed: exit status 9",
        "hang": "hung: no result after 4 s",
        "error": "out of registers",
        "skip": "not on this device",
        "broken": "illegal memory access",
        "memory": "out of memory: 4 GB",
        "wrong": "1 of 1024 elements of output0 differ from the reference",
        "late": "in a measured iteration 1 of 1024 elements of output0 differ from the reference",
    }.items():
        assert points[fault]["reason"].startswith(reason), fault
    assert points["wrong"]["samples_ns"] == points["late"]["samples_ns"] == []
    assert points["late"]["verification"]["worst_index"] == [0, 3]
    assert points["last"]["keeps_to_stream"] is None
    assert len(points["last"]["samples_ns"]) == 3
    assert done.code == 7, done.output
    assert "[12/12] ok: " in done.output


def test_every_point_failed_is_a_failure(runner):
    done = runner(engine=FAULTY, sets=["fault=error"])
    assert done.code == 4
    assert "1 points: 1 failed" in done.output


@pytest.mark.parametrize(
    ("faults", "expected"),
    [("none,skip", 0), ("none,error", 4), ("skip,skip2", 4), ("skip,error", 4), ("error,wrong,none", 7)],
)
def test_the_exit_status_is_that_of_the_driver(runner, tmp_path, faults, expected):
    done = runner(f"fault={faults}", engine=FAULTY)
    assert done.code == expected, done.output
    assert len(done.document["points"]) == len(faults.split(",")), "the sweep is complete all the same"


def test_a_broken_process_leaves_the_facts_of_its_end(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    sweep = request(sets=["fault=broken"], engine="faulty_engine:BuildingEngine")
    assert run_worker(sweep, tmp_path, tmp_path, 1) == EXIT_BROKEN
    assert Journal(tmp_path / "points.jsonl").read().facts["digests"] == {"timing_cache": "sha256:1"}


def test_an_engine_that_cannot_start_says_why_at_once(runner):
    done = runner(engine="faulty_engine:NoDeviceEngine")
    assert done.code == 4
    assert "error: no CUDA device\nfix: use --engine reference" in done.output


def test_an_engine_that_dies_at_its_start_is_tried_twice_and_reported(runner):
    done = runner(engine="faulty_engine:CrashingEngine")
    assert done.code == 4
    assert "the worker ended before it began a point (killed by SIGSEGV)" in done.output


def test_finished_points_are_not_run_again(runner, tmp_path):
    first = runner("block=64,128").document["points"]
    done = runner("block=64,128,256")
    assert done.code == 0
    assert "2 of 3 points are already finished" in done.output
    second = done.document["points"]
    assert second[:2] == first
    assert [point["attributes"]["block"] for point in second] == [64, 128, 256]


def begin(tmp_path, *sweeps, environment=None):
    argv, variables = command(tmp_path, request(*sweeps, engine=FAULTY, sets=["fault=slow"]))
    variables = {**variables, **(environment or {})}
    return subprocess.Popen(argv, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True)


def finished_labels(journal):
    events = Journal(journal).events()
    return [event["point"]["label"] for event in events if event["event"] == "point"]


def workers():
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"profiler.runner.worker" in command:
                found.append(int(entry.name))
    return found


def test_killed_in_the_middle_and_started_again_no_point_is_lost_or_doubled(runner, tmp_path, until):
    process = begin(tmp_path, "block=32:512:32")
    journal = tmp_path / "points.jsonl"
    until(lambda: len(finished_labels(journal)) >= 4, process)
    children = workers()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until(lambda: not set(children) & set(workers()))
    assert 4 <= len(finished_labels(journal)) < 16

    with journal.open("a") as stream:
        stream.write('{"event": "point", "segment": 1, "poi')  # a line that was cut off by the kill
        stream.write("\n")
    before = finished_labels(journal)
    done = runner("block=32:512:32", engine=FAULTY, sets=["fault=slow"])
    assert done.code == 0, done.output
    points = done.document["points"]
    assert [point["attributes"]["block"] for point in points] == list(range(32, 513, 32))
    assert all(point["status"] == "ok" and len(point["samples_ns"]) == 3 for point in points)
    counts = Counter(finished_labels(journal))
    assert set(counts.values()) == {1}
    assert set(before) < set(counts)


def test_interrupt_leaves_what_was_finished(tmp_path, until):
    process = begin(tmp_path, "block=32:512:32")
    journal = tmp_path / "points.jsonl"
    until(lambda: len(finished_labels(journal)) >= 2, process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    points = json.loads((tmp_path / "result.json").read_text())["points"]
    assert [point["label"] for point in points] == finished_labels(journal)


def test_a_sweep_ends_when_the_process_that_records_it_is_gone(tmp_path, until):
    owner = subprocess.Popen(["sleep", "3000"])
    process = begin(tmp_path, "block=32:1024:32", environment={"PROFILER_OWNER_PID": str(owner.pid)})
    until(lambda: finished_labels(tmp_path / "points.jsonl"), process)
    owner.kill()
    owner.wait()
    process.communicate()
    assert process.returncode == 130
    assert len(finished_labels(tmp_path / "points.jsonl")) < 32
