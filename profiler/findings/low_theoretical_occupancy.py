"""Rule: registers, shared memory or block size keep an SM half empty."""

from __future__ import annotations

from profiler.findings.latency_bound import IDLE_PCT
from profiler.findings.rule import Row, Rule, busiest_pct, configurations, fills_gpu, launch_groups, losses
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
    return f" {'; '.join(text for name, text in _ADVICE.items() if name in limiters)}."


def _rows(recording: Recording) -> list[Row]:
    """Return the launch configurations, with how busy the units of their profiled launches were, None where that is not known."""
    busy = {(row["kernel"], row["grid"], row["block"]): busiest_pct(row) for row in launch_groups(recording)}
    return [{**row, "busiest_pct": busy.get((row["kernel"], row["grid"], row["block"]))} for row in configurations(recording)]


def _holds(row: Row) -> bool:
    return row["theoretical_occupancy_pct"] < LOW_PCT and (row["busiest_pct"] or 0) < IDLE_PCT and fills_gpu(row)


def _gain(row: Row) -> float:
    """Without counters nobody knows whether more warps would help: then nothing is promised."""
    busiest = row["busiest_pct"]
    return 0.0 if busiest is None else float(min(1 - row["theoretical_occupancy_pct"] / 100, 1 - busiest / 100))


RULE = Rule(
    text=f"theoretical occupancy below {LOW_PCT:.0f} %, by a grid that fills the GPU, while compute and memory are used below"
    f" {IDLE_PCT:.0f} % of their peak (without counters: only told)",
    needs=("occupancy",),
    advice="Fine when each thread has enough independent work; otherwise:",
    source="CUDA C++ Best Practices Guide, Occupancy; 50 % chosen here",
    check=losses(
        "The launch configuration keeps the SMs half empty",
        ("theoretical_occupancy_pct",),
        _holds,
        _gain,
        lambda row: f"{row['theoretical_occupancy_pct']:.1f} %, limited by {row['occupancy_limiter']}",
        _rows,
        _advice,
    ),
)
