"""Several recordings, or a folder of captures, on a line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.cli.printing import echo, shorten
from profiler.compare.winners import Winner, winners
from profiler.errors import BadExportError, ProfilerError
from profiler.report.answers import Row, metric_or_none, rank_alone, spent
from profiler.store.compressed import SUFFIX
from profiler.store.manifest import MANIFEST_NAME
from profiler.tools.registry import find_folder_reader, known_suffixes
from profiler.units import format_value

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


def is_folder_of_captures(target: str) -> bool:
    """Return whether a target is a folder that is neither a run nor an export by itself."""
    path = Path(target)
    return path.is_dir() and not (path / MANIFEST_NAME).is_file() and find_folder_reader(path) is None


def describe(targets: Sequence[str], source: str | None, runs: Path) -> list[Row]:
    """Return a row a recording: tools, GPU, span, busy share, what takes longest, the worst finding, the fastest.

    Captures of one name beside each other by different tools (`x.sqlite`, `x.ncu-rep`) are one recording. What cannot be read
    is told on standard error.

    Raises:
        BadExportError: None could be read.
    """
    from profiler.metrics.recording import load

    found: dict[str, list[Recording]] = {}
    for target in (part for name in targets for part in _members(name)):
        try:
            recording = load(target, runs=runs)
        except ProfilerError as error:
            echo(f"note: {error.message}", err=True)
        else:
            path = recording.path
            key = str(path) if recording.run is not None else str(path.with_name(path.name.partition(".")[0]))
            found.setdefault(key, []).append(recording)
    rows = [row for recordings in found.values() for row in _rows(recordings, source)]
    if not rows:
        raise BadExportError(f"{', '.join(targets)}: holds no capture", "name nsys, Nsight Compute or profiler result files")
    return rows


def _members(target: str) -> list[str]:
    """Return a target, or the runs and the files in a folder of captures whose ending promises one."""
    if not is_folder_of_captures(target):
        return [target]
    inside, suffixes = sorted(Path(target).iterdir()), known_suffixes()
    runs = {path for path in inside if (path / MANIFEST_NAME).is_file()}
    files = {path for path in inside if path.is_file() and path.name.removesuffix(SUFFIX).endswith(suffixes)}
    return list(map(str, sorted(runs | files)))


def _rows(recordings: list[Recording], source: str | None) -> list[Row]:
    """Return the row of captures of one name by different tools; of one tool, the first counts."""
    from profiler.metrics.recording import Recording

    first = recordings[0]
    by_tool = {tool: recording.sources for recording in reversed(recordings) for tool in recording.tools}
    sources = [source for own in by_tool.values() for source in own]
    whole = first if len(recordings) == 1 else Recording(first.path.name.partition(".")[0], first.path, sources)
    try:
        return [_row(whole, source)]
    except ProfilerError as error:
        echo(f"note: {error.message}", err=True)
        return []


def _row(recording: Recording, source: str | None) -> Row:
    from profiler.cli.overview import noticed
    from profiler.report.header import device_names

    summary = metric_or_none(recording, "summary")
    cells = [] if summary is None else summary.to_dict("records")
    figures = {row["key"]: format_value(row["value"], str(row["unit"])) for row in cells}
    time, findings, best = spent(recording), noticed(recording), winners(rank_alone(recording, source))
    return {
        "recording": recording.name,
        "tools": ", ".join(recording.tools),
        "GPU": ", ".join(device_names(recording)),
        "span": figures.get("span_ns", ""),
        "busy": figures.get("gpu_busy_pct", ""),
        "longest": shorten(f"{time[0]['kernel']} {time[0]['share']}", 40) if time else "",
        "fastest": _first(best[0]) if best else "",
        "worst finding": shorten(findings[0]["title"], 50) if findings else "",
    }


def _first(winner: Winner) -> str:
    """Name what comes first, and how many may be as fast."""
    beside = f" ({winner.as_fast})" if winner.as_fast else ""
    return shorten(f"{winner.work} {winner.configuration}".strip(), 50) + beside
