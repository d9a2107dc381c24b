"""Comparisons and trends made by hand, with every verdict in them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import synthetic

from profiler.compare.gate.evaluation import GateCheck, GateResult
from profiler.compare.history.trend import TREND_COLUMNS, Trend
from profiler.compare.judge.comparison import ROW_COLUMNS, Comparison, SideInfo
from profiler.compare.judge.conditions import Difference
from profiler.compare.judge.metric_changes import METRIC_COLUMNS
from profiler.compare.judge.rounds import ROUND_COLUMNS
from profiler.compare.judge.verdict import DecisionRule

VERDICTS = {
    "slower": 1.05,
    "faster": 0.7,
    "same": 1.001,
    "cannot tell": 1.02,
    "base only": math.nan,
    "candidate only": math.nan,
    "not comparable": math.nan,
}


def label(index: int, text: str = "swish") -> str:
    return f"op={text} variant=scalar shape=65536x1024 dtype=fp32 block={32 * (index + 1)}"


def _row(candidate: str, index: int, verdict: str, ratio: float, text: str) -> dict[str, Any]:
    name = label(index, text)
    record = dict.fromkeys(ROW_COLUMNS) | {
        "candidate": candidate,
        "row": name,
        "op": text,
        "block": 32 * (index + 1),
        "base_label": None if verdict == "candidate only" else name,
        "candidate_label": None if verdict == "base only" else name,
        "base_median_ns": math.nan if verdict == "candidate only" else 100_000.0 + index,
        "candidate_median_ns": math.nan if verdict == "base only" else (100_000.0 + index) * (ratio if ratio == ratio else 1),
        "ratio": ratio,
        "ratio_low": ratio * 0.99,
        "ratio_high": ratio * 1.01,
        "rounds": 8,
        "verdict": verdict,
        "reason": "unmatched",
        "detail": f"because of {text}",
    }
    return record


def comparison(candidates: tuple[str, ...] = ("candidate",), text: str = "swish", rounds: bool = True) -> Comparison:
    """A comparison with one row of every verdict for each candidate."""
    rows = [
        _row(candidate, index, verdict, ratio, text)
        for candidate in candidates
        for index, (verdict, ratio) in enumerate(VERDICTS.items())
    ]
    metrics = [
        dict(
            zip(
                METRIC_COLUMNS,
                (name, "kernel_summary", label(0, text), "registers_per_thread", "count", "lower", 16, 32, 2.0, "worse", "", ""),
                strict=True,
            )
        )
        for name in candidates
    ]
    records = [
        dict(
            zip(
                ROUND_COLUMNS,
                (number, 0, side, label(index, text), 1e5 * factor * (1 + number / 1e3), 20, 32.0, "", 1.98e9, 1.98e9),
                strict=True,
            )
        )
        for number in range(6)
        for index in range(3)
        for side, factor in (("base", 1.0), *((name, 1.05) for name in candidates))
    ]
    return Comparison(
        SideInfo("base", ("base.json",), "event times", {"device.name": "NVIDIA H200", text: text}),
        [SideInfo(name, (f"{name}.json",), "event times", {"device.name": "NVIDIA H200"}) for name in candidates],
        pd.DataFrame(rows, columns=list(ROW_COLUMNS)),
        pd.DataFrame(metrics, columns=list(METRIC_COLUMNS)),
        [Difference(name, "driver", "driver", "580.1", text, False, "the driver schedules the work") for name in candidates],
        DecisionRule(),
        f"6 interleaved rounds of {text}",
        [f"a note about {text}"],
        pd.DataFrame(records, columns=list(ROUND_COLUMNS)) if rounds else None,
    )


def gate(text: str = "swish") -> GateResult:
    checks = (
        GateCheck("candidate", label(0, text), "time", 10, f"+5 % slower in {text}"),
        GateCheck("candidate", label(1, text), "time", 10, "+9 %", f"accepted for {text}"),
    )
    return GateResult(10, checks, (f"an acceptance of {text} expired",))


def hostile() -> Comparison:
    return comparison(("candidate", synthetic.HOSTILE), synthetic.HOSTILE.replace(" ", "%20").replace("=", "%3D"))


def trend(text: str = "swish") -> Trend:
    """Two rows over eight runs; one steps up by 10 % at the fifth."""
    records = []
    for row, step in ((label(0, text), 1.1), (label(1, text), 1.0)):
        for run in range(8):
            level = 1e5 * (step if run >= 4 else 1.0)
            changed = step != 1.0 and run == 4
            when = f"2025-01-{run + 1:02d}T10:00:00+00:00"
            values = (
                row,
                text,
                "65536x1024",
                "fp32",
                f"run-{run}",
                when,
                f"{run}abcdef0123456789",
                False,
                level * (1 + run / 1e4),
                40,
            )
            records.append(
                dict(zip(TREND_COLUMNS, (*values, level, step if changed else math.nan, "slower" if changed else ""), strict=True))
            )
    return Trend(
        pd.DataFrame(records, columns=list(TREND_COLUMNS)), "run-7", {"run-x": f"another GPU: {text}"}, noise="the self-test"
    )
