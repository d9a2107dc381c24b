"""Rule: registers spill, or arrays live in local memory."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, losses

INSTRUCTION_SHARE = 0.01


def _share(row: Row) -> float:
    return float(row["local_instructions"] / row["instructions"])


def _text(row: Row) -> str:
    return f"{100 * _share(row):.1f} % of the instructions access local memory, {row['registers_per_thread']} registers per thread"


RULE = Rule(
    text=f"more than {INSTRUCTION_SHARE:.0%} of the executed instructions access local memory",
    needs=("launches",),
    advice="Compile with -Xptxas -v to see spills; raise the register limit (__launch_bounds__), index local arrays with"
    " constants only, or split the kernel.",
    source="CUDA C++ Best Practices Guide, Local Memory; 1 % chosen here",
    check=losses(
        "Threads use local memory",
        ("local_instructions", "instructions"),
        lambda row: row["local_instructions"] > INSTRUCTION_SHARE * row["instructions"] > 0,
        _share,
        _text,
    ),
)
