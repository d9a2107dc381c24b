"""The tutorial's commands run as they are written, and print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from profiler.cli import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ profiler (?P<arguments>[^#\n]*)(?:# ends with (?P<status>\d+))?$")


def commands() -> list[tuple[str, int, list[str]]]:
    """Return command line, exit status and shown lines of each command."""
    found: list[tuple[str, int, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for line in block.splitlines():
            command = COMMAND.match(line)
            if command:
                found.append((command["arguments"].strip(), int(command["status"] or 0), []))
            else:
                found[-1][2].append(line)
    return found


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROFILER_RUNS", str(ROOT / "runs"))
    monkeypatch.setenv("COLUMNS", "220")


@pytest.mark.parametrize(("line", "status", "shown"), commands(), ids=[line for line, _, _ in commands()])
def test_a_command_of_the_tutorial(line: str, status: int, shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(line))
    assert int(ended.value.code or 0) == status
    printed = plain(capsys.readouterr().out)
    for text in shown:
        assert plain(text) in printed


def test_the_python_of_the_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(block, "docs/tutorial.md", "exec"), {})
    assert re.search(r"fp16\s+scalar", capsys.readouterr().out)


def test_the_tutorial_has_commands() -> None:
    assert len(commands()) >= 8
