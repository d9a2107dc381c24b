"""Changes of every other metric, each in the direction that its column's description calls better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.launch_pairs import partners
from profiler.compare.rows.sides import Side
from profiler.errors import DataMissingError
from profiler.kernel_names import instantiation

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

    names, told = dict(_renamed(pairs)), set[tuple[object, ...]]()
    found = [pd.DataFrame(columns=list(METRIC_COLUMNS[1:]))]
    for table in catalog.METRIC_TABLES:
        if table.matching and base.recording is not None and candidate.recording is not None:
            ours, theirs = _rows(table, base.recording, {}), _rows(table, candidate.recording, names)
            found.append(_untold(_table_changes(table, table.matching, ours, theirs), ours, theirs, told))
    frame = pd.concat([part for part in found if len(part)] or found, ignore_index=True)
    frame.insert(0, "candidate", candidate.name)
    return frame[list(METRIC_COLUMNS)]


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


def _rows(table: MetricTable, recording: Recording, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a metric table with one row a name, in its order: several rows of one name as medians."""
    import pandas as pd

    try:
        frame = recording.metric(table.name)
    except DataMissingError:
        return pd.DataFrame()
    keys = [name for name in table.matching.keys if name in frame] if table.matching else []
    name = frame[keys].map(str).agg(" ".join, axis=1).replace(names) if len(frame) else pd.Series(dtype=str)
    numbers = [spec.name for spec in table.columns if spec.unit and spec.name in frame]
    rows = frame.assign(**{column: pd.to_numeric(frame[column], errors="coerce").astype(float) for column in numbers}).groupby(
        name.to_numpy(), sort=False
    )
    return rows.first().assign(**rows[numbers].median())


def _table_changes(table: MetricTable, matching: Matching, ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Compare one table, its rows as from `_rows`."""
    match: dict[str, str] = {}
    if matching.by_order:
        paired = partners(ours.to_dict("index"), theirs.to_dict("index"))
        match, theirs = dict(paired.values()), theirs.rename(index={name: own for name, (own, _) in paired.items()})
    found = compare_values([spec for spec in table.columns if _compared(spec, matching)], ours, theirs, matching.steady)
    return found.assign(table=table.name, match=found["row"].map(match).astype(object))


def _untold(found: pd.DataFrame, ours: pd.DataFrame, theirs: pd.DataFrame, told: set[tuple[object, ...]]) -> pd.DataFrame:
    """Leave out what an earlier table told of the same row: of its name, its point, or its kernel with grid and block."""
    known = ours.combine_first(theirs)
    names = {row: {row, *_other_names(known.loc[row])} for row in found["row"].unique() if row in known.index}
    values = found[["row", "metric", "base_value", "candidate_value"]].map(str).itertuples(index=False, name=None)
    facts = [{(name, *rest) for name in names.get(row, {row})} for row, *rest in values]
    fresh = [not own & told for own in facts]
    told.update(*(own for own, new in zip(facts, fresh, strict=True) if new))
    return found[fresh]


def _other_names(row: pd.Series[Any]) -> Iterator[str]:
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
        names = [_shortened(str(row)) for _, row in alone[alone].index]
        notes += [f"{_count(names)} only in the {side}: {_some(names)}."] if names else []
    return notes


def _shortened(row: str) -> str:
    """Return a kernel's row without return type, namespaces and parameters; its launch follows the parameters."""
    end = row.rfind(")") + 1
    return instantiation(row[:end]) + row[end:] if end else row


def _count(texts: Sequence[str]) -> str:
    return "1 profiled launch configuration was" if len(texts) == 1 else f"{len(texts)} profiled launch configurations were"


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")


def _compared(spec: ColumnSpec, matching: Matching) -> bool:
    if spec.name in matching.keys or not spec.unit or spec.compared == "never":
        return False
    return not (matching.timed and spec.unit in _OF_TIME)


def compare_values(specs: Sequence[ColumnSpec], ours: pd.DataFrame, theirs: pd.DataFrame, steady: bool = True) -> pd.DataFrame:
    """Compare metrics of rows of the same name.

    Args:
        specs: The metrics.
        ours: Rows of the base by name; columns are metrics.
        theirs: The same of the candidate.
        steady: One value a side is enough to call a change better or worse.

    Returns:
        Columns of `METRIC_COLUMNS` from `row` to `reason`: the rows in order, each with the metrics that a side has a value of.
    """
    import pandas as pd

    index, names = list(dict.fromkeys([*ours.index, *theirs.index])), [spec.name for spec in specs]
    base, candidate = (side.reindex(index=index, columns=names).to_numpy(dtype=float).ravel() for side in (ours, theirs))
    of_spec = {key: np.tile([getattr(spec, key) for spec in specs], len(index)) for key in ("name", "unit", "better", "compared")}
    exact, better, step = of_spec["compared"] == "exactly", of_spec["better"], np.abs(candidate - base)
    smallest = np.where(exact, 0.0, np.where(of_spec["unit"] == "%", POINT_STEP, RELATIVE_STEP * np.abs(base)))
    alone = np.isnan(base) | np.isnan(candidate)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(base == 0, np.nan, candidate / base)
    verdict = np.select(
        [np.isnan(candidate), np.isnan(base), (step == 0) | (step < smallest), (better == "none") | ~(exact | steady)],
        ["base only", "candidate only", "same", "changed"],
        np.where((candidate < base) == (better == "lower"), "better", "worse"),
    )
    frame = pd.DataFrame(
        {
            "row": np.repeat(index, len(specs)),
            "metric": of_spec["name"],
            "unit": of_spec["unit"],
            "better": better,
            "base_value": base,
            "candidate_value": candidate,
            "change_ratio": ratio,
            "verdict": verdict,
            "reason": np.where(alone, "unmatched", np.where(exact, "exact", "one_value")),
        }
    )
    return frame[~(np.isnan(base) & np.isnan(candidate))]
