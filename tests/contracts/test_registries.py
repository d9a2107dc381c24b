"""The lists of metrics, readers and rules agree with what they list."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from profiler.capture.request import CaptureRequest, NcuOptions, NsysOptions
from profiler.capture.session import Job
from profiler.capture.sweep import Axes
from profiler.cli import COMMANDS
from profiler.engines import ENGINES, load_engine
from profiler.engines.base import Engine
from profiler.errors import UsageError
from profiler.findings import RULE_MODULES, rules
from profiler.metrics.catalog import METRIC_TABLES, compute_all, find
from profiler.metrics.recording import load
from profiler.metrics.spec import MetricTable
from profiler.metrics.summary import FIGURES
from profiler.report.panels import PANELS
from profiler.runner.option import described
from profiler.runner.request import SweepOptions
from profiler.runner.settings import OPTIONS
from profiler.schema import TABLES
from profiler.spec import TableSpec
from profiler.units import UNITS, unit_of

PACKAGE = Path(__file__).parents[2] / "profiler"


def _name(table: TableSpec) -> str:
    return table.name


@pytest.mark.parametrize("table", METRIC_TABLES, ids=_name)
def test_columns_state_text_unit_and_direction(table: MetricTable) -> None:
    for spec in table.columns:
        assert spec.text, spec.name
        assert spec.unit in ("", *UNITS), spec.name
        assert spec.better in ("lower", "higher", "none"), spec.name
        assert spec.unit or spec.better == "none", f"{spec.name}: text has no direction"


@pytest.mark.parametrize("table", [*METRIC_TABLES, *TABLES.values()], ids=_name)
def test_unit_and_suffix_agree(table: TableSpec) -> None:
    for spec in table.columns:
        stated = unit_of(spec.name)
        if stated and spec.kind != "id":
            assert spec.unit == stated, spec.name
        elif spec.unit:
            named = UNITS[spec.unit].counts or spec.unit == "ratio" or spec.name.startswith(spec.unit)
            assert named, f"{spec.name} does not name its unit, {spec.unit}"


@pytest.mark.parametrize("table", METRIC_TABLES, ids=_name)
def test_tables_are_complete(table: MetricTable) -> None:
    names = [spec.name for spec in table.columns]
    assert len(names) == len(set(names))
    shown = {*table.lead, *table.last, *table.compact}
    matched = set(table.matching.keys) if table.matching else set()
    assert {*table.keys, *matched, *shown} <= set(names)
    assert set(table.narrow) <= set(table.compact)
    assert table.title and table.text
    assert set(table.needs) <= set(TABLES)
    assert find(table.name) is table


def test_names_are_unique_and_unknown_ones_get_the_nearest() -> None:
    assert len({*TABLES, *(table.name for table in METRIC_TABLES)}) == len(TABLES) + len(METRIC_TABLES)
    with pytest.raises(UsageError) as caught:
        find("kernel")
    assert "kernels" in caught.value.hint


def test_every_rule_module_is_listed() -> None:
    modules = {path.stem for path in (PACKAGE / "findings").glob("*.py")} - {"__init__", "rule", "document"}
    assert modules == set(RULE_MODULES)
    assert [rule.name for rule in rules()] == list(RULE_MODULES)
    for rule in rules():
        assert rule.text and rule.advice and rule.source and rule.needs


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_schema_columns_have_text_and_kind(table) -> None:
    assert table.text
    assert all(column.text and column.dtype in ("int", "float", "text", "bool", "object") for column in table.columns)
    assert set(table.order) <= {column.name for column in table.columns}


def test_every_metric_table_is_listed_and_shown() -> None:
    modules = [import_module(f"profiler.metrics.{path.stem}") for path in (PACKAGE / "metrics").glob("[a-z]*.py")]
    made = {id(item): item.name for module in modules for item in vars(module).values() if isinstance(item, MetricTable)}
    assert set(made.values()) == {table.name for table in METRIC_TABLES} and len(made) == len(METRIC_TABLES)
    shown = {name for panel in PANELS for name in (*panel.needs, *panel.sources)}
    assert set(made.values()) <= shown


def test_every_panel_module_is_listed() -> None:
    modules = [import_module(f"profiler.report.panels.{path.stem}") for path in (PACKAGE / "report" / "panels").glob("[a-z]*.py")]
    made = [module.PANEL for module in modules if hasattr(module, "PANEL")]
    assert {id(panel) for panel in made} <= {id(panel) for panel in PANELS}
    assert len({panel.id for panel in PANELS}) == len(PANELS)


def test_every_verb_module_is_listed() -> None:
    listed = {f"profiler.cli.{verb}" for verbs in COMMANDS.values() for verb in verbs}
    modules = {f"profiler.cli.{path.stem}": path for path in (PACKAGE / "cli").glob("[a-z]*.py")}
    assert listed == {
        name for name, path in modules.items() if re.search(r"^(def run\(|run = )", path.read_text("utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("run", ["swish-h200-python-direct", "experiment-under-tools"])
def test_tables_hold_the_columns_that_they_state(run: str) -> None:
    found, _ = compute_all(load(run, PACKAGE.parent / "runs"))
    assert found
    for name, columns in found.items():
        assert list(columns) == [spec.name for spec in find(name).columns], name


def test_key_figures_state_unit_and_text() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.unit in UNITS and figure.text for figure in FIGURES)


def test_the_core_reads_every_measuring_option() -> None:
    source = (PACKAGE.parent / "cpp_driver" / "core" / "settings.cpp").read_text(encoding="utf-8")
    body = source.split("Settings readSettings(")[1]
    assert {option.name for option in OPTIONS if f'"{option.name}"' not in body} == set()


def _parsed(folder: str) -> dict[str, ast.Module]:
    return {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / folder).glob("[a-z]*.py"))}


def test_every_engine_is_listed_and_whole() -> None:
    classes = {
        f"profiler.engines.{module}:{node.name}"
        for module, tree in _parsed("engines").items()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Engine") and node.name != Engine.__name__
    }
    assert classes == set(ENGINES.values())
    asked = {name for name in vars(Engine) if not name.startswith("_")}
    for name in ENGINES:
        assert load_engine(name).name == name
        assert asked <= {name for base in load_engine(name).__mro__ for name in vars(base)}


def test_every_job_has_steps_and_a_verb() -> None:
    imported = {
        stem: {
            item.module.removeprefix("profiler.jobs.")
            for item in ast.walk(tree)
            if isinstance(item, ast.ImportFrom) and item.module
        }
        | {alias.name for item in ast.walk(tree) if isinstance(item, ast.ImportFrom) for alias in item.names}
        for stem, tree in {**_parsed("jobs"), **{f"cli.{stem}": tree for stem, tree in _parsed("cli").items()}}.items()
    }
    reached = {name for name in imported if name.startswith("cli.")}
    while more := {name for stem in reached for name in imported[stem]} & imported.keys() - reached:
        reached |= more
    for module in (import_module(f"profiler.jobs.{stem}") for stem in _parsed("jobs")):
        for job in (item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__):
            if issubclass(job, Job):
                assert module.__name__.rpartition(".")[2] in reached, f"no verb records a {job.__name__}"
                assert job.steps is not Job.steps, f"{job.__name__} has no steps"


@cache
def _attributes_read() -> frozenset[str]:
    """Return the attributes that functions of the package read, beside the checks of a dataclass's own."""
    return frozenset(
        node.attr
        for path in PACKAGE.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and function.name != "__post_init__"
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


@pytest.mark.parametrize("owner", [CaptureRequest, NsysOptions, NcuOptions, SweepOptions, Axes])
def test_every_option_is_used(owner: type) -> None:
    assert {option.field for option in described(owner)} <= _attributes_read()
