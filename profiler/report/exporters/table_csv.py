"""A table as CSV that a spreadsheet can open: text that it would take for a formula is marked as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet evaluates. Source: OWASP, CSV Injection. `dashboards/assets/js/table.js` has the same list."""


def to_csv(frame: pd.DataFrame) -> str:
    """Write a table.

    A name comes from a file: `=HYPERLINK(…)` would run in the reader's spreadsheet. Such text gets an apostrophe before it,
    numbers never do. Line breaks inside text are written as a line feed.

    Args:
        frame: The table.
    """
    texts = [
        name for name in frame.columns if frame[name].dtype.kind == "O" or str(frame[name].dtype) in ("string", "str", "category")
    ]
    text: str = frame.assign(**{name: frame[name].astype(object).map(_safe) for name in texts}).to_csv(index=False)
    return text


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # the writer does not quote a carriage return, and readers end the row there
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
