"""Every line of the table "to add something" in CONTRIBUTING.md, carried out in a copy: at most two files, and a half is noticed.

Ops have a test of their own, `plugins.new_op_is_one_folder`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
CAPTURE = ROOT / "tests" / "data" / "nsys_h200" / "node.sqlite"
CONTRACTS = ("test_registries.py", "test_tools.py")
AT_MOST = 2


@dataclass(frozen=True)
class Addition:
    """One addition.

    Attributes:
        what: The line of CONTRIBUTING.md.
        new: New files and what stands in them.
        edits: Existing files; each time the text before which, and what is put there.
        works: Python that ends without an error when the addition is there.
    """

    what: str
    works: str
    new: dict[str, str] = field(default_factory=dict)
    edits: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


FINDING = '''"""Rule: an example."""

from profiler.findings.rule import Finding, Rule


def check(recording):
    """Always find something."""
    return [Finding("An example", "evidence", "info")]


RULE = Rule(text="always", needs=("kernels",), advice="Nothing.", source="chosen here", check=check)
'''
PANEL = '''"""Panel: an example."""

from profiler.report.blocks import Note
from profiler.report.panels.base import Panel

PANEL = Panel("example", "An example", (), lambda view: [Note("the example's text", "hint")])
'''
VERB = '''"""Say something."""


def run() -> int:
    """Say something."""
    print("the example's word")
    return 0
'''
TABLE = '''"""Example: a table with one column."""

import numpy as np

from profiler.columns import Columns
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec

EXAMPLE = MetricTable(
    name="example",
    title="Example",
    text="an example",
    needs=("kernels",),
    columns=(ColumnSpec("kernel_count", text="kernels", source="kernels"),),
    compute=lambda captures: Columns({"kernel_count": np.array([captures.columns("kernels").rows])}),
)
'''
TOOL = '''"""A tool that reads and records nothing."""

from profiler.tools.base import ReadResult, RecordPlan, Tool, ToolVersion

TOOL = Tool(name="example", title="the example", word="Example", readers=("profiler.tools.example",), recorder="profiler.tools.example")


class ExampleReader:
    """Reads files that begin with EXAMPLE."""

    tool = "example"
    suffixes = (".example",)
    tables = ("diagnostics",)

    def recognise(self, path, head):
        """Return whether it is one."""
        return head.startswith(b"EXAMPLE")

    def read(self, path, tables):
        """Read nothing."""
        return ReadResult(absent={name: "an example holds nothing" for name in tables})


READERS = (ExampleReader(),)


class ExampleRecorder:
    """Runs the program as it is."""

    tool = "example"

    def probe(self):
        """Return that it is there."""
        return ToolVersion("", (1,), "example 1")

    def plan(self, request, folder, stem):
        """Return the command line unchanged."""
        return RecordPlan(request.command)


def recorder(run, compute_capability):
    """Return the recorder."""
    return ExampleRecorder()
'''

ENGINE = '''"""An engine that computes what the reference does."""

from profiler.engines.reference import ReferenceEngine


class ExampleEngine(ReferenceEngine):
    """The reference by another name."""

    name = "example"
'''
JOB = '''"""A job of one step."""

import sys

from profiler.capture.request import CaptureRequest
from profiler.capture.session import Job, Session, Steps
from profiler.capture.step import Step
from profiler.tools.registry import UNTRACED


class ExampleJob(Job):
    """Runs Python once."""

    def __init__(self) -> None:
        super().__init__("example", {})

    def steps(self, session: Session) -> Steps:
        """Yield the step."""
        yield Step("hello", CaptureRequest((UNTRACED,), (sys.executable, "-c", "print(7)")), plain=True, stops=True)
'''

ADDITIONS = (
    Addition(
        "a finding",
        "from profiler import load; from profiler.findings import rules\n"
        f"assert any(f.title == 'An example' for rule in rules() for f in rule.check(load({str(CAPTURE)!r})))",
        {"profiler/findings/example.py": FINDING},
        {"profiler/findings/__init__.py": (('    "bad_points",\n', '    "example",\n'),)},
    ),
    Addition(
        "a panel",
        "import pathlib; from profiler import load; from profiler.report.page import render\n"
        f"text = render([load({str(CAPTURE)!r})], pathlib.Path('page.html')).read_text()\n"
        "assert 'the example&#39;s text' in text or \"the example's text\" in text",
        {"profiler/report/panels/example.py": PANEL},
        {"profiler/report/panels/__init__.py": (('"launch_configurations", "findings"', '"example", '),)},
    ),
    Addition(
        "a verb",
        "import profiler.cli\ntry:\n    profiler.cli.main(['example'])\nexcept SystemExit as end:\n    assert not end.code",
        {"profiler/cli/example.py": VERB},
        {"profiler/cli/__init__.py": (('"show", "metrics"', '"example", '),)},
    ),
    Addition(
        "a metric",
        f"from profiler import load\nassert (load({str(CAPTURE)!r}).metric('memory_operations')['example_bytes'] == 7).all()",
        {},
        {
            "profiler/metrics/memory_traffic.py": (
                ('            **sizes.columns("{}_bytes", _SIZES)', '            "example_bytes": np.full(len(first), 7),\n'),
                (
                    '        *statistic_specs("{}_bytes", _SIZES',
                    '        ColumnSpec("example_bytes", text="seven", source="chosen here"),\n',
                ),
            )
        },
    ),
    Addition(
        "a metric table",
        "import pathlib; from profiler import load; from profiler.report.page import render\n"
        f"recording = load({str(CAPTURE)!r})\n"
        "assert recording.metric('example')['kernel_count'][0] == len(recording.table('kernels'))\n"
        "assert 'example-table' in render([recording], pathlib.Path('page.html')).read_text()",
        {"profiler/metrics/example.py": TABLE},
        {
            "profiler/metrics/catalog.py": (
                ("from profiler.metrics.gaps import", "from profiler.metrics.example import EXAMPLE\n"),
                ("    SUMMARY,", "    EXAMPLE,\n"),
            )
        },
    ),
    Addition(
        "a tool",
        "import pathlib; from profiler import load\n"
        "pathlib.Path('x').write_bytes(b'EXAMPLE'); assert load('x').tools == ('example',)\n"
        "from profiler.capture.recorders import recorders; assert recorders()['example'].probe().text == 'example 1'",
        {"profiler/tools/example/__init__.py": TOOL},
        {"profiler/tools/registry.py": (('    "profiler.tools.ncu",\n', '    "profiler.tools.example",\n'),)},
    ),
    Addition(
        "a measuring option",
        "import profiler.cli\nfrom contextlib import redirect_stdout; from io import StringIO\n"
        "with redirect_stdout(StringIO()) as out:\n"
        "    try:\n        profiler.cli.main(['run', '--help'])\n    except SystemExit:\n        pass\n"
        "assert '--no-example' in out.getvalue()",
        {},
        {
            "profiler/runner/options.json": (
                (
                    '    {"name": "seed"',
                    '    {"name": "example", "type": "flag", "default": true, "unit": null, "help": "Nothing."},\n',
                ),
            ),
            "cpp_driver/core/settings.cpp": (('  settings.timed = filled["timed"];', '  settings.example = filled["example"];\n'),),
        },
    ),
    Addition(
        "a job",
        "import pathlib, shutil; from profiler.capture import session; from profiler.jobs.example import ExampleJob\n"
        "run = session.record(ExampleJob(), pathlib.Path('recorded'))\n"
        "assert run.manifest.status == 'complete' and (run.logs / 'hello.log').read_text().split()[-1] == '7'",
        {"profiler/jobs/example.py": JOB},
        {
            "profiler/cli/run.py": (
                ("    from profiler.jobs import recording\n", "    from profiler.jobs.example import ExampleJob  # noqa: F401\n"),
            )
        },
    ),
    Addition(
        "an engine of the runner",
        "from profiler.engines import load_engine; from profiler.runner.request import SweepOptions\n"
        "from profiler.runner.point import Point; from profiler.capture.request import CaptureRequest\n"
        "request = SweepOptions((Point('swish', (64,)),), engine='example'); engine = load_engine('example')(request)\n"
        "assert engine.name == 'example' and len(engine.prepare(request.points[0]).tensors) == 2",
        {"profiler/engines/example.py": ENGINE},
        {"profiler/engines/__init__.py": (('    "direct":', '    "example": "profiler.engines.example:ExampleEngine",\n'),)},
    ),
    Addition(
        "another option of `profiler run`",
        "import pathlib; from profiler.cli.request_options import build_request\n"
        "from profiler.tools.nsys import record; record.find_nsys = lambda: 'nsys'\n"
        "request = build_request({'command': ('./app',), 'tool': ('nsys',), 'example_word': 'seven'})\n"
        "assert 'seven' in record.NsysRecorder(None).plan(request, pathlib.Path('raw'), 'capture').argv",
        {},
        {
            "profiler/capture/request.py": (
                ("    keep_report: bool = option(", '    example_word: str = option("", "An example.", "--example-word")\n'),
            ),
            "profiler/tools/nsys/record.py": (
                ('        argv += ["--export", "sqlite"', '        argv += ["--example", options.example_word]\n'),
            ),
        },
    ),
)
ELSEWHERE = {"an op"}
IDS = [addition.what for addition in ADDITIONS]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the package and of the tests that guard its lists."""
    shutil.copytree(ROOT / "profiler", tmp_path / "profiler", ignore=shutil.ignore_patterns("__pycache__", "_native"))
    shutil.copytree(ROOT / "tests" / "contracts", tmp_path / "tests" / "contracts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "cpp_driver" / "core", tmp_path / "cpp_driver" / "core")
    for name in ("dashboards", "runs", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "profiler" / "_native").symlink_to(ROOT / "profiler" / "_native")
    return tmp_path


def write_new(tree: Path, addition: Addition) -> None:
    for name, text in addition.new.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text)


def edit(tree: Path, addition: Addition) -> None:
    for name, changes in addition.edits.items():
        text = (tree / name).read_text()
        for before, put in changes:
            assert before in text, f"{name} has no {before!r}: bring the addition up to date"
            text = text.replace(before, put + before, 1)
        (tree / name).write_text(text)


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True)


def guards(tree: Path) -> subprocess.CompletedProcess[str]:
    names = [f"tests/contracts/{name}" for name in CONTRACTS]
    return python(tree, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *names)


@pytest.mark.parametrize("addition", ADDITIONS, ids=IDS)
def test_an_addition_is_two_files_and_works(addition: Addition, tree: Path) -> None:
    assert len({*addition.new, *addition.edits}) <= AT_MOST
    before = python(tree, "-c", addition.works)
    assert before.returncode == 1, "it works without the addition, so this test cannot fail"
    write_new(tree, addition)
    edit(tree, addition)
    done = python(tree, "-c", addition.works)
    assert done.returncode == 0, done.stderr
    guarded = guards(tree)
    assert guarded.returncode == 0, guarded.stdout


@pytest.mark.parametrize("addition", ADDITIONS, ids=IDS)
def test_half_an_addition_is_noticed(addition: Addition, tree: Path) -> None:
    if addition.new:
        write_new(tree, addition)
    else:
        first = next(iter(addition.edits))
        edit(tree, replace(addition, edits={first: addition.edits[first][:1]}))
    assert guards(tree).returncode == 1


def test_every_line_of_the_table_is_carried_out() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## To add something")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (an?(?:other)? [^|]+?) \|", table, re.MULTILINE)
    assert set(lines) - {*IDS, *ELSEWHERE} == set() and set(IDS) <= set(lines)
