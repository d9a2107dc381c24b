"""Rule: registers spill, or arrays live in local memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.findings.rule import Finding, Rule, known, rows_of, worst

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

INSTRUCTION_SHARE = 0.01


def check(recording: Recording) -> list[Finding]:
    """Look for launches that execute local memory instructions."""
    bad = [
        row
        for row in rows_of(recording, "launches")
        if known(row, "local_instructions", "instructions")
        and row["instructions"] > 0
        and row["local_instructions"] > INSTRUCTION_SHARE * row["instructions"]
    ]
    if not bad:
        return []
    evidence = worst(
        bad,
        lambda row: -row["local_instructions"] / row["instructions"],
        lambda row: (
            f"{100 * row['local_instructions'] / row['instructions']:.1f} % of the instructions access local memory,"
            f" {row['registers_per_thread']} registers per thread"
        ),
    )
    return [Finding("Threads use local memory", evidence)]


RULE = Rule(
    name="local_memory",
    text=f"more than {INSTRUCTION_SHARE:.0%} of the executed instructions access local memory",
    needs=("launches",),
    advice="Compile with -Xptxas -v to see spills; raise the register limit (__launch_bounds__), index local arrays with"
    " constants only, or split the kernel.",
    source="CUDA C++ Best Practices Guide, Local Memory; 1 % chosen here",
    check=check,
)
