"""What is fastest and where the time goes, as short tables of text: what terminal, page and JSON begin with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from profiler.compare.ranking import rank_recordings
from profiler.compare.winners import UNRANKED, Winner, format_tracing, title, winners
from profiler.errors import ProfilerError
from profiler.kernel_names import instantiation
from profiler.units import format_value, unit_of

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

_LAUNCH = {
    "profiled_duration_ns": "duration",
    "compute_throughput_pct": "compute",
    "memory_throughput_pct": "memory",
    "dram_throughput_pct": "DRAM",
    "achieved_occupancy_pct": "occupancy",
}

Row = dict[str, str]


def rank_alone(recording: Recording, source: str | None) -> pd.DataFrame | None:
    """Return what `profiler best` finds; None where the recording has nothing to rank by itself.

    Raises:
        UsageError: The recording has no times of the source asked for.
    """
    try:
        return rank_recordings([recording], source=source)
    except ProfilerError:
        if source:
            raise
        return None


def answers(recording: Recording, ranking: pd.DataFrame | None) -> list[tuple[str, list[Row], str]]:
    """Return title, rows and the column that may be shortened of each table that has rows, the first to be asked for first."""
    best = winners(ranking)
    head = "" if best else f"{UNRANKED}. "
    tables = [
        (title(ranking, best), winner_rows(best), "configuration"),
        (f"{head}Launches under ncu, the longest first", _launches(recording), "kernel"),
        (f"{head}Where the time of the GPU goes", spent(recording), "kernel"),
    ]
    if not any(rows for _, rows, _ in tables):
        tables.append((f"{head}Where the time of the host goes", _ranges(recording), "range"))
    return [table for table in tables if table[1]]


def winner_rows(found: list[Winner]) -> list[Row]:
    """Return a row for each kind of work: what is fastest, and how many may be as fast."""
    return [
        {
            "work": winner.work,
            "configuration": winner.configuration,
            "median": _text(winner.median_ns, "ns"),
            "bandwidth": _text(winner.bandwidth_bytes_per_s, "bytes/s"),
            "under tool": format_tracing(winner.tracing_cost_pct),
            "of": str(winner.rivals) if winner.rivals > 1 else "",
            "as fast": winner.as_fast,
            "slowest": f"{winner.slowest_ratio:.2f} ×" if winner.rivals > 1 else "",
            "note": winner.note,
        }
        for winner in found
    ]


def _launches(recording: Recording) -> list[Row]:
    return [
        {
            "kernel": instantiation(str(row["kernel"])),
            "grid": str(row["grid"]),
            "block": str(row["block"]),
            **{label: _text(row[name], unit_of(name)) for name, label in _LAUNCH.items()},
            "top stall": f"{row['stall_top']} {row['stall_top_pct']:.0f} %" if row["stall_top_pct"] == row["stall_top_pct"] else "",
        }
        for row in _records(recording, "launches", "profiled_duration_ns")
    ]


def spent(recording: Recording) -> list[Row]:
    """Return kernels and copies, those on which the GPU spent most time first."""
    copies = _records(recording, "memory_operations", "total_ns")
    directions = Counter(row["direction"] for row in copies)
    found = [(instantiation(str(row["kernel"])), row) for row in _records(recording, "kernel_summary", "total_ns")]
    found += [(_copy_name(row, directions[row["direction"]] > 1), row) for row in copies]
    total = sum(row["total_ns"] for _, row in found)
    return [
        {
            "kernel": name,
            "in all": _text(row["total_ns"], "ns"),
            "share": f"{row['total_ns'] / total * 100:.1f} %" if total else "",
            "median": _text(row["median_ns"], "ns"),
            "launches": str(row["count"]),
            "grid": str(row.get("grid", "")),
            "block": str(row.get("block", "")),
        }
        for name, row in sorted(found, key=lambda item: -item[1]["total_ns"])
    ]


def _copy_name(row: dict[str, Any], apart: bool) -> str:
    """Return what a row of copies is called; with the kinds of memory where another row has its direction."""
    if row["direction"] == "memset":
        return "memset"
    return f"copy {row['direction']}" + f" ({row['source_kind']} to {row['destination_kind']})" * apart


def _ranges(recording: Recording) -> list[Row]:
    return [
        {"range": str(row["range"]), "count": str(row["count"]), "in all": _text(row["host_total_ns"], "ns")}
        for row in _records(recording, "nvtx", "host_total_ns")
    ]


def _records(recording: Recording, name: str, by: str) -> list[dict[Any, Any]]:
    """Return the rows of a metric table, the largest first; none where it has no data."""
    frame = metric_or_none(recording, name)
    return [] if frame is None else frame.sort_values(by, ascending=False, kind="stable").to_dict("records")


def metric_or_none(recording: Recording, name: str) -> pd.DataFrame | None:
    """Return a metric table as `show` has it, None where it has no data."""
    from profiler.metrics.measured import shown_metric

    try:
        return shown_metric(recording, name)
    except ProfilerError:
        return None


def _text(value: float, unit: str) -> str:
    return "" if value != value else format_value(value, unit)
