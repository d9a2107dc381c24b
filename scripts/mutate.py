#!/usr/bin/env python3
"""Try a sample of mutations of the code that judges, measures and reads, and tell which of them no test notices.

    python scripts/mutate.py WORK [--modules PATTERN ...] [--each N] [--seconds S] [--children N] [--json FILE]

Copies the tree to the folder WORK (which must not exist yet), changes one thing at a time there with mutmut's own generator of
mutations, and runs the tests that reach the changed function, the quickest first. Modules take turns, each with mutations drawn at
random, so that a run that is stopped by the clock has tried as many of each. Every mutation is tried in a forked process.
"""

from __future__ import annotations

import argparse
import difflib
import fnmatch
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("profiler/compare/*", "profiler/metrics/*", "profiler/tools/*/*")
LEFT_OUT = ("*/document.py", "*/record.py", "*/collector.py", "*/__init__.py")
"""What writes texts or starts processes: tests of another kind hold it."""
TESTS = ("unit/compare", "unit/metrics", "unit/tools", "unit/tables", "unit/findings", "cases")
SLOW = ("test_ab.py", "test_machine_code.py", "test_selftest.py", "test_docs.py")
"""Files whose tests start many processes."""
TESTS_S = 30
"""Tests of one mutation: the quickest, up to this many seconds of them."""
STATUS = {0: "survived", 1: "killed", 2: "killed", 3: "killed", 4: "killed"}
"""Exit codes of pytest; an import that fails is noticed too."""
FATES = ("killed", "survived", "timeout", "no tests")
Work = Callable[[], None]


def main() -> int:
    """Run; 0 when the sample was tried, whatever was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--modules", nargs="+", default=MODULES, help="patterns of files to change")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders of tests that may notice")
    parser.add_argument("--each", type=int, default=10**6, help="mutations of a module at most")
    parser.add_argument("--seconds", type=float, default=400, help="begin no mutation after this time (default 400)")
    parser.add_argument("--children", type=int, default=os.cpu_count(), help="processes at a time (default: one a core)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write each mutation with its fate")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    copy_tree(arguments.work)
    os.chdir(arguments.work)
    sys.path[:0] = [str(Path.cwd()), str(Path.cwd() / "benchmarks")]
    os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])
    mutants = {name: found for name in chosen_modules(arguments.modules) if (found := mutate(name))}
    import_tested()
    reached, durations = find_tests(arguments.tests, arguments.children)
    print(f"{sum(map(len, mutants.values()))} mutations of {len(mutants)} modules, {len(durations)} tests", flush=True)
    tasks = list(take_turns(mutants, np.random.default_rng(arguments.seed), arguments.each))
    fates = try_all(tasks, reached, durations, arguments.children, end)
    tell(mutants, fates)
    if arguments.json:
        diffs = {name: diff_of(name) for name, fate in fates.items() if fate != "killed"}
        arguments.json.write_text(json.dumps({"fates": fates, "not_killed": diffs}, indent=1), encoding="utf-8")
    return 0


def copy_tree(work: Path) -> None:
    """Copy the tree without what can be built or installed again; the libraries built into the package come along."""
    shutil.copytree(ROOT, work, ignore=shutil.ignore_patterns(".*", "node_modules", "__pycache__", "site", "build"), symlinks=True)


def chosen_modules(patterns: list[str]) -> list[str]:
    """Return the files to change, by their path."""
    files = sorted(path.as_posix() for path in Path("profiler").rglob("*.py"))
    chosen = [name for name in files if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    return [name for name in chosen if not any(fnmatch.fnmatch(name, pattern) for pattern in LEFT_OUT)]


def mutate(name: str) -> list[str]:
    """Write a module that holds all its mutations, each asleep until it is named; return their names."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    mutated = mutate_file_contents(name, Path(name).read_text(encoding="utf-8"))
    Path(name).write_text(mutated.code, encoding="utf-8")
    return [f"{name[:-3].replace('/', '.')}.{mutant}" for mutant in mutated.mutant_names]


def import_tested() -> None:
    """Import once what each test would import."""
    import pandas  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401

    import profiler.cli  # noqa: F401


def run_pytest(tests: list[str], *plugins: object) -> int:
    """Run tests quietly, up to the first that fails."""
    import pytest

    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(sink, stream)
    return int(pytest.main(["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not long", *tests], plugins=list(plugins)))


class Collector:
    """Notes which functions each test reaches, and how long it takes."""

    def __init__(self) -> None:
        self.reached: dict[str, list[str]] = {}
        self.durations: dict[str, float] = {}

    def pytest_runtest_teardown(self, item: Any) -> None:
        """Note what the test reached."""
        from mutmut.state import state

        self.reached[item.nodeid] = sorted(state()._stats)
        state()._stats.clear()

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        """Note how long a part of the test took."""
        self.durations[item.nodeid] = self.durations.get(item.nodeid, 0) + call.duration


def find_tests(tops: list[str], children: int) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return function to the tests that reach it, and how long each test takes."""
    files = [str(path) for top in tops for path in sorted(Path("tests", top).rglob("test_*.py")) if path.name not in SLOW]

    def note(file: str) -> Work:
        def work() -> None:
            os.environ["MUTANT_UNDER_TEST"] = "stats"
            collector = Collector()
            status = run_pytest([file], collector)
            Path(file + ".stats").write_text(json.dumps([status, collector.reached, collector.durations]), encoding="utf-8")

        return work

    run_forked(((file, note(file), None) for file in files), children, lambda file, status: None)
    reached: dict[str, list[str]] = defaultdict(list)
    durations: dict[str, float] = {}
    for file in files:
        status, functions, seconds = json.loads(Path(file + ".stats").read_text(encoding="utf-8"))
        if status not in (0, 5):
            print(f"left out, for it fails without any mutation: {file}", flush=True)
            continue
        durations |= seconds
        for test, names in functions.items():
            for name in names:
                reached[name].append(test)
    return reached, durations


def take_turns(mutants: dict[str, list[str]], chance: np.random.Generator, each: int) -> Iterator[str]:
    """Yield mutations, one of each module in turn."""
    shuffled = [[names[at] for at in chance.permutation(len(names))[:each]] for names in mutants.values()]
    for turn in zip_longest(*shuffled):
        yield from (name for name in turn if name)


def try_all(
    tasks: list[str], reached: dict[str, list[str]], durations: dict[str, float], children: int, end: float
) -> dict[str, str]:
    """Return mutation to its fate, of those begun before `end`."""
    fates: dict[str, str] = {}

    def work(name: str, tests: list[str]) -> Work:
        def run() -> None:
            os.environ["MUTANT_UNDER_TEST"] = name
            os._exit(run_pytest(tests))

        return run

    def begin() -> Iterator[tuple[str, Work, int | None]]:
        for name in tasks:
            if time.monotonic() > end:
                return
            tests, seconds = quickest(reached.get(name.partition("__mutmut_")[0], []), durations)
            if tests:
                yield name, work(name, tests), round(5 * seconds + 30)
            else:
                fates[name] = "no tests"

    run_forked(begin(), children, lambda name, status: fates.__setitem__(name, STATUS.get(status, "timeout")))
    return fates


def quickest(tests: list[str], durations: dict[str, float]) -> tuple[list[str], float]:
    """Return the quickest tests within the time that a mutation gets, and their time."""
    chosen: list[str] = []
    total = 0.0
    for test in sorted(tests, key=durations.__getitem__):
        if chosen and total + durations[test] > TESTS_S:
            break
        chosen.append(test)
        total += durations[test]
    return chosen, total


def run_forked(tasks: Iterator[tuple[str, Work, int | None]], children: int, ended: Callable[[str, int], object]) -> None:
    """Run each (name, work, CPU seconds) in a process of its own, so many at a time; tell each end with its exit status."""
    context = multiprocessing.get_context("fork")
    running: dict[int, tuple[str, Any]] = {}

    def limited(work: Work, seconds: int | None) -> None:
        os.setsid()
        if seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        work()

    def wait(limit: int) -> None:
        while len(running) > limit:
            for sentinel in multiprocessing.connection.wait(list(running)):
                name, process = running.pop(sentinel)  # type: ignore[arg-type]
                process.join()
                ended(name, process.exitcode)

    for name, work, seconds in tasks:
        process = context.Process(target=limited, args=(work, seconds))
        process.start()
        running[process.sentinel] = name, process
        wait(children - 1)
    wait(0)


def diff_of(name: str) -> str:
    """Return what a mutation changes, as the lines that differ."""
    module, _, function = name.rpartition(".")
    text = Path(module.replace(".", "/") + ".py").read_text(encoding="utf-8")
    original = function.partition("__mutmut_")[0] + "__mutmut_orig"
    before, after = (body_of(text, one).replace(one, "NAME").splitlines() for one in (original, function))
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def body_of(text: str, function: str) -> str:
    """Return the source of a function of a module."""
    import ast

    found = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == function)
    return ast.unparse(found)


def tell(mutants: dict[str, list[str]], fates: dict[str, str]) -> None:
    """Print a line a module, and the sum."""
    total: Counter[str] = Counter()
    for module, names in mutants.items():
        counts = Counter(fates[name] for name in names if name in fates)
        total += counts
        print(f"{module}: {_words(counts)} of {len(names)}")
    print(f"all: {_words(total)} of {sum(map(len, mutants.values()))}")


def _words(counts: Counter[str]) -> str:
    return f"tried {sum(counts.values())}, " + ", ".join(f"{fate} {counts[fate]}" for fate in FATES)


if __name__ == "__main__":
    sys.exit(main())
