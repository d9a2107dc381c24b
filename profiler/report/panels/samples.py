"""Panel: every measured iteration: its distribution and its course over time, so that drift and modes are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.embed import pack_integers
from profiler.report.panels.base import Panel
from profiler.report.view import RECORDING, View

if TYPE_CHECKING:
    import pandas as pd

MAX_SAMPLES = 500_000
_CLOCKS = {"cuda_event": "CUDA events", "monotonic": "the clock of the host"}
_FIX = "measure with the driver or the runner: profiler run --tool builtin"


def build(view: View) -> list[Block]:
    """Build the list of points with their samples."""
    samples, points = view.table("samples"), view.table("points")
    if samples is None or points is None:
        return [Missing("no recording holds samples of single iterations", _FIX)]
    keys = [name for name in (RECORDING, "tool") if name in samples.columns and name in points.columns]
    labels = {_key(row, keys): row for row in points.to_dict("records")}
    groups = samples.groupby([*keys, "point_id"], sort=False, observed=True)
    series = [_series(key, rows, labels, keys) for key, rows in groups]
    shown = _within(series, MAX_SAMPLES)
    data = {"series": shown, "total": len(series)}
    widget = Widget("samples", "samples", data, description="Distribution and course over time of measured iterations")
    return [Note(_clock(view, points), "hint"), widget]


def _clock(view: View, points: pd.DataFrame) -> str:
    """Say what timed the iterations, and that the summary compares other times where it does."""
    clocks = (
        list(dict.fromkeys(_CLOCKS.get(str(clock), str(clock)) for clock in points["clock"].dropna())) if "clock" in points else []
    )
    text = f"Times of whole iterations, by {' and '.join(clocks) or 'the program'}."
    if view.time_source is None or view.time_source.kind != "gpu_points":
        return text
    return f"{text} The summary and the launch configurations compare another time: {view.time_source}."


def _key(row: dict[str, Any], keys: list[str]) -> tuple[Any, ...]:
    return (*(row[name] for name in keys), row["point_id"])


def _series(
    key: tuple[Any, ...], rows: pd.DataFrame, labels: dict[tuple[Any, ...], dict[str, Any]], keys: list[str]
) -> dict[str, Any]:
    key = key if isinstance(key, tuple) else (key,)
    point = labels.get(key, {})
    ordered = rows.sort_values("sample_index", kind="stable")
    times = ordered["duration_ns"].to_numpy(dtype=float)
    times = np.rint(times[np.isfinite(times)]).astype(np.int64)
    head, tail = np.array_split(times, [len(times) // 2]) if len(times) > 1 else (times, times)
    drift = (float(np.median(tail)) / float(np.median(head)) - 1) * 100 if len(times) >= 8 and np.median(head) > 0 else None
    quantiles = np.quantile(times, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist() if len(times) else []
    where = " · ".join(str(part) for part in key[:-1])
    return {
        "label": str(point.get("label", f"point {key[-1]}")),
        "where": where,
        "clock": str(point.get("clock") or ""),
        "n": len(times),
        "quantiles": quantiles,
        "drift_pct": drift,
        "times": pack_integers(times),
    }


def _within(series: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return as many whole series as fit the limit."""
    total = np.cumsum([item["n"] for item in series])
    return series[: max(1, int(np.searchsorted(total, limit, side="right")))] if series else []


PANEL = Panel(
    "samples",
    "Samples",
    (),
    build,
    "Every measured iteration: spread, outliers and drift within a point.",
    ("samples", "points"),
    _FIX,
)
