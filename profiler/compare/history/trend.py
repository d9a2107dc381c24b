"""Medians over the stored runs, commit by commit, with the points where a level changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.history.change_points import change_points, noise_of
from profiler.compare.judge.conditions import compare_conditions, compare_facts, mixed_conditions, recording_facts
from profiler.compare.judge.noise import machine_noise
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.ranking import WORK
from profiler.compare.rows.row import Row, with_one_quantity
from profiler.compare.rows.sides import side_rows
from profiler.errors import DataMissingError, ProfilerError
from profiler.metrics.recording import Recording, load
from profiler.metrics.time_sources import TimeSource, available_sources, check_source, choose_source
from profiler.store.run_dir import RunDir, iterate_runs

if TYPE_CHECKING:
    import pandas as pd

_RUN = ("run", "created_utc", "commit", "dirty")
TREND_COLUMNS = ("row", *WORK, *_RUN, "median_ns", "samples", "level_ns", "step_ratio", "verdict")
"""Columns of `Trend.points`: level_ns is the level of the stretch; step_ratio and verdict stand at the first run of a new one."""


@dataclass
class Trend:
    """The history of a store.

    Attributes:
        points: One row per row label and run, `TREND_COLUMNS`, in order of time within a label.
        reference: Run whose conditions all others share.
        left_out: Run id to the reason why it, or some of its rows, is not in the series.
        rule: Threshold.
        noise: Where the smallest credible noise comes from.
        notes: Sentences on rows in which runs that depend on the one before cannot be told from a change.
    """

    points: pd.DataFrame
    reference: str
    left_out: dict[str, str] = field(default_factory=dict)
    rule: DecisionRule = field(default_factory=DecisionRule)
    noise: str = ""
    notes: list[str] = field(default_factory=list)


def trend(root: Path, rule: DecisionRule | None = None, label: str = "*", row: str = "*", source: str | None = None) -> Trend:
    """Collect the history of the runs that were recorded under the conditions of the newest.

    Args:
        root: Folder that holds runs.
        rule: Its threshold is the smallest step that counts.
        label: Pattern of the runs' labels.
        row: Pattern of the row labels.
        source: Kind of `TimeSource`, or `KIND:TOOL`; None takes the first that the newest run has.

    Raises:
        DataMissingError: No run fits.
    """
    import pandas as pd

    rule = rule or DecisionRule()
    left_out: dict[str, str] = {}
    loaded = _load_runs(root, label, left_out)
    if not loaded:
        raise DataMissingError(f"no run in {root} with times and a label like {label!r}", "record some: profiler run --tool auto")
    newest_run, newest = loaded[-1]
    chosen = choose_source([newest], check_source(source))
    assert chosen is not None  # runs without times were left out  # noqa: S101 - tells the type checker
    facts = recording_facts(newest, chosen.tool, str(chosen))
    kept: list[tuple[RunDir, Row]] = []
    conditions: dict[str, dict[str, str]] = {}
    # the newest first: its conditions are those that the older ones are held to, row by row
    for run, recording in reversed(loaded):
        reason = _unlike(recording, chosen, facts)
        if reason:
            left_out[run.run_id] = reason
            continue
        rows = [item for item in side_rows(recording, chosen) if fnmatchcase(item.label, row)]
        rows, reason = _alike(rows, conditions)
        if reason:
            left_out[run.run_id] = reason
        kept = [(run, item) for item in rows] + kept
    noise = machine_noise(root, facts, [item for _, item in kept])
    by_label: dict[str, list[tuple[RunDir, Row]]] = {}
    for pair in kept:
        by_label.setdefault(pair[1].label, []).append(pair)
    records: list[dict[str, Any]] = []
    for series in by_label.values():
        timed = with_one_quantity([item for _, item in series])
        records += [_record(run, item) for (run, _), item in zip(series, timed, strict=True)]
    frame = pd.DataFrame(records, columns=list(TREND_COLUMNS))
    notes: list[str] = []
    parts = [_with_levels(part, noise.process_spread, rule, notes) for _, part in frame.groupby("row", sort=False)]
    points = pd.concat(parts, ignore_index=True) if parts else frame
    return Trend(points, newest_run.run_id, left_out, rule, noise.origin, notes)


def _load_runs(root: Path, label: str, left_out: dict[str, str]) -> list[tuple[RunDir, Recording]]:
    found = []
    for run in sorted(iterate_runs(root), key=lambda item: item.manifest.created_utc):
        if not fnmatchcase(run.manifest.label, label):
            continue
        try:
            recording = load(run.path)
            sources = available_sources(recording)
        except ProfilerError as error:
            left_out[run.run_id] = error.message
            continue
        if run.manifest.status != "complete":
            left_out[run.run_id] = run.manifest.reason or run.manifest.status
        elif sources:
            found.append((run, recording))
        else:
            left_out[run.run_id] = "it holds no times"
    return found


def _unlike(recording: Recording, source: TimeSource, facts: dict[str, str]) -> str:
    if source not in available_sources(recording):
        return f"it holds no {source}"
    found = compare_facts(facts, recording_facts(recording, source.tool, str(source)), recording.name)
    return "; ".join(f"{item.title}: {item.candidate_value}" for item in found if item.voids)


def _alike(rows: Sequence[Row], conditions: dict[str, dict[str, str]]) -> tuple[list[Row], str]:
    """Return the rows measured under the conditions of the newest run that has them, and why others are left out.

    Args:
        rows: Rows of one run.
        conditions: Label to the conditions of its newest row; those of new labels are added.
    """
    kept, unlike = [], []
    for item in rows:
        known = conditions.setdefault(item.label, item.conditions)
        text = mixed_conditions(item.mixed) or compare_conditions(known, item.conditions, _unsaid(known, item.conditions))
        if text:
            unlike.append(f"{item.label}: {text}")
        else:
            kept.append(item)
    more = f" and {len(unlike) - 1} more rows" if len(unlike) > 1 else ""
    return kept, f"{unlike[0]}{more}" if unlike else ""


def _unsaid(known: dict[str, str], other: dict[str, str]) -> frozenset[str]:
    """Return the conditions that one of two runs does not say: older versions wrote fewer."""
    return frozenset(known.keys() ^ other.keys())


def _record(run: RunDir, row: Row) -> dict[str, Any]:
    git = run.manifest.environment.get("git")
    git = git if isinstance(git, dict) else {}
    return {
        "row": row.label,
        **{name: row.keys.get(name) for name in WORK},
        **dict(zip(_RUN, (run.run_id, run.manifest.created_utc, git.get("commit"), git.get("dirty")), strict=True)),
        "median_ns": row.median_ns if row.is_timed else np.nan,
        "samples": row.count,
        "verdict": "" if row.is_timed else row.problem,
    }


def _with_levels(part: pd.DataFrame, floor: float, rule: DecisionRule, notes: list[str]) -> pd.DataFrame:
    """Add the level of each stretch, and at its first run the step from the one before; to the notes, what cannot be told."""
    part = part.reset_index(drop=True)
    usable = part.index[part["median_ns"] > 0]
    series = np.log(part.loc[usable, "median_ns"].to_numpy(dtype=float))
    points, wandering = change_points(series, noise_of(series, floor), rule.log_threshold)
    if wandering:
        more = "more runs would tell them from runs that depend on the one before"
        notes.append(f"{part['row'].iloc[0]}: cannot tell whether the level changed {wandering} times more: {more}")
    edges = [0, *points, series.size]
    before: float | None = None
    for start, end in pairwise(edges):
        if start == end:
            continue
        level = float(np.median(series[start:end]))
        part.loc[usable[start:end], "level_ns"] = np.exp(level)
        if before is not None:
            part.loc[usable[start], "step_ratio"] = np.exp(level - before)
            part.loc[usable[start], "verdict"] = "slower" if level > before else "faster"
        before = level
    return part


def changes(found: Trend) -> Sequence[dict[str, Any]]:
    """Return the runs at which a level changed, newest first."""
    rows = found.points[found.points["step_ratio"].notna()]
    return list(rows.sort_values("created_utc", ascending=False, kind="stable").to_dict("records"))
