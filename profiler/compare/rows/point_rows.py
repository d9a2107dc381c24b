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
        mixed |= mix_conditions(
            conditions, {name: _text(point[name]) for name in CONDITIONS if _text(point.get(name)) not in ("", "0")}
        )
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
        listed={name: _text(first[name]) for name in LISTED if _text(first.get(name))},
    )


def _launch(point: dict[str, Any]) -> dict[str, Any]:
    text = _text(point.get("launch"))
    return (json.loads(text) or {}) if text else {}


def _samples_by_point(samples: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return each point's durations in the order of measurement."""
    order = np.lexsort((samples["sample_index"].to_numpy(), samples["point_id"].to_numpy()))
    ids = samples["point_id"].to_numpy()[order]
    durations = samples["duration_ns"].to_numpy(dtype=float, na_value=np.nan)[order]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if ids.size else np.array([], dtype=int)
    return dict(zip(ids[starts].tolist(), np.split(durations, starts[1:]), strict=True)) if ids.size else {}


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
        conditions = {name: _text(point[name]) for name in ("cache", "launch_mode", "engine") if _text(point.get(name))}
        conditions |= {name: _text(own[name]) for name in ("cold_method", "measure") if _text(own.get(name))}
        conditions |= {name: _text(point[name]) for name in ("bytes_per_iteration",) if _text(point.get(name))}
        keys = _point_keys({name: point.get(name) for name in ("op", "variant", "shape", "dtype", "label")})
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
                listed={name: _text(own[name]) for name in LISTED if _text(own.get(name))},
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
    keys = {name: _text(point.get(name)) for name in ("op", "variant", "shape", "dtype")}
    keys.update(
        {name: value for name, value in decode_label(_text(point.get("label"))).items() if name not in keys or not keys[name]}
    )
    record = _launch(point)
    if record:
        keys["kernel"] = _text(record.get("kernel"))
        for name in ("grid", "block"):
            if record.get(name):
                keys[f"launch_{name}"] = "x".join(str(part) for part in record[name])
        keys["dynamic_shared_memory"] = _text(record.get("dynamic_shared_memory_bytes"))
    return {name: value for name, value in keys.items() if value}


def _text(value: Any) -> str:
    if value is None or value != value or str(value) in ("<NA>", "None", "nan"):
        return ""
    return str(value)
