"""Rows of sweep points: from the program's own samples, or from what a tool saw of each measured iteration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.row import CONDITIONS, Row, mix_conditions
from profiler.compare.rows.summaries import summarise
from profiler.errors import DataMissingError
from profiler.metrics.point_ranges import iterations
from profiler.metrics.time_sources import iteration_times
from profiler.point_label import decode_label
from profiler.point_status import read_status, worst_status
from profiler.tools.registry import KERNEL_TIMERS

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

LISTED = ("engine_digest", "layers")
"""Point columns whose differences are listed: a rebuilt engine may take other tactics, which is what is compared."""


def rows_from_points(points: pd.DataFrame, samples: pd.DataFrame | None) -> list[Row]:
    """Return one row per label of a sweep point; points of one label are pooled: one process is one measurement of it.

    Args:
        points: Schema table `points`.
        samples: Schema table `samples`; None when no point has any.
    """
    grouped = {} if samples is None else _samples_by_point(samples)
    by_label: dict[str, list[dict[str, Any]]] = {}
    for point in points.to_dict("records"):
        by_label.setdefault(_text(point.get("label")), []).append(point)
    return [_pooled(label, same, [grouped.get(point["point_id"]) for point in same]) for label, same in by_label.items()]


def _pooled(label: str, points: list[dict[str, Any]], samples: list[np.ndarray | None]) -> Row:
    """Return the row of the points of one label."""
    found = [values for values in samples if values is not None]
    first = points[0]
    status = worst_status(_text(point.get("status")) for point in points)
    gravest = [point for point in points if read_status(_text(point.get("status"))) == status]
    clocks = [
        float(np.fmin.reduce([float(_text(point.get(f"sm_clock_{when}_hz")) or "nan") for point in points]))
        for when in ("before", "after")
    ]
    conditions: dict[str, str] = {}
    mixed: dict[str, tuple[str, str]] = {}
    for point in points:
        mixed |= mix_conditions(conditions, {name: text for name, text in _texts(point, *CONDITIONS).items() if text != "0"})
    return Row(
        label=label,
        keys=_point_keys(first),
        summaries=[summarise(np.concatenate(found) if found else None, status)],
        conditions=conditions,
        sm_clock_before_hz=clocks[0],
        sm_clock_after_hz=clocks[1],
        note=next(filter(None, (_text(point.get("reason")) for point in gravest)), ""),
        bytes_per_iteration=float(_text(first.get("bytes_per_iteration")) or "nan"),
        symbol=_text(_launch(first).get("symbol")),
        mixed=mixed,
        listed=_texts(first, *LISTED),
    )


def _launch(point: dict[str, Any]) -> dict[str, Any]:
    text = _text(point.get("launch"))
    return (json.loads(text) or {}) if text else {}


def _samples_by_point(samples: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return each point's durations in the order of measurement."""
    ordered = samples.sort_values(["point_id", "sample_index"]).groupby("point_id")["duration_ns"]
    return {int(point): durations.to_numpy(dtype=float, na_value=np.nan) for point, durations in ordered}


def gpu_point_rows(recording: Recording, tool: str) -> list[Row]:
    """Return one row per sweep point, timed by what each measured iteration took on the GPU."""
    only = recording.only(tool)
    found = iterations(only)
    if found is None:
        raise DataMissingError(f"{recording.name}: {tool} saw no measured iteration", "annotate the program, docs/formats.md")
    each = iteration_times(only)
    recorded = {item["label"]: item for item in recording.table("points").to_dict("records")} if recording.has("points") else {}
    rows = []
    for point in recording.metric("point_summary").to_dict("records"):
        own = recorded.get(point["label"], {})
        codes = [code for code, value in enumerate(found.label.values) if value == point["label"]]
        mine = np.isin(found.label.codes, codes)
        status = _text(point.get("status"))
        spans, periods = (summarise(values[mine & np.isfinite(values)], status) for values in (each.span_ns, each.period_ns))
        overlaps = bool(each.overlaps[mine].any())
        conditions = _texts(point, "cache", "launch_mode", "engine") | _texts(own, "cold_method", "measure")
        conditions |= _texts(point, "bytes_per_iteration")
        keys = _point_keys(_texts(point, "op", "variant", "shape", "dtype", "label"))
        launch = {"kernel": "kernel", "launch_grid": "grid", "launch_block": "kernel_block"}
        keys |= {key: _text(point.get(name)) for key, name in launch.items() if _text(point.get(name))}
        rows.append(
            Row(
                label=point["label"],
                keys=keys,
                summaries=[spans],
                periods=[periods],
                overlaps=overlaps,
                kernel_ns=_median(each.kernel_ns[mine]),
                conditions={**conditions, "clock": f"{tool} timestamps"},
                note=_text(point.get("reason")),
                remark=_text(point.get("note")),
                bytes_per_iteration=float(_text(point.get("bytes_per_iteration")) or "nan"),
                listed=_texts(own, *LISTED),
            )
        )
    return rows


def untimed_row(point: dict[str, Any]) -> Row | None:
    """Return the row of a point that a tool alone timed, without a time; None where no tool has.

    Args:
        point: Row of the metric table `point_summary`.
    """
    tool = next((tool for tool in KERNEL_TIMERS if _text(point.get(f"{tool}_median_ns"))), "")
    note = f"timed under {tool} alone: --source gpu_points:{tool}"
    return Row(point["label"], _point_keys(point), [summarise(None)], note=note) if tool else None


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _point_keys(point: dict[str, Any]) -> dict[str, str]:
    names = ("op", "variant", "shape", "dtype")
    keys = {**dict.fromkeys(names, ""), **decode_label(_text(point.get("label"))), **_texts(point, *names)}
    record = _launch(point)
    if record:
        keys["kernel"] = _text(record.get("kernel"))
        for name in ("grid", "block"):
            if record.get(name):
                keys[f"launch_{name}"] = "x".join(str(part) for part in record[name])
        keys["dynamic_shared_memory"] = _text(record.get("dynamic_shared_memory_bytes"))
    return {name: value for name, value in keys.items() if value}


def _texts(record: dict[str, Any], *names: str) -> dict[str, str]:
    """Return what a record says of some names, in text."""
    return {name: text for name in names if (text := _text(record.get(name)))}


def _text(value: Any) -> str:
    if value is None or value != value or str(value) in ("<NA>", "None", "nan"):
        return ""
    return str(value)
