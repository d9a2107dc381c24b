"""The first section of the page of an experiment's run: its question, its checks and its table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from profiler.errors import BadExportError
from profiler.report.blocks import Block, Note, Table
from profiler.report.columns import ColumnView, view_column
from profiler.report.document import Section
from profiler.report.tables import pack_table
from profiler.report.view import View
from profiler.store.document import EXPERIMENT_NAME, read_experiment

if TYPE_CHECKING:
    from pathlib import Path

_VERDICTS = {True: "passed", False: "failed", None: "cannot tell"}
_CHECKS = (
    {"name": "result", "text": "whether the check holds; cannot tell: its evidence is missing"},
    {"name": "check", "text": "what must hold"},
    {"name": "found", "text": "what was found"},
)


def experiment_sections(view: View) -> Iterator[Section]:
    """Yield a section for each recording that is an experiment's run and was judged."""
    for number, recording in enumerate(view.recordings, 1):
        path = recording.path / EXPERIMENT_NAME
        if recording.run is None or not path.is_file():
            continue
        anchor = "experiment" if number == 1 else f"experiment-{number}"
        yield _section(anchor, path, view.names[number - 1])


def _section(anchor: str, path: Path, name: str) -> Section:
    try:
        document = read_experiment(path)
        outcome = document.get("outcome") or {}
        blocks = list(_blocks(anchor, outcome)) or [Note("The run was not judged yet: profiler experiment --evaluate RUN", "hint")]
        return Section(anchor, f"Experiment: {document['name']}", blocks, str(document.get("question") or ""), (EXPERIMENT_NAME,))
    except (BadExportError, AttributeError, KeyError, TypeError, ValueError) as error:
        return Section(anchor, f"Experiment: {name}", [Note(f"{EXPERIMENT_NAME} cannot be read: {error}", "warning")])


def _blocks(anchor: str, outcome: dict[str, Any]) -> Iterator[Block]:
    checks = outcome.get("checks") or []
    if checks:
        counts = {verdict: sum(check["passed"] is passed for check in checks) for passed, verdict in _VERDICTS.items()}
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        yield Note(f"{len(checks)} checks: {told}.", "warning" if counts["failed"] else "plain")
        rows = [{"result": _VERDICTS[check["passed"]], "check": check["name"], "found": check["found"]} for check in checks]
        yield _table(f"{anchor}-checks", "Checks", _CHECKS, rows, wrap=True)
    if outcome.get("rows"):
        yield _table(f"{anchor}-rows", "What was measured", outcome["columns"], outcome["rows"])
    for note in outcome.get("notes") or []:
        yield Note(str(note), "hint")


def _table(block_id: str, title: str, columns: Any, rows: list[dict[str, Any]], **options: Any) -> Table:
    frame = pd.DataFrame(rows)
    shown = [column for column in columns if column["name"] in frame.columns and frame[column["name"]].notna().any()]
    views = [_view(column, frame[column["name"]]) for column in shown]
    return pack_table(block_id, views, frame, title, **options)


def _view(column: dict[str, str], series: pd.Series) -> ColumnView:
    view = view_column("experiment", series)
    return replace(view, unit=column.get("unit", "") if view.kind == "number" else "", text=column.get("text", ""))
