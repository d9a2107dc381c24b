"""Writes docs/metrics.md from the metric specifications: `python -m profiler.metrics.document`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from profiler.metrics.catalog import METRIC_TABLES
from profiler.metrics.spec import MetricTable
from profiler.store.run_dir import write_atomic

_HEAD = """# Metrics

Every metric table, as `profiler metrics TARGET --table NAME` prints it and `profiler.load(TARGET).metric(NAME)` returns it.
Made by `python -m profiler.metrics.document` from the specifications in `profiler/metrics/`: edit those.

Times are integer nanoseconds, sizes bytes. A value that was not measured is missing, never 0. *Better* says in which
direction a change is an improvement; the verdicts of `profiler compare` follow it. A table whose data a recording lacks
says why instead of being empty. Kernel durations under Nsight Compute are replayed and never enter a comparison of speed.

In CSV, text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) has an
apostrophe before it, here and in the tables of a page; numbers never have, and JSON and Parquet hold all text as it is.

"""


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; pipes in cells are escaped.

    Args:
        header: Column titles.
        rows: Cells, as many as titles.
    """
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _section(table: MetricTable) -> str:
    facts = [f"One row: {table.text}."]
    facts += [f"Keys: {_code(table.keys)}."] if table.keys else []
    facts += [f"Needs the tables {_code(table.needs)}."] if table.needs else []
    better = {"none": "", "lower": "lower", "higher": "higher"}
    rows = [(_code([c.name]), c.unit, better[c.better], c.text, c.source.replace("*", "\\*")) for c in table.columns]
    columns = markdown_table(("column", "unit", "better", "what it tells", "source"), rows)
    return f"## `{table.name}`: {table.title}\n\n{' '.join(facts)}\n\n{columns}"


def render() -> str:
    """Return the document."""
    rows = [(f"[`{table.name}`](#{_anchor(table)})", table.text) for table in METRIC_TABLES]
    overview = markdown_table(("table", "one row"), rows)
    return f"{_HEAD}{overview}\n" + "\n".join(_section(table) for table in METRIC_TABLES)


def _anchor(table: MetricTable) -> str:
    """Return the heading's anchor as GitHub and CommonMark viewers make it."""
    text = f"{table.name}: {table.title}".lower()
    return "".join("-" if letter == " " else letter for letter in text if letter.isalnum() or letter in " -_")


def main(path: str = "docs/metrics.md") -> None:
    """Write the document."""
    write_atomic(Path(path), render())


if __name__ == "__main__":
    main(*sys.argv[1:])
