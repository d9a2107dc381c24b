"""What a rule is, and how its findings are worded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, mode
from typing import Any, Literal

from profiler.errors import DataMissingError
from profiler.kernel_names import brief_name
from profiler.metrics.kernel_time import launched_in_points
from profiler.metrics.recording import Recording
from profiler.point_label import label_in_words

RuleCheck = Callable[["Recording"], "list[Finding]"]
Severity = Literal["error", "warning", "advice", "info", "ok", "not_evaluated"]
Row = dict[str, Any]

SHOWN = 3
"""Rows named in the evidence; the others are counted."""
HARNESS = "profiler::driver::"
WARNING_SHARE, ADVICE_SHARE = 0.1, 0.01
"""Shares of the GPU time from which what a finding could save makes it a warning, or advice; less is only told."""
FILLED_WAVES = 0.5
"""A grid of fewer waves leaves the GPU empty; nothing else is said of what its warps wait for."""
_ALIKE = ("kernel", "grid", "block")


@dataclass(frozen=True)
class Finding:
    """What a rule noticed.

    Attributes:
        title: One line: what is the matter.
        evidence: The figures it rests on, worst first.
        severity: How much it matters.
        advice: What to do about it, after the rule's own advice; in its place where the rule could not be evaluated.
        saving: Share of the GPU time that it could save at most, 0 to 1; of one severity, the largest is told first.
    """

    title: str
    evidence: str
    severity: Severity = "warning"
    advice: str = ""
    saving: float = 0.0


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        text: The condition, in one line, with its thresholds.
        needs: Metric tables without which it cannot be evaluated.
        advice: What to do when it holds.
        source: Where condition and thresholds come from.
        check: Takes the recording, returns the findings; none when all is well.
        whole_program: It judges how a program uses the GPU, not a kernel: the project's own driver and runner, which hold
            streams back and check outputs, are not judged by it.
        name: Identifier, the name of its module.
    """

    text: str
    needs: tuple[str, ...]
    advice: str
    source: str
    check: RuleCheck = field(repr=False)
    whole_program: bool = False
    name: str = ""


def rows_of(recording: Recording, table: str) -> list[Row]:
    """Return the rows of a small metric table as dicts, None where a value is missing.

    Kernels of the driver itself (they fill buffers and hold streams) are left out: nobody can act on advice about them.
    """
    rows = recording.metric_columns(table).to_records()
    return [row for row in rows if HARNESS not in str(row.get("kernel") or "")]


def launch_groups(recording: Recording) -> list[Row]:
    """Return the profiled launches, those alike as one row: the median of each number, the commonest of each text.

    Alike are launches of one kernel, grid and block in one sweep point. `share` is their part of the profiled time. None
    where none was profiled.
    """
    alike: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows_if_any(recording, "launches"):
        alike.setdefault((_configuration(row), row["point"]), []).append(row)
    groups = [{name: _typical([row[name] for row in rows]) for name in rows[0]} for rows in alike.values()]
    times = [sum(row["profiled_duration_ns"] or 0 for row in rows) for rows in alike.values()]
    return [{**group, "share": share} for group, share in zip(groups, _shares(times), strict=True)]


def configurations(recording: Recording) -> list[Row]:
    """Return the rows of the table `occupancy` with the `share` of the GPU time that each took.

    `point` is the first sweep point that launched it, None without one; `more_points` counts the others.
    """
    points = _points_of(recording)
    rows = [
        {**row, "point": next(iter(labels), None), "more_points": max(len(labels) - 1, 0)}
        for row in rows_of(recording, "occupancy")
        for labels in [points.get(_configuration(row), {})]
    ]
    times = _times(recording, "kernel_summary", "total_ns") or _times(recording, "launches", "profiled_duration_ns")
    found = [times.get(_configuration(row), 0) for row in rows]
    return [{**row, "share": share} for row, share in zip(rows, _shares(found), strict=True)]


def _configuration(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _ALIKE)


def _points_of(recording: Recording) -> dict[tuple[Any, ...], dict[str, None]]:
    """Return the sweep points that launched each kernel, grid and block."""
    found: dict[tuple[Any, ...], dict[str, None]] = {}
    profiled = [(_configuration(row), row["point"]) for row in rows_if_any(recording, "launches")]
    for key, label in [*launched_in_points(recording), *profiled]:
        if label:
            found.setdefault(key, {})[label] = None
    return found


def _times(recording: Recording, table: str, column: str) -> Counter[tuple[Any, ...]]:
    """Return the time of each kernel, grid and block; nothing where the table has no data."""
    times: Counter[tuple[Any, ...]] = Counter()
    for row in rows_if_any(recording, table):
        times[_configuration(row)] += row[column] or 0
    return times


def rows_if_any(recording: Recording, table: str) -> list[Row]:
    """Return the rows as `rows_of` does, none where the table has no data."""
    try:
        return rows_of(recording, table)
    except DataMissingError:
        return []


def busy_ns(recording: Recording) -> int:
    """Return for how long the GPUs were busy, summed; 0 when that is not known."""
    return sum(int(row["busy_ns"] or 0) for row in rows_if_any(recording, "device_activity"))


def _typical(values: list[Any]) -> Any:
    there = [value for value in values if value is not None]
    return (mode if isinstance(next(iter(there), ""), str) else median)(there) if there else None


def _shares(times: Sequence[float]) -> list[float]:
    """Return each part of a sum; the same for all where nothing is known."""
    whole = sum(times)
    return [time / whole if whole else 1 / len(times) for time in times]


def fills_gpu(row: Row) -> bool:
    """Return whether a grid is large enough that what its warps wait for is worth a word, as far as is known."""
    return not known(row, "waves_per_sm") or row["waves_per_sm"] >= FILLED_WAVES


def busiest_pct(row: Row) -> float:
    """Return the use of the busiest unit, compute or memory, of its peak; 0 where neither is known."""
    return max(row.get("compute_throughput_pct") or 0.0, row.get("memory_throughput_pct") or 0.0)


def severity_of(saving: float) -> Severity:
    """Return how much something matters that could save a share of the GPU time."""
    return "warning" if saving >= WARNING_SHARE else "advice" if saving >= ADVICE_SHARE else "info"


def losses(
    title: str,
    needed: Sequence[str],
    holds: Callable[[Row], bool],
    gain: Callable[[Row], float],
    text: Callable[[Row], str],
    rows: Callable[[Recording], list[Row]] = launch_groups,
    more_advice: Callable[[list[Row]], str] | None = None,
) -> RuleCheck:
    """Return a check for what costs time: it words the rows for which a condition holds, first what could save most.

    Args:
        title: One line: what is the matter.
        needed: Columns without whose values a row is not judged.
        holds: The condition.
        gain: Share of a row's own time that it could save at most.
        text: What to say of one row, after its name.
        rows: What is looked at, with its `share` of the GPU time.
        more_advice: What to add to the rule's advice, from the rows that were found.
    """

    def check(recording: Recording) -> list[Finding]:
        bad = [row for row in rows(recording) if known(row, *needed) and holds(row)]
        if not bad:
            return []
        saving = sum(row["share"] * gain(row) for row in bad)
        evidence = worst(bad, lambda row: -row["share"] * gain(row), text)
        return [Finding(title, evidence, severity_of(saving), more_advice(bad) if more_advice else "", saving)]

    return check


def known(row: Row, *names: str) -> bool:
    """Return whether a row has a value in every named column."""
    return all(row.get(name) is not None for name in names)


def launch_name(row: Row) -> str:
    """Return `kernel<float, …>, block 256x1x1 (swish 4096x1024 fp32)`.

    Namespaces, parameters and all but the first template argument are left out; the point is named where it is known.
    """
    name = brief_name(str(row["kernel"]))
    block = f", block {row['block']}" if row.get("block") else ""
    more = f" and {row['more_points']} more points" if row.get("more_points") else ""
    return f"{name}{block} ({label_in_words(str(row['point']))}{more})" if row.get("point") else f"{name}{block}"


def worst(rows: Iterable[Row], key: Callable[[Row], float], text: Callable[[Row], str]) -> str:
    """Word the evidence: the rows with the lowest key first, one per kernel, grid, block and point; the rest counted.

    Args:
        rows: Rows for which the rule holds.
        key: Lower is worse.
        text: What to say of one row, after its name.
    """
    seen: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=key):
        seen.setdefault(tuple(row.get(name) for name in ("kernel", "grid", "block", "point")), row)
    shown = list(seen.values())[:SHOWN]
    names = [launch_name(row) for row in shown]
    # what differs in its grid alone is told apart by it
    names = [
        f"{name}, grid {row['grid']}" if names.count(name) > 1 and row.get("grid") else name
        for name, row in zip(names, shown, strict=True)
    ]
    texts = [f"{name}: {text(row)}" for name, row in zip(names, shown, strict=True)]
    return listed(texts, len(seen))


def listed(texts: list[str], count: int = 0) -> str:
    """Join the first texts and count the others.

    Args:
        texts: What there is, worst first.
        count: How many there are, where not all are among the texts.
    """
    more = max(count, len(texts)) - SHOWN
    return "; ".join([*texts[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
