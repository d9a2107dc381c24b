"""Rule: neither arithmetic nor memory is busy: warps wait."""

from __future__ import annotations

from profiler.findings.rule import Row, Rule, busiest_pct, fills_gpu, known, losses

IDLE_PCT = 60.0
_ADVICE = {
    "long_scoreboard": "keep more loads in flight per thread (several independent elements, 16-byte accesses)",
    "short_scoreboard": "reduce shared memory round trips and special-function use",
    "barrier": "shorten the work between barriers, or use smaller blocks",
    "lg_throttle": "issue fewer, wider global accesses (16 bytes per thread)",
    "mio_throttle": "issue fewer shared memory and special-function instructions",
    "math_pipe_throttle": "balance the work between execution pipes",
    "wait": "give each thread more independent instructions",
    "no_instruction": "shorten the unrolled code so that it fits the instruction cache",
    "drain": "write results earlier or with wider stores",
}


def _text(row: Row) -> str:
    stall = row.get("stall_top")
    share = f", {row['stall_top_pct']:.0f} % of the wait is {stall}" if stall and known(row, "stall_top_pct") else ""
    return f"compute {row['compute_throughput_pct']:.0f} %, memory {row['memory_throughput_pct']:.0f} % of peak{share}"


def _advice(rows: list[Row]) -> str:
    stalls = dict.fromkeys(row["stall_top"] for row in sorted(rows, key=busiest_pct) if row.get("stall_top") in _ADVICE)
    return "".join(f" For {stall}: {_ADVICE[stall]}." for stall in stalls)


RULE = Rule(
    text=f"compute and memory both used below {IDLE_PCT:.0f} % of their peak, by a grid that fills the GPU",
    needs=("launches",),
    advice="Raise occupancy or the number of independent operations per thread.",
    source="Nsight Compute, rule SOLBottleneck (60 %)",
    check=losses(
        "Launches wait instead of working",
        ("compute_throughput_pct", "memory_throughput_pct"),
        lambda row: busiest_pct(row) < IDLE_PCT and fills_gpu(row),
        lambda row: 1 - busiest_pct(row) / 100,
        _text,
        more_advice=_advice,
    ),
)
