"""What a recording asks of a source of tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from profiler.columns import Columns
from profiler.tools.base import Reader


class TableSource(Protocol):
    """One artefact, or several that read as one."""

    tool: str
    path: Path

    def prefetch(self, names: Iterable[str]) -> None:
        """Read those of the tables that it may hold in one pass."""
        ...

    def read(self, name: str) -> Columns | None:
        """Return a table, or None when there is none."""
        ...

    def reason(self, name: str) -> str:
        """Return why a table is absent."""
        ...

    def info(self) -> dict[str, Any]:
        """Return facts about the capture."""
        ...


class Artefacts(TableSource, Protocol):
    """A source that one reader reads."""

    reader: Reader
