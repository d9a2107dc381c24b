"""Panel: where the recording comes from: command lines, versions, environment, digests."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from profiler.report.blocks import Block
from profiler.report.columns import ColumnView
from profiler.report.panels.base import Panel
from profiler.report.tables import pack_table
from profiler.report.view import View

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

_MAX_TEXT = 2_000
_COLUMNS = (ColumnView("section", "section"), ColumnView("key", "fact"), ColumnView("value", "value", kind="code"))


def build(view: View) -> list[Block]:
    """Build one table of facts per recording."""
    blocks: list[Block] = []
    for index, (name, recording) in enumerate(zip(view.names, view.recordings, strict=True)):
        frame = pd.DataFrame(_rows(recording), columns=[column.name for column in _COLUMNS])
        title = name if view.several else ""
        blocks.append(pack_table(f"provenance-{index}", _COLUMNS, frame, title, file_name="provenance.csv", wrap=True, page=40))
    return blocks


def _rows(recording: Recording) -> Iterator[tuple[str, str, str]]:
    manifest = recording.manifest
    if manifest is not None:
        document = json.loads(manifest.to_json())
        captures = document.pop("captures", [])
        for key in ("environment", "options"):
            yield from _flatten(key, "", document.pop(key, {}))
        yield from _flatten("run", "", document)
        for capture in captures:
            yield from _flatten(f"capture {capture.get('tool', '')}", "", capture)
    yield "recording", "path", str(recording.path.name)
    for tool in recording.tools:
        yield from _flatten(f"{tool} says", "", recording.info(tool))


def _flatten(section: str, key: str, value: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flatten(section, f"{key}.{name}" if key else str(name), item)
        return
    if isinstance(value, (list, tuple)):
        plain = all(isinstance(item, (str, int, float)) for item in value)
        value = shlex.join(map(str, value)) if plain else json.dumps(value, ensure_ascii=False, default=str)
    if value not in (None, ""):
        text = str(value)
        yield section, key, text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


PANEL = Panel("provenance", "Provenance", (), build, "How this recording came about, so that it can be made again.", ("manifest",))
