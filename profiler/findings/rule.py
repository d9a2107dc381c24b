"""What a rule is, and how its findings are worded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from profiler.kernel_names import brief_name

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

Severity = Literal["error", "warning", "advice", "info", "ok", "not_evaluated"]
Row = dict[str, Any]

SHOWN = 3
HARNESS = "profiler::driver::"
"""Rows named in the evidence; the others are counted."""


@dataclass(frozen=True)
class Finding:
    """What a rule noticed.

    Attributes:
        title: One line: what is the matter.
        evidence: The figures it rests on, worst first.
        severity: How much it matters.
        advice: What to do about it; empty takes the rule's own.
    """

    title: str
    evidence: str
    severity: Severity = "warning"
    advice: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: Identifier, the name of its module.
        text: The condition, in one line, with its thresholds.
        needs: Metric tables without which it cannot be evaluated.
        advice: What to do when it holds.
        source: Where condition and thresholds come from.
        check: Takes the recording, returns the findings; none when all is well.
        whole_program: It judges how a program uses the GPU, not a kernel: the project's own driver and runner, which hold
            streams back and check outputs, are not judged by it.
    """

    name: str
    text: str
    needs: tuple[str, ...]
    advice: str
    source: str
    check: Callable[[Recording], list[Finding]] = field(repr=False)
    whole_program: bool = False


def rows_of(recording: Recording, table: str) -> list[Row]:
    """Return the rows of a small metric table as dicts, None where a value is missing.

    Kernels of the driver itself (they fill buffers and hold streams) are left out: nobody can act on advice about them.
    """
    lists = recording.metric_columns(table).to_lists()
    rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    return [row for row in rows if HARNESS not in str(row.get("kernel") or "")]


def known(row: Row, *names: str) -> bool:
    """Return whether a row has a value in every named column."""
    return all(row.get(name) is not None for name in names)


def launch_name(row: Row) -> str:
    """Return `kernel<float, …>, block 256x1x1`: namespaces, parameters and all but the first template argument left out."""
    name = brief_name(str(row["kernel"]))
    return f"{name}, block {row['block']}" if row.get("block") else name


def worst(rows: Iterable[Row], key: Callable[[Row], float], text: Callable[[Row], str]) -> str:
    """Word the evidence: the rows with the lowest key first, one per kernel, grid and block; the rest counted.

    Args:
        rows: Rows for which the rule holds.
        key: Lower is worse.
        text: What to say of one row, after its name.
    """
    seen: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=key):
        seen.setdefault((row["kernel"], row.get("grid"), row.get("block")), row)
    shown = list(seen.values())[:SHOWN]
    names = [launch_name(row) for row in shown]
    # what differs in its grid alone is told apart by it
    names = [
        f"{name}, grid {row['grid']}" if names.count(name) > 1 and row.get("grid") else name
        for name, row in zip(names, shown, strict=True)
    ]
    texts = [f"{name}: {text(row)}" for name, row in zip(names, shown, strict=True)]
    more = len(seen) - SHOWN
    return "; ".join([*texts, *([f"and {more} more"] if more > 0 else [])])
