"""One process of a round: the points that it measures, its command line, and what its end says of its result."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.capture.artefacts import DRIVER
from profiler.capture.process import run_process
from profiler.capture.request import CaptureRequest
from profiler.capture.step import Ended, Step
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import Verdict
from profiler.compare.rows.alignment import unalias
from profiler.errors import BadExportError, CaptureError, ProfilerError, WrongOutputError
from profiler.jobs.ab_store import TOOL, AbStore
from profiler.jobs.sides import AbSide
from profiler.metrics.recording import load
from profiler.store.run_dir import write_atomic
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    import pandas as pd

MEASURED = (0, CaptureError.exit_code, WrongOutputError.exit_code)
"""Exit statuses that go with a whole result: all well, a point failed or all were skipped, wrong output (docs/compare.md)."""

_FILE_TIME_STEP_S = 2.0
"""File systems keep times of files as coarsely as this."""

ONLY = "--only"
"""Option of the driver that takes a file of labels."""

_HELP_TIMEOUT_S = 60.0


def undecided(store: AbStore, rows: pd.DataFrame) -> pd.Series:
    """Return which rows more rounds may decide; what the usual conditions of a row are is not known before the first look."""
    unknown = len(store.rounds) < LOOKS[0]
    return (rows["verdict"] == Verdict.CANNOT_TELL.value) | ((rows["reason"] == "conditions_differ") & unknown)


def takes_points(side: AbSide) -> bool:
    """Return whether the side's command asks for a file of points."""
    return any("{points}" in word for word in side.argv)


def can_narrow(store: AbStore) -> bool:
    """Return whether every side is a driver that can be told to measure only some points; one of an old revision may not."""
    if not store.request.stop_early:
        return False
    drivers = [side.argv[0] for side in store.request.sides if Path(side.argv[0]).name == DRIVER and ONLY not in side.argv]
    if len(drivers) < len(store.request.sides) or any(map(takes_points, store.request.sides)):
        return False
    log = store.folder / "driver-help.txt"
    try:
        return all(
            f"{ONLY} FILE" in run_process([driver, "--help"], log=log, timeout_s=_HELP_TIMEOUT_S).output for driver in set(drivers)
        )
    finally:
        log.unlink(missing_ok=True)


def points_file(store: AbStore, number: int, side: AbSide, rows: pd.DataFrame | None, narrow: bool) -> Path | None:
    """Write the labels that a process shall measure, in its side's own words.

    Args:
        store: State of the job.
        number: Round.
        side: One of its sides.
        rows: What the rounds before say; None before the first.
        narrow: The sides are drivers that take `--only`.

    Returns:
        The file; None when the process measures whatever its command says.
    """
    if takes_points(side):
        labels = (
            list(store.request.points) if rows is None else [item for item in store.request.points if item in _open(store, rows)]
        )
        labels = labels if side is store.request.sides[0] else [unalias(label, store.request.aliases) for label in labels]
    elif narrow and rows is not None:
        labels = _own_labels(store, side, rows)
    else:
        return None
    if not labels and not takes_points(side):
        return None  # the side has no counterpart of what is open: its process measures what it has
    path = store.round_folder(number) / f"points-{store.names.index(side.name)}.txt"
    write_atomic(path, "".join(f"{label}\n" for label in labels))
    return path


def _open(store: AbStore, rows: pd.DataFrame) -> set[str]:
    return set(rows.loc[undecided(store, rows), "base_label"].dropna())


def _own_labels(store: AbStore, side: AbSide, rows: pd.DataFrame) -> list[str]:
    """Return what a side calls the rows of the base that are open against any candidate."""
    wanted = rows[rows["base_label"].isin(_open(store, rows))]
    if side is store.request.sides[0]:
        return list(dict.fromkeys(wanted["base_label"]))
    named = wanted.loc[wanted["candidate"] == side.name, "candidate_label"].dropna()
    return [unalias(label, store.request.aliases) for label in dict.fromkeys(named)]


def side_step(store: AbStore, number: int, side: AbSide, points: Path | None) -> Step:
    """Return the step that measures a side in a round.

    Args:
        store: State of the job.
        number: Round.
        side: The side.
        points: File with the labels to measure; None when the command says which.
    """
    result = store.result_path(number, side.name)
    result.unlink(missing_ok=True)
    argv = fill_argv(side, result, number, store.request.seed, points)
    return Step(
        f"{TOOL}/{number:04d}-{result.stem}",
        CaptureRequest(tools=(UNTRACED,), command=tuple(argv), timeout_s=store.request.process_timeout_s),
        plain=True,
        result=result.relative_to(store.run.path),
        in_run=False,
        told=False,
        judge=partial(_judge, result, time.time()),
    )


def fill_argv(side: AbSide, result: Path, number: int, seed: int, points: Path | None) -> list[str]:
    """Return the command line of one process.

    Args:
        side: The side; `--json FILE` is added when its command has no `{json}`.
        result: Where the result goes.
        number: Round.
        seed: Seed of the job; the process gets seed + round, the same for all sides.
        points: File with the labels to measure, for `{points}`, else for the driver's `--only`.
    """
    values = {"{json}": str(result), "{seed}": str(seed + number), "{round}": str(number), "{points}": str(points or "")}
    words = list(side.argv) if any("{json}" in word for word in side.argv) else [*side.argv, "--json", "{json}"]
    if points is not None and not takes_points(side):
        words += [ONLY, "{points}"]
    for placeholder, value in values.items():
        words = [word.replace(placeholder, value) for word in words]
    return words


def _judge(result: Path, began_s: float, ended: Ended) -> ProfilerError | None:
    """Return why a process gave no result; `began_s`: time since the epoch before it was started."""
    process = ended.process
    how = process.stopped or f"exit status {process.returncode}"
    last = "".join(f": {text}" for text in [" | ".join(process.last_lines[-3:])] if text)
    try:
        if not load(result).has("points"):
            return CaptureError(f"its result holds no sweep point (exit status {process.returncode})")
        if result.stat().st_mtime < began_s - _FILE_TIME_STEP_S:
            return CaptureError("its result is older than the process: an old one was handed over")
    except BadExportError:
        return CaptureError(f"{how} without a result{last}")
    if process.stopped or process.returncode not in MEASURED:
        return CaptureError(f"{how} after it wrote its result, which may be cut off{last}")
    return None
