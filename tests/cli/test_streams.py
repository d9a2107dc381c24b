"""What a command line prints: on a pipe whose reader has gone, and each error once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = str(ROOT / "tests" / "data" / "nsys_h200" / "node.sqlite")
BASE, OTHER = (str(ROOT / "tests" / "data" / "cases" / f"{name}.json") for name in ("c_by_a", "c_by_b"))


def started(*words, **more):
    return subprocess.run([sys.executable, "-m", "profiler", *words], stderr=subprocess.PIPE, text=True, check=False, **more)


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("list", "--runs", str(ROOT / "runs")),
        ("show", RUN),
        ("metrics", BASE, "--table", "point_summary", "--format", "csv"),
        ("compare", BASE, OTHER),
        ("experiment", "--list"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_error(words):
    source, target = os.pipe()
    os.close(source)
    ended = started(*words, stdout=target)
    os.close(target)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("before", ["", "  ", "\t", "a line\n"])
def test_no_name_gives_a_command_to_the_log(before):
    ended = started("show", f"x\n{before}::error file=a.py::planted", stdout=subprocess.PIPE)
    assert ended.returncode == 2 and "planted" in ended.stderr
    assert not [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip().startswith("::")]


def test_a_verdict_keeps_its_exit_code_when_the_reader_has_gone():
    source, target = os.pipe()
    os.close(source)
    alone = started("compare", BASE, OTHER, "--gate", stdout=subprocess.PIPE)
    ended = started("compare", BASE, OTHER, "--gate", stdout=target)
    os.close(target)
    assert ended.returncode == alone.returncode != 0


def test_an_error_of_the_runner_is_printed_once(tmp_path):
    sweep = ("--driver", "python", "--engine", "no_such_module:Engine", "--set", "block=64")
    ended = started("run", "--tool", "builtin", "--runs", str(tmp_path), *sweep, stdout=subprocess.PIPE)
    assert ended.returncode != 0
    assert ended.stderr.count("error: ") == 1
    assert ended.stderr.count("install what it imports") == 1


def test_what_a_program_said_before_it_failed_is_shown_once(tmp_path):
    code = "import sys; print('last words'); sys.exit(3)"
    command = (sys.executable, "-c", code)
    ended = started("run", "--tool", "builtin", "--runs", str(tmp_path), "--", *command, stdout=subprocess.PIPE)
    assert ended.returncode == 4
    assert ended.stderr.count("\n  last words\n") == 1
    assert "| last words" not in ended.stderr
    assert "exit status 3" in ended.stderr
