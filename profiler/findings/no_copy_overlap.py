"""Rule: copies and kernels take turns where they could run at once."""

from __future__ import annotations

from profiler.findings.rule import Finding, Rule, rows_of
from profiler.metrics.measured import within_kernels
from profiler.metrics.recording import Recording
from profiler.units import format_ns

OVERLAP_PCT = 10.0
LEAST_SHARE = 0.1


def check(recording: Recording) -> list[Finding]:
    """Look for devices whose copies take a good part of the kernels' time but hardly overlap with them."""
    bad = [
        row
        for row in rows_of(within_kernels(recording), "stream_overlap")
        if (row["kind"], row["first"]) == ("copy_compute", "copies")
        and row["overlap_pct"] is not None
        and row["overlap_pct"] < OVERLAP_PCT
        and row["first_busy_ns"] >= LEAST_SHARE * row["second_busy_ns"] > 0
    ]
    if not bad:
        return []
    evidence = "; ".join(
        f"GPU {row['device']}: copies {format_ns(row['first_busy_ns'])}, kernels {format_ns(row['second_busy_ns'])},"
        f" both at once {format_ns(row['overlap_ns'])}"
        for row in bad
    )
    shorter = sum(min(row["first_busy_ns"], row["second_busy_ns"]) - row["overlap_ns"] for row in bad)
    whole = sum(row["first_busy_ns"] + row["second_busy_ns"] - row["overlap_ns"] for row in bad)
    return [Finding("Copies and kernels hardly overlap", evidence, "info", saving=shorter / whole)]


RULE = Rule(
    text=f"copies that take at least {LEAST_SHARE:.0%} of the kernels' time and overlap with them for less"
    f" than {OVERLAP_PCT:.0f} % of the shorter one, inside measured iterations, else between the first kernel and the last",
    needs=("stream_overlap",),
    advice="Where copies recur, split the work into chunks and let one stream copy while another computes; the host buffer must"
    " be pinned.",
    source="CUDA C++ Best Practices Guide, Asynchronous and Overlapping Transfers with Computation; thresholds chosen here",
    check=check,
    whole_program=True,
)
