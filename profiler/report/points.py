"""Launch configurations as the page compares them: their attributes, the sources of their times, and the fastest of each group."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from profiler.point_label import RESERVED_KEYS, decode_label
from profiler.report.ties import ranking_tool, tied_labels
from profiler.report.view import RECORDING, View

if TYPE_CHECKING:
    import pandas as pd

_MEDIAN = re.compile(r"^(?:(?P<tool>[a-z0-9]+)_)?(?P<what>[a-z0-9_]*?)_?median_ns$")
_TOOL_ORDER = ("nsys", "cupti", "builtin", "")
_TOOL_LABELS = {
    "nsys": "kernel time, nsys", "cupti": "kernel time, CUPTI", "builtin": "event time, built-in", "": "time",
}  # fmt: skip
GROUP_KEYS = ("op", "shape", "dtype")
LOAD_KEYS = ("threads", "streams", "ranks", "measure")
"""Attributes that change how much works at once: with them the time of one iteration says nothing about throughput."""
BANDWIDTH = "effective_bandwidth_bytes_per_s"


@dataclass(frozen=True)
class TimeSource:
    """Columns of one tool's time.

    Attributes:
        id: Tool, or the column's prefix.
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


def time_sources(frame: pd.DataFrame) -> list[TimeSource]:
    """Return the times a frame of points holds, the best for comparisons first: kernel times before event times."""
    sources = []
    for name in frame.columns:
        match = _MEDIAN.match(str(name))
        if match is None or frame[name].notna().sum() == 0:
            continue
        prefix = str(name).removesuffix("median_ns")
        low, high = (f"{prefix}{part}_ns" if f"{prefix}{part}_ns" in frame.columns else "" for part in ("p05", "p95"))
        tool = match["tool"] or ""
        sources.append(TimeSource(prefix.rstrip("_") or "time", _source_label(tool, match["what"]), str(name), low, high))
    return sorted(sources, key=_rank)


def _source_label(tool: str, what: str) -> str:
    if what in ("", "kernel"):
        return _TOOL_LABELS.get(tool, f"{tool} time")
    return f"{what.replace('_', ' ')} time, {tool}" if tool else f"{what.replace('_', ' ')} time"


def _rank(source: TimeSource) -> tuple[int, str]:
    tool = source.id.split("_")[0]
    late = 20 * ("host" in source.id) + 10 * ("event" in source.id)
    return (_TOOL_ORDER.index(tool) if tool in _TOOL_ORDER else len(_TOOL_ORDER)) + late, source.id


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


@dataclass(frozen=True)
class Winner:
    """The fastest configuration of one group.

    Attributes:
        recording: Display name of the recording, empty when there is only one.
        group: What all its rivals share: operation, shape, type.
        configuration: What distinguishes it, as text.
        row: Its row of the points.
        margin_pct: How much longer the next one takes; None when there is none.
        runner_up: What distinguishes the next one.
        slowest_ratio: Time of the slowest over its time; None when there is none.
        rivals: Configurations compared, itself included.
        tied: How many others cannot be told apart from it; None when that is not known.
        tied_with: What distinguishes those, the fastest first.
        denied_by: Another time of the same recording that cannot tell it apart from the next one; empty when none does.
    """

    recording: str
    group: str
    configuration: str
    row: dict[str, Any]
    margin_pct: float | None
    runner_up: str
    slowest_ratio: float | None
    rivals: int
    tied: int | None = None
    tied_with: tuple[str, ...] = ()
    denied_by: str = ""


def winners(view: View) -> tuple[list[Winner], TimeSource | None]:
    """Return the fastest configuration per operation, shape and type (and load, where that differs), and the time that decided."""
    frame = view.metric("points")
    if frame is None:
        return [], None
    sources = time_sources(frame)
    if not sources:
        return [], None
    frame, names = with_attributes(frame)
    source = sources[0]
    bad = frame["status"].isin(["failed", "wrong_output", "skipped"]) if "status" in frame else False
    timed = frame[frame[source.median].notna() & ~bad] if bad is not False else frame[frame[source.median].notna()]
    loads = differing(timed, LOAD_KEYS)
    keys = [key for key in (RECORDING, *GROUP_KEYS, *loads) if key in timed.columns]
    rest = [name for name in names if name not in (*GROUP_KEYS, *loads)]
    groups = timed.groupby(keys, sort=False, dropna=False, observed=True) if keys else [((), timed)]
    skip = 1 if RECORDING in keys else 0
    found = [_winner((*key[skip:][: -len(loads) or None], *_named(loads, key)), rows, source.median, rest) for key, rows in groups]
    return [_with_ties(winner, rows, view, source, rest) for winner, (_, rows) in zip(found, groups, strict=True)], source


def _named(loads: list[str], key: tuple[Any, ...]) -> list[str]:
    """Return the last parts of a group's key with what they are: `threads 4`."""
    return [f"{name} {value}" for name, value in zip(loads, key[len(key) - len(loads) :], strict=True)]


def differing(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of the named columns in which rows differ."""
    return [name for name in names if name in frame.columns and frame[name].nunique(dropna=False) > 1]


def _with_ties(winner: Winner, rows: pd.DataFrame, view: View, source: TimeSource, names: list[str]) -> Winner:
    index = view.names.index(winner.recording) if winner.recording else 0
    recording = view.recordings[index]
    tied = view.memo(f"ties {index} {source.id}", lambda: tied_labels(recording, source.id))
    if tied is None or winner.row["label"] not in tied:
        return winner
    ranked = rows[rows["label"].isin(list(tied)) & (rows["label"] != winner.row["label"])].sort_values(source.median, kind="stable")
    others = tuple(_configuration(row, names) for _, row in ranked.iterrows())
    denied = "" if others or winner.margin_pct is None else _denied(winner, rows, view, index, source)
    return replace(winner, tied=len(others), tied_with=others, denied_by=denied)


def _denied(winner: Winner, rows: pd.DataFrame, view: View, index: int, source: TimeSource) -> str:
    """Name the time by which `profiler best` ranks when that does not confirm the lead over the next one."""
    tool = ranking_tool(view.recordings[index])
    if tool in ("", source.id):
        return ""
    tied = view.memo(f"ties {index} {tool}", lambda: tied_labels(view.recordings[index], tool)) or {}
    second = rows.sort_values(source.median, kind="stable").iloc[1]["label"]
    return _TOOL_LABELS[tool] if second in tied else ""


def _winner(key: tuple[Any, ...], rows: pd.DataFrame, median: str, names: list[str]) -> Winner:
    import pandas as pd

    ranked = rows.sort_values(median, kind="stable")
    best = ranked.iloc[0]
    times = ranked[median].to_numpy(dtype=float)
    following = len(ranked) > 1 and times[0] > 0
    return Winner(
        recording=str(best.get(RECORDING, "")),
        group=" · ".join(str(part) for part in key if not pd.isna(part)),
        configuration=_configuration(best, names),
        row=best.to_dict(),
        margin_pct=float(times[1] / times[0] - 1) * 100 if following else None,
        runner_up=_configuration(ranked.iloc[1], names) if following else "",
        slowest_ratio=float(times[-1] / times[0]) if following else None,
        rivals=len(ranked),
    )


def _configuration(row: pd.Series, names: list[str]) -> str:
    import pandas as pd

    parts = []
    for name in names:
        value = row.get(name)
        if value is None or pd.isna(value):
            continue
        text = f"{value:g}" if isinstance(value, float) else str(value)
        parts.append(text if name == "variant" else f"{name} {text}")
    return ", ".join(parts) or str(row.get("label", ""))
