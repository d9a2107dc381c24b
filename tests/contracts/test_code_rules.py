"""Rules that hold for all code of the package: docstrings, and constructs that do not occur."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "profiler"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
MAX_FUNCTION_LINES = 60
FORBIDDEN_IMPORTS = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
SPEAKERS = ("cli", "runner", "__main__.py")
"""Where output and exit codes belong."""


def _ids(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{prefix}{node.name}.")


def _narrows(test: ast.expr) -> bool:
    """Say whether an assert only tells the type checker what cannot be otherwise."""
    isinstance_call = isinstance(test, ast.Call) and _dotted(test.func) == "isinstance"
    return isinstance_call or (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot))


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_public_names_have_docstrings(path: Path) -> None:
    tree = _tree(path)
    assert ast.get_docstring(tree), "module without docstring"
    overloads = {"overload"}
    missing = [
        name
        for name, node in _public(tree.body)
        if not ast.get_docstring(node) and not any(_dotted(item) in overloads for item in getattr(node, "decorator_list", []))
    ]
    assert missing == []


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_banned_constructs(path: Path) -> None:
    found = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in FORBIDDEN_IMPORTS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FORBIDDEN_IMPORTS:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            if _dotted(node.func) in FORBIDDEN_CALLS:
                found.append(_dotted(node.func))
            found += [
                "shell=True" for item in node.keywords
                if item.arg == "shell" and not (isinstance(item.value, ast.Constant) and item.value.value is False)
            ]  # fmt: skip
        elif isinstance(node, ast.Assert) and not _narrows(node.test):
            found.append(f"assert in line {node.lineno}")
    assert found == []


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_broad_handlers_raise(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            broad = any(kind is None or _dotted(kind) in ("Exception", "BaseException") for kind in kinds)
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            assert raises or not broad, f"line {node.lineno}: broad except that swallows"


@pytest.mark.parametrize("path", [p for p in MODULES if not _ids(p).startswith(SPEAKERS)], ids=_ids)
def test_the_library_neither_prints_nor_exits(path: Path) -> None:
    called = {_dotted(node.func) for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)}
    assert called & {"print", "sys.exit", "exit", "quit", "os._exit"} == set()


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.body[0].lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("name", ["util", "utils", "common", "helpers", "helper", "misc"])
def test_no_module_without_a_subject(name: str) -> None:
    assert [path for path in MODULES if path.stem == name or name in path.parts] == []


def test_no_trace_of_a_machine() -> None:
    traces = ("/work/", "/tmp/", "/root/", "/home/")
    found = [
        (_ids(path), node.value)
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(traces)
    ]
    assert found == []
