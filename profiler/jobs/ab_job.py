"""A/B jobs as runs: start one, go on with one that was cut off, and close the run whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from profiler.capture.environment import environment_facts
from profiler.capture.lock import locked
from profiler.capture.process import run_process
from profiler.compare.judge.comparison import Comparison
from profiler.compare.judge.statistics import LOOKS
from profiler.errors import ProfilerError, UsageError
from profiler.jobs.ab import Progress, job_comparison, run_job
from profiler.jobs.ab_store import TOOL, AbRequest, AbStore
from profiler.jobs.sides import AbSide
from profiler.redaction import REMOVED, redact_command
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, create_run, find_run

OnRound = Callable[[Progress], None]
OnEnd = Callable[[AbStore], object]


def start_job(
    request: AbRequest,
    root: Path,
    label: str,
    budget_s: float,
    max_rounds: int,
    on_round: OnRound | None = None,
    on_end: OnEnd | None = None,
) -> tuple[RunDir, Comparison]:
    """Measure sides interleaved, in a run of its own.

    Args:
        request: What to measure.
        root: Folder that holds runs.
        label: Name of the run.
        budget_s: Time budget.
        max_rounds: Rounds at most.
        on_round: Told after each round.
        on_end: Given the state before the run is closed, to add to it.

    Raises:
        CaptureError: A side cannot be measured; the run is kept, marked failed.
        KeyboardInterrupt: The user stopped it; the run is kept likewise and can be resumed.
    """
    run = create_run(root, label)
    run.manifest.argv = list(sys.argv)
    run.manifest.environment = environment_facts()
    return _measure(AbStore(run, request), budget_s, max_rounds, on_round, on_end)


def resume_job(
    target: str,
    root: Path,
    budget_s: float,
    max_rounds: int,
    on_round: OnRound | None = None,
    change: Callable[[AbRequest], AbRequest] | None = None,
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
    store = AbStore(find_job(target, root), judged_by=change)
    store.request = restore_sides(store.request, sides)
    return _measure(store, budget_s, max_rounds, on_round)


def lost_sides(request: AbRequest) -> list[str]:
    """Return the names of the sides whose command lines held credentials."""
    return [side.name for side in request.sides if any(REMOVED in word for word in side.argv)]


def restore_sides(request: AbRequest, given: Sequence[AbSide]) -> AbRequest:
    """Return the request with the command lines that were given once more, where credentials were taken out of them.

    Raises:
        UsageError: One is missing, or another than the job began with.
    """
    known = {side.name: side for side in given}
    lost = lost_sides(request)
    restored = tuple(known.get(side.name, side) if side.name in lost else side for side in request.sides)
    missing = [
        new.name for new, old in zip(restored, request.sides, strict=True)
        if old.name in lost and (new is old or redact_command(new.argv) != list(old.argv))
    ]  # fmt: skip
    if missing:
        raise UsageError(
            f"the command line of {', '.join(missing)} held credentials, which are not kept",
            "give the sides once more as at the start (--base-command, --candidate-command); credentials in variables need not be",
        )
    return replace(request, sides=restored)


def find_job(target: str, root: Path) -> RunDir:
    """Return the run of a job, also of one that was killed and still has its temporary name."""
    hidden = [path for path in sorted(root.glob(f".partial-{target}*")) if (path / "raw" / TOOL / "job.json").is_file()]
    return RunDir(hidden[0]) if len(hidden) == 1 else find_run(target, root)


def load_comparison(target: str, root: Path, change: Callable[[AbRequest], AbRequest] | None = None) -> Comparison:
    """Return the comparison that a job's rounds give.

    Args:
        target: Run id, label or prefix.
        root: Folder that holds runs.
        change: Returns the request by which to judge, given the one by which it was measured; nothing is written.

    Raises:
        UsageError: The run is no A/B job.
    """
    return job_comparison(AbStore(find_run(target, root), judged_by=change))


def _measure(
    store: AbStore, budget_s: float, max_rounds: int, on_round: OnRound | None, on_end: OnEnd | None = None
) -> tuple[RunDir, Comparison]:
    if budget_s <= 0 or max_rounds < 1:
        raise UsageError(f"a budget of {budget_s} s and {max_rounds} rounds leave nothing to measure", "give more than 0")
    if store.request.stop_early and max_rounds > LOOKS[-1]:
        raise UsageError(
            f"{max_rounds} rounds: the last look at the data is after {LOOKS[-1]}, and no verdict would use later rounds",
            f"give at most {LOOKS[-1]}",
        )
    with locked(store.run), _closing(store):
        store.run.manifest.status, store.run.manifest.reason = "recording", ""
        store.run.save()
        store.save_request()
        comparison = run_job(store, budget_s, run_process, max_rounds, on_round)
        if on_end is not None:
            on_end(store)
        _close(store, "complete")
    return store.run, comparison


@contextmanager
def _closing(store: AbStore) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        _close(store, "failed", "interrupted by the user; profiler ab --resume goes on")
        raise
    except ProfilerError as error:
        _close(store, "failed", error.message.partition("\n")[0])
        raise
    except BaseException as error:
        _close(store, "failed", f"{type(error).__name__}: {error}")
        raise


def _close(store: AbStore, status: str, reason: str = "") -> None:
    manifest = store.run.manifest
    manifest.engine = store.facts.get(store.names[0], {}).get("engine", "")
    record = CaptureRecord(TOOL, argv=list(store.request.sides[0].argv), status=status, reason=reason)
    record.duration_s = sum(item.duration_s for item in store.rounds)
    manifest.captures = [record]
    sides = {side.name: side.origin for side in store.request.sides}
    manifest.options = {**manifest.options, "ab": {"sides": sides, "rounds": len(store.rounds)}}
    store.run.finish(status, reason)
