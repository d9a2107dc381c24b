"""Some rows of a recording's tables, in the place of the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from profiler.columns import Columns
from profiler.tables.captures import Captures


class SelectedRows:
    """A source of tables that holds chosen rows of another recording's; put before that one's own sources, it stands for them.

    Args:
        tool: Tool whose tables they are.
        rows: Table name to the rows that stay, ascending.
        whole: The recording that holds the tables.
    """

    def __init__(self, tool: str, rows: Mapping[str, np.ndarray], whole: Captures) -> None:
        self.tool, self.path, self.tables = tool, Path(whole.path), tuple(rows)
        self._rows, self._whole = rows, whole

    def prefetch(self, names: Iterable[str]) -> None:
        """Read some tables in one pass."""
        self._whole.prefetch(names)

    def read(self, name: str) -> Columns | None:
        """Return the chosen rows of a table."""
        return self._whole.memo(("selected rows", name), lambda: self._whole.columns(name).take(self._rows[name]))

    def reason(self, name: str) -> str:
        """Return why a table is absent: none is."""
        del name
        return ""

    def info(self) -> dict[str, Any]:
        """Return facts about the capture: those of the sources behind this one hold."""
        return {}
