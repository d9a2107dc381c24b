"""Launch configurations as the page compares them: their attributes, and the columns of their times."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profiler.metrics.time_sources import TIME_SOURCES, TimeSource
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.tools.registry import UNTRACED

BANDWIDTH = "effective_bandwidth_bytes_per_s"
Measure = dict[str, str]


def time_measures(frame: pd.DataFrame, first: TimeSource | None = None) -> list[Measure]:
    """Return the times that a frame of points or kernels holds: the source that decides first, then by preference.

    Returns:
        `id` (how their columns begin, `time` where they begin with nothing), `label` (what is timed and by what), `unit`,
        `better`, and the columns of the median, `mid`, and of the 5th and 95th percentile, `low` and `high`, empty where
        there are none.
    """
    order = [source for source in (first, *TIME_SOURCES) if source is not None and source.column]
    named = {source.column: str(source) for source in order} | {f"{UNTRACED}_host": f"time to enqueue on the host ({UNTRACED})"}
    found = [_time(frame, f"{name}_", name, label) for name, label in named.items()] + [_time(frame, "", "time", "time")]
    return [measure for measure in found if is_filled(frame, measure["mid"])]


def is_filled(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a frame has a column with any value."""
    return name in frame.columns and bool(frame[name].notna().any())


def _time(frame: pd.DataFrame, prefix: str, name: str, label: str) -> Measure:
    low, high = (f"{prefix}{part}_ns" if f"{prefix}{part}_ns" in frame.columns else "" for part in ("p05", "p95"))
    return {"id": name, "label": label, "unit": "ns", "better": "lower", "mid": f"{prefix}median_ns", "low": low, "high": high}


def with_attributes(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Add a column per attribute of the points' labels that the frame lacks.

    Returns:
        The frame, and the attribute names: the reserved ones first, then the others as they first appear.
    """
    decoded = pd.DataFrame([decode_label(str(label)) for label in frame["label"]], index=frame.index)
    names = [key for key in RESERVED_KEYS if key in decoded.columns or key in frame.columns]
    names += [key for key in decoded.columns if key not in RESERVED_KEYS]
    added = {key: as_numbers(decoded[key]) for key in names if key not in frame.columns and key in decoded.columns}
    return frame.assign(**added), names


def as_numbers(series: pd.Series) -> pd.Series:
    """Turn a column of text into numbers when every text is one, so that 128 sorts after 64."""
    numbers = pd.to_numeric(series, errors="coerce")
    return numbers if (numbers.notna() | series.isna()).all() else series


def differing(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of the named columns in which rows differ."""
    return [name for name in names if name in frame.columns and frame[name].nunique(dropna=False) > 1]
