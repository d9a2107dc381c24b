"""One process of a round: its command line, and what its end says of its result."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from profiler.capture.request import CaptureRequest
from profiler.capture.step import Ended, Step
from profiler.errors import BadExportError, CaptureError, ProfilerError, WrongOutputError
from profiler.jobs.ab_points import ONLY, takes_points
from profiler.jobs.ab_store import TOOL, AbStore
from profiler.jobs.sides import AbSide
from profiler.metrics.recording import load
from profiler.tools.registry import UNTRACED

MEASURED = (0, CaptureError.exit_code, WrongOutputError.exit_code)
"""Exit statuses that go with a whole result: all well, a point failed or all were skipped, wrong output (docs/compare.md)."""

_FILE_TIME_STEP_S = 2.0
"""File systems keep times of files as coarsely as this."""


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
