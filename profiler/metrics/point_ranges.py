"""Sweep points in a recording: which measured iteration of which point each piece of GPU work belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import Coded, as_floats, encode
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import gpu_recording
from profiler.metrics.intervals import last_covering
from profiler.metrics.iteration_owners import Owners, find_owners
from profiler.metrics.range_projection import item_order, nvtx_source, range_recording, spans
from profiler.schema import ITERATION
from profiler.tables.captures import Captures
from profiler.tables.marks import in_domain, point_labels, point_rows


@dataclass(frozen=True)
class Iterations:
    """The measured iterations of a recording.

    Attributes:
        row: Row of each iteration among the ranges.
        label: Point of each iteration; no value for an iteration outside any point.
        point_row: Row of the point's range, -1 outside; of several at once, as threads of a process open them, the first.
        payload_bytes: Bytes the iteration must move, float64, NaN when unknown.
        labels: Every point that has a range, in order of first appearance, with or without iterations.
    """

    row: np.ndarray
    label: Coded
    point_row: np.ndarray
    payload_bytes: np.ndarray
    labels: tuple[str, ...]


def iterations(recording: Captures) -> Iterations | None:
    """Return the measured iterations; None when the recording has no range of the convention."""
    own = range_recording(recording)
    return own.memo("iterations", lambda: _find(own))


def _find(recording: Captures) -> Iterations | None:
    try:
        ranges = nvtx_source(recording)
    except DataMissingError:
        return None
    points = point_rows(ranges)
    rows = np.flatnonzero(in_domain(ranges) & ranges.coded("name").passing(lambda name: name == ITERATION))
    if not len(rows) and not len(points):
        return None
    start, end, keys = spans(ranges)
    ordered = item_order(start, end, keys, rows)
    low, high = ordered.inside(start[points], end[points], keys[points])
    owner = np.full(ranges.rows, -1, dtype=np.int64)
    found = last_covering(low, high, len(rows))
    owner[ordered.order] = np.where(found >= 0, points[found] if len(points) else -1, -1)
    texts = encode(point_labels(ranges, points).decode().tolist())
    code_of_row = np.full(ranges.rows + 1, -1, dtype=np.int32)
    code_of_row[points] = texts.codes
    first_at_once = np.full(ranges.rows + 1, -1, dtype=np.int64)
    first_at_once[points] = _first_at_once(points, start, end, texts.codes, ranges.array("process_id"))
    payload = as_floats(ranges.array("payload_int")[rows]) if "payload_int" in ranges else np.full(len(rows), np.nan)
    return Iterations(
        row=rows,
        label=Coded(code_of_row[owner[rows]], texts.values),
        point_row=first_at_once[owner[rows]],
        # 0 stands for "unknown" (docs/formats.md)
        payload_bytes=np.where(payload > 0, payload, np.nan),
        labels=tuple(texts.values),
    )


def _first_at_once(points: np.ndarray, start: np.ndarray, end: np.ndarray, label: np.ndarray, process: np.ndarray) -> np.ndarray:
    """Return for each point's range the first of those of its label and process with which it overlaps in time, one by one."""
    first, known, reach = points.copy(), None, 0
    for place in np.lexsort((start[points], process[points], label)).tolist():
        row = points[place]
        if known != (alike := (label[place], process[row])) or start[row] >= reach:
            known, leader, reach = alike, row, 0
        first[place], reach = leader, max(reach, end[row])
    return first


def owners(recording: Captures) -> Owners:
    """Return what the measured iterations launched, and of which iterations that is not known in full.

    Raises:
        DataMissingError: The recording holds no GPU work.
    """
    own = gpu_recording(recording)

    def find() -> Owners:
        found = iterations(own)
        return find_owners(own, np.zeros(0, dtype=np.int64) if found is None else found.row)

    return own.memo("owners", find)


def operation_points(recording: Captures) -> tuple[np.ndarray, Coded]:
    """Return for each GPU operation the measured iteration that launched it, and its point.

    Returns:
        Position in `Iterations.row`, -1 outside measured iterations, and the label, without value outside.

    Raises:
        DataMissingError: The recording holds no GPU work.
    """
    own = gpu_recording(recording)

    def find() -> tuple[np.ndarray, Coded]:
        found, iteration = iterations(own), owners(own).iteration
        if found is None or not len(found.row):
            return iteration, Coded(iteration.astype(np.int32), [])
        codes = np.where(iteration >= 0, found.label.codes[iteration], -1).astype(np.int32)
        return iteration, Coded(codes, found.label.values)

    return own.memo("operation points", find)
