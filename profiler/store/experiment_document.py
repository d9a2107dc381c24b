"""The file in which an experiment's run states its steps and what they showed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from profiler.errors import BadExportError
from profiler.store.document import read_document

EXPERIMENT_NAME = "experiment.json"
EXPERIMENT_VERSION = 1
_SCHEMA = "profiler-experiment"


def experiment_document(name: str, question: str, steps: list[dict[str, Any]], outcome: dict[str, Any] | None) -> dict[str, Any]:
    """Return the document.

    Args:
        name: Name of the experiment.
        question: What it answers.
        steps: How each step ended.
        outcome: Columns, rows, checks and notes; None before they were judged.
    """
    head = {"schema": _SCHEMA, "schema_version": EXPERIMENT_VERSION}
    return {**head, "name": name, "question": question, "steps": steps, "outcome": outcome}


def read_experiment(path: Path) -> dict[str, Any]:
    """Read a document.

    Raises:
        BadExportError: It is absent, damaged or of another version.
    """
    document = read_document(path, _SCHEMA, EXPERIMENT_VERSION, "name a run of profiler experiment")
    if not isinstance(document.get("steps"), list) or not isinstance(document.get("name"), str):
        raise BadExportError(f"{path}: it lacks its name or its steps", "run the experiment again")
    return document
