"""Which points a process of an A/B job measures: all of them in the first round, later those that are still undecided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from profiler.capture.artefacts import DRIVER
from profiler.capture.process import run_process
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import Verdict
from profiler.compare.rows.alignment import unalias
from profiler.jobs.ab_store import AbStore
from profiler.jobs.sides import AbSide
from profiler.store.run_dir import write_atomic

if TYPE_CHECKING:
    import pandas as pd

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
