"""Imports go one way: capture and analysis meet on disk only, and nothing heavy loads before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "profiler"

# a layer may import those before it, and itself
LAYERS = (
    {"errors", "redaction", "units", "spec", "schema", "columns", "distinct", "point_label", "point_status", "kernel_names"},
    {"store"},
    {"tools"},
    {"tables"},
    {"metrics"},
    {"findings"},
    {"capture", "runner", "engines", "annotate"},
    {"compare"},
    {"report"},
    {"experiments"},
    {"jobs"},
    {"cli", "__main__"},
)
# what a recording is made with never sees how it is analysed
RECORDING = {"capture", "runner", "engines", "annotate"}
ANALYSIS = {"tables", "metrics", "findings"}
LATE = {
    ("profiler.tools.nsys.report", "capture"),
    ("profiler.tools.nsys.record", "annotate"),
    ("profiler.tools.builtin.record", "annotate"),
}
"""Imports against the order, inside functions: a report is exported by running nsys; what a marked program wrote is put together
by the package that wrote it."""

HEAVY = {
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "plotly",
    "jinja2",
    "connectorx",
    "dask",
    "tensorrt",
    "tensorrt_rtx",
    "cuda",
    "cupti",
    "ncu_report",
    "nvtx",
    "torch",
    "yaml",
}
ANALYSIS_ONLY = {"pandas", "pyarrow", "scipy", "plotly", "jinja2", "connectorx", "dask", "ncu_report"}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (first package below profiler, whether at module level); imports for type checkers are no imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = inner if node.module == "profiler" else [node.module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "profiler" and len(parts) > 1:
                yield parts[1], id(node) not in late


def _layer(package: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if package in layer)


def _package(path: Path) -> str:
    parts = _name(path).split(".")
    return parts[1] if len(parts) > 1 else ""


def test_every_package_has_a_layer() -> None:
    known = set().union(*LAYERS)
    found = {_package(path) for path in _modules()} - {""}
    assert found <= known, f"no layer for {found - known}"


def test_imports_go_one_way() -> None:
    assert [problem for path in _modules() if _package(path) for problem in _against_the_order(path)] == []


def _against_the_order(path: Path) -> Iterator[str]:
    own, name = _package(path), _name(path)
    for other, at_module_level in _imports(path):
        if other in set().union(*LAYERS) and other != own:
            late = (name, other) in LATE and not at_module_level
            if _layer(other) > _layer(own) and not late:
                yield f"{name} imports profiler.{other}"
            if own in RECORDING and other in ANALYSIS:
                yield f"{name} records, but imports profiler.{other}"


def _named(path: Path, modules: set[str]) -> set[str]:
    """Return the modules that a module names in any import: at its top, in a function or for a type checker."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules) or {node.module}
    return found & modules


CIRCLES = {
    ("profiler.capture.request", "profiler.tools.base"),
    ("profiler.experiments.evidence", "profiler.experiments.experiment"),
}
"""Pairs that name each other: the second one's annotations name the first."""


def test_no_circle_of_modules_even_for_a_type_checker() -> None:
    paths = {_name(path): path for path in _modules()}
    graph = {name: _named(path, set(paths)) - {name} for name, path in paths.items()}
    for first, second in CIRCLES:
        graph[second].discard(first)
    left = dict(graph)
    while leaves := {name for name, needs in left.items() if not needs & left.keys()}:
        left = {name: needs for name, needs in left.items() if name not in leaves}
    assert not left, f"in or above a circle: {sorted(left)}"


def _loaded(module: str) -> set[str]:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["profiler", "profiler.cli", "profiler.schema"])
def test_import_loads_nothing_heavy(module: str) -> None:
    assert _loaded(module) & HEAVY == set()


@pytest.mark.parametrize(
    "module", ["profiler.metrics.recording", "profiler.tools.registry", "profiler.metrics.catalog", "profiler.findings"]
)
def test_analysis_loads_pandas_only_for_a_frame(module: str) -> None:
    assert _loaded(module) & (HEAVY - {"numpy"}) == set()


@pytest.mark.parametrize(
    ("name", "table"), [("ncu_details_2021_speed_of_light_labels.csv", "launches"), ("g_base.sqlite", "point_summary")]
)
def test_every_metric_of_a_capture_needs_no_pandas(name: str, table: str) -> None:
    capture = ROOT / "tests" / "data" / "cases" / name
    code = (
        "import sys; from profiler.metrics import catalog; from profiler.metrics.recording import load\n"
        "tables, _ = catalog.compute_all(load(sys.argv[1])); print(*tables, 'pandas' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code, str(capture)], capture_output=True, text=True, check=True, cwd=ROOT)
    *tables, loaded = result.stdout.split()
    assert table in tables and "summary" in tables
    assert loaded == "False"


@pytest.mark.parametrize("module", ["profiler.runner", "profiler.engines", "profiler.annotate"])
def test_the_measuring_side_needs_little(module: str) -> None:
    assert _loaded(module) & ANALYSIS_ONLY == set()
