"""Rule: threads of a warp meet in a shared memory bank."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, losses

CONFLICTS_PER_INSTRUCTION = 0.25
PIPE_PCT = 10.0


def _gain(row: Row) -> float:
    conflicts = row["bank_conflicts_per_instruction"]
    return float(conflicts / (1 + conflicts) * row["shared_pipe_pct"] / 100)


def _text(row: Row) -> str:
    return (
        f"{row['bank_conflicts_per_instruction']:.2f} conflicts per shared memory instruction,"
        f" pipe used {row['shared_pipe_pct']:.0f} %"
    )


RULE = Rule(
    text=f"more than {CONFLICTS_PER_INSTRUCTION} bank conflicts per shared memory instruction while the shared memory pipe"
    f" is used above {PIPE_PCT:.0f} %",
    needs=("launches",),
    advice="Pad the rows of the array by one element, or permute the index (swizzle) so that the threads of a warp fall"
    " into different banks.",
    source="Nsight Compute, rule SharedMemoryConflicts; thresholds chosen here",
    check=losses(
        "Shared memory accesses conflict in banks",
        ("bank_conflicts_per_instruction", "shared_pipe_pct"),
        lambda row: row["bank_conflicts_per_instruction"] > CONFLICTS_PER_INSTRUCTION and row["shared_pipe_pct"] > PIPE_PCT,
        _gain,
        _text,
    ),
)
