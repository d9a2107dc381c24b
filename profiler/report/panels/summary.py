"""Panel: what a person must know after ten seconds: the fastest configuration, how far from the best possible, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profiler.compare.winners import Winner, winners
from profiler.compare.winners import title as title_of
from profiler.metrics.measured import MEASURED_NOTE, is_narrowed
from profiler.point_label import label_in_words
from profiler.report.answers import answers, winner_rows
from profiler.report.blocks import Block, Facts, Findings, Grid, KeyFigure, Missing, Note, Winners
from profiler.report.panels.base import Panel
from profiler.report.panels.findings import NOT_EVALUATED
from profiler.report.view import View, by_recording
from profiler.units import format_ns, format_value

_TOP_FINDINGS = 3
_TOP_ROWS = 5
# label, figure, and a second figure that explains the first
_KEY_FIGURES = (
    ("GPU busy", "gpu_busy_pct", "of {}", "span_ns"),
    ("GPU busy in iterations", "iteration_busy_pct", "of {}", "iteration_span_ns"),
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
    noticed = [item for item in view.findings if item.severity != NOT_EVALUATED]
    found = ([item for item in noticed if item.severity != "info"] or noticed)[:_TOP_FINDINGS]
    return [*_answers(view), *([Findings(found, brief=True)] if found else []), *_figures(view)]


def _answers(view: View) -> list[Block]:
    """Return the fastest of each kind of work or, where nothing is ranked, where the time goes: as the terminal says it."""
    best = {name: winners(ranking) for name, ranking in zip(view.names, view.rankings, strict=True)}
    if not any(best.values()):
        first = (answers(recording, None)[:1] for recording in view.recordings)
        return [
            Grid(f"{name}: {title}" if view.several else title, rows[:_TOP_ROWS])
            for name, tables in zip(view.names, first, strict=True)
            for title, rows, _ in tables
        ]
    if not view.several and all(winner.rivals == 1 for winner in best[view.names[0]]):
        return [Grid(title_of(view.rankings[0], best[view.names[0]]), winner_rows(best[view.names[0]]))]
    peak = view.device.get("memory_bandwidth_bytes_per_s")
    cards = {name: {winner.work: _card(winner, peak) for winner in found} for name, found in best.items()}
    works = dict.fromkeys(work for found in cards.values() for work in found)
    rows = {work: [found.get(work) for found in cards.values()] for work in works}
    shown = next(ranking for ranking, found in zip(view.rankings, best.values(), strict=True) if found)
    return [Winners(title_of(shown, [winner for found in best.values() for winner in found]), rows, view.names)]


def _card(winner: Winner, peak: Any) -> dict[str, Any]:
    time, bandwidth = winner.median_ns, winner.bandwidth_bytes_per_s
    known = bandwidth == bandwidth and peak is not None and peak == peak and float(peak) > 0
    return {
        "what": label_in_words(winner.configuration) or winner.configuration,
        "said": [text for text in (winner.standing(label_in_words), winner.note) if text],
        "time": format_ns(time),
        "bandwidth": format_value(bandwidth, "bytes/s") if bandwidth == bandwidth else "",
        "peak_pct": bandwidth / float(peak) * 100 if known else None,
        "floor": format_ns(time * bandwidth / float(peak)) if known else "",
    }


def _figures(view: View) -> list[Block]:
    frame = view.metric("summary")
    if frame is None:
        return [Missing("; ".join(view.reasons("summary")), "record a program that uses the GPU")]
    note = [Note(MEASURED_NOTE, "hint")] if any(map(is_narrowed, view.recordings)) else []
    return [*note, *(Facts(key_figures(rows), name) for name, rows in by_recording(frame))]


def key_figures(frame: pd.DataFrame) -> list[KeyFigure]:
    """Return the figures that a page and the terminal begin with, from the table `summary`."""
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    known = {str(row["key"]): row for row in rows if row["value"] is not None and row["value"] == row["value"]}
    # around iterations lies set-up; of an own sweep the rest is left out anyway
    unwanted = ("gpu_busy_pct", "gap_count") if {"gpu_busy_pct", "iteration_busy_pct"} <= known.keys() else ("iteration_busy_pct",)
    known = {key: row for key, row in known.items() if key not in unwanted}
    return [_fact(label, known[key], detail, known.get(other)) for label, key, detail, other in _KEY_FIGURES if key in known]


def _fact(label: str, row: dict[str, Any], detail: str, other: dict[str, Any] | None) -> KeyFigure:
    more = "" if other is None else detail.format(_text(other))
    return KeyFigure(label, _text(row), str(row["text"]), more)


def _text(row: dict[str, Any]) -> str:
    return format_value(float(row["value"]), str(row["unit"]))


PANEL = Panel("summary", "Summary", (), build, "", ("summary", "point_summary", "findings"))
