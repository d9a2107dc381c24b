"""Inputs with known right answers, and the command line that must give them."""

from __future__ import annotations

import json
import lzma
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from profiler.cli import main

DATA = Path(__file__).parents[1] / "data" / "cases"


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that puts a case's file into the test's own folder, unpacked, changes it by SQL, and returns its path."""

    def place(name: str, *statements: str) -> Path:
        target = tmp_path / "given" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        packed = DATA / f"{name}.xz"
        if packed.is_file():
            target.write_bytes(lzma.decompress(packed.read_bytes()))
        else:
            shutil.copyfile(DATA / name, target)
        if statements:
            with closing(sqlite3.connect(target)) as database:
                for statement in statements:
                    database.execute(statement)
                database.commit()
        return target

    return place


@pytest.fixture
def profiler(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that runs a command line and returns exit code, standard output and standard error."""
    monkeypatch.setenv("PROFILER_RUNS", str(tmp_path / "runs"))

    def call(*argv: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(item) for item in argv])
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def rows(profiler: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that gives the rows of a metric table, as the command line prints them."""

    def table(target: object, name: str) -> list[dict[str, Any]]:
        code, out, err = profiler("metrics", target, "--table", name, "--format", "json")
        assert code == 0, err
        found: list[dict[str, Any]] = json.loads(out)
        return found

    return table
