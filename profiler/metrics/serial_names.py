"""NVTX names that carry a serial number (`step 17`, `op, op_id = 4`): alike but for it, they are one kind of range."""

from __future__ import annotations

import re

import numpy as np

from profiler.columns import Coded, Columns
from profiler.tables.marks import in_domain

_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])|(?<=[_#])\d+(?!\w)")
_FEWEST_NAMES, _MOST_USES = 4, 2.0
"""Names alike but for numbers are serial from this many on, when each of them came up less often than this on average:
a layer's number comes again in every step, a step's number never."""


def grouped_names(ranges: Columns) -> Coded:
    """Return the name of each range, serial numbers replaced by `#`.

    Args:
        ranges: Table `nvtx_ranges`; the sweep points and iterations of this project keep their names.
    """
    names = ranges.coded("name")
    alike: dict[str, list[int]] = {}
    for code, name in enumerate(names.values):
        pattern = _NUMBER.sub("#", str(name))
        if pattern != name:
            alike.setdefault(pattern, []).append(code)
    if not any(len(codes) >= _FEWEST_NAMES for codes in alike.values()):
        return names
    ours = in_domain(ranges)
    uses = np.bincount(names.codes[~ours & (names.codes >= 0)], minlength=len(names.values))
    known = {str(name): code for code, name in enumerate(names.values)}
    target = np.arange(len(names.values) + 1, dtype=np.int32)
    target[-1] = -1
    for pattern, codes in alike.items():
        used = [code for code in codes if uses[code]]
        if len(used) >= _FEWEST_NAMES and uses[used].sum() < _MOST_USES * len(used):
            target[used] = known.setdefault(pattern, len(known))
    return Coded(np.where(ours, names.codes, target[names.codes]).astype(np.int32), list(known))
