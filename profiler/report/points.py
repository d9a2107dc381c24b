"""Launch configurations as the page compares them: their attributes, and the columns of their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from profiler.metrics.time_sources import TIME_SOURCES, TimeSource
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    import pandas as pd


BANDWIDTH = "effective_bandwidth_bytes_per_s"


@dataclass(frozen=True)
class TimeColumns:
    """Columns of one time in a metric table.

    Attributes:
        id: Beginning of their names, `time` where they have none.
        label: What is timed and by what.
        median: Column of the median, ns.
        low: Column of the 5th percentile, empty when there is none.
        high: Column of the 95th percentile, empty when there is none.
    """

    id: str
    label: str
    median: str
    low: str = ""
    high: str = ""


def time_columns(frame: pd.DataFrame, first: TimeSource | None = None) -> list[TimeColumns]:
    """Return the times that a frame of points or kernels holds: the source that decides first, then by preference."""
    order = [source for source in (first, *TIME_SOURCES) if source is not None and source.column]
    named = {source.column: str(source) for source in order} | {f"{UNTRACED}_host": f"time to enqueue on the host ({UNTRACED})"}
    found = [_columns(frame, f"{name}_", name, label) for name, label in named.items()] + [_columns(frame, "", "time", "time")]
    return [columns for columns in found if columns.median in frame.columns and frame[columns.median].notna().any()]


def _columns(frame: pd.DataFrame, prefix: str, name: str, label: str) -> TimeColumns:
    low, high = (f"{prefix}{part}_ns" if f"{prefix}{part}_ns" in frame.columns else "" for part in ("p05", "p95"))
    return TimeColumns(name, label, f"{prefix}median_ns", low, high)


def with_attributes(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Add a column per attribute of the points' labels that the frame lacks.

    Returns:
        The frame, and the attribute names: the reserved ones first, then the others as they first appear.
    """
    import pandas as pd

    decoded = pd.DataFrame([decode_label(str(label)) for label in frame["label"]], index=frame.index)
    names = [key for key in RESERVED_KEYS if key in decoded.columns or key in frame.columns]
    names += [key for key in decoded.columns if key not in RESERVED_KEYS]
    added = {key: as_numbers(decoded[key]) for key in names if key not in frame.columns and key in decoded.columns}
    return frame.assign(**added), names


def as_numbers(series: pd.Series) -> pd.Series:
    """Turn a column of text into numbers when every text is one, so that 128 sorts after 64."""
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce")
    return numbers if (numbers.notna() | series.isna()).all() else series


def differing(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of the named columns in which rows differ."""
    return [name for name in names if name in frame.columns and frame[name].nunique(dropna=False) > 1]
