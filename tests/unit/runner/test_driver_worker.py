"""The C++ driver as the supervisor's worker: its results are carried over, and what kills it costs one point."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from runner_process import HERE, request

from profiler.errors import ToolMissingError, UsageError
from profiler.runner.driver_worker import DriverRun, DriverWorker
from profiler.runner.point import Point
from profiler.runner.request import read_request
from profiler.runner.result import Journal

CPP = {"driver": "cpp", "engine": "direct"}


@pytest.fixture(autouse=True)
def built(tmp_path_factory, monkeypatch):
    """A build folder whose driver is the stand-in."""
    folder = tmp_path_factory.mktemp("build")
    (folder / "bin").mkdir()
    (folder / "bin" / "profiler-driver").symlink_to(HERE / "fake_driver.py")
    monkeypatch.setenv("PROFILER_BUILD_DIR", str(folder))


def test_results_of_the_driver_become_the_runs(runner, tmp_path):
    done = runner("block=64,128", **CPP)
    assert done.code == 0, done.output
    document = done.document
    assert (document["program"]["name"], document["engine"], document["device"]) == ("profiler-driver", "direct", {"name": "fake"})
    assert [point["label"] for point in document["points"]] == [f"op=swish shape=16x64 dtype=fp32 block={b}" for b in (64, 128)]
    assert document["points"][0]["samples_ns"] == [10, 11]
    assert document["digests"] == {"timing_cache": "sha256:2"}, "as it was after the last build"
    assert "[2/2] ok: " in done.output


def test_facts_that_changed_are_taken_over_and_others_are_not_repeated(tmp_path):
    journal, result = Journal(tmp_path / "j"), tmp_path / "r.json"
    points = [Point("swish", (4,), "fp32", {"block": block}) for block in (32, 64, 128)]
    run = DriverRun(points, result, journal)
    for count, digest in ((0, "a"), (1, "a"), (2, "b"), (3, "b")):
        finished = [{"status": "ok", "samples_ns": [1]}] * count
        result.write_text(json.dumps({"digests": {"timing_cache": digest}, "points": finished}))
        assert len(run.poll()) == (count > 0)
    events = [item["digests"]["timing_cache"] for item in journal.events() if item["event"] == "facts"]
    assert events == ["a", "b"]


def test_a_crash_a_hang_and_a_wrong_output_cost_their_own_points(runner, tmp_path):
    done = runner("fault=crash,a,hang,wrong,b", **CPP, point_timeout_s=4)
    assert done.code == 7, done.output
    points = done.document["points"]
    assert [point["status"] for point in points] == ["failed", "ok", "failed", "wrong_output", "ok"]
    assert "SIGSEGV" in points[0]["reason"]
    assert "hung: no result after 4 s" in points[2]["reason"]


def test_untimed_points_keep_no_samples(runner, tmp_path):
    assert runner(**CPP, settings={"timed": False}).document["points"][0]["samples_ns"] == []


def test_a_driver_that_cannot_start_says_why(runner):
    done = runner(**CPP, environment={"FAKE_DRIVER": "no-gpu"})
    assert done.code == 4
    assert "error: no CUDA device\nfix: use another machine" in done.output


def worker(tmp_path, engine="direct", settings=None, **options):
    sweep = request(engine=engine, driver="cpp", settings=settings, **options)
    return DriverWorker(sweep, Journal(tmp_path / "j"), tmp_path)


def test_the_driver_gets_the_open_points_of_the_request_as_a_file(tmp_path):
    sweep = request("block=64,128", engine="tensorrt", driver="cpp", plugin_libraries=("a.so",), cache_folder="c", device=1)
    command = DriverWorker(sweep, Journal(tmp_path / "j"), tmp_path)(list(sweep.points[1:]), 1)
    arguments = dict(zip(command.argv[1::2], command.argv[2::2], strict=False))
    assert Path(command.argv[0]).name == "fake_driver.py"
    assert arguments["--json"] == str(tmp_path / "driver-1.json")
    assert read_request(Path(arguments["--request"])) == replace(sweep, points=sweep.points[1:])


def test_what_cannot_run_is_refused(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="no engine 'reference'"):
        worker(tmp_path, "reference")
    with pytest.raises(UsageError, match="--driver python"):
        worker(tmp_path, engine_file="x.engine")
    monkeypatch.setattr("profiler.runner.driver_worker.find_driver", lambda: None)
    with pytest.raises(ToolMissingError, match="not built"):
        worker(tmp_path)
