"""A recorded program neither waits for whoever shows its output nor goes without its input."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from profiler.capture.process import run_process

ROOT = Path(__file__).parents[3]
WRITER = "import sys\nfor i in range(40_000): print('line', i, 'x' * 80)\nopen(sys.argv[1], 'w').write('finished')"


def command(runs, *arguments, tool="builtin"):
    return [sys.executable, "-m", "profiler", "run", "--tool", tool, "--runs", str(runs), "--", sys.executable, *arguments]


def log_of(runs, tool="builtin"):
    (log,) = runs.glob(f"*/logs/{tool}.log")
    return log.read_text()


READS = "import sys, profiler\nprint('got', repr(sys.stdin.read()))\nwith profiler.point(block=1): pass"


def test_standard_input_reaches_a_program_of_ones_own(tmp_path):
    subprocess.run(command(tmp_path, "-c", READS), input="hello", text=True, check=True, cwd=ROOT, capture_output=True)
    assert "got 'hello'" in log_of(tmp_path)


def test_a_terminals_lines_reach_it(tmp_path):
    controller, terminal = pty.openpty()
    code = "import sys, profiler\nprint('got', repr(sys.stdin.readline()))\nwith profiler.point(block=1): pass"
    process = subprocess.Popen(
        command(tmp_path, "-c", code), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    os.write(controller, b"hello\n")
    process.communicate()
    os.close(controller)
    os.close(terminal)
    assert process.returncode == 0
    assert r"got 'hello\n'" in log_of(tmp_path)


@pytest.mark.nsys
def test_each_of_several_passes_reads_the_whole_input(tmp_path):
    subprocess.run(
        command(tmp_path, "-c", READS, tool="builtin,nsys"), input="hello", text=True, check=True, cwd=ROOT, capture_output=True
    )
    assert "got 'hello'" in log_of(tmp_path)
    assert "got 'hello'" in log_of(tmp_path, "nsys")


def test_a_reader_that_does_not_read_does_not_hold_the_program_back(tmp_path, until):
    """The output of `profiler run` goes into a pipe that nobody reads; the program writes 3.6 MB and still comes to its end."""
    done = tmp_path / "done"
    process = subprocess.Popen(
        command(tmp_path / "runs", "-c", WRITER, str(done)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    until(done.exists, process)
    process.communicate()


def test_lines_that_are_shown_slowly_are_shown_all(tmp_path):
    lines = []
    log = tmp_path / "log"
    result = run_process([sys.executable, "-c", WRITER, str(tmp_path / "done")], log=log, on_line=lines.append)
    assert result.returncode == 0
    assert len(lines) == 40_000
    assert lines == log.read_text().splitlines()
