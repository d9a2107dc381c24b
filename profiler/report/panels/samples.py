"""Panel: every measured iteration: its distribution and its course over time, so that drift and modes are seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.columns import view_columns
from profiler.report.embed import pack_integers
from profiler.report.panels.base import Panel
from profiler.report.tables import pack_table
from profiler.report.view import RECORDING, View
from profiler.spec import ColumnSpec, TableSpec

MAX_SAMPLES = 500_000
_CLOCKS = {"cuda_event": "CUDA events", "monotonic": "the clock of the host"}
_DRIFTING = 8  # iterations from which their halves are compared
_TABLE = TableSpec(
    name="samples",
    text="one point and its iterations",
    columns=(
        *(ColumnSpec(name, "lower") for name in ("median_ns", "p05_ns", "p95_ns", "max_ns")),
        ColumnSpec("spread_pct", "lower", "p95 minus p05, in percent of the median"),
        ColumnSpec("drift_pct", "lower", "median of the second half against that of the first half"),
    ),
)
_FIX = "measure with the driver or the runner: profiler run --tool builtin"


def build(view: View) -> list[Block]:
    """Build the list of points with their samples."""
    samples, points = view.table("samples"), view.table("points")
    if samples is None or points is None:
        return [Missing("no recording holds samples of single iterations", _FIX)]
    keys = [name for name in (RECORDING, "tool", "point_id") if name in samples.columns and name in points.columns]
    labels = points.set_index(keys)["label"].astype(str).to_dict()
    groups = {key if len(keys) > 1 else key[0]: _times(rows) for key, rows in samples.groupby(keys, sort=False, observed=True)}
    frame = pd.DataFrame([_row(key, labels, times) for key, times in groups.items()])
    shown = max(1, int(np.searchsorted(frame["samples"].cumsum(), MAX_SAMPLES, side="right")))
    columns = view_columns(_TABLE, frame, [name for name in frame.columns if name != "from" or frame[name].any()])
    data = {
        "table": pack_table("samples", columns, frame, limit=shown).payload(),
        "times": [pack_integers(times) for times in list(groups.values())[:shown]],
    }
    widget = Widget("samples", "samples", data, description="Distribution and course over time of measured iterations")
    return [Note(_clock(view, points), "hint"), widget]


def _clock(view: View, points: pd.DataFrame) -> str:
    """Say what timed the iterations, and that the summary compares other times where it does."""
    clocks = dict.fromkeys(_CLOCKS.get(str(clock), str(clock)) for clock in points.get("clock", pd.Series()).dropna())
    text = f"Times of whole iterations, by {' and '.join(clocks) or 'the program'}."
    if view.time_source is None or view.time_source.kind != "gpu_points":
        return text
    return f"{text} The summary and the launch configurations compare another time: {view.time_source}."


def _times(rows: pd.DataFrame) -> np.ndarray:
    times = rows.sort_values("sample_index", kind="stable")["duration_ns"].to_numpy(dtype=float)
    return np.asarray(np.rint(times[np.isfinite(times)]), dtype=np.int64)


def _row(key: Any, labels: dict[Any, str], times: np.ndarray) -> dict[str, Any]:
    """Return one point, whose key is its number or a tuple that ends with it."""
    *where, number = key if isinstance(key, tuple) else (key,)
    low, median, high, largest = np.quantile(times, [0.05, 0.5, 0.95, 1]) if len(times) else [math.nan] * 4
    half = len(times) // 2
    early = np.median(times[:half]) if len(times) >= _DRIFTING else 0
    return {
        "point": labels.get(key, f"point {number}"),
        "from": " · ".join(map(str, where)),
        "samples": len(times),
        "median_ns": median,
        "p05_ns": low,
        "p95_ns": high,
        "max_ns": largest,
        "spread_pct": 100 * (high - low) / median if median else math.nan,
        "drift_pct": 100 * (np.median(times[half:]) / early - 1) if early else math.nan,
    }


PANEL = Panel(
    "samples",
    "Samples",
    (),
    build,
    "Every measured iteration: spread, outliers and drift within a point.",
    ("samples", "points"),
    _FIX,
)
