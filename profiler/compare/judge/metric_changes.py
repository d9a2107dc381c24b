"""Changes of every other metric, each in the direction that its column's description calls better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.launch_pairs import partners
from profiler.compare.rows.sides import Side
from profiler.errors import DataMissingError

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording
    from profiler.metrics.spec import Matching, MetricTable
    from profiler.spec import ColumnSpec

METRIC_COLUMNS = (
    "candidate",
    "table",
    "row",
    "metric",
    "unit",
    "better",
    "base_value",
    "candidate_value",
    "change_ratio",
    "verdict",
    "reason",
    "match",
)
"""Columns of `Comparison.metrics`; change_ratio is candidate / base, NaN from 0; match: how rows of unlike names were paired."""

CHANGES = ("worse", "better", "changed")
"""Verdicts of what changed, in the order in which a reviewer needs them."""

RELATIVE_STEP = 0.02
POINT_STEP = 1.0
"""What a measured metric must move to count: 2 %, or one percentage point. One value a side carries no error estimate."""

_OF_TIME = ("ns", "bytes/s", "FLOP/s")


def metric_changes(base: Side, candidate: Side, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Compare the metric tables that say how their rows are matched.

    Args:
        base: Base side with its recording.
        candidate: Candidate side with its recording.
        pairs: How the rows of times were matched; renamed kernels and points follow it.

    Returns:
        One row per table row and metric that has a value on a side, columns `METRIC_COLUMNS`.
    """
    import pandas as pd

    from profiler.metrics import catalog

    names = dict(_renamed(pairs))
    records: list[dict[str, Any]] = []
    told: _Told = {}
    for table in catalog.METRIC_TABLES:
        if table.matching and base.recording is not None and candidate.recording is not None:
            records += _table_changes(table, table.matching, base.recording, candidate.recording, names, told)
    frame = pd.DataFrame(records, columns=list(METRIC_COLUMNS[1:]))
    frame.insert(0, "candidate", candidate.name)
    return frame


def metric_names() -> tuple[str, ...]:
    """Return the names of the metrics that are compared."""
    from profiler.metrics import catalog

    compared = [(table, table.matching) for table in catalog.METRIC_TABLES if table.matching]
    return tuple(dict.fromkeys(spec.name for table, matching in compared for spec in table.columns if _compared(spec, matching)))


def _renamed(pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    """Yield what the candidate calls a row and what the base calls it, as label and as kernel with its launch."""
    for pair in pairs:
        if pair.base is not None and pair.candidate is not None:
            yield pair.candidate.own_label, pair.base.label
            launch = [" ".join(side.keys.get(key, "") for key in _LAUNCH) for side in (pair.candidate, pair.base)]
            yield launch[0], launch[1]


_LAUNCH = ("kernel", "launch_grid", "launch_block")
_Told = dict[tuple[str, str], str]
"""Values of both sides by name of a row (its key, its point, its kernel with grid and block) and metric."""


def _table_changes(
    table: MetricTable, matching: Matching, base: Recording, candidate: Recording, names: Mapping[str, str], told: _Told
) -> list[dict[str, Any]]:
    """Compare one table; what an earlier table told of the same row is not told again."""
    ours, theirs = _rows(table.name, matching, base, {}), _rows(table.name, matching, candidate, names)
    pairs = partners(ours, theirs) if matching.by_order else {}
    match = dict(pairs.values())
    theirs = {pairs[name][0] if name in pairs else name: row for name, row in theirs.items()}
    specs = [spec for spec in table.columns if _compared(spec, matching)]
    records: list[dict[str, Any]] = []
    own: _Told = {}
    for key in dict.fromkeys([*ours, *theirs]):
        known = {key, *_other_names(ours.get(key) or theirs[key])}
        for spec in specs:
            record = change(spec, ours.get(key), theirs.get(key), matching.steady)
            values = f"{record['base_value']} {record['candidate_value']}" if record else ""
            if record and all(told.get((name, spec.name)) != values for name in known):
                own |= {(name, spec.name): values for name in known}
                records.append({"table": table.name, "row": key, **record, "match": match.get(key)})
    told |= own
    return records


def _other_names(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield by which names other tables may know a row: its sweep point, its kernel with grid and block."""
    if isinstance(row.get("point"), str) and row["point"]:
        yield row["point"]
    launch = [row.get(name) for name in ("kernel", "grid", "kernel_block")]
    if all(isinstance(part, str) for part in launch):
        yield " ".join(map(str, launch))


def changes(frame: pd.DataFrame, verdicts: Sequence[str] = CHANGES) -> pd.DataFrame:
    """Return the rows of `Comparison.metrics` that have one of the verdicts, in their order."""
    chosen = frame[frame["verdict"].isin(verdicts)]
    return chosen.sort_values("verdict", key=lambda found: found.map(verdicts.index), kind="stable")


def launch_notes(frame: pd.DataFrame) -> list[str]:
    """Say how profiled launch configurations of unlike names were paired, and count those that one side alone has.

    Args:
        frame: As from `metric_changes`, of one or more candidates.
    """
    from profiler.metrics import catalog

    ordered = {table.name for table in catalog.METRIC_TABLES if table.matching and table.matching.by_order}
    rows = frame[frame["table"].isin(ordered)].groupby(["candidate", "row"], sort=False)
    paired = rows["match"].first().dropna().tolist()
    notes = [f"{_count(paired)} paired by {_some(paired)}."] if paired else []
    for verdict, side in (("base only", "base"), ("candidate only", "candidate")):
        alone = rows["verdict"].agg(lambda found, verdict=verdict: bool((found == verdict).all()))
        names = [str(row) for _, row in alone[alone].index]
        notes += [f"{_count(names)} only in the {side}: {_some(names)}."] if names else []
    return notes


def _count(texts: Sequence[str]) -> str:
    return "1 profiled launch configuration was" if len(texts) == 1 else f"{len(texts)} profiled launch configurations were"


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")


def _compared(spec: ColumnSpec, matching: Matching) -> bool:
    if spec.name in matching.keys or not spec.unit or spec.compared == "never":
        return False
    return not (matching.timed and spec.unit in _OF_TIME)


def _rows(table: str, matching: Matching, recording: Recording, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the rows of a metric table by their keys as text, several of one name as medians."""
    try:
        frame = recording.metric(table)
    except DataMissingError:
        return {}
    keys = [name for name in matching.keys if name in frame.columns]
    found: dict[str, list[dict[str, Any]]] = {}
    for record in frame.to_dict("records"):
        name = " ".join(str(record[key]) for key in keys)
        found.setdefault(names.get(name, name), []).append(record)
    return {name: _median_row(records) for name, records in found.items()}


def _median_row(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Several launches of one configuration become one row of medians."""
    if len(records) == 1:
        return records[0]
    merged = {}
    for name, first in records[0].items():
        values = [_number(record.get(name)) for record in records]
        known = [value for value in values if np.isfinite(value)]
        merged[name] = float(np.median(known)) if known else first
    return merged


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def change(
    spec: ColumnSpec, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, steady: bool = True
) -> dict[str, Any] | None:
    """Compare one metric of one row; None when neither side has a value.

    Args:
        spec: The metric.
        ours: Metric names to values of the base; None without the row.
        theirs: The same of the candidate.
        steady: One value a side is enough to call a change better or worse.
    """
    base, candidate = (_number(record.get(spec.name)) if record else np.nan for record in (ours, theirs))
    if not (np.isfinite(base) or np.isfinite(candidate)):
        return None
    verdict, reason = _verdict(spec, base, candidate, steady)
    ratio = candidate / base if base and np.isfinite(base) else np.nan
    return {
        "metric": spec.name,
        "unit": spec.unit,
        "better": spec.better,
        "base_value": base,
        "candidate_value": candidate,
        "change_ratio": ratio,
        "verdict": verdict,
        "reason": reason,
    }


def _verdict(spec: ColumnSpec, base: float, candidate: float, steady: bool) -> tuple[str, str]:
    if not np.isfinite(candidate):
        return "base only", "unmatched"
    if not np.isfinite(base):
        return "candidate only", "unmatched"
    exact = spec.compared == "exactly"
    reason = "exact" if exact else "one_value"
    smallest = 0.0 if exact else POINT_STEP if spec.unit == "%" else RELATIVE_STEP * abs(base)
    if candidate == base or abs(candidate - base) < smallest:
        return "same", reason
    if spec.better == "none" or not (steady or exact):
        return "changed", reason
    return ("better" if (candidate < base) == (spec.better == "lower") else "worse"), reason
