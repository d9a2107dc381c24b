"""Rule: registers, shared memory or block size keep an SM half empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profiler.findings.rule import Finding, Row, Rule, known, rows_of, worst

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

LOW_PCT = 50.0
_ADVICE = {
    "registers": "lower the registers per thread (__launch_bounds__, -maxrregcount, fewer live values)",
    "shared memory": "use less shared memory per block, or a larger carve-out",
    "warps": "take a block size whose warps divide the SM's warps",
    "blocks": "take larger blocks",
    "barriers": "use fewer named barriers per block",
}


def _advice(rows: list[Row]) -> str:
    limiters = {name for row in rows for name in (row["occupancy_limiter"] or "").split(", ")}
    return "; ".join(text for name, text in _ADVICE.items() if name in limiters)


def check(recording: Recording) -> list[Finding]:
    """Look for launch configurations whose theoretical occupancy is low."""
    bad = [
        row
        for row in rows_of(recording, "occupancy")
        if known(row, "theoretical_occupancy_pct") and row["theoretical_occupancy_pct"] < LOW_PCT
    ]
    if not bad:
        return []
    evidence = worst(
        bad,
        lambda row: row["theoretical_occupancy_pct"],
        lambda row: f"{row['theoretical_occupancy_pct']:.1f} %, limited by {row['occupancy_limiter']}",
    )
    title = "The launch configuration keeps the SMs half empty"
    return [Finding(title, evidence, "advice", f"{RULE.advice} {_advice(bad)}.")]


RULE = Rule(
    name="low_theoretical_occupancy",
    text=f"theoretical occupancy below {LOW_PCT:.0f} %",
    needs=("occupancy",),
    advice="Fine when each thread has enough independent work; otherwise:",
    source="CUDA C++ Best Practices Guide, Occupancy; 50 % chosen here",
    check=check,
)
