"""Where in the program each launch configuration ran: what a kernel keeps when it is renamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from profiler.metrics.gpu_operations import KERNEL
from profiler.metrics.intervals import last_covering
from profiler.metrics.range_projection import Projection, projection
from profiler.schema import POINT_DOMAIN, POINT_PREFIX
from profiler.tables.marks import in_domain, point_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from profiler.metrics.recording import Recording


def configuration_ranges(recording: Recording) -> dict[int, str]:
    """Return launch configuration to the innermost NVTX range, or the sweep point, that launched it.

    Launches outside all ranges say nothing; a configuration that several ranges launched has no entry.

    Args:
        recording: A recording as seen by the tool whose kernels are meant.
    """
    import pandas as pd

    projected = projection(recording)
    if projected is None or not len(projected.order) or not projected.ranges.rows:
        return {}
    launched = projected.operations.kind[projected.order] == KERNEL
    place, texts = _places(projected)
    launched &= place >= 0
    kernels = projected.operations.row[projected.order[launched]]
    configuration = recording.columns("kernels").array("launch_configuration_id")[kernels]
    places = pd.Series(place[launched]).groupby(configuration).agg(["min", "max"])
    return {int(number): texts[int(low)] for number, low, high in places.itertuples() if low == high}


def _places(projected: Projection) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Return for each operation, in launch order, a number of its place (-1: none), and the numbers in words."""
    names, domains = projected.ranges.coded("name"), projected.ranges.coded("domain")
    rows = point_rows(projected.ranges)
    rows = rows[~projected.wide[rows]]
    found = last_covering(projected.low[rows], projected.high[rows], len(projected.order))
    point = np.where(found >= 0, rows[found] if len(rows) else -1, -1)
    # inside a point the innermost range is an iteration or a warm-up, which every point has: the point tells more
    within_point = (projected.owner >= 0) & in_domain(projected.ranges)[projected.owner]
    range_row = np.where(within_point, point, projected.owner)
    code = domains.codes.astype(np.int64) * len(names.values) + names.codes
    place = np.where(range_row >= 0, code[range_row], -1)
    texts = {int(number): _text(number, domains.values, names.values) for number in np.unique(place[place >= 0])}
    return place, texts


def _text(number: int, domains: Sequence[str], names: Sequence[str]) -> str:
    domain, name = domains[number // len(names)], names[number % len(names)]
    if domain == POINT_DOMAIN:
        return name.removeprefix(POINT_PREFIX)
    return f"{domain}:{name}" if domain else name
