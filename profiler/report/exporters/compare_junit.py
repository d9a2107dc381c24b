"""A comparison as JUnit XML: one test case a row, so that any CI shows which rows got slower."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from profiler.compare.gate.evaluation import CANNOT_TELL, REGRESSION, GateCheck, GateResult
from profiler.compare.judge.comparison import Comparison
from profiler.report.exporters.compare_markdown import format_change
from profiler.units import NS_PER_S

_TAGS = {
    "slower": "failure",
    **dict.fromkeys(("not comparable", "base only"), "error"),
    **dict.fromkeys(("cannot tell", "candidate only"), "skipped"),
}
"""What a verdict is to a CI system."""
# characters that XML 1.0 cannot hold in any form
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_junit(comparison: Comparison, gate: GateResult | None = None) -> str:
    """Write a comparison.

    With a gate its checks decide what fails; without one, slower rows fail, rows that cannot be compared are errors, and
    undecided ones are skipped.

    Args:
        comparison: The comparison.
        gate: The gate's answer, when it was asked.
    """
    checks: dict[tuple[str, str], list[GateCheck]] = defaultdict(list)
    for check in gate.checks if gate else ():
        checks[check.candidate, check.row].append(check)
    root = ElementTree.Element("testsuites", name="profiler")
    for side in comparison.candidates:
        rows = [row for row in comparison.rows.to_dict("records") if row["candidate"] == side.name]
        suite = ElementTree.SubElement(root, "testsuite", name=_clean(f"{comparison.base.name} vs {side.name}"))
        for row in rows:
            _case(suite, row, checks.pop((side.name, row["row"]), []) if gate else None)
        # what the gate weighed beside the rows
        for candidate, name in [key for key in checks if key[0] == side.name]:
            row = {"row": name, "verdict": "", "detail": "", "candidate_median_ns": None}
            _case(suite, row, checks.pop((candidate, name)))
        suite.set("tests", str(len(suite)))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _case(suite: ElementTree.Element, row: Mapping[str, Any], checks: list[GateCheck] | None) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname="profiler.compare", name=_clean(str(row["row"])))
    duration = row["candidate_median_ns"]
    if duration is not None and duration == duration:
        case.set("time", f"{duration / NS_PER_S:.9f}")
    if checks is not None:
        _gate_outcome(case, row, checks)
    elif tag := _TAGS.get(row["verdict"]):
        found = format_change(row) if tag == "failure" else row["detail"]
        ElementTree.SubElement(case, tag, message=_clean(f"{row['verdict']}: {found}"))


def _gate_outcome(case: ElementTree.Element, row: Mapping[str, Any], checks: list[GateCheck]) -> None:
    """Give a case its one outcome, the gravest, with all that was found; CI systems count cases and read one outcome of each."""
    texts: dict[str, list[str]] = {"error": [], "failure": [], "skipped": []}
    for check in checks:
        if check.accepted or check.code == CANNOT_TELL:
            texts["skipped"].append(check.accepted or f"cannot tell: {check.text}")
        else:
            texts["failure" if check.code == REGRESSION else "error"].append(f"{check.metric}: {check.text}")
    if not checks and _TAGS.get(row["verdict"]) in ("error", "skipped"):
        texts["skipped"].append(f"{row['verdict']}: {row['detail']}")  # let pass, but never compared
    tag = next((name for name, found in texts.items() if found), None)
    if tag is not None:
        ElementTree.SubElement(case, tag, message=_clean("; ".join(text for found in texts.values() for text in found)))
