"""A recording always ends with a run that says how it ended: complete, or failed with the reason and its logs."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import profiler
from profiler.capture import choice, lock
from profiler.capture.lock import locked
from profiler.capture.progress import Progress
from profiler.capture.request import CaptureRequest, SweepOptions
from profiler.capture.sweep import expand
from profiler.errors import CaptureError, ToolMissingError, UsageError
from profiler.jobs.recording import exit_code, plan, record, resume, unfinished_runs
from profiler.runner.result import Journal
from profiler.runner.settings import MeasureSettings
from profiler.store.manifest import CaptureRecord, read_manifest
from profiler.store.run_dir import RunDir, create_run

ENGINES = Path(__file__).parents[1] / "runner"
ENGINE_PATH = {"PYTHONPATH": f"{Path(profiler.__file__).parents[1]}{os.pathsep}{ENGINES}"}
QUICK = MeasureSettings(warmup=1, min_samples=3, max_samples=3, max_seconds=1, cache="warm")


class Events(Progress):
    def __init__(self):
        self.points, self.notes, self.passes, self.lines = [], [], [], []

    def begin(self, tool, argv, points):
        self.passes.append([tool, points])

    def line(self, text):
        self.lines.append(text)

    def point(self, done, total, status, label):
        self.points.append((done, total, status))

    def note(self, text):
        self.notes.append(text)

    def end(self, tool, status, duration_s):
        self.passes[-1].append(status)


def sweep(values="64,128,256", engine="reference", attribute="block", tools=("builtin",), **options):
    points = expand("swish", ["16x64"], [], [], [f"{attribute}={values}"])
    environment = ENGINE_PATH if ":" in engine else {}
    return CaptureRequest(
        tools=tools,
        sweep=SweepOptions(tuple(points), engine=engine, settings=QUICK, **options),
        label="test",
        environment=environment,
    )


def only_run(root):
    (folder,) = [item for item in root.iterdir() if not item.name.startswith(".")]
    return RunDir(folder)


def test_a_sweep_becomes_a_complete_run(tmp_path):
    events = Events()
    run = record(sweep(), tmp_path, events)
    manifest = read_manifest(run.path / "manifest.json")
    assert run.path.parent == tmp_path
    assert (manifest.status, manifest.reason, manifest.engine, manifest.label) == ("complete", "", "reference", "test")
    (capture,) = manifest.captures
    assert (capture.tool, capture.status, capture.returncode) == ("builtin", "complete", 0)
    assert capture.artefacts == ["raw/builtin/result.json", "raw/builtin/ranges.json"]
    assert all((run.path / name).is_file() for name in capture.artefacts)
    assert (run.logs / "builtin.log").read_text().count("ok: op=swish") == 3
    assert events.points == [(1, 3, "ok"), (2, 3, "ok"), (3, 3, "ok")]
    assert events.passes == [["builtin", 3, "complete"]]
    assert [point["attributes"]["block"] for point in json.loads((run.path / capture.artefacts[0]).read_text())["points"]] == [
        64,
        128,
        256,
    ]
    assert exit_code(run) == 0
    assert "cpu_count" in manifest.environment["host"]


def test_a_command_is_recorded_and_its_output_logged(tmp_path):
    events = Events()
    code = "import profiler\nfor _ in profiler.point(block=64, bytes=8).iterations(3): pass\nprint('hello')"
    run = record(CaptureRequest(tools=("builtin",), command=(sys.executable, "-c", code)), tmp_path, events)
    assert run.manifest.command == [sys.executable, "-c", code]
    assert events.lines == ["hello"]
    result = json.loads((run.raw("builtin") / "result.json").read_text())
    assert [(point["label"], len(point["samples_ns"]), point["bytes_per_iteration"]) for point in result["points"]] == [
        ("block=64", 3, 8)
    ]


def failing(tmp_path, request, error=CaptureError):
    with pytest.raises(error) as caught:
        record(request, tmp_path)
    run = only_run(tmp_path)
    assert run.manifest.status == "failed"
    assert run.manifest.reason
    return run, caught.value


def test_a_failing_program_leaves_a_failed_run_with_its_log(tmp_path):
    code = "import profiler, sys\nwith profiler.point(block=1): pass\nprint('about to fail')\nsys.exit(3)"
    run, error = failing(tmp_path, CaptureRequest(tools=("builtin",), command=(sys.executable, "-c", code)))
    assert "exit status 3" in run.manifest.reason
    assert "  | about to fail" in error.message
    assert str(tmp_path / run.run_id / "logs" / "builtin.log") in error.message
    assert Path(error.message.rpartition("log: ")[2]).read_text() == "about to fail\n"
    assert (run.raw("builtin") / "result.json").is_file()


def test_a_program_without_points_has_nothing_to_record(tmp_path):
    _, error = failing(tmp_path, CaptureRequest(tools=("builtin",), command=("true",)))
    assert "no sweep point" in error.message
    assert "--tool nsys" in error.hint


def test_a_time_out_ends_everything(tmp_path):
    run, error = failing(tmp_path, CaptureRequest(tools=("builtin",), command=("sleep", "60"), timeout_s=0.5))
    assert "stopped after 0.5 s" in error.message
    assert run.manifest.captures[0].status == "failed"


def test_ctrl_c_leaves_a_failed_run(tmp_path):
    class Interrupt(Progress):
        def point(self, done, total, status, label):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(sweep("32:512:32"), tmp_path, Interrupt())
    run = only_run(tmp_path)
    assert (run.manifest.status, run.manifest.reason) == ("failed", "interrupted by the user")
    assert run.manifest.captures[0].reason == "interrupted by the user"


def test_a_missing_program_leaves_no_run(tmp_path):
    with pytest.raises(UsageError, match="no such program"):
        record(CaptureRequest(tools=("builtin",), command=("no-such-program",)), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_tool_leaves_no_run_and_names_the_fix(tmp_path, monkeypatch):
    monkeypatch.setattr("profiler.tools.ncu.record.find_ncu", lambda: None)
    with pytest.raises(ToolMissingError, match="ncu is not installed") as caught:
        record(CaptureRequest(tools=("ncu",), command=("true",)), tmp_path)
    assert "--tool auto" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_auto_takes_the_built_in_recorder_where_there_is_nothing_else_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("profiler.tools.nsys.record.find_nsys", lambda: None)
    monkeypatch.setattr(choice, "gpus", list)
    events = Events()
    run = record(sweep(tools=("auto",)), tmp_path, events)
    assert [capture.tool for capture in run.manifest.captures] == ["builtin"]
    assert any("built-in recorder" in note for note in events.notes)


def test_a_folder_that_cannot_hold_runs_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="file") as caught:
        record(sweep(), tmp_path / "file" / "runs")
    assert "--runs" in caught.value.hint


def test_a_full_disk_in_the_middle_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SweepOptions, "write", full)
    run, error = failing(tmp_path, sweep())
    assert "disk is full" in error.message
    assert "disk is full" in run.manifest.reason


def test_an_unexpected_error_marks_the_run_and_shows_itself(tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(SweepOptions, "write", broken)
    run, _ = failing(tmp_path, sweep(), ZeroDivisionError)
    assert run.manifest.reason == "ZeroDivisionError: a bug"


@pytest.mark.parametrize(("codes", "expected"), [((4, 0), 0), ((0, 4), 4), ((7, 4), 4), ((None, 7), 7)])
def test_the_last_attempt_of_a_tool_speaks_for_the_run(tmp_path, codes, expected):
    run = create_run(tmp_path, "x")
    run.manifest.captures = [CaptureRecord("nsys", returncode=code) for code in codes]
    assert exit_code(run) == expected
    run.manifest.captures.append(CaptureRecord("builtin", returncode=7))
    assert exit_code(run) == 7


def test_faulty_points_are_recorded_and_the_run_is_complete(tmp_path):
    events = Events()
    request = sweep("none,crash,wrong,hang,last", "faulty_engine:FaultyEngine", "fault", point_timeout_s=4.0)
    run = record(request, tmp_path, events)
    assert run.manifest.status == "complete"
    notes = run.manifest.captures[0].notes
    assert any(note.startswith("wrong output: op=swish") and "fault=wrong" in note for note in notes)
    assert any(note.startswith("failed: ") and "SIGSEGV" in note for note in notes)
    assert any(note.startswith("failed: ") and "hung" in note for note in notes)
    assert exit_code(run) == 7
    assert events.notes == notes


def test_an_engine_that_cannot_start_fails_the_run_with_its_own_words(tmp_path):
    _, error = failing(tmp_path, sweep(engine="faulty_engine:NoDeviceEngine"))
    assert "3 of 3 points were not run: no CUDA device" in error.message
    assert error.hint == "use --engine reference"


def labels(run):
    events = Journal(run.raw("builtin") / "points.jsonl").events()
    return Counter(event["point"]["label"] for event in events if event["event"] == "point")


def test_an_interrupted_sweep_goes_on_without_repeating_a_point(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULT_GATE", str(tmp_path / "gate"))

    class InterruptOnce(Events):
        def point(self, done, total, status, label):
            super().point(done, total, status, label)
            if done == 3:
                raise KeyboardInterrupt

    request = sweep("slow,a,b,wait,d,e", "faulty_engine:FaultyEngine", "fault")
    with pytest.raises(KeyboardInterrupt):
        record(request, tmp_path, InterruptOnce())
    interrupted = only_run(tmp_path)
    assert sum(labels(interrupted).values()) == 3
    (tmp_path / "gate").touch()
    assert [run.run_id for run in unfinished_runs(tmp_path)] == [interrupted.run_id]
    run = resume("latest", tmp_path)
    assert run.manifest.status == "complete"
    assert [capture.status for capture in run.manifest.captures] == ["failed", "complete"]
    assert set(labels(run).values()) == {1}
    result = json.loads((run.raw("builtin") / "result.json").read_text())
    assert [point["attributes"]["fault"] for point in result["points"]] == ["slow", "a", "b", "wait", "d", "e"]
    assert unfinished_runs(tmp_path) == []


RECORD = """
import json, sys
from pathlib import Path
from profiler.capture.request import CaptureRequest
from profiler.jobs.recording import record
record(CaptureRequest.from_dict(json.loads(sys.argv[1])), Path(sys.argv[2]))
"""


def _finished(runs):
    journals = runs.glob(".partial-*/raw/*/points.jsonl")
    return sum(event["event"] == "point" for journal in journals for event in Journal(journal).events())


def kill_in_the_middle(tmp_path, until, request, after):
    """Record in a process of its own and kill it, with nothing left to clean up, once some points are finished."""
    argv = [sys.executable, "-c", RECORD, json.dumps(request.to_dict()), str(tmp_path)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: _finished(tmp_path) >= after, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (folder,) = tmp_path.glob(".partial-*")
    return RunDir(folder)


def test_a_killed_recording_is_no_run_yet_and_can_go_on(tmp_path, until):
    points = tuple(expand("swish", ["16x64"], [], ["fault=slow"], ["block=32:384:32"]))
    request = CaptureRequest(
        tools=("builtin",),
        sweep=SweepOptions(points, engine="faulty_engine:FaultyEngine", settings=QUICK),
        label="test",
        environment=ENGINE_PATH,
    )
    killed = kill_in_the_middle(tmp_path, until, request, 2)
    assert killed.manifest.status == "recording"
    run = resume("test", tmp_path)
    assert run.manifest.status == "complete"
    assert len(labels(run)) == 12
    assert set(labels(run).values()) == {1}
    assert not list(tmp_path.glob(".partial-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_request_to_end_closes_the_run(tmp_path, number):
    class Ended(Progress):
        def point(self, done, total, status, label):
            os.kill(os.getpid(), number)

    before = signal.signal(number, signal.SIG_DFL)  # a test run in the background may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            record(sweep("32:512:32"), tmp_path, Ended())
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert only_run(tmp_path).manifest.status == "failed"


def test_two_recordings_into_one_run_are_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        record(sweep(), tmp_path, type("Stop", (Progress,), {"point": lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)})())
    run = only_run(tmp_path)
    with locked(run), pytest.raises(UsageError, match="being recorded by another process"):
        resume(run.run_id, tmp_path)


def test_a_run_that_another_process_finished_meanwhile_is_not_touched(tmp_path, monkeypatch):
    run = create_run(tmp_path, "race")

    def finished_meanwhile(stream, run_id):
        (run.path / ".lock").unlink()

    monkeypatch.setattr(lock, "_acquire", finished_meanwhile)
    with pytest.raises(UsageError, match="just now"), locked(run):
        pytest.fail("the lock of a file that is gone protects nothing")


def test_resume_names_what_is_wrong(tmp_path):
    with pytest.raises(UsageError, match="no unfinished sweep"):
        resume("latest", tmp_path)
    run = record(sweep("64"), tmp_path)
    with pytest.raises(UsageError):
        resume(run.run_id, tmp_path)


def test_a_plan_is_what_runs_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ((tool, steps),) = plan(sweep())
    assert tool == "builtin"
    assert not list(tmp_path.iterdir())
    run = record(sweep(), tmp_path / "runs")
    assert list(steps.argv) == run.manifest.captures[0].argv


def test_secrets_of_the_environment_stay_out_of_the_manifest(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "hunter2-x")
    code = "import profiler\nwith profiler.point(block=1): pass"
    request = CaptureRequest(
        tools=("builtin",),
        command=(sys.executable, "-c", code, "--password=hunter2-y", "--api-key", "hunter2-w"),
        environment={"API_KEY": "hunter2-z", "PLAIN": "kept"},
    )
    run = record(request, tmp_path)
    for path in run.path.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path
    assert run.manifest.options["request"]["environment"] == {"API_KEY": "", "PLAIN": "kept"}


def test_a_resumed_sweep_asks_for_the_credentials_that_were_not_kept(tmp_path):
    class Interrupt(Progress):
        def point(self, done, total, status, label):
            raise KeyboardInterrupt

    request = replace(sweep("32:128:32"), environment={"API_KEY": "hunter2", "PLAIN": "kept"})
    with pytest.raises(KeyboardInterrupt):
        record(request, tmp_path, Interrupt())
    with pytest.raises(UsageError, match="API_KEY held credentials") as caught:
        resume("latest", tmp_path)
    assert "--env API_KEY=VALUE" in caught.value.hint
    run = resume("latest", tmp_path, environment={"API_KEY": "hunter2"})
    assert run.manifest.status == "complete"
    assert b"hunter2" not in (run.path / "manifest.json").read_bytes()


def test_a_tool_that_meets_another_session_is_started_again(tmp_path, monkeypatch):
    tool = tmp_path / "nsys"
    tool.write_text(
        "#!/bin/sh\n"
        'case "$1" in profile) ;; *) echo "NVIDIA Nsight Systems version 2024.1.1"; exit 0;; esac\n'
        f'echo run >> "{tmp_path}/runs"\n'
        f'[ "$(wc -l < "{tmp_path}/runs")" -lt 3 ] && {{ echo "Local Endpoint is not available"; exit 1; }}\n'
        "exit 0\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CaptureError, match="wrote no report"):
        record(CaptureRequest(tools=("nsys",), command=("true",)), tmp_path / "runs-of-it")
    assert (tmp_path / "runs").read_text().count("run") == 3
