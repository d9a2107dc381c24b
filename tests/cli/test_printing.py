"""Nothing that a file holds steers the terminal."""

import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from profiler.cli import main, report_error
from profiler.cli.printing import console, echo, printable
from profiler.errors import BadExportError

NODE = Path(__file__).parents[1] / "data" / "nsys_h200" / "node.sqlite"
EVIL = "\x1b[31mRED\x1b[0m\x9b2J\u202egnp\x07"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_control_characters_are_shown_not_obeyed():
    assert printable("a\x1b[31m\x7f\x9b\u202e\u2066\ud800\nb\t") == "a␛[31m␡\ufffd\ufffd\ufffd\ufffd␊b␉"
    assert printable("a\nb\t\r", lines=True) == "a\nb\t␍"
    assert printable("void k<float>(µ, 日本, 😀)") == "void k<float>(µ, 日本, 😀)"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "evil.sqlite"
    path.write_bytes(NODE.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "UPDATE StringIds SET value = ? || value WHERE id IN (SELECT demangledName FROM CUPTI_ACTIVITY_KIND_KERNEL)", (EVIL,)
        )
        database.commit()
    return path


def steering(text):
    return {character for character in text if character != printable(character, lines=True)}


@pytest.mark.parametrize("verb", [("show",), ("metrics", "-t", "kernel_summary"), ("metrics", "-t", "gaps")])
def test_tables_of_a_hostile_capture(capsys, export, verb):
    with pytest.raises(SystemExit):
        main([verb[0], str(export), *verb[1:]])
    out = capsys.readouterr().out
    assert "␛[31mRED" in out and not steering(out)


def test_errors(capsys):
    report_error(BadExportError(f"{EVIL}: bad", f"{EVIL}: fix\nsecond line"))
    err = capsys.readouterr().err
    assert "␛[31m" in err and not steering(err) and err.count("\n") == 3


def test_what_a_caller_prints_by_itself(capsys):
    console().print(EVIL, markup=False)
    assert not steering(capsys.readouterr().out)


def test_a_document_is_exact_in_a_pipe_and_harmless_on_a_terminal(capsys, monkeypatch):
    text = json.dumps({"name": "\x7f"}, ensure_ascii=False)
    echo(text, data=True)
    assert capsys.readouterr().out == text + "\n"
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    echo(text, data=True)
    assert not steering(terminal.getvalue())


def test_every_verb_prints_through_the_filter():
    folder = Path(__file__).parents[2] / "profiler" / "cli"
    direct = [path.name for path in folder.glob("*.py") if "typer.echo(" in path.read_text() or "click.echo(" in path.read_text()]
    assert direct == ["printing.py"]
