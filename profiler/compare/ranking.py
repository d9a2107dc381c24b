"""The winner: the fastest launch configuration per op, shape and type, with all that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.judge.comparison import Judged, capture_estimates
from profiler.compare.judge.conditions import FACTS, fact_value, mixed_conditions, recording_facts, replicate_differences
from profiler.compare.judge.noise import MachineNoise, assumed_noise, find_noise
from profiler.compare.judge.statistics import Estimates, paired_estimates
from profiler.compare.judge.verdict import REASONS, DecisionRule, Verdict, decide
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.sides import CONDITIONS, Row, available_sources, merge_replicates, side_rows
from profiler.errors import DataMissingError, UsageError
from profiler.metrics.recording import load
from profiler.store.run_dir import runs_root

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

BEST_COLUMNS = (
    "op", "shape", "dtype", "row", "place", "median_ns", "ratio", "ratio_low", "ratio_high", "tied", "samples", "processes",
    "bandwidth_bytes_per_s", "note", "conditions",
)  # fmt: skip
"""Columns of `rank`; `best_rows` adds `source`, where the times come from. ratio: this row / the fastest of its group; tied:
cannot be told apart from the fastest; conditions: in what its group was measured unlike others of this op, shape and type,
empty when they are all alike."""

_PAIRED_PROCESSES = 3


def best_rows(targets: Sequence[str], rule: DecisionRule | None = None, runs: Path | None = None) -> pd.DataFrame:
    """Rank the launch configurations of a recording.

    A row is out of the race when it is slower than the fastest by the comparison's own rule; all others are tied with it.

    Args:
        targets: Runs or files; several are several processes of the same sweep.
        rule: Threshold and error rates.
        runs: Folder that holds runs.

    Returns:
        One row per configuration, `BEST_COLUMNS` and `source`, grouped by op, shape, type and the conditions of the
        measurement (a warm cache is no faster kernel), the fastest first; configurations without a valid time stand last in
        their group with the reason in `note`.

    Raises:
        DataMissingError: The recording has no times.
        UsageError: The recordings were made on other machines or with another engine.
    """
    return best_of([load(target, runs=runs) for target in targets], rule, runs)


def best_of(recordings: Sequence[Recording], rule: DecisionRule | None = None, runs: Path | None = None) -> pd.DataFrame:
    """Rank the launch configurations of loaded recordings; the rest as for `best_rows`."""
    shared = [s for s in available_sources(recordings[0]) if all(s in available_sources(r) for r in recordings)]
    if not shared:
        raise DataMissingError(f"{recordings[0].name}: holds no times", "record it with --tool builtin, nsys or cupti")
    rows = merge_replicates([side_rows(recording, shared[0]) for recording in recordings])
    found = [recording_facts(recording, shared[0].tool, str(shared[0])) for recording in recordings]
    facts = found[0]
    for item in replicate_differences(found, [recording.name for recording in recordings], "the sweep"):
        if item.voids:
            raise UsageError(
                f"{item.title}: {item.base_value} and {item.candidate_value}",
                "rank them one by one: they are no processes of one sweep",
            )
    host_clock = any(row.conditions.get("clock") == "monotonic" for row in rows)
    gpu, uuid = (fact_value(facts, fact) for fact in FACTS[:2])
    noise = (None if host_clock else find_noise(runs_root(runs), gpu, uuid)) or assumed_noise(host_clock)
    return rank(rows, noise, rule or DecisionRule()).assign(source=str(shared[0]))


def rank(rows: Sequence[Row], noise: MachineNoise, rule: DecisionRule) -> pd.DataFrame:
    """Rank rows within their groups; arguments as in `best_rows`."""
    import pandas as pd

    works: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        works.setdefault(tuple(row.keys.get(key, "") for key in ("op", "shape", "dtype")), []).append(row)  # type: ignore[arg-type]
    records: list[dict[str, Any]] = []
    for key, whole in works.items():
        for conditions, members in _by_conditions(whole):
            usable = sorted((row for row in members if _is_usable(row)), key=lambda row: row.median_ns)
            found = _ranked(key, usable, noise, rule) if usable else []
            found += [_record(key, row, None, note=_why_void(row)) for row in members if row not in usable]
            records += [record | {"conditions": conditions} for record in found]
    return pd.DataFrame(records, columns=list(BEST_COLUMNS))


def _by_conditions(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Group rows by the conditions that their times depend on, each group with those that differ among them, in words."""
    differing = [name for name in CONDITIONS if len({row.conditions.get(name, "") for row in rows if _is_usable(row)}) > 1]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        texts = [f"{name}={row.conditions[name]}" for name in differing if row.conditions.get(name)]
        groups.setdefault(" ".join(texts), []).append(row)
    return list(groups.items())


def _is_usable(row: Row) -> bool:
    return not row.mixed and row.problem in ("", "one_sample")


def _why_void(row: Row) -> str:
    mixed = mixed_conditions(row.mixed)
    return f"its measurements differ: {mixed}" if mixed else row.note or REASONS[row.problem]


def _ranked(key: tuple[str, str, str], rows: Sequence[Row], noise: MachineNoise, rule: DecisionRule) -> list[dict[str, Any]]:
    fastest, others = rows[0], rows[1:]
    records = [_record(key, fastest, 1, ratio=(1.0, 1.0, 1.0), tied=True)]
    if not others:
        return records
    decisions = decide(_estimates(fastest, others, noise), rule)
    for index, row in enumerate(others):
        ratio = (decisions.ratio[index], decisions.ratio_low[index], decisions.ratio_high[index])
        tied = decisions.verdict[index] != Verdict.SLOWER.value
        records.append(_record(key, row, index + 2, ratio, tied))
    return records


def _estimates(fastest: Row, others: Sequence[Row], noise: MachineNoise) -> Estimates:
    """Estimate each row against the fastest: paired by process where there are enough, else as two captures."""
    count = len(fastest.summaries)
    if count >= _PAIRED_PROCESSES and all(len(row.summaries) == count for row in others):
        medians = np.log([[summary.median_ns for summary in row.summaries] for row in (fastest, *others)])
        differences = medians[1:] - medians[0]
        found = paired_estimates(differences, np.ones(count), (count,))
        return Estimates(*(getattr(found, name)[:, 0] for name in ("log_ratio", "standard_error", "dof", "rounds")))
    judged = [Judged("", Pair(fastest, row)) for row in others]
    return capture_estimates(judged, [noise] * len(judged), [0.0] * len(judged))


def _record(
    key: tuple[str, str, str],
    row: Row,
    place: int | None,
    ratio: tuple[float, float, float] = (np.nan, np.nan, np.nan),
    tied: bool = False,
    note: str = "",
) -> dict[str, Any]:
    return {
        **dict(zip(("op", "shape", "dtype"), key, strict=True)), "row": row.label, "place": place, "median_ns": row.median_ns,
        **dict(zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True)), "tied": tied, "samples": row.count,
        "processes": len(row.summaries), "bandwidth_bytes_per_s": row.bandwidth_bytes_per_s, "note": note,
    }  # fmt: skip
