"""JSON documents of this project: each states its schema and version."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from profiler.errors import BadExportError

EXPERIMENT_NAME = "experiment.json"
EXPERIMENT_VERSION = 1
_EXPERIMENT = "profiler-experiment"


def read_document(path: Path, schema: str, newest: int, fix: str) -> dict[str, Any]:
    """Read a document.

    Args:
        path: The file.
        schema: Its `schema`.
        newest: Newest `schema_version` that is understood.
        fix: What to do about a file that is none.

    Raises:
        BadExportError: It is absent, cut off, of another schema or of a newer version.
    """
    try:
        text = path.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
        document = json.loads(text)
        if "\\u" in text:
            # an escape can write half of a surrogate pair, which is no text and could not be printed
            json.dumps(document, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        told = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise BadExportError(f"{path}: not a whole {schema} document ({told})", fix) from error
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise BadExportError(f"{path}: not a {schema} document", fix)
    version = document.get("schema_version")
    if not isinstance(version, int) or version > newest:
        raise BadExportError(f"{path}: {schema} version {version!r}, this profiler reads up to {newest}", "upgrade profiler")
    return document


def experiment_document(name: str, question: str, steps: list[dict[str, Any]], outcome: dict[str, Any] | None) -> dict[str, Any]:
    """Return the file in which an experiment's run states its steps and what they showed.

    Args:
        name: Name of the experiment.
        question: What it answers.
        steps: How each step ended.
        outcome: Columns, rows, checks and notes; None before they were judged.
    """
    head = {"schema": _EXPERIMENT, "schema_version": EXPERIMENT_VERSION}
    return {**head, "name": name, "question": question, "steps": steps, "outcome": outcome}


def read_experiment(path: Path) -> dict[str, Any]:
    """Read the document of an experiment.

    Raises:
        BadExportError: It is absent, damaged or of another version.
    """
    document = read_document(path, _EXPERIMENT, EXPERIMENT_VERSION, "name a run of profiler experiment")
    if not isinstance(document.get("steps"), list) or not isinstance(document.get("name"), str):
        raise BadExportError(f"{path}: it lacks its name or its steps", "run the experiment again")
    return document
