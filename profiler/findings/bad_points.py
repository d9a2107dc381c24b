"""Rule: sweep points that failed or whose output was wrong."""

from __future__ import annotations

from profiler.findings.rule import Finding, Rule, listed, rows_of
from profiler.metrics.recording import Recording

_TITLES = {"wrong_output": "gave wrong output: times taken with it are void", "failed": "failed"}


def check(recording: Recording) -> list[Finding]:
    """List the points whose status is not ok."""
    rows = rows_of(recording, "point_summary")
    findings = []
    for status, title in _TITLES.items():
        bad = [row for row in rows if row["status"] == status]
        if bad:
            texts = [f"{row['label']}: {row['reason'] or status}" for row in bad]
            findings.append(Finding(f"{len(bad)} {'point' if len(bad) == 1 else 'points'} {title}", listed(texts), "error"))
    return findings


RULE = Rule(
    text="any sweep point with status failed or wrong_output",
    needs=("point_summary",),
    advice="Run the point alone and read its reason; compare a wrong output with the reference at the worst index.",
    source="docs/formats.md, Result JSON",
    check=check,
)
