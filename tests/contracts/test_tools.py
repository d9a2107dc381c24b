"""What one tool is stands in its folder: other code asks its description, never its name."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from profiler.schema import TABLES
from profiler.tools.registry import TOOL_MODULES, TOOLS, readers

PACKAGE = Path(__file__).parents[2] / "profiler"
DECLARED = {
    "under_tools.py": "the experiment compares these tools: its steps name them",
    "request.py": "keys of the JSON form of a request",
}


def _folders() -> set[str]:
    return {path.parent.name for path in (PACKAGE / "tools").glob("*/__init__.py")}


def _names_used(path: Path) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in TOOLS]


def test_every_folder_of_a_tool_is_a_line_of_the_registry() -> None:
    assert {f"profiler.tools.{name}" for name in _folders()} == set(TOOL_MODULES)
    assert set(TOOLS) == _folders()


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_tool_is_whole(tool) -> None:
    modules = {
        ".".join(("profiler", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in (PACKAGE / "tools" / tool.name).rglob("*.py")
        if "\nREADERS = " in path.read_text(encoding="utf-8")
    }
    assert modules == set(tool.readers)
    assert import_module(tool.recorder).recorder(lambda *_, **__: None, lambda: None).tool == tool.name
    assert tool.title and tool.word
    for reader in (reader for name in tool.readers for reader in import_module(name).READERS):
        assert reader.tool == tool.name and reader.suffixes and type(reader).__doc__
        assert set(reader.tables) <= set(TABLES)
        assert reader in readers()


def test_one_tool_runs_the_program_as_it_is() -> None:
    assert len([tool for tool in TOOLS.values() if tool.untraced]) == 1


def test_no_other_code_asks_for_a_tool_by_its_name() -> None:
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}:{line}"
        for path in PACKAGE.rglob("*.py")
        if "tools" not in path.relative_to(PACKAGE).parts and path.name not in DECLARED
        for line in _names_used(path)
    }
    assert not found
