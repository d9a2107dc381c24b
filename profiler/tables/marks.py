"""Which NVTX ranges of a capture mark sweep points and iterations, by the convention of docs/formats.md."""

from __future__ import annotations

import numpy as np

from profiler.columns import Coded, Columns
from profiler.schema import POINT_DOMAIN, POINT_PREFIX


def in_domain(ranges: Columns) -> np.ndarray:
    """Say which ranges are of the convention's domain."""
    return ranges.coded("domain").passing(lambda name: name == POINT_DOMAIN)


def point_rows(ranges: Columns) -> np.ndarray:
    """Return the rows that mark sweep points."""
    return np.flatnonzero(in_domain(ranges) & ranges.coded("name").passing(lambda name: name.startswith(POINT_PREFIX)))


def point_labels(ranges: Columns, rows: np.ndarray) -> Coded:
    """Return the labels of rows that mark sweep points."""
    return ranges.coded("name").take(rows).renamed(lambda name: name.removeprefix(POINT_PREFIX))
