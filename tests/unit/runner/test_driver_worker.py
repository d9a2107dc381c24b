"""The C++ driver as the supervisor's worker: its results are carried over, and what kills it costs one point."""

import json

import pytest
from runner_process import HERE

from profiler.errors import ToolMissingError, UsageError
from profiler.runner.driver_worker import DriverRun, DriverWorker
from profiler.runner.point import Point
from profiler.runner.result import Journal
from profiler.runner.settings import MeasureSettings

CPP = ("--driver", "cpp", "--engine", "direct", "--driver-binary", HERE / "fake_driver.py")


def test_results_of_the_driver_become_the_runs(runner, tmp_path):
    code, output = runner(*CPP, "--sweep", "block=64,128", "--json", "r.json")
    assert code == 0, output
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["program"]["name"], document["engine"], document["device"]) == ("profiler-driver", "direct", {"name": "fake"})
    assert [point["label"] for point in document["points"]] == [f"op=swish shape=16x64 dtype=fp32 block={b}" for b in (64, 128)]
    assert document["points"][0]["samples_ns"] == [10, 11]
    assert document["digests"] == {"timing_cache": "sha256:2"}, "as it was after the last build"
    assert "[2/2] ok: " in output


def test_facts_that_changed_are_taken_over_and_others_are_not_repeated(tmp_path):
    journal, result = Journal(tmp_path / "j"), tmp_path / "r.json"
    points = [Point("swish", (4,), "fp32", {"block": block}) for block in (32, 64, 128)]
    run = DriverRun(points, result, journal, timed=True)
    for count, digest in ((0, "a"), (1, "a"), (2, "b"), (3, "b")):
        finished = [{"status": "ok", "samples_ns": [1]}] * count
        result.write_text(json.dumps({"digests": {"timing_cache": digest}, "points": finished}))
        assert len(run.poll()) == (count > 0)
    events = [item["digests"]["timing_cache"] for item in journal.events() if item["event"] == "facts"]
    assert events == ["a", "b"]


def test_a_crash_a_hang_and_a_wrong_output_cost_their_own_points(runner, tmp_path):
    code, output = runner(*CPP, "--sweep", "fault=crash,a,hang,wrong,b", "--json", "r.json", "--point-timeout", "2")
    assert code == 7, output
    points = json.loads((tmp_path / "r.json").read_text())["points"]
    assert [point["status"] for point in points] == ["failed", "ok", "failed", "wrong_output", "ok"]
    assert "SIGSEGV" in points[0]["reason"]
    assert "hung: no result after 2 s" in points[2]["reason"]


def test_untimed_points_keep_no_samples(runner, tmp_path):
    runner(*CPP, "--untimed", "--json", "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["points"][0]["samples_ns"] == []


def test_a_driver_that_cannot_start_says_why(runner, monkeypatch):
    monkeypatch.setenv("FAKE_DRIVER", "no-gpu")
    code, output = runner(*CPP)
    assert code == 4
    assert "error: no CUDA device\nfix: use another machine" in output


def worker(tmp_path, engine="direct", binary=HERE / "fake_driver.py", **settings):
    return DriverWorker(binary, engine, MeasureSettings(**settings), ["--device", "1"], Journal(tmp_path / "j"), tmp_path)


def test_whole_command_line(tmp_path):
    command = worker(tmp_path, warmup=3, min_samples=5, max_samples=50, max_seconds=2, cache="warm", streams=2, verify=False)
    argv = command([Point("swish", (4, 4), "fp16", {"block": 64})], 1).argv
    assert argv[1:] == [
        "--points", str(tmp_path / "driver-1.points"), "--json", str(tmp_path / "driver-1.json"), "--quiet", "--direct",
        "--min-iterations", "5", "--max-iterations", "50", "--min-time", "0.1", "--max-time", "2", "--stability", "0.002", "--warmup", "3",
        "--cache-mode", "warm", "--launch-mode", "plain", "--streams", "2", "--threads", "1", "--seed", "1", "--no-verify",
        "--device", "1",
    ]  # fmt: skip
    assert (tmp_path / "driver-1.points").read_text() == "op=swish shape=4x4 dtype=fp16 block=64\n"
    assert "--iterations" in worker(tmp_path, timed=False)([Point("swish", (4,))], 2).argv
    assert "--direct" not in worker(tmp_path, "tensorrt")([Point("swish", (4,))], 3).argv


@pytest.mark.parametrize(
    ("max_seconds", "times"), [(0.05, ("0.05", "0.05")), (0.1, ("0.1", "0.1")), (3, ("0.1", "3")), (1e6, ("0.1", "86400"))]
)
def test_the_time_limits_never_contradict_each_other(tmp_path, max_seconds, times):
    argv = worker(tmp_path, max_seconds=max_seconds, precision=2)([Point("swish", (4,))], 1).argv
    assert (argv[argv.index("--min-time") + 1], argv[argv.index("--max-time") + 1]) == times
    assert argv[argv.index("--stability") + 1] == "1", "the driver takes no more"


def test_what_cannot_run_is_refused(tmp_path):
    with pytest.raises(ToolMissingError, match="not built"):
        worker(tmp_path, binary=None)
    with pytest.raises(UsageError, match="no engine 'reference'"):
        worker(tmp_path, "reference")


def test_the_embedded_recorder_does_not_go_with_the_driver(runner):
    code, output = runner(*CPP, "--recorder", "cupti", "--records", ".")
    assert code == 2
    assert "Python runner only" in output
