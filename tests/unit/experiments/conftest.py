"""Result documents of a driver on an H200, and run folders made of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from profiler.experiments.evidence import Evidence, StepRecord

DATA = Path(__file__).parents[2] / "data" / "driver_h200"
Document = dict[str, Any]


@pytest.fixture
def result() -> Callable[[str], Document]:
    """Return a fresh copy of a recorded result document."""
    return lambda name: json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def evidence(tmp_path: Path) -> Callable[..., Evidence]:
    """Return evidence of steps that wrote these documents; None stands for a step that wrote none."""

    def make(documents: dict[str, Document | None], **returncodes: int) -> Evidence:
        records = {}
        for name, document in documents.items():
            path = tmp_path / "raw/builtin/steps" / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            if document is not None:
                path.write_text(json.dumps(document), encoding="utf-8")
            code = returncodes.get(name.replace("-", "_"), 0)
            own = str(path.relative_to(tmp_path)) if document is not None else ""
            records[name] = StepRecord(name, returncode=code, expected=(0, 4), result=own)
        return Evidence(tmp_path, records)

    return make


@pytest.fixture
def timeline(tmp_path: Path) -> Path:
    """Return a run folder that holds the recorded timeline and nothing else."""
    target = tmp_path / "raw/nsys/capture.sqlite"
    target.parent.mkdir(parents=True)
    shutil.copyfile(DATA / "swish.sqlite", target)
    manifest = {"run_id": tmp_path.name, "label": "under-tools", "status": "complete"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path
