"""What a marked program leaves behind: Python and C++ alike, however it ends."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys

import pytest

from profiler.annotate.cuda_events import NO_WORK, OUTSIDE, WAITED, EventTimer
from profiler.annotate.documents import join_journals
from profiler.annotate.journal import NAMES_VARIABLE
from profiler.runner.request import RANGES, RESULT
from profiler.runner.result import read_events

PROGRAM = """
import ctypes, os, sys
import profiler
fake = ctypes.CDLL(os.environ["PROFILER_CUDA_LIBRARY"])
fake.fake_launch.argtypes = [ctypes.c_size_t, ctypes.c_longlong]
how = sys.argv[1]
if how == "capture":
    fake.fake_capture(1)
stream = {"named": 3, "several": [3, 4]}.get(how)
for block in (64, 128):
    with profiler.point(op="x", block=block, bytes=1000, cuda_stream=stream).open() as point:
        with point.warmup():
            pass
        with point.verify():
            pass
        for _ in range(5):
            with point.iteration():
                fake.fake_launch(3 if stream else 0, 2_000_000)
                if how in ("outside", "several"):
                    fake.fake_launch(4, 100_000_000)
if how == "kill":
    os.kill(os.getpid(), 9)
"""


def python_program(how, environment):
    return subprocess.run([sys.executable, "-c", PROGRAM, how], env=environment, check=False).returncode


def document(folder):
    join_journals(folder)
    return json.loads((folder / RESULT).read_text())


def points(folder):
    return document(folder)["points"]


@pytest.fixture(params=["python", "cpp"])
def run(request, environment):
    """Return a function that runs the program of one language."""
    if request.param == "python":
        return lambda how: python_program(how, environment)
    program = request.getfixturevalue("marked_program")
    return lambda how: subprocess.run([str(program), how], env=environment, check=False).returncode


@pytest.mark.parametrize("how", ["default", "named"])
def test_iterations_are_timed_by_events_on_their_stream(run, how, tmp_path):
    for _ in range(20):  # a busy machine may hold up the looks at what runs on after the end event
        assert run(how) == 0
        found = points(tmp_path)
        assert [point["label"] for point in found] == ["op=x block=64", "op=x block=128"]
        if OUTSIDE not in {point["reason"] for point in found}:
            break
        for path in tmp_path.iterdir():
            path.unlink()
    for point in found:
        assert (point["status"], point["clock"], point["bytes_per_iteration"]) == ("ok", "cuda_event", 1000)
        assert len(point["samples_ns"]) == len(point["host_samples_ns"]) == 5
        assert min(point["samples_ns"]) >= 1_999_000  # what a busy machine adds can only make it more
        assert min(point["host_samples_ns"]) < min(point["samples_ns"])
        assert 0 < point["event_pair_ns"] < min(point["samples_ns"])


def test_work_that_the_events_do_not_cover_makes_a_point_partial(run, tmp_path):
    assert run("outside") == 0
    for point in points(tmp_path):
        assert point["status"] == "partial"
        assert "ran on after the end event" in point["reason"]


@pytest.mark.parametrize(
    ("time_ns", "host_ns", "covers", "reason"),
    [
        (181_200, 8_383, True, ""),  # a copy of 512 MiB on an H100: the GPU is busy while the next one is enqueued
        (209_760, 201_358, True, WAITED),  # the same with a synchronisation in each iteration
        (26_320, 18_798, False, WAITED),  # a kernel of 2 µs from Python
        (31_600, 25_272, False, WAITED),  # no GPU work at all
        (3_500, 900, False, NO_WORK),
    ],
)
def test_an_iteration_that_is_all_launch_latency_is_no_time_of_the_device(time_ns, host_ns, covers, reason):
    assert EventTimer(ctypes.CDLL(None)).doubt([time_ns] * 5, [host_ns] * 5, 2_000) == (covers, reason)


def test_several_streams_are_forked_and_joined(environment, tmp_path):
    assert python_program("several", environment) == 0
    for point in points(tmp_path):
        assert point["status"] == "ok"
        assert min(point["samples_ns"]) >= 99_990_000


def test_without_events_only_the_time_to_enqueue_is_known(environment, tmp_path):
    assert python_program("capture", environment) == 0
    for point in points(tmp_path):
        assert (point["status"], point["samples_ns"], len(point["host_samples_ns"])) == ("partial", [], 5)
        assert "time to enqueue" in point["reason"]


def test_a_killed_program_keeps_its_finished_points(run, tmp_path):
    assert run("kill") == -9
    assert [len(point["samples_ns"]) for point in points(tmp_path)] == [5, 5]


def test_both_languages_tell_the_same_of_the_device(environment, marked_program, tmp_path):
    python_program("default", environment)
    python_device = document(tmp_path)["device"]
    for path in tmp_path.glob("*.jsonl"):
        path.unlink()
    subprocess.run([str(marked_program), "default"], env=environment, check=True)
    assert document(tmp_path)["device"] == python_device
    assert python_device["name"] == 'Fake "GPU"'
    assert python_device["uuid"] == "GPU-00112233-4455-6677-8899-aabbccddeeff"
    assert python_device["memory_bandwidth_bytes_per_s"] == 2 * 2_619_000_000 * 5120 // 8
    assert python_device["max_blocks_per_sm"] is None


def test_ranges_of_a_point_are_kept(run, tmp_path):
    run("default")
    join_journals(tmp_path)
    names = json.loads((tmp_path / RANGES).read_text())["columns"]["name"]
    assert sorted(names) == sorted(["point op=x block=64", "point op=x block=128", *["warmup", "verify"] * 2, *["iteration"] * 10])


ENDINGS = """
import multiprocessing, os, sys
import profiler
for block in (64, 128):
    for _ in profiler.point(op="x", block=block).iterations(3): pass
how = sys.argv[1]
if how == "exit": os._exit(0)
if how == "abort": os.abort()
if how == "exec": os.execvp("true", ["true"])
if how == "fork":
    if os.fork() == 0:
        for _ in profiler.point(op="child", block=1).iterations(4): pass
        os._exit(0)
    os.wait()
if how == "inside":
    with profiler.point(op="both").open() as point:
        with point.iteration(): pass
        if os.fork() == 0:
            with point.iteration(): pass
            with profiler.iteration(): pass
        else:
            os.wait()
if how == "spawn":
    def work(rank):
        for _ in profiler.point(op="rank", rank=rank).iterations(4): pass
    children = [multiprocessing.get_context("fork").Process(target=work, args=(rank,)) for rank in range(2)]
    [child.start() for child in children]; [child.join() for child in children]
"""


@pytest.mark.parametrize(
    ("how", "more"),
    [
        ("exit", {}),
        ("abort", {}),
        ("exec", {}),
        ("fork", {"op=child block=1": 4}),
        ("spawn", {"op=rank rank=0": 4, "op=rank rank=1": 4}),
        ("inside", {"op=both": 3}),
    ],
)
def test_no_ending_loses_a_finished_point(how, more, tmp_path):
    environment = {**os.environ, "PROFILER_BUILTIN_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", ENDINGS, how], env=environment, check=False)
    found = {point["label"]: len(point["samples_ns"]) for point in points(tmp_path)}
    assert found == {"op=x block=64": 3, "op=x block=128": 3, **more}


def test_a_line_that_was_cut_off_loses_no_other(tmp_path):
    environment = {**os.environ, "PROFILER_BUILTIN_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", ENDINGS, "exit"], env=environment, check=False)
    (journal,) = tmp_path.glob("*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    assert [point["label"] for point in points(tmp_path)] == ["op=x block=64"]


def test_under_another_tool_only_names_are_kept(tmp_path):
    environment = {**os.environ, NAMES_VARIABLE: str(tmp_path)}
    subprocess.run([sys.executable, "-c", ENDINGS, "fork"], env=environment, check=False)
    events = read_events(sorted(tmp_path.glob("*.jsonl")))
    assert sorted(event["label"] for event in events if event["event"] == "point") == [
        "op=child block=1",
        "op=x block=128",
        "op=x block=64",
    ]
    assert not any("record" in event for event in events)
