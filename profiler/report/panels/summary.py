"""Panel: what a person must know after ten seconds: the fastest configuration, how far from the best possible, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from profiler.compare.ranking import LOADS
from profiler.metrics.measured import MEASURED_NOTE, is_narrowed
from profiler.report.blocks import Block, Fact, Facts, Findings, Missing, Note, Winners
from profiler.report.panels.base import Panel
from profiler.report.panels.findings import NOT_EVALUATED, collect
from profiler.report.points import Winner, differing, winners, with_attributes
from profiler.report.view import View
from profiler.store.experiment_document import EXPERIMENT_NAME
from profiler.units import format_ns, format_value

if TYPE_CHECKING:
    import pandas as pd

_TOP_FINDINGS = 3
_NAMED_TIES = 3
# label, figure, and a second figure that explains the first
_KEY_FIGURES = (
    ("GPU busy", "gpu_busy_pct", "of {}", "span_ns"),
    ("Kernels", "kernel_count", "{} in all", "kernel_time_ns"),
    ("Copies", "memcpy_count", "{} in all", "memcpy_time_ns"),
    ("Bytes copied", "memcpy_bytes", "", ""),
    ("Idle gaps", "gap_count", "longest {}", "longest_gap_ns"),
    ("Launch to start", "launch_latency_median_ns", "{} in the API call", "launch_api_median_ns"),
    ("Sweep points", "point_count", "{} failed", "failed_point_count"),
    ("Launches under ncu", "profiled_launch_count", "", ""),
)


def build(view: View) -> list[Block]:
    """Build the summary."""
    best = winners(view)
    blocks: list[Block] = []
    unlike = _unlike(view, best)
    if unlike:
        blocks.append(Note(unlike, "hint"))
    elif best:
        peak = view.device().get("memory_bandwidth_bytes_per_s")
        cards = [_card(winner, peak) for winner in best]
        rows = _side_by_side(cards, view.names) if view.several else []
        blocks.append(Winners(cards, str(view.time_source), view.names if view.several else [], rows))
    noticed = [item for item in collect(view) if item.severity != NOT_EVALUATED]
    found = ([item for item in noticed if item.severity != "info"] or noticed)[:_TOP_FINDINGS]
    if found:
        blocks.append(Findings(found, brief=True))
    return blocks + _figures(view)


def _unlike(view: View, best: list[Winner]) -> str:
    """Say why the points of an experiment have no fastest one: they are no launch configurations of the same work."""
    points = view.metric("points")
    if points is None or not any((recording.path / EXPERIMENT_NAME).is_file() for recording in view.recordings):
        return ""
    points, _ = with_attributes(points)
    loads, steps = differing(points, LOADS), differing(points, ("step",))
    if loads:
        return (
            f"No point is called the fastest: they differ in {' and '.join(loads)}, and the time of one iteration says nothing "
            "about throughput. The experiment's own table compares like with like."
        )
    if steps or all(winner.rivals == 1 for winner in best):
        return "No point is called the fastest: they are steps of the experiment, whose own table compares like with like."
    return ""


def _side_by_side(cards: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """One row per group with the winner of each recording; how they differ is for `profiler compare` to judge."""
    groups = dict.fromkeys(card["group"] for card in cards)
    found = {(card["group"], card["recording"]): card for card in cards}
    return [{"group": group, "cells": [found.get((group, name)) for name in names]} for group in groups]


def _card(winner: Winner, peak: Any) -> dict[str, Any]:
    time, bandwidth = winner.median_ns, winner.bandwidth_bytes_per_s
    known = bandwidth == bandwidth and peak is not None and peak == peak and float(peak) > 0
    return {
        "recording": winner.recording,
        "group": winner.group,
        "configuration": winner.configuration,
        "time": format_ns(time),
        "bandwidth": format_value(bandwidth, "bytes/s") if bandwidth == bandwidth else "",
        "peak_pct": bandwidth / float(peak) * 100 if known else None,
        "floor": format_ns(time * bandwidth / float(peak)) if known else "",
        "margin_pct": winner.margin_pct,
        "runner_up": winner.runner_up,
        "slowest_ratio": winner.slowest_ratio,
        "rivals": winner.rivals,
        "tied_with": _listed(winner.tied_with),
        "undecided": _listed(winner.undecided),
    }


def _listed(names: tuple[str, ...]) -> str:
    shown = "; ".join(names[:_NAMED_TIES])
    return f"{shown}; and {len(names) - _NAMED_TIES} more" if len(names) > _NAMED_TIES else shown


def _figures(view: View) -> list[Block]:
    frame = view.metric("summary")
    if frame is None:
        return [Missing("; ".join(view.reasons("summary")), "record a program that uses the GPU")]
    note = [Note(MEASURED_NOTE, "hint")] if any(map(is_narrowed, view.recordings)) else []
    if not view.several:
        return [Facts(key_figures(frame)), *note]
    return [
        *note,
        *(Facts(key_figures(rows), str(name)) for name, rows in frame.groupby("recording", sort=False)),
    ]


def key_figures(frame: pd.DataFrame) -> list[Fact]:
    """Return the figures that a page and the terminal begin with, from the table `summary`."""
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    known = {str(row["key"]): row for row in rows if row["value"] is not None and row["value"] == row["value"]}
    return [_fact(label, known[key], detail, known.get(other)) for label, key, detail, other in _KEY_FIGURES if key in known]


def _fact(label: str, row: dict[str, Any], detail: str, other: dict[str, Any] | None) -> Fact:
    more = "" if other is None else detail.format(_text(other))
    return Fact(label, _text(row), str(row["text"]), more)


def _text(row: dict[str, Any]) -> str:
    return format_value(float(row["value"]), str(row["unit"]))


PANEL = Panel("summary", "Summary", (), build, "", ("summary", "points", "findings"))
