"""What ncu's own rules say about a launch, as rows of `diagnostics`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_MESSAGE_SEVERITY = {3: "warning", 4: "error"}
_SPEEDUP_KIND = {1: "local", 2: "global"}
_MARK = re.compile(r"@(?:section|url|sass|source):(.*?)@")


def strip_marks(text: str) -> str:
    """Replace the link marks of a rule's message by the words they show.

    `@section:Id:Title@` becomes `Title`, `@url:Title:https://…@` becomes `Title`, `@sass:address:Title@` and
    `@source:file:line:Title@` become `Title`.
    """

    def words(match: re.Match[str]) -> str:
        if match.group().startswith("@url:"):
            return re.split(r":(?=[A-Za-z][A-Za-z0-9+.-]*://)", match.group(1))[0]
        return match.group(1).rpartition(":")[2]

    return _MARK.sub(words, text)


def rule_messages(action: Any, launch_id: int) -> Iterator[dict[str, Any]]:
    """Yield the `diagnostics` rows of ncu's own rules for a launch.

    Args:
        action: `IAction` of the reader library.
        launch_id: Order of the launch within the report.
    """
    for result in action.rule_results_as_dicts():
        message = result.get("rule_message") or {}
        if not message:
            continue
        title = message.get("title") or result.get("name", "")
        speedup = result.get("speedup_estimation") or {}
        yield {
            "source": f"ncu {result.get('rule_identifier', '')}",
            "severity": _MESSAGE_SEVERITY.get(int(message.get("type", 0)), "info"),
            "text": f"{title}: {strip_marks(message.get('message', ''))}",
            "hint": "",
            "launch_id": launch_id,
            "section": result.get("section_identifier", ""),
            "speedup_pct": float(speedup["speedup"]) if speedup else float("nan"),
            "speedup_kind": _SPEEDUP_KIND.get(int(speedup.get("type", 0)), "") if speedup else "",
        }
