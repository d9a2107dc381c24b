#!/usr/bin/env python3
"""Compare what two trees of the project read and compute from the same recordings.

    python scripts/compare_tables.py OLD_TREE NEW_TREE [--also DIR ...] [--only TEXT] [--tolerance 1e-9] [--all]

Each tree reads its own `runs/examples` and `tests/data` in a process of its own: every table, every metric table and the ranking
of `profiler best`. Recordings are matched by their path, whether compressed or not. `table_changes.toml` beside this script says
why a value differs; what it does not explain is printed value by value, and the script then ends with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMPRESSED = (".xz", ".gz", ".bz2", ".zst")
CAPTURES = (".sqlite", ".ncu-rep", ".npz", ".csv", ".json", ".nsys-rep")
REASONS = Path(__file__).with_name("table_changes.toml")
RENAMED = {
    "metric kernels": "metric kernel_summary",
    "metric points": "metric point_summary",
    "metric counters": "metric launch_counters",
    "metric diagnostics": "metric messages",
}
"""Tables by their former names."""
SHOWN = 6
"""Differences listed per column."""

Table = dict[str, list[Any]]
Content = dict[str, Table | str]
"""Table name to its columns, or to the reason why there is none."""


@dataclass(frozen=True)
class Change:
    """How a part of a table differs.

    Attributes:
        recording: Its name.
        table: The table.
        subject: A column, `+column` or `-column` of one tree only, `rows`, `order`, or `content` where one tree has no table.
        text: The difference in words.
    """

    recording: str
    table: str
    subject: str
    text: str

    def __str__(self) -> str:
        """Return where and what."""
        return f"{self.recording}: {self.table}: {self.subject}: {self.text}"


def main() -> int:
    """Compare; 0 when both trees say the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--also", type=Path, action="append", default=[], help="another folder of captures, read by both")
    parser.add_argument("--only", default="", help="recordings whose path contains this text")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="relative difference that is none (default 1e-9)")
    parser.add_argument("--all", action="store_true", help="print every change, those with a reason too")
    arguments = parser.parse_args()
    python = os.environ.get("PYTHON", sys.executable)
    with ThreadPoolExecutor(2) as workers:
        trees = [tree.resolve() for tree in (arguments.old, arguments.new)]
        old, new = workers.map(lambda tree: read_tree(python, tree, arguments), trees)
    changes = [change for name in sorted(old) for change in compare(name, old[name], new.get(name), arguments.tolerance)]
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))["change"]
    open_changes = report(changes, reasons, arguments.all)
    tables, unexplained = (len({(change.recording, change.table) for change in some}) for some in (changes, open_changes))
    print(f"{len(new)} recordings ({len(new.keys() - old.keys())} of them new), {sum(map(len, new.values()))} tables: ", end="")
    print(f"{tables} changed, {unexplained} without a reason")
    return 1 if unexplained else 0


def report(changes: list[Change], reasons: list[dict[str, Any]], every: bool) -> list[Change]:
    """Print the changes by reason, one of each as an example, and all those without any; return these."""
    left = list(changes)
    for reason in reasons:
        found = [change for change in left if explains(reason, change)]
        left = [change for change in left if change not in found]
        print(f"{len({(change.recording, change.table) for change in found})} tables: {reason['reason']}")
        for change in found if every else found[:1]:
            print(f"    {change}")
    print(*(f"without a reason: {change}" for change in left), sep="\n")
    return left


def explains(reason: dict[str, Any], change: Change) -> bool:
    """Return whether an entry of the file of reasons is about a change: patterns of table and subject, at will of recording."""
    parts = ((reason["tables"], change.table), (reason["subjects"], change.subject), (reason.get("of", ["*"]), change.recording))
    return all(any(fnmatchcase(value, pattern) for pattern in patterns) for patterns, value in parts)


def read_tree(python: str, tree: Path, arguments: argparse.Namespace) -> dict[str, Content]:
    """Return recording name to content, as a tree's own code sees it."""
    inputs = {name: path for name, path in find_inputs(tree, arguments.also) if arguments.only in name}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "content.json"
        command = [python, __file__, "--worker", str(result)]
        environment = {**os.environ, "PYTHONPATH": str(tree), "XDG_CACHE_HOME": folder}
        request = json.dumps({name: str(path) for name, path in inputs.items()})
        subprocess.run(command, input=request, text=True, env=environment, cwd=tree, check=True)
        content = json.loads(result.read_text(encoding="utf-8"))
        return {name: {RENAMED.get(table, table): found for table, found in tables.items()} for name, tables in content.items()}


def find_inputs(tree: Path, also: list[Path]) -> Iterator[tuple[str, Path]]:
    """Yield (name without the ending of a compressed file, path) of each recording."""
    for manifest in sorted((tree / "runs" / "examples").glob("*/manifest.json")):
        yield f"runs/{manifest.parent.name}", manifest.parent
    for top in (tree / "tests" / "data", *(path.resolve() for path in also)):
        for path in sorted(top.rglob("*")):
            plain = path.with_suffix("") if path.suffix in COMPRESSED else path
            if path.is_file() and plain.suffix in CAPTURES:
                yield f"{top.name}/{plain.relative_to(top)}", path


def compare(name: str, old: Content, new: Content | None, tolerance: float) -> Iterator[Change]:
    """Yield how a recording's content changed."""
    if new is None:
        yield Change(name, "load", "content", "only the old tree has it")
        return
    for table in sorted({*old, *new}):
        for subject, text in differences(old.get(table, "not known"), new.get(table, "not known"), tolerance):
            yield Change(name, table, subject, text)


def differences(old: Table | str, new: Table | str, tolerance: float) -> Iterator[tuple[str, str]]:
    """Yield how a table changed: what part of it, and how in words."""
    if isinstance(old, str) or isinstance(new, str):
        if old != new:
            yield "content", f"{_short(old)} -> {_short(new)}"
        return
    for sign, one, other in (("-", old, new), ("+", new, old)):
        yield from ((sign + column, "only one tree has it") for column in one if column not in other)
    shared = [column for column in old if column in new]
    gone, added = _one_sided(old, new, shared), _one_sided(new, old, shared)
    if _rows(old) == _rows(new):
        unequal = {column: _unequal(old[column], new[column], tolerance) for column in shared}
        changed = len({row for rows in unequal.values() for row in rows})
        if changed and not gone and not added:
            yield "order", "the same rows in another order"
        elif changed <= len(gone):
            for column, rows in ((column, rows) for column, rows in unequal.items() if rows):
                shown = "; ".join(f"row {row}: {old[column][row]!r} -> {new[column][row]!r}" for row in rows[:SHOWN])
                yield column, f"{len(rows)} of {len(old[column])} values: {shown}"
            return
    for what, rows in (("gone", gone), ("new", added)):
        if rows:
            yield "rows", f"{len(rows)} {what}: {'; '.join(rows[:SHOWN])}"


def _one_sided(one: Table, other: Table, columns: list[str]) -> list[str]:
    """Return the rows that only the first table has."""
    rows, others = ([repr(row) for row in zip(*(side[name] for name in columns), strict=True)] for side in (one, other))
    return list((Counter(rows) - Counter(others)).elements())


def _rows(table: Table) -> int:
    return len(next(iter(table.values()), []))


def _unequal(old: list[Any], new: list[Any], tolerance: float) -> list[int]:
    return [row for row, (a, b) in enumerate(zip(old, new, strict=True)) if not _same(a, b, tolerance)]


def _same(a: Any, b: Any, tolerance: float) -> bool:
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (a, b))
    return a == b or (numbers and math.isclose(a, b, rel_tol=tolerance))


def _short(content: Table | str) -> str:
    return f"absent ({content})" if isinstance(content, str) else f"{_rows(content)} rows"


# ---- what runs in the process of one tree


def work(result: Path) -> None:
    """Read the recordings named on standard input with the tree on PYTHONPATH, and write their content."""
    inputs = json.loads(sys.stdin.read())
    result.write_text(json.dumps({name: _content(path) for name, path in inputs.items()}), encoding="utf-8")


def _content(path: str) -> Content:
    import profiler
    from profiler.metrics.catalog import METRIC_TABLES
    from profiler.schema import TABLES

    try:
        recording = profiler.load(path)
    except profiler.ProfilerError as error:
        return {"load": f"not read ({type(error).__name__})"}
    found: Content = {f"table {name}": _table(lambda name=name: recording.table(name), path) for name in TABLES}
    found |= {f"metric {t.name}": _table(lambda t=t: recording.metric(t.name), path) for t in METRIC_TABLES}
    return found | {"best": _best(path)}


def _table(make: Any, path: str) -> Table | str:
    from profiler import ProfilerError

    try:
        frame = make()
    except ProfilerError as error:
        # the two trees stand in different folders, and a compressed file has another name
        return error.message.replace(path, "FILE").replace(Path(path).name, "FILE")
    return {str(name): [_plain(value) for value in frame[name].astype(object)] for name in frame.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)) or type(value).__name__ == "ndarray":
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    missing = value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and math.isnan(value))
    return None if missing else value if isinstance(value, (bool, int, float, str)) else str(value)


def _best(path: str) -> Table | str:
    from profiler.cli import main as run

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        status: Any = 0
        try:
            run(["best", path, "--all", "--format", "json"])
        except SystemExit as error:
            status = error.code
    if status or not out.getvalue().lstrip().startswith("["):
        return f"exit {status}"
    rows = json.loads(out.getvalue())
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        sys.exit(work(Path(sys.argv[2])))
    sys.exit(main())
