"""Panel: what a person must know after ten seconds: the fastest configuration, how far from the best possible, and why."""

from __future__ import annotations

from typing import Any

from profiler.report.blocks import Block, Fact, Facts, Findings, Note, Winners
from profiler.report.panels.base import Panel
from profiler.report.panels.findings import collect
from profiler.report.points import BANDWIDTH, Winner, winners
from profiler.report.view import View
from profiler.units import format_ns, format_si, format_value

_TOP_FINDINGS = 3
_KEY_FIGURES = (
    "gpu_busy_pct", "busy_pct", "kernel_count", "kernel_time_ns", "memcpy_count", "memcpy_time_ns", "gap_count", "longest_gap_ns",
    "launch_latency_median_ns", "span_ns",
)  # fmt: skip


def build(view: View) -> list[Block]:
    """Build the summary."""
    best, source = winners(view)
    blocks: list[Block] = []
    if best and source is not None:
        peak = view.device().get("memory_bandwidth_bytes_per_s")
        cards = [_card(winner, source.median, peak) for winner in best]
        blocks.append(Winners(cards, source.label))
    found = [item for item in collect(view) if item.severity != "info"][:_TOP_FINDINGS]
    if found:
        blocks.append(Findings(found))
    return blocks + _figures(view)


def _card(winner: Winner, median: str, peak: Any) -> dict[str, Any]:
    time = float(winner.row[median])
    bandwidth = winner.row.get(BANDWIDTH)
    known = bandwidth is not None and bandwidth == bandwidth and peak is not None and peak == peak
    return {
        "group": winner.group,
        "configuration": winner.configuration,
        "time": format_ns(time),
        "bandwidth": format_si(float(bandwidth), "B/s") if bandwidth is not None and bandwidth == bandwidth else "",
        "peak_pct": float(bandwidth) / float(peak) * 100 if known and float(peak) > 0 else None,
        "floor": format_ns(time * float(bandwidth) / float(peak)) if known and float(peak) > 0 else "",
        "margin_pct": winner.margin_pct,
        "runner_up": winner.runner_up,
        "slowest_ratio": winner.slowest_ratio,
        "rivals": winner.rivals,
    }


def _figures(view: View) -> list[Block]:
    frame = view.metric("summary")
    if frame is None:
        return [Note("; ".join(view.reasons("summary")), "hint")]
    if not view.several:
        return [Facts(_facts(frame.to_dict("records")))]
    return [Facts(_facts(rows.to_dict("records")), str(name)) for name, rows in frame.groupby("recording", sort=False)]


def _facts(rows: list[dict[str, Any]]) -> list[Fact]:
    known = {str(row["key"]): row for row in rows if row["value"] is not None and row["value"] == row["value"]}
    keys = [key for key in _KEY_FIGURES if key in known] or list(known)[:10]
    return [_fact(key, known[key]) for key in keys]


def _fact(key: str, row: dict[str, Any]) -> Fact:
    from profiler.report.columns import label_of

    value = row["value"]
    return Fact(label_of(key), format_value(value if isinstance(value, str) else float(value), str(row["unit"])), str(row.get("text", "")))


PANEL = Panel("summary", "Summary", (), build, "", ("summary", "points", "findings"))
