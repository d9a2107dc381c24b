"""A comparison as JSON with a schema version, for other programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from profiler.compare.gate.evaluation import GateResult
from profiler.compare.judge.comparison import COMPARISON_VERSION, Comparison

if TYPE_CHECKING:
    import pandas as pd


def to_json(comparison: Comparison, gate: GateResult | None = None) -> str:
    """Write a comparison; a value that is missing is null.

    Args:
        comparison: The comparison.
        gate: The gate's answer, when it was asked.
    """
    return json.dumps(comparison_record(comparison, gate), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def comparison_record(comparison: Comparison, gate: GateResult | None = None) -> dict[str, Any]:
    """Return the document as plain Python values."""
    return {
        "schema": "profiler-comparison",
        "schema_version": COMPARISON_VERSION,
        "base": asdict(comparison.base),
        "candidates": [asdict(side) for side in comparison.candidates],
        "rule": asdict(comparison.rule),
        "design": comparison.design,
        "promise": comparison.rule.promise,
        "notes": comparison.notes,
        "counts": comparison.counts(),
        "differences": [asdict(item) for item in comparison.differences],
        "rows": _records(comparison.rows),
        "metrics": _records(comparison.metrics),
        "gate": None if gate is None else {**asdict(gate), "outcome": gate.outcome},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    # pandas writes NaN and NA as null, which json would not
    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return records
