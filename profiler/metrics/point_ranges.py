"""Sweep points in a recording: which measured iteration of which point each piece of GPU work belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import Coded, encode
from profiler.errors import DataMissingError
from profiler.metrics.gpu_operations import gpu_recording
from profiler.metrics.intervals import last_covering
from profiler.metrics.iteration_owners import Owners, find_owners
from profiler.metrics.range_projection import item_order, nvtx_source, range_recording, thread_keys
from profiler.schema import ITERATION, POINT_DOMAIN, POINT_PREFIX
from profiler.tables.captures import Captures


@dataclass(frozen=True)
class Iterations:
    """The measured iterations of a recording.

    Attributes:
        row: Row of each iteration among the ranges.
        label: Point of each iteration; no value for an iteration outside any point.
        point_row: Row of the point's range, -1 outside.
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
    names, domains = ranges.coded("name"), ranges.coded("domain")
    in_domain = np.isin(domains.codes, [i for i, value in enumerate(domains.values) if value == POINT_DOMAIN])
    point_codes = [i for i, value in enumerate(names.values) if value.startswith(POINT_PREFIX)]
    point_rows = np.flatnonzero(in_domain & np.isin(names.codes, point_codes))
    iteration_codes = [i for i, value in enumerate(names.values) if value == ITERATION]
    rows = np.flatnonzero(in_domain & np.isin(names.codes, iteration_codes))
    if not len(rows) and not len(point_rows):
        return None
    start = ranges.array("start_ns")
    end = start + ranges.array("duration_ns")
    keys = thread_keys(ranges)
    ordered = item_order(start, end, keys, rows)
    low, high = ordered.inside(start[point_rows], end[point_rows], keys[point_rows])
    owner = np.full(ranges.rows, -1, dtype=np.int64)
    found = last_covering(low, high, len(rows))
    owner[ordered.order] = np.where(found >= 0, point_rows[found] if len(point_rows) else -1, -1)
    texts = encode([names.values[code].removeprefix(POINT_PREFIX) for code in names.codes[point_rows].tolist()])
    code_of_row = np.full(ranges.rows + 1, -1, dtype=np.int32)
    code_of_row[point_rows] = texts.codes
    return Iterations(
        row=rows,
        label=Coded(code_of_row[owner[rows]], texts.values),
        point_row=owner[rows],
        payload_bytes=_payload(ranges.array("payload_int")[rows] if "payload_int" in ranges else None, len(rows)),
        labels=tuple(texts.values),
    )


def _payload(values: np.ndarray | None, rows: int) -> np.ndarray:
    if values is None:
        return np.full(rows, np.nan)
    payload = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    # 0 stands for "unknown" (docs/formats.md)
    return np.where(payload > 0, payload, np.nan)


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
