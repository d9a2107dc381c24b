"""Nsight Compute gets the launches worth its time, and the user hears before what they cost."""

import os
import sys
from pathlib import Path

import pytest

from profiler.capture.progress import Progress
from profiler.capture.request import CaptureRequest, NcuOptions
from profiler.jobs import program
from profiler.jobs.launch_count import LaunchCount, count_launches, limited
from profiler.jobs.recording import plan, record

CASES = Path(__file__).parents[2] / "data" / "cases"


@pytest.mark.parametrize(
    ("count", "ranges", "text"),
    [
        (
            LaunchCount(40, 12, True),
            ("profiler@iteration/",),
            "40 kernel launches found, 12 of them in measured iterations; profiling 12",
        ),
        (LaunchCount(9000), (), "9000 kernel launches found; profiling 500 takes about 500 s (--launch-count sets another limit)"),
        (LaunchCount(40, 0, True), (), "40 kernel launches found, 0 of them in measured iterations; profiling 40"),
        (LaunchCount(marked=True), ("profiler@iteration/",), "is not known; at most 500"),
        (LaunchCount(), (), "is not known; at most 500"),
    ],
)
def test_what_is_profiled_and_said(count, ranges, text):
    ncu = limited(CaptureRequest(command=("true",)), count).ncu
    assert (ncu.nvtx_include, ncu.launch_count) == (ranges, 500)
    assert text in str(count)


class Notes(Progress):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def ncu(tmp_path, monkeypatch):
    """Record under a stand-in for ncu that runs the program and writes a report; return its command line and the notes."""
    tool = tmp_path / "bin" / "ncu"
    tool.parent.mkdir()
    tool.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && { echo "Version 2024.1.0"; exit 0; }\n'
        'while [ "$1" != --export ]; do shift; done; echo report > "$2"; shift 2; exec "$@"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")

    def run(code, **options):
        notes = Notes()
        request = CaptureRequest(tools=("ncu",), command=(sys.executable, "-c", code), ncu=NcuOptions(**options))
        done = record(request, tmp_path / "runs", notes)
        assert sorted(path.name for path in (done.path / "raw").iterdir()) == ["ncu"]
        return " ".join(done.manifest.captures[0].argv), " ".join(notes.notes)

    return run


def test_without_nsys_the_limit_holds(ncu, monkeypatch):
    known = program.recorders()
    monkeypatch.setattr(program, "recorders", lambda: {**known, "nsys": type("Absent", (), {"probe": staticmethod(lambda: None)})})
    line, notes = ncu("pass")
    assert "--launch-count 500" in line and "--nvtx-include" not in line and "at most 500" in notes
    line, notes = ncu("pass", launch_count=3)
    assert "--launch-count 3" in line and "at most" not in notes


@pytest.mark.parametrize(
    ("tools", "options", "passes"),
    [
        (("ncu",), {}, ["nsys", "ncu"]),
        (("nsys", "ncu"), {}, ["nsys", "ncu"]),
        (("ncu",), {"launch_count": 3}, ["ncu"]),
        (("ncu",), {"nvtx_include": ("a@b/",)}, ["ncu"]),
    ],
)
def test_a_dry_run_tells_of_the_pass_that_counts(ncu, tools, options, passes):
    plans = plan(CaptureRequest(tools=tools, command=("true",), ncu=NcuOptions(**options)))
    assert [tool for tool, _ in plans] == passes
    assert ("--launch-count" in plans[-1][1].argv) == ("nvtx_include" not in options)


def test_launches_of_a_capture_are_counted():
    count = count_launches(CASES / "rank_six_variants.sqlite.xz")
    assert count.marked and 0 < count.measured <= count.total
    assert count_launches(CASES / "nsys_three_kernels_best.sqlite.xz") == LaunchCount(6)
