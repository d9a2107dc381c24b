"""Rules for the code that no linter holds: sizes, names and traces of a machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "profiler"
MAX_LINES = 400
MAX_FUNCTION_LINES = 60
WITHOUT_A_SUBJECT = {"util", "utils", "common", "helpers", "helper", "misc"}
TRACES = ("/work/", "/tmp/", "/root/", "/home/")


def _modules() -> Iterator[tuple[Path, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), path.read_text(encoding="utf-8")


def _nodes(text: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(text))


def test_modules_and_functions_stay_small() -> None:
    long = [str(path) for path, text in _modules() if len(text.splitlines()) > MAX_LINES]
    long += [
        f"{path}: {node.name}"
        for path, text in _modules()
        for node in _nodes(text)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _body_lines(node) >= MAX_FUNCTION_LINES
    ]
    assert long == []


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or 0) - node.body[0].lineno


def test_every_module_has_a_subject() -> None:
    assert [path for path, _ in _modules() if WITHOUT_A_SUBJECT & {path.stem, *path.parts}] == []


def test_no_trace_of_a_machine() -> None:
    found = [
        (str(path), node.value)
        for path, text in _modules()
        for node in _nodes(text)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(TRACES)
    ]
    assert found == []
