"""Compare recordings that already exist: runs or files, one base and any number of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from profiler.compare.judge.assumptions import FEWEST_ALONE, modes_sentence
from profiler.compare.judge.capture_estimates import capture_estimates
from profiler.compare.judge.comparison import (
    MEASURED_PROCESSES,
    Comparison,
    Judged,
    SideInfo,
    build_rows,
    clocks_differ,
    judge_pair,
)
from profiler.compare.judge.conditions import (
    Difference,
    compare_facts,
    listed_differences,
    recording_facts,
    replicate_differences,
)
from profiler.compare.judge.metric_changes import launch_notes, metric_changes
from profiler.compare.judge.noise import BOARD_SPREAD, MachineNoise, machine_noise, selftest_sentence
from profiler.compare.judge.statistics import MANY_ROWS
from profiler.compare.judge.verdict import REASONS, DecisionRule, decide
from profiler.compare.rows.alignment import Pair, align, apply_aliases
from profiler.compare.rows.row import merge_replicates
from profiler.compare.rows.sides import Side, side_rows
from profiler.errors import UsageError
from profiler.metrics.recording import Recording, load
from profiler.metrics.time_sources import TimeSource, check_source, choose_source, has_unnamed_iterations
from profiler.store.run_dir import runs_root

if TYPE_CHECKING:
    import pandas as pd


def compare_targets(
    base: str,
    candidates: Sequence[str],
    rule: DecisionRule | None = None,
    *,
    runs: Path | None = None,
    keys: Sequence[str] = (),
    aliases: dict[str, dict[str, str]] | None = None,
    allowed: frozenset[str] = frozenset(),
    source: str | None = None,
) -> Comparison:
    """Compare runs or files.

    Args:
        base: Run, file, or several separated by commas, each then being one more process of the base.
        candidates: The same, one text per candidate.
        rule: Threshold and error rates.
        runs: Folder that holds runs.
        keys: The only keys that identify a row; empty for the label.
        aliases: Key to candidate value to base value.
        allowed: Conditions that may differ.
        source: Kind of `TimeSource`, or `KIND:TOOL`; None takes the first that all sides have.

    Raises:
        UsageError: A target does not exist, or the sides share no source of times.
        DataMissingError: A side has nothing to compare.
    """
    if not candidates:
        raise UsageError("nothing to compare with", "name a candidate: profiler compare BASE CANDIDATE")
    rule = rule or DecisionRule()
    groups = [[load(part, runs=runs) for part in _targets(text)] for text in (base, *candidates)]
    names = _distinct([_name(group) for group in groups])
    chosen = choose_source([recording for group in groups for recording in group], check_source(source))
    sides = [_side(group, name, chosen) for group, name in zip(groups, names, strict=True)]
    for side in sides[1:]:
        apply_aliases(side.rows, aliases or {})
    return _compare(sides, groups, rule, runs_root(runs), keys, allowed)


def _targets(text: str) -> list[str]:
    return [text] if Path(text).exists() or "," not in text else [part for part in text.split(",") if part]


def _name(group: Sequence[Recording]) -> str:
    return group[0].name if len(group) == 1 else f"{group[0].name} and {len(group) - 1} more"


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _side(group: Sequence[Recording], name: str, source: TimeSource | None) -> Side:
    parts = [] if source is None else [side_rows(recording, source) for recording in _in_time(group)]
    facts = recording_facts(group[0], source.tool if source else None, str(source) if source else "")
    return Side(name, source, merge_replicates(parts), facts, group[0])


def _compare(
    sides: list[Side],
    groups: Sequence[Sequence[Recording]],
    rule: DecisionRule,
    root: Path,
    keys: Sequence[str],
    allowed: frozenset[str],
) -> Comparison:
    import pandas as pd

    base = sides[0]
    within = [_replicates(side, group, allowed) for side, group in zip(sides, groups, strict=True)]
    noise = machine_noise(root, base.facts, base.rows)
    judged: list[Judged] = []
    extra: list[float] = []
    differences: list[Difference] = [*within[0]]
    metrics = []
    files = [{recording.path.resolve() for recording in group} for group in groups]
    for side, own, others in zip(sides[1:], within[1:], files[1:], strict=True):
        found = compare_facts(base.facts, side.facts, side.name, allowed)
        differences += [*found, *own]
        voided = [item for item in (*found, *within[0], *own) if item.voids]
        pairs = align(base.rows, side.rows, keys)
        differences += listed_differences(side.name, pairs)
        judged += [clocks_differ(judge_pair(side.name, pair, voided, allowed, bool(files[0] & others))) for pair in pairs]
        board = any(_may_be_another_board(item) for item in found)
        extra += [BOARD_SPREAD if board or _one_clock(pair) else 0.0 for pair in pairs]
        metrics.append(metric_changes(base, side, pairs))
    for item in judged:
        times = [[summary.median_ns for summary in row.summaries] if row else [] for row in (item.pair.base, item.pair.candidate)]
        item.remark = modes_sentence(np.array(times[0]), np.array(times[1]))
    rows = build_rows(judged, decide(capture_estimates(judged, noise, extra), rule), rule)
    # with one process a side more samples would not help: say what would
    alone = (rows["reason"] == "interval_too_wide") & (rows["rounds"] == 1)
    told = [detail.replace(REASONS["interval_too_wide"], REASONS["one_capture"]) for detail in rows.loc[alone, "detail"]]
    rows.loc[alone, "reason"], rows.loc[alone, "detail"] = "one_capture", told
    # the spread of three processes and more is their own
    guessed = rows["verdict"].isin(["slower", "faster"]) & (rows["rounds"] < MEASURED_PROCESSES) & noise.is_assumed
    rows.loc[guessed, "detail"] += "; the spread between processes is assumed, not measured"
    infos = [_info(side, group) for side, group in zip(sides, groups, strict=True)]
    changes = pd.concat(metrics, ignore_index=True)
    notes = _notes(sides, rows, selftest_sentence(root, base.facts), noise.is_assumed and _is_blind(rows))
    notes += [*_remarks(groups, base, judged), *launch_notes(changes)]
    return Comparison(infos[0], infos[1:], rows, changes, differences, rule, _design(groups, noise), notes)


def _is_blind(rows: pd.DataFrame) -> bool:
    """Return whether a change is claimed of processes whose dependence on each other nothing could show."""
    claimed = rows["verdict"].isin(["slower", "faster"])
    few = (rows.loc[claimed, "rounds"] < FEWEST_ALONE) | (rows["rounds"].gt(0).sum() < MANY_ROWS)
    return bool(few.any())


def _may_be_another_board(item: Difference) -> bool:
    both = bool(item.base_value and item.candidate_value)
    return (item.fact == "gpu_uuid" and both) or (item.fact == "gpu" and not both)


def _one_clock(pair: Pair) -> bool:
    """Return whether the SM clock of only one side is known."""
    rows = (pair.base, pair.candidate)
    return sum(row is not None and bool(np.any(np.asarray(row.clocks_hz) > 0)) for row in rows) == 1 and None not in rows


def _replicates(side: Side, group: Sequence[Recording], allowed: frozenset[str]) -> list[Difference]:
    """Return in what the processes of one side differ from its first."""
    facts = [recording_facts(r, side.source.tool if side.source else None, str(side.source or "")) for r in group]
    return replicate_differences(facts, [recording.name for recording in group], side.name, allowed)


def _info(side: Side, group: Sequence[Recording]) -> SideInfo:
    return SideInfo(side.name, tuple(str(recording.path.name) for recording in group), str(side.source or "no times"), side.facts)


def _recorded(recording: Recording) -> str:
    """Return when a recording was made, UTC; empty when unknown."""
    return recording.run.manifest.created_utc if recording.run else ""


def _in_time(group: Sequence[Recording]) -> Sequence[Recording]:
    """Return recordings in the order in which they were made; as they were named where that is unknown."""
    return sorted(group, key=_recorded) if all(map(_recorded, group)) else group


def _design(groups: Sequence[Sequence[Recording]], noise: MachineNoise) -> str:
    counts = [len(group) for group in groups]
    if max(counts) == 1:
        return f"one process on each side, {_turns(groups)}; the spread between processes is {noise.origin}"
    few = f", and for a side of fewer than three at least what is known: {noise.origin}" if min(counts) < 3 else ""
    return f"{' against '.join(map(str, counts))} processes, {_turns(groups)}; their spread is measured{few}"


def _turns(groups: Sequence[Sequence[Recording]]) -> str:
    """Say whether the sides were recorded in turn: if not, what changed in between cannot be told from a change."""
    base, *others = ([_recorded(recording) for recording in group] for group in groups)
    if not all(map(all, (base, *others))):
        return "recorded at times that are not known"
    if any(max(base) < min(other) or max(other) < min(base) for other in others):
        return "recorded one side after the other, so what changed on the machine in between counts as a change"
    return "recorded in turn"


def _remarks(groups: Sequence[Sequence[Recording]], base: Side, judged: Sequence[Judged]) -> list[str]:
    """Say which recordings stand on both sides, where iterations belong to no point, and where one clock is unknown."""
    first, *others = ({recording.path.resolve(): recording.name for recording in group} for group in groups)
    twice = sorted({name for other in others for path, name in other.items() if path in first})
    notes = [f"{name} is the same file on both sides: it is compared with itself." for name in twice]
    if base.source is not None and base.source.kind == "kernels":
        marked = {recording.name for group in groups for recording in group if has_unnamed_iterations(recording)}
        notes += [f"{name} marks iterations and no sweep point: kernels are compared." for name in sorted(marked)]
    if any(_one_clock(item.pair) for item in judged):
        notes.append("The SM clock of some rows is known on one side only: their intervals are widened.")
    return notes


def _notes(sides: Sequence[Side], rows: pd.DataFrame, selftest: str, keeps_unseen: bool) -> list[str]:
    notes = [selftest] if selftest else []
    if (rows["reason"] == "one_capture").any():
        notes.append("Single captures cannot show small changes: profiler ab measures both sides interleaved until it can tell.")
    if keeps_unseen:
        notes.append("So few rows or processes do not show whether a side keeps its state: profiler selftest measures it.")
    if sides[0].source is None:
        notes.append(
            "The recordings hold no times that can be compared: metrics only (Nsight Compute replays: its durations do not count)."
        )
    dropped = int(rows["dropped_rounds"].fillna(0).sum())
    if dropped:
        notes.append(f"{dropped} measurements were left out because the SM clock of their process was unlike that of the others.")
    renamed = rows["match_note"].notna().sum()
    if renamed:
        notes.append(f"{renamed} rows were matched although their names differ; the column match says how.")
    return notes
