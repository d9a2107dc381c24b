"""The A/B job: every side in fresh processes, interleaved in random order, until each row is decided or time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from profiler.capture.session import Job, Session, Steps, go_on, record
from profiler.compare.judge.comparison import Comparison
from profiler.compare.judge.rounds import balanced_order
from profiler.compare.judge.statistics import LOOKS
from profiler.errors import CaptureError, UsageError
from profiler.jobs.ab_comparison import compare_code, job_comparison, job_rows
from profiler.jobs.ab_process import can_narrow, points_file, side_step, undecided
from profiler.jobs.ab_store import JOB, TOOL, AbRequest, AbStore, RoundRecord, read_request
from profiler.jobs.sides import AbSide, restore_sides
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, find_run

if TYPE_CHECKING:
    import pandas as pd

FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class RoundProgress:
    """What a job tells after each round.

    Attributes:
        rounds: Finished rounds.
        undecided: Rows that more rounds may decide.
        rows: Rows in all.
        elapsed_s: Time measured so far, over all calls for the job.
    """

    rounds: int
    undecided: int
    rows: int
    elapsed_s: float


OnRound = Callable[[RoundProgress], None]
OnEnd = Callable[[AbStore], object]
Change = Callable[[AbRequest], AbRequest]


class AbJob(Job):
    """Measures sides until every row is decided, the rounds are used up, or the time budget ends.

    Args:
        request: What to measure.
        label: Name of the run.
        budget_s: Time for this call, in s; the last round is not begun when it would not fit.
        max_rounds: Rounds at most; rows are decided at the scheduled looks up to it.
        on_round: Told after each round.
        on_end: Given the state before the run is closed, to add to it.

    Raises:
        UsageError: There is no time or no round, or more rounds than any verdict would use.
    """

    going_on = "profiler ab --resume goes on"

    def __init__(
        self,
        request: AbRequest,
        label: str,
        budget_s: float,
        max_rounds: int,
        on_round: OnRound | None = None,
        on_end: OnEnd | None = None,
    ) -> None:
        _check_limits(request, budget_s, max_rounds)
        super().__init__(label, {})
        self._request, self._budget_s, self._max_rounds = request, budget_s, max_rounds
        self._on_round, self._on_end = on_round, on_end
        self._store: AbStore | None = None

    def steps(self, session: Session) -> Steps:
        """Yield the processes of round after round; goes on where the job stood.

        Raises:
            CaptureError: A side cannot be measured: its first process, or several in a row, gave no result.
        """
        deadline = time.monotonic() + self._budget_s
        self._store = store = AbStore(session.run, self._request)
        store.save_request()
        orders = balanced_order(len(store.names), self._max_rounds, np.random.default_rng(store.request.seed))
        rows = job_rows(store, final=False) if store.rounds else None
        narrow = can_narrow(store)
        while len(store.rounds) < self._max_rounds and not _is_over(store, rows, deadline):
            order = [store.names[index] for index in orders[len(store.rounds)]]
            yield from _round(store, order, rows, narrow)
            if len(store.rounds) == 1:
                compare_code(store)
            if rows is None or len(store.rounds) in LOOKS:
                rows = job_rows(store, final=False)  # what it says does not change between two looks
            self._tell(store, rows)
        if self._on_end is not None:
            self._on_end(store)

    def _tell(self, store: AbStore, rows: pd.DataFrame) -> None:
        if self._on_round is not None:
            elapsed = sum(item.duration_s for item in store.rounds)
            self._on_round(RoundProgress(len(store.rounds), int(undecided(store, rows).sum()), len(rows), elapsed))

    def comparison(self, run: RunDir) -> Comparison:
        """Return what the rounds so far say."""
        return job_comparison(self._store or AbStore(run, self._request))

    def close(self, run: RunDir) -> None:
        """Say in the manifest what was measured; one record stands for all processes."""
        if self._store is None:
            return
        store, sides = self._store, self._request.sides
        run.manifest.engine = store.facts.get(store.names[0], {}).get("engine", "")
        measured = CaptureRecord(TOOL, list(sides[0].argv), run.manifest.status, run.manifest.reason)
        measured.duration_s = sum(item.duration_s for item in store.rounds)
        run.manifest.captures = [measured]
        told = {"sides": {side.name: side.origin for side in sides}, "rounds": len(store.rounds)}
        run.manifest.options = {**run.manifest.options, "ab": told}


def _check_limits(request: AbRequest, budget_s: float, max_rounds: int) -> None:
    if budget_s <= 0 or max_rounds < 1:
        raise UsageError(f"a budget of {budget_s} s and {max_rounds} rounds leave nothing to measure", "give more than 0")
    if request.stop_early and max_rounds > LOOKS[-1]:
        raise UsageError(
            f"{max_rounds} rounds: the last look at the data is after {LOOKS[-1]}, and no verdict would use later rounds",
            f"give at most {LOOKS[-1]}",
        )


def _is_over(store: AbStore, rows: pd.DataFrame | None, deadline: float) -> bool:
    """Return whether no row is open, at a look, or at once when nothing needs to be measured; or no time is left."""
    if rows is None:
        return False
    at_look = len(store.rounds) in LOOKS or bool((rows["reason"] == "identical_code").all())
    if store.request.stop_early and at_look and not undecided(store, rows).any():
        return True
    expected = max(item.duration_s for item in store.rounds[-3:])
    return time.monotonic() + expected > deadline


def _round(store: AbStore, order: Sequence[str], rows: pd.DataFrame | None, narrow: bool) -> Steps:
    number, started = len(store.rounds) + 1, time.monotonic()
    failures: dict[str, str] = {}
    for name in order:
        side = store.request.sides[store.names.index(name)]
        ended = yield side_step(store, number, side, points_file(store, number, side, rows, narrow))
        if ended.failure is not None:
            failures[name] = ended.failure.message
    store.finish_round(RoundRecord(number, tuple(order), failures, time.monotonic() - started))
    _give_up_on_failures(store)


def _give_up_on_failures(store: AbStore) -> None:
    recent = store.rounds[-FAILURES_IN_A_ROW:]
    for name in store.names:
        reasons = [item.failures.get(name, "") for item in recent]
        if all(reasons) and (len(store.rounds) == 1 or len(recent) == FAILURES_IN_A_ROW):
            raise CaptureError(f"{name}: no result: {reasons[-1]}", f"see logs/{TOOL} in the run folder")


def start_job(
    request: AbRequest,
    root: Path,
    label: str,
    budget_s: float,
    max_rounds: int,
    on_round: OnRound | None = None,
    on_end: OnEnd | None = None,
) -> tuple[RunDir, Comparison]:
    """Measure sides interleaved, in a run of its own; the arguments are those of `AbJob`, `root` is the folder of runs.

    Raises:
        CaptureError: A side cannot be measured; the run is kept, marked failed.
        KeyboardInterrupt: The user stopped it; the run is kept likewise and can be resumed.
    """
    job = AbJob(request, label, budget_s, max_rounds, on_round, on_end)
    run = record(job, root)
    return run, job.comparison(run)


def resume_job(
    target: str,
    root: Path,
    budget_s: float,
    max_rounds: int,
    on_round: OnRound | None = None,
    change: Change | None = None,
    sides: Sequence[AbSide] = (),
) -> tuple[RunDir, Comparison]:
    """Go on with a job: one that was cut off, or one whose budget ended before its rows were decided.

    Args:
        target: Run id, label, unique prefix, or path.
        root: Folder that holds runs.
        budget_s: Further time.
        max_rounds: Rounds at most, those already measured among them.
        on_round: Told after each round.
        change: Returns the request with what is given anew: threshold, what may differ, time-out. It is kept.
        sides: The sides once more, where their command lines held credentials: these are not kept.

    Raises:
        UsageError: There is no such job, or credentials are missing.
        CaptureError: A side cannot be measured.
    """
    run = find_job(target, root)
    request = _changed(read_request(run), change)
    request = replace(request, sides=restore_sides(request.sides, sides))
    job = AbJob(request, run.manifest.label, budget_s, max_rounds, on_round)
    go_on(job, run)
    return run, job.comparison(run)


def find_job(target: str, root: Path) -> RunDir:
    """Return the run of a job, also of one that was killed and still has its temporary name."""
    hidden = [path for path in sorted(root.glob(f".partial-{target}*")) if (path / "raw" / TOOL / JOB).is_file()]
    return RunDir(hidden[0]) if len(hidden) == 1 else find_run(target, root)


def load_comparison(target: str, root: Path, change: Change | None = None) -> Comparison:
    """Return the comparison that a job's rounds give.

    Args:
        target: Run id, label or prefix.
        root: Folder that holds runs.
        change: Returns the request by which to judge, given the one by which it was measured; nothing is written.

    Raises:
        UsageError: The run is no A/B job.
    """
    run = find_run(target, root)
    return job_comparison(AbStore(run, _changed(read_request(run), change)))


def _changed(request: AbRequest, change: Change | None) -> AbRequest:
    return change(request) if change else request
