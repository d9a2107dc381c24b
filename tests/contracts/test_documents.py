"""The generated documents are those that the code would write now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from profiler.findings import document as findings_document
from profiler.findings import rules
from profiler.metrics import document as metrics_document
from profiler.metrics.catalog import METRIC_TABLES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "render", "command"),
    [
        ("metrics.md", metrics_document.render, "python -m profiler.metrics.document"),
        ("findings.md", findings_document.render, "python -m profiler.findings.document"),
    ],
)
def test_document_is_up_to_date(name: str, render: Callable[[], str], command: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == render(), f"run: {command}"


def test_every_column_and_rule_is_told() -> None:
    metrics, findings = metrics_document.render(), findings_document.render()
    for table in METRIC_TABLES:
        assert f"## `{table.name}`" in metrics
        assert all(f"| `{spec.name}` |" in metrics for spec in table.columns)
    assert all(f"| `{rule.name}` |" in findings for rule in rules())


def test_tables_are_well_formed() -> None:
    for text in (metrics_document.render(), findings_document.render()):
        widths: list[int] = []
        for line in [*text.splitlines(), ""]:
            if line.startswith("|"):
                widths.append(line.replace("\\|", "").count("|"))
            elif widths:
                assert len(set(widths)) == 1
                widths = []


def test_documents_are_written_where_asked(tmp_path: Path) -> None:
    for module in (metrics_document, findings_document):
        target = tmp_path / "out.md"
        module.main(str(target))
        assert target.read_text(encoding="utf-8") == module.render()
