"""Real Nsight Systems records the CPU reference engine and users' own programs, and its failures are recognised."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import profiler
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest, NsysOptions, SweepOptions
from profiler.capture.sweep import expand
from profiler.errors import CaptureError
from profiler.jobs.recording import record, resume
from profiler.runner.result import Journal
from profiler.runner.settings import MeasureSettings
from profiler.store.run_dir import RunDir

QUICK = MeasureSettings(warmup=1, min_samples=4, max_samples=4, max_seconds=1, cache="warm")
RANGES = """SELECT COALESCE(s.value, n.text), n.start, n.end, n.int64Value, n.globalTid FROM NVTX_EVENTS n
  LEFT JOIN StringIds s ON s.id = n.textId WHERE n.eventType = 59 ORDER BY n.start, -n.end"""
ENGINES = Path(__file__).parents[1] / "unit" / "runner"
PACKAGE = Path(__file__).parents[2]
ENGINE_PATH = {"PYTHONPATH": f"{PACKAGE}{os.pathsep}{ENGINES}"}


def sweep(*sweeps, engine="reference", tools=("nsys",), nsys=None, **options):
    points = expand("swish", ["32x64"], ["fp32,fp16"], [], sweeps)
    environment = ENGINE_PATH if ":" in engine else {}
    return CaptureRequest(
        tools=tools,
        sweep=SweepOptions(tuple(points), engine=engine, settings=QUICK, **options),
        label="reference",
        nsys=nsys or NsysOptions(),
        environment=environment,
    )


def test_the_reference_engine_under_nsys_gives_the_ranges_of_its_samples(tmp_path, query):
    run = record(sweep("block=64,128", "variant=scalar,vectorized"), tmp_path)
    assert [capture.status for capture in run.manifest.captures] == ["complete"]
    assert run.manifest.captures[0].notes == []
    assert "NVIDIA Nsight Systems 20" in run.manifest.captures[0].tool_version
    ranges = query(run.raw("nsys") / "capture.sqlite", RANGES)
    result = json.loads((run.raw("nsys") / "result.json").read_text())["points"]
    points = [row for row in ranges if row[0].startswith("point ")]
    assert [row[0] for row in points] == [f"point {point['label']}" for point in result]
    assert len(points) == 8
    for (_, start, end, _, thread), point in zip(points, result, strict=True):
        inside = [row for row in ranges if row[4] == thread and start < row[1] and row[2] <= end]
        assert Counter(row[0] for row in inside) == {"verify": 2, "warmup": 1, "iteration": 4}
        iterations = [row for row in inside if row[0] == "iteration"]
        assert [row[3] for row in iterations] == [point["bytes_per_iteration"]] * 4
        for row, sample in zip(iterations, point["samples_ns"], strict=True):
            assert row[2] - row[1] >= sample > 0


def test_nothing_of_the_environment_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBE_VARIABLE", "hunter2-value")
    run = record(sweep("block=64"), tmp_path)
    for path in run.path.rglob("*"):
        assert path.is_dir() or b"hunter2-value" not in path.read_bytes(), path
    assert not list(run.raw("nsys").glob("*.nsys-rep"))


def test_the_report_is_kept_when_asked(tmp_path):
    run = record(sweep("block=64", nsys=NsysOptions(keep_report=True)), tmp_path)
    assert run.manifest.captures[0].artefacts == ["raw/nsys/capture.sqlite", "raw/nsys/capture.nsys-rep", "raw/nsys/result.json"]


def test_a_users_program_with_points_needs_no_particular_nvtx(tmp_path, query):
    code = "import profiler\nfor b in (64, 128):\n  for _ in profiler.point(block=b, bytes=10).iterations(3, warmup=1): pass"
    run = record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code)), tmp_path)
    names = Counter(row[0] for row in query(run.raw("nsys") / "capture.sqlite", RANGES))
    assert names == {"point block=64": 1, "point block=128": 1, "warmup": 2, "iteration": 6}


def test_ranges_that_nsys_lost_are_noticed_and_said(tmp_path, query):
    code = "import nvtx\nwith nvtx.annotate('work', domain='mine'): pass"
    run = record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code)), tmp_path)
    recorded = query(run.raw("nsys") / "capture.sqlite", RANGES)
    lost = [note for note in run.manifest.captures[0].notes if "mine" in note and "nvtx" in note]
    assert bool(recorded) != bool(lost)


def test_a_failing_program_keeps_its_capture_and_its_exit_status(tmp_path):
    with pytest.raises(CaptureError, match="exit status 3"):
        record(CaptureRequest(tools=("nsys",), command=("sh", "-c", "echo last words; exit 3")), tmp_path)
    (folder,) = tmp_path.iterdir()
    run = RunDir(folder)
    assert (run.manifest.status, run.manifest.captures[0].returncode) == ("failed", 3)
    assert (run.raw("nsys") / "capture.sqlite").is_file()
    assert "last words" in (run.logs / "nsys.log").read_text()


def test_a_capture_range_records_only_what_it_spans(tmp_path, query):
    code = "import profiler\nfor b in (64, 128):\n  for _ in profiler.point(block=b).iterations(2): pass"
    options = NsysOptions(trace=("nvtx",), capture_range="point block=128@profiler", capture_range_end="none")
    run = record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code), nsys=options), tmp_path)
    names = {row[0] for row in query(run.raw("nsys") / "capture.sqlite", RANGES)}
    assert "iteration" in names
    assert "point block=64" not in names


def test_every_capture_range_is_a_capture_of_the_run(tmp_path):
    code = "import profiler\nfor _ in range(3):\n  for _ in profiler.point(block=64).iterations(2): pass"
    for end, count in (("repeat", 3), ("repeat:2", 2), ("stop", 1)):
        options = NsysOptions(trace=("nvtx",), capture_range="point block=64@profiler", capture_range_end=end)
        run = record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code), nsys=options), tmp_path)
        assert len(run.manifest.captures[0].artefacts) == count
        ranges = profiler.load(run.path).table("nvtx_ranges")
        assert (ranges["name"] == "iteration").sum() == 2 * count
        assert count == 1 or ranges["capture"].nunique() == count


def test_points_that_a_lost_child_finished_are_named(tmp_path):
    code = (
        "import os, profiler\n"
        "def mark(b):\n"
        "  for _ in profiler.point(block=b).iterations(2): pass\n"
        "mark(64)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "  mark(128)\n"
        "  os.kill(os.getpid(), 9)\n"
        "os.waitpid(child, 0)"
    )
    run = record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code)), tmp_path)
    labels = set(profiler.load(run.path).metric("point_summary")["label"])
    notes = " ".join(run.manifest.captures[0].notes)
    assert ("block=128" in labels) != ("nsys lost 1 finished points" in notes and "block=128" in notes)
    assert "block=64" in labels and "block=64" not in notes
    assert not list(run.raw("nsys").glob("points-*"))


def test_a_marked_program_is_counted_before_its_counters_are_read(tmp_path, monkeypatch):
    ncu = tmp_path / "bin" / "ncu"
    ncu.parent.mkdir()
    ncu.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && { echo "Version 2024.1.0"; exit 0; }\n'
        'while [ "$1" != --export ]; do shift; done; echo report > "$2"; shift 2; exec "$@"\n'
    )
    ncu.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ncu.parent}{os.pathsep}{os.environ['PATH']}")
    code = "import profiler\nfor _ in profiler.point(block=64).iterations(2): pass"
    run = record(CaptureRequest(tools=("ncu",), command=(sys.executable, "-c", code)), tmp_path / "runs")
    (capture,) = run.manifest.captures
    assert "--nvtx-include profiler@iteration/ --launch-count 500" in " ".join(capture.argv)
    assert [path.name for path in (run.path / "raw").iterdir()] == ["ncu"]


def test_an_untraced_pass_beside_the_capture_is_the_speed(tmp_path):
    code = "import profiler\nfor _ in profiler.point(block=64).iterations(4): sum(range(1000))"
    run = record(CaptureRequest(tools=("nsys", "builtin"), command=(sys.executable, "-c", code)), tmp_path)
    assert [capture.status for capture in run.manifest.captures] == ["complete", "complete"]
    (label,) = profiler.load(run.path).metric("point_summary")["label"]
    assert label == "block=64"


@pytest.mark.parametrize(
    ("capture_range", "text"), [("never@profiler", "never@profiler"), ("cudaProfilerApi", "cudaProfilerStart")]
)
def test_a_capture_range_that_never_comes_is_said(tmp_path, capture_range, text):
    options = NsysOptions(trace=("nvtx",) if "@" in capture_range else ("cuda", "nvtx"), capture_range=capture_range)
    with pytest.raises(CaptureError, match=text) as caught:
        record(CaptureRequest(tools=("nsys",), command=("true",), nsys=options), tmp_path)
    assert caught.value.hint


def test_an_option_that_nsys_does_not_know_is_said():
    ended = subprocess.run(["nsys", "profile", "--no-such-option", "true"], capture_output=True, text=True, check=False)
    found = recorders()["nsys"].diagnose(ended.stdout + ended.stderr)
    assert "does not know an option" in found.message
    assert "--no-such-option" in found.message


@pytest.fixture
def nsys_without_importer(tmp_path, monkeypatch):
    """An nsys whose own folder lacks the importer, as on a machine where only the target part is installed."""
    real = Path(shutil.which("nsys")).resolve().parent
    folder = tmp_path / "nsys" / real.name
    folder.mkdir(parents=True)
    for item in real.iterdir():
        if item.name == "nsys":
            shutil.copy2(item, folder / "nsys")
        else:
            (folder / item.name).symlink_to(item)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_an_importer_that_cannot_start_is_replaced_by_one_that_can(tmp_path, nsys_without_importer, query):
    run = record(sweep("block=64"), tmp_path / "runs")
    assert "binary and its dependencies were not found" in (run.logs / "nsys.log").read_text()
    names = Counter(row[0] for row in query(run.raw("nsys") / "capture.sqlite", RANGES))
    assert names["iteration"] == 8
    assert not list(run.raw("nsys").glob("*.qdstrm"))


def test_without_any_importer_the_raw_stream_is_kept_and_the_fix_named(tmp_path, nsys_without_importer, monkeypatch):
    monkeypatch.setattr("profiler.tools.nsys.export.find_importer", lambda nsys: None)
    with pytest.raises(Exception, match="QdstrmImporter") as caught:
        record(sweep("block=64"), tmp_path / "runs")
    assert "whole of Nsight Systems" in caught.value.hint
    (folder,) = (tmp_path / "runs").iterdir()
    assert list((folder / "raw" / "nsys").glob("*.qdstrm"))


def test_points_that_crash_hang_or_lie_leave_the_rest_recorded(tmp_path, query):
    points = expand("swish", ["32x64"], [], [], ["fault=none,crash,hang,wrong,last"])
    request = CaptureRequest(
        tools=("nsys",),
        label="faults",
        environment=ENGINE_PATH,
        sweep=SweepOptions(tuple(points), engine="faulty_engine:FaultyEngine", settings=QUICK, point_timeout_s=4.0),
    )
    run = record(request, tmp_path)
    result = {point["attributes"]["fault"]: point for point in json.loads((run.raw("nsys") / "result.json").read_text())["points"]}
    assert [result[name]["status"] for name in ("none", "crash", "hang", "wrong", "last")] == [
        "ok",
        "failed",
        "failed",
        "wrong_output",
        "ok",
    ]
    # what the crash took along, if nsys had not collected it, is in a second capture
    ranges = [row for capture in run.raw("nsys").glob("*.sqlite") for row in query(capture, RANGES)]
    whole = [row[0] for row in ranges if row[0].startswith("point ")]
    assert {f"point {result[name]['label']}" for name in ("none", "wrong", "last")} <= set(whole)
    assert len({row[4] >> 24 for row in ranges}) >= 4, "the supervisor, and a worker at first, after the crash and after the hang"


class Killer(Progress):
    """Kills the runner, or nsys with it, after the third point."""

    def __init__(self, folder, nsys_too):
        self.folder, self.nsys_too = folder, nsys_too

    def point(self, done, total, status, label):
        if done != 3:
            return
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and _runs(entry, b"profiler.runner") and _inside(entry, self.folder):
                if self.nsys_too or not _runs(entry, b"profile"):
                    os.kill(int(entry.name), signal.SIGKILL)


@pytest.mark.parametrize("nsys_too", [False, True])
def test_a_killed_sweep_goes_on_with_no_point_lost_or_doubled(tmp_path, query, nsys_too):
    points = tuple(expand("swish", ["32x64"], [], ["fault=slow"], ["block=32:256:32"]))
    request = CaptureRequest(
        tools=("nsys",),
        label="killed",
        environment=ENGINE_PATH,
        sweep=SweepOptions(points, engine="faulty_engine:FaultyEngine", settings=QUICK),
    )
    with pytest.raises(CaptureError):
        record(request, tmp_path, Killer(tmp_path, nsys_too))
    run = resume("killed", tmp_path)
    assert run.manifest.status == "complete"
    paths = [run.path / name for capture in run.manifest.captures for name in capture.artefacts if name.endswith(".sqlite")]
    assert [path.name for path in paths] == (["capture-2.sqlite"] if nsys_too else ["capture.sqlite", "capture-2.sqlite"])
    journal = Journal(run.raw("nsys") / "points.jsonl").events()
    finished = Counter(event["point"]["label"] for event in journal if event["event"] == "point")
    assert finished == Counter(point.label for point in points)
    raw = {name for path in paths for name in _points_with_iterations(query(path, RANGES))}
    assert raw == {f"point {point.label}" for point in points}
    names = Counter(profiler.load(run.path).table("nvtx_ranges")["name"].astype(str))
    assert Counter({name: count for name, count in names.items() if name.startswith("point ")}) == Counter(raw)
    assert names["iteration"] == 4 * len(points)


def _runs(entry, module):
    try:
        return module in (entry / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _inside(entry, folder):
    try:
        return (entry / "cwd").readlink().is_relative_to(folder)
    except OSError:
        return False


def _points_with_iterations(ranges):
    found = set()
    for name, start, end, _, thread in ranges:
        if name.startswith("point "):
            inside = [row for row in ranges if row[0] == "iteration" and row[4] == thread and start < row[1] and row[2] <= end]
            found |= {name} if len(inside) == 4 else set()
    return found


def test_ctrl_c_ends_nsys_and_the_target(tmp_path):
    class Interrupt(Progress):
        def line(self, text):
            if text == "ready":
                raise KeyboardInterrupt

    code = "import time; print('ready', flush=True); time.sleep(3000)"
    with pytest.raises(KeyboardInterrupt):
        record(CaptureRequest(tools=("nsys",), command=(sys.executable, "-c", code)), tmp_path, Interrupt())
    (folder,) = tmp_path.iterdir()
    assert RunDir(folder).manifest.reason == "interrupted by the user"
    leftovers = [entry for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _runs(entry, code.encode())]
    assert leftovers == []


RECORD = """
import json, sys
from pathlib import Path
from profiler.capture.request import CaptureRequest
from profiler.jobs.recording import record
record(CaptureRequest.from_dict(json.loads(sys.argv[1])), Path(sys.argv[2]))
"""


def _finished(runs):
    journals = runs.glob(".partial-*/raw/nsys/points.jsonl")
    return sum(event["event"] == "point" for journal in journals for event in Journal(journal).events())


def test_a_recording_whose_profiler_was_killed_goes_on_with_what_nsys_saved(tmp_path, until):
    points = tuple(expand("swish", ["32x64"], [], ["fault=slow"], ["block=32:320:32"]))
    request = CaptureRequest(
        tools=("nsys",),
        label="killed",
        environment=ENGINE_PATH,
        sweep=SweepOptions(points, engine="faulty_engine:FaultyEngine", settings=QUICK),
    )
    argv = [sys.executable, "-c", RECORD, json.dumps(request.to_dict()), str(tmp_path)]
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(PACKAGE)}
    )
    until(lambda: _finished(tmp_path) >= 3, process)
    process.kill()
    process.wait()
    run = resume("killed", tmp_path)  # waits for nsys, which ends once the runner has seen that the profiler is gone
    assert run.manifest.status == "complete"
    assert len(run.manifest.captures) == 2
    names = Counter(profiler.load(run.path).table("nvtx_ranges")["name"].astype(str))
    assert {name for name in names if name.startswith("point ")} == {f"point {point.label}" for point in points}
    assert names["iteration"] == 4 * len(points)
    assert not list(tmp_path.glob(".partial-*"))
