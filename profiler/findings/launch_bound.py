"""Rule: launching a kernel takes the CPU longer than running it takes the GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.findings.rule import Finding, Row, Rule, known, rows_of, worst
from profiler.metrics.launch_columns import LAUNCH_KEYS

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

EXECUTIONS = 20


def _durations(recording: Recording) -> dict[tuple[Any, ...], float]:
    return {tuple(row[key] for key in LAUNCH_KEYS): row["median_ns"] for row in rows_of(recording, "kernels")}


def _ratio(row: Row) -> float:
    return float(row["api_median_ns"] / row["median_ns"])


def _often(row: Row) -> bool:
    """Return whether a kernel was launched often by itself: in a CUDA graph it already has what the rule advises."""
    count: int = row["count"]
    plain: int = count - (row["graph_count"] or 0)
    return plain >= EXECUTIONS and 2 * plain > count


def check(recording: Recording) -> list[Finding]:
    """Compare the median time of the launching API call with the kernel's median duration."""
    durations = _durations(recording)
    rows = [
        {**row, "median_ns": durations[key]}
        for row in rows_of(recording, "launch_latency")
        if known(row, "api_median_ns") and (key := tuple(row[name] for name in LAUNCH_KEYS)) in durations
    ]
    bad = [row for row in rows if _often(row) and row["median_ns"] > 0 and _ratio(row) > 1]
    if not bad:
        return []
    evidence = worst(
        bad,
        lambda row: -_ratio(row) * row["count"],
        lambda row: (
            f"{row['count']} launches of {row['median_ns'] / 1e3:.1f} µs, each {row['api_median_ns'] / 1e3:.1f} µs to launch"
        ),
    )
    return [Finding("Kernels run shorter than they take to launch", evidence)]


RULE = Rule(
    name="launch_bound",
    text=f"median launch call longer than the median kernel, for kernels that ran at least {EXECUTIONS} times outside CUDA graphs",
    needs=("kernels", "launch_latency"),
    advice="Capture the sequence in a CUDA graph, fuse the kernels, or give each launch more work.",
    source="CUDA C++ Programming Guide, CUDA Graphs",
    check=check,
    whole_program=True,
)
