"""Rule: launching a kernel takes the CPU longer than running it takes the GPU."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, losses, rows_of
from profiler.metrics.launch_columns import LAUNCH_KEYS
from profiler.metrics.recording import Recording

EXECUTIONS = 20


def _ratio(row: Row) -> float:
    return float(row["api_median_ns"] / row["median_ns"])


def _waited(row: Row) -> bool:
    """Return whether a kernel was launched often by itself (in a CUDA graph it already has what the rule advises), and whether
    the GPU had mostly nothing else to do until the launch call ended."""
    plain = row["count"] - (row["graph_count"] or 0)
    return bool(plain >= EXECUTIONS and 2 * plain > row["count"] and 2 * row["empty_queue_count"] > plain)


def _rows(recording: Recording) -> list[Row]:
    """Return the rows of `launch_latency` with the kernel's median time, and its `share` of the GPU time."""
    kernels = rows_of(recording, "kernel_summary")
    whole = sum(row["total_ns"] or 0 for row in kernels)
    of = {tuple(row[key] for key in LAUNCH_KEYS): row for row in kernels}
    return [
        {**row, "median_ns": own["median_ns"], "share": (own["total_ns"] or 0) / whole if whole else 1.0}
        for row in rows_of(recording, "launch_latency")
        if (own := of.get(tuple(row[name] for name in LAUNCH_KEYS)))
    ]


def _text(row: Row) -> str:
    waited = f"the GPU waited for {row['empty_queue_count']} of them"
    each = f"each {row['api_median_ns'] / 1e3:.1f} µs to launch"
    return f"{row['count']} launches of {row['median_ns'] / 1e3:.1f} µs, {each}, {waited}"


RULE = Rule(
    text="median launch call longer than the median kernel, and for most launches nothing else on the GPU until the call ended,"
    f" for kernels that ran at least {EXECUTIONS} times outside CUDA graphs",
    needs=("kernel_summary", "launch_latency"),
    advice="Capture the sequence in a CUDA graph, fuse the kernels, or give each launch more work.",
    source="CUDA C++ Programming Guide, CUDA Graphs",
    check=losses(
        "Kernels run shorter than they take to launch",
        ("api_median_ns", "empty_queue_count"),
        lambda row: _waited(row) and row["median_ns"] > 0 and _ratio(row) > 1,
        lambda row: 1 - 1 / _ratio(row),
        _text,
        _rows,
    ),
    whole_program=True,
)
