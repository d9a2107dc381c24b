"""What wins: the fastest of the rows that do the same work, with all that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.judge.capture_estimates import capture_estimates
from profiler.compare.judge.comparison import Judged
from profiler.compare.judge.conditions import mixed_conditions, recording_facts, replicate_differences
from profiler.compare.judge.noise import MachineNoise, machine_noise
from profiler.compare.judge.statistics import MANY_ROWS, Estimates, common_variance, paired_estimates
from profiler.compare.judge.verdict import REASONS, DecisionRule, Verdict, decide
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.row import CONDITIONS, Row, merge_replicates, with_one_quantity
from profiler.compare.rows.sides import side_rows
from profiler.compare.rows.summaries import Floats
from profiler.errors import DataMissingError, UsageError
from profiler.metrics.recording import Recording, load
from profiler.metrics.time_sources import check_source, choose_source
from profiler.point_label import decode_label, encode_label, label_in_words
from profiler.store.run_dir import runs_root

if TYPE_CHECKING:
    import pandas as pd

WORK = ("op", "shape", "dtype")
"""Rows that agree in these do the same work."""

LOADS = ("threads", "streams", "ranks", "measure", "step", "capture")
"""What changes how much works at once, so that the time of one iteration says nothing about throughput; and the step of an
experiment, or the capture of several, which measures the same once more: points of other loads or steps are no alternatives."""

RANKING_COLUMNS = (
    "op",
    "shape",
    "dtype",
    "row",
    "place",
    "median_ns",
    "ratio",
    "ratio_low",
    "ratio_high",
    "tied",
    "undecided",
    "samples",
    "processes",
    "total_ns",
    "bandwidth_bytes_per_s",
    "tracing_cost_pct",
    "note",
    "conditions",
)
"""Columns of `rank`; `rank_recordings` adds `source`, where the times come from.

median_ns: of a ranked row the geometric mean over its processes of their medians; ratio: this row / the fastest of its group;
tied: the whole interval of the ratio lies within the threshold; undecided: neither
tied nor slower, so it may be the fastest too; tracing_cost_pct: how much longer it took while a tool recorded; total_ns: of a
kernel that is listed, not ranked, the time of all its launches; conditions: in what its group was measured unlike others of the
same work, empty when they are all alike.
"""

_PAIRED_PROCESSES = 3


def rank_targets(
    targets: Sequence[str],
    rule: DecisionRule | None = None,
    runs: Path | None = None,
    source: str | None = None,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Rank the launch configurations of runs or files; the rest as for `rank_recordings`."""
    return rank_recordings([load(target, runs=runs) for target in targets], rule, runs, source, by)


def rank_recordings(
    recordings: Sequence[Recording],
    rule: DecisionRule | None = None,
    runs: Path | None = None,
    source: str | None = None,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Rank the launch configurations of a recording.

    A row is out of the race when it is slower than the fastest by the comparison's own rule; all others are tied with it or
    undecided. Single kernels are no alternatives to each other: nobody declared that they do the same work.

    Args:
        recordings: One, or several processes of the same sweep.
        rule: Threshold and error rates.
        runs: Folder that holds runs, where self-tests are looked for; default that of the first recording.
        source: Kind of `TimeSource`, or `KIND:TOOL`; None takes the first that all recordings have.
        by: Keys in which rows agree that do the same work; op, shape and type when empty.

    Returns:
        One row per configuration, `RANKING_COLUMNS` and `source`, grouped by op, shape, type and the conditions of the
        measurement (a warm cache is no faster kernel), the fastest first; configurations without a valid time stand last in
        their group with the reason in `note`.

    Raises:
        DataMissingError: The recordings have no times.
        UsageError: They share no source of times, or were made on other machines or with another engine.
    """
    chosen = choose_source(recordings, check_source(source))
    if chosen is None:
        replayed = ", for Nsight Compute replays its launches: profiler show lists them" * recordings[0].has("profiled_launches")
        raise DataMissingError(f"{recordings[0].name}: holds no times{replayed}", "record it with --tool builtin, nsys or cupti")
    rows = merge_replicates([side_rows(recording, chosen) for recording in recordings])
    facts = [recording_facts(recording, chosen.tool, str(chosen)) for recording in recordings]
    for item in replicate_differences(facts, [recording.name for recording in recordings], "the sweep"):
        if item.voids:
            raise UsageError(
                f"{item.title}: {item.base_value} and {item.candidate_value}",
                "rank them one by one: they are no processes of one sweep",
            )
    own = recordings[0].run
    root = own.path.parent if own is not None and runs is None else runs_root(runs)
    noise = machine_noise(root, facts[0], rows)
    found = list_kernels(rows) if chosen.kind == "kernels" else rank(rows, noise, rule or DecisionRule(), by or WORK)
    return found.assign(source=str(chosen))


def list_kernels(rows: Sequence[Row]) -> pd.DataFrame:
    """List kernels and their launch configurations, those of the kernel on which most time was spent first; none is ranked."""
    import pandas as pd

    records = [
        {**_record(row, note="one sample: cannot tell" if row.count == 1 else ""), "kernel": row.keys["kernel"]} for row in rows
    ]
    frame = pd.DataFrame(records)
    frame["spent"] = frame.groupby("kernel")["total_ns"].transform("sum")
    frame = frame.sort_values(["spent", "kernel", "total_ns"], ascending=[False, True, False], kind="stable", ignore_index=True)
    return frame.assign(op="", shape="", dtype="", conditions="").reindex(columns=list(RANKING_COLUMNS))


def rank(rows: Sequence[Row], noise: MachineNoise, rule: DecisionRule, by: Sequence[str] = WORK) -> pd.DataFrame:
    """Rank rows among those that do the same work; columns `RANKING_COLUMNS`, order as for `rank_recordings`."""
    import pandas as pd

    works: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        works.setdefault(tuple(row.keys.get(key, "") for key in by), []).append(row)
    records: list[dict[str, Any]] = []
    for work, whole in works.items():
        asked = [f"{name}={value}" for name, value in zip(by, work, strict=True) if value and name not in WORK]
        for differing, members in _by_conditions(whole):
            conditions = " ".join([*asked, *differing])
            timed = with_one_quantity([row for row in members if row.is_timed])
            found = _ranked(sorted(timed, key=_typical_ns), noise, rule)
            found += [_record(row, note=_why_void(row)) for row in members if not row.is_timed]
            records += [record | {"conditions": conditions} for record in found]
    return pd.DataFrame(records, columns=list(RANKING_COLUMNS))


def _by_conditions(rows: Sequence[Row]) -> list[tuple[tuple[str, ...], list[Row]]]:
    """Group rows by what their times depend on, each group with that of it in which they differ, in words."""
    names = dict.fromkeys((*CONDITIONS, *LOADS))
    differing = [name for name in names if len({_condition(row, name) for row in rows if row.is_timed}) > 1]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        texts = (f"{name}={_condition(row, name)}" for name in differing if _condition(row, name))
        groups.setdefault(tuple(texts), []).append(row)
    return list(groups.items())


def _condition(row: Row, name: str) -> str:
    return row.keys.get(name) or row.conditions.get(name, "")


def _why_void(row: Row) -> str:
    mixed = mixed_conditions(row.mixed)
    return f"its measurements differ: {mixed}" if mixed else row.note or REASONS[row.problem]


def _ranked(rows: Sequence[Row], noise: MachineNoise, rule: DecisionRule) -> list[dict[str, Any]]:
    """Return the records of timed rows, which are sorted by time."""
    if not rows:
        return []
    records = [_record(rows[0], 1, (1.0, 1.0, 1.0), Verdict.SAME.value, _remark(rows, rule))]
    if len(rows) > 1:
        # the true winner may be left out as often as an interval may miss, not as seldom as a merge may be stopped
        decisions = decide(_estimates(rows, noise), replace(rule, error_rate=1.0 - rule.confidence))
        ratios = zip(decisions.ratio, decisions.ratio_low, decisions.ratio_high, strict=True)
        for place, (row, ratio, verdict) in enumerate(zip(rows[1:], ratios, decisions.verdict, strict=True), 2):
            records.append(_record(row, place, ratio, verdict, _remark([row], rule)))
    return records


def _remark(rows: Sequence[Row], rule: DecisionRule) -> str:
    """Return what a reader must know of the first of some rows: what its time is and leaves out, which is first by kernel time."""
    found = ["iterations overlap on the GPU: their period"] if any(row.overlaps for row in rows) else []
    found += [rows[0].remark] if rows[0].remark else []
    kernel = min(rows, key=lambda row: row.kernel_ns if np.isfinite(row.kernel_ns) else np.inf)
    if kernel.kernel_ns * (1.0 + rule.threshold) < rows[0].kernel_ns:
        found.append(f"by kernel time alone {label_in_words(configuration_of(kernel.label))} would be first")
    return "; ".join(found)


def configuration_of(label: str, conditions: str = "") -> str:
    """Return what a label says beside work and conditions; the whole label where it names no operation."""
    shared = (*WORK, *(text.partition("=")[0] for text in conditions.split()))
    parts = decode_label(label)
    kept = {name: value for name, value in parts.items() if name not in shared}
    return encode_label(kept) if "op" in parts else label


def _estimates(rows: Sequence[Row], noise: MachineNoise) -> Estimates:
    """Estimate each row but the first against the first.

    What all rows of one process share cancels where several processes measured all of them. Of many rows the spread is estimated
    together; few rows of three processes and more are paired; else the known spread counts.
    """
    count = len(rows[0].summaries)
    logs = np.log([[summary.median_ns for summary in row.summaries] for row in rows]) if _is_whole(rows) else None
    if logs is not None and count > 1 and len(rows) >= MANY_ROWS:
        variance, dof = _pooled_spread(logs)
        error = np.sqrt((variance[1:] + variance[0]) / count)
        ratios = logs.mean(axis=1) - logs[0].mean()
        return Estimates(ratios[1:], error, np.full(error.shape, dof), np.full(error.shape, float(count)))
    if logs is not None and count >= _PAIRED_PROCESSES:
        found = paired_estimates(logs[1:] - logs[0], np.ones(count), (count,))
        return Estimates(*(getattr(found, name)[:, 0] for name in ("log_ratio", "standard_error", "dof", "rounds")))
    judged = [Judged("", Pair(rows[0], row)) for row in rows[1:]]
    # what is slow in a winner's process is slow in its rivals' too: modes of processes do not pick the winner
    return replace(capture_estimates(judged, noise, [0.0] * len(judged)), least_p=0.0)


def _is_whole(rows: Sequence[Row]) -> bool:
    return len({len(row.summaries) for row in rows}) == 1


def _pooled_spread(logs: Floats) -> tuple[Floats, float]:
    """Return each row's variance of ln(median) between processes, drawn towards that of all rows, and its degrees of freedom.

    Source:
        Two-way layout of rows and processes; empirical Bayes (`common_variance`).
    """
    left = logs - logs.mean(axis=1, keepdims=True)
    left -= np.median(left, axis=0)
    own_dof = logs.shape[1] - 1.0
    own = (left**2).sum(axis=1) / own_dof
    common, dof = common_variance(own, np.full(own.shape, own_dof))
    return (dof * common + own_dof * own) / (dof + own_dof), float(dof) + own_dof


def _typical_ns(row: Row) -> float:
    """Return the geometric mean over the processes of their medians: what is compared, so what is shown and what places."""
    medians = [summary.median_ns for summary in row.summaries]
    return float(np.exp(np.mean(np.log(medians)))) if len(medians) > 1 else medians[0]


def _record(
    row: Row, place: int | None = None, ratio: Sequence[float] = (np.nan,) * 3, verdict: str = "", note: str = ""
) -> dict[str, Any]:
    return {
        **{name: row.keys.get(name, "") for name in WORK},
        "row": row.label,
        "place": place,
        "median_ns": row.median_ns if place is None else _typical_ns(row),
        **dict(zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True)),
        "tied": verdict == Verdict.SAME.value,
        "undecided": verdict == Verdict.CANNOT_TELL.value,
        "samples": row.count,
        "processes": len(row.summaries),
        "total_ns": row.total_ns,
        "bandwidth_bytes_per_s": row.bandwidth_bytes_per_s,
        "tracing_cost_pct": row.tracing_cost_pct,
        "note": note,
    }
