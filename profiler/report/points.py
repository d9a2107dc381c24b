"""Launch configurations as the page compares them: their attributes, the columns of their times, and the fastest of each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from profiler.compare.ranking import WORK, rank_recordings
from profiler.errors import ProfilerError
from profiler.metrics.time_sources import TIME_SOURCES, TimeSource
from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording
    from profiler.report.view import View

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


@dataclass(frozen=True)
class Winner:
    """The fastest configuration of one group, as `profiler best` names it.

    Attributes:
        recording: Display name of the recording, empty when there is only one.
        group: What all its rivals share: operation, shape, type, and the conditions that other groups lack.
        label: Its point.
        configuration: What distinguishes it, as text.
        median_ns: Its time.
        bandwidth_bytes_per_s: Bytes that an iteration must move over that time; NaN when unknown.
        margin_pct: How much longer the next one takes; None when there is none.
        runner_up: What distinguishes the next one.
        slowest_ratio: Time of the slowest over its time; None when there is none.
        rivals: Configurations compared, itself included.
        tied_with: What distinguishes those that are tied with it, the fastest first.
        undecided: What distinguishes those that may be faster for all that is known.
    """

    recording: str
    group: str
    label: str
    configuration: str
    median_ns: float
    bandwidth_bytes_per_s: float
    margin_pct: float | None
    runner_up: str
    slowest_ratio: float | None
    rivals: int
    tied_with: tuple[str, ...]
    undecided: tuple[str, ...]


def winners(view: View) -> list[Winner]:
    """Return the fastest configuration of each recording and group, by the page's source of times."""
    source = view.time_source
    if source is None or not source.column:
        return []
    found: list[Winner] = []
    for index, name in enumerate(view.names):
        ranking = view.memo(f"ranking {index}", partial(_ranking, view.recordings[index], source.asked))
        if ranking is not None:
            groups = ranking[ranking["place"].notna()].groupby([*WORK, "conditions"], sort=False)
            found += [_winner(name if view.several else "", map(str, key), rows) for key, rows in groups]
    return found


def _ranking(recording: Recording, source: str) -> pd.DataFrame | None:
    """Return the ranking of one recording of a page; None when it lacks what the others are ranked by."""
    try:
        return rank_recordings([recording], source=source)
    except ProfilerError:
        return None


def _winner(recording: str, key: Iterable[str], rows: pd.DataFrame) -> Winner:
    best, several = rows.iloc[0], len(rows) > 1
    texts = [_configuration(label, str(best["conditions"])) for label in rows["row"]]
    tied, undecided = (
        tuple(text for text, is_so in zip(texts[1:], rows[name].iloc[1:], strict=True) if is_so) for name in ("tied", "undecided")
    )
    return Winner(
        recording=recording,
        group=" · ".join(part for part in key if part),
        label=best["row"],
        configuration=texts[0],
        median_ns=float(best["median_ns"]),
        bandwidth_bytes_per_s=float(best["bandwidth_bytes_per_s"]),
        margin_pct=float(rows["median_ns"].iloc[1] / best["median_ns"] - 1) * 100 if several else None,
        runner_up=texts[1] if several else "",
        slowest_ratio=float(rows["median_ns"].iloc[-1] / best["median_ns"]) if several else None,
        rivals=len(rows),
        tied_with=tied,
        undecided=undecided,
    )


def _configuration(label: str, conditions: str) -> str:
    """Return what a label says beside the work and conditions of its group."""
    shared = (*WORK, *(text.partition("=")[0] for text in conditions.split()))
    parts = {name: value for name, value in decode_label(label).items() if name not in shared}
    return ", ".join(value if name == "variant" else f"{name} {value}" for name, value in parts.items()) or label
