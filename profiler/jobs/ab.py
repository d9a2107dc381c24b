"""The A/B job: run every side in fresh processes, interleaved in random order, until each row is decided or time is up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from profiler.compare.judge.comparison import Comparison, SideInfo
from profiler.compare.judge.conditions import compare_facts, listed_differences
from profiler.compare.judge.machine_code import find_cuobjdump, function_digests, function_resources, resource_changes, same_code
from profiler.compare.judge.metric_changes import METRIC_COLUMNS
from profiler.compare.judge.noise import selftest_sentence
from profiler.compare.judge.rounds import balanced_order, compare_rounds
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.rows.alignment import align
from profiler.compare.rows.row import Row
from profiler.errors import BadExportError, CaptureError, ProfilerError, WrongOutputError
from profiler.jobs.ab_points import ONLY, can_narrow, points_file, takes_points, undecided
from profiler.jobs.ab_store import SOURCE, TOOL, AbStore, RoundRecord
from profiler.jobs.sides import AbSide
from profiler.metrics.recording import load
from profiler.store.run_dir import write_atomic

if TYPE_CHECKING:
    import pandas as pd

Run = Callable[..., Any]

FAILURES_IN_A_ROW = 3
MEASURED = (0, CaptureError.exit_code, WrongOutputError.exit_code)
"""Exit statuses that go with a whole result: all well, a point failed or all were skipped, wrong output (docs/compare.md)."""

_CODE_FILE = "machine-code.json"


@dataclass(frozen=True)
class Progress:
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


def run_job(
    store: AbStore, budget_s: float, run: Run, max_rounds: int = LOOKS[-1], on_round: Callable[[Progress], None] | None = None
) -> Comparison:
    """Measure until every row is decided, the rounds are used up, or the time budget ends; resumes where the job stood.

    Args:
        store: State of the job.
        budget_s: Time for this call, in s; the last round is not begun when it would not fit.
        run: `profiler.capture.process.run_process`.
        max_rounds: Rounds at most; rows are decided at the scheduled looks up to it.
        on_round: Told after each round.

    Returns:
        The comparison after the last round.

    Raises:
        CaptureError: A side cannot be measured: its first process, or several in a row, gave no result.
        KeyboardInterrupt: Ctrl-C; the job can be resumed.
    """
    deadline = time.monotonic() + budget_s
    orders = balanced_order(len(store.names), max(max_rounds, 1), np.random.default_rng(store.request.seed))
    rows = job_rows(store, final=False) if store.rounds else None
    narrow = can_narrow(store, run)
    while len(store.rounds) < max_rounds:
        finished = len(store.rounds)
        if rows is not None and store.request.stop_early and _is_over(rows, finished):
            break
        expected = max((item.duration_s for item in store.rounds[-3:]), default=0.0)
        if finished and time.monotonic() + expected > deadline:
            break
        _measure_round(store, orders[finished], rows, narrow, run)
        if finished == 0:
            _find_identical(store, run)
        rows = job_rows(store, final=False)
        if on_round is not None:
            elapsed = sum(record.duration_s for record in store.rounds)
            on_round(Progress(len(store.rounds), int(undecided(rows).sum()), len(rows), elapsed))
    return job_comparison(store)


def _is_over(rows: pd.DataFrame, finished: int) -> bool:
    """Say whether no row is open: at a look, or at once when nothing needs to be measured."""
    return not undecided(rows).any() and (finished in LOOKS or bool((rows["reason"] == "identical_code").all()))


def job_rows(store: AbStore, final: bool) -> pd.DataFrame:
    """Decide every row from the rounds so far.

    Args:
        store: State of the job.
        final: The job ends here: it looks at all rounds, also between two scheduled looks.
    """
    base, *candidates = store.names
    differences = [
        item
        for name in candidates
        for item in compare_facts(store.facts.get(base, {}), store.facts.get(name, {}), name, store.request.allowed)
    ]
    return compare_rounds(
        store.frame(), store.side_rows(), store.request.rule, final=final, keys=store.request.keys,
        differences=differences, identical=identical_rows(store), allowed=store.request.allowed,
    )  # fmt: skip


def _measure_round(store: AbStore, order: Any, rows: pd.DataFrame | None, narrow: bool, run: Run) -> None:
    number = len(store.rounds) + 1
    names = [store.names[index] for index in order]
    started = time.monotonic()
    failures: dict[str, str] = {}
    for name in names:
        side = store.request.sides[store.names.index(name)]
        reason = _measure_side(store, number, side, points_file(store, number, side, rows, narrow), run)
        if reason:
            failures[name] = reason
    store.finish_round(RoundRecord(number, tuple(names), failures, time.monotonic() - started))
    _give_up_on_failures(store)


def _measure_side(store: AbStore, number: int, side: AbSide, points: Path | None, run: Run) -> str:
    """Run one process; return why it gave no result, empty when it did."""
    result = store.result_path(number, side.name)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    log = store.run.logs / TOOL / f"{number:04d}-{result.stem}.log"
    argv = fill_argv(side, result, number, store.request.seed, points)
    ended = run(argv, log=log, timeout_s=store.request.process_timeout_s)
    if ended.stopped == "interrupted":
        raise KeyboardInterrupt
    how = ended.stopped or f"exit status {ended.returncode}"
    last = " | ".join(ended.last_lines[-3:])
    try:
        if not load(result).has("points"):
            return f"its result holds no sweep point (exit status {ended.returncode})"
    except BadExportError:
        return f"{how} without a result: {last}"
    if ended.stopped or ended.returncode not in MEASURED:
        return f"{how} after it wrote its result, which may be cut off: {last}"
    return ""


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


def _give_up_on_failures(store: AbStore) -> None:
    recent = store.rounds[-FAILURES_IN_A_ROW:]
    for name in store.names:
        reasons = [record.failures.get(name, "") for record in recent]
        if all(reasons) and (len(store.rounds) == 1 or len(recent) == FAILURES_IN_A_ROW):
            raise CaptureError(f"{name}: no result: {reasons[-1]}", f"see logs/{TOOL} in the run folder")


def _find_identical(store: AbStore, run: Run) -> None:
    """Compare the machine code of the sides once, and keep what was found."""
    cuobjdump = find_cuobjdump()
    record: dict[str, Any] = {"tool": cuobjdump or "", "same": {}, "changes": {}, "reason": ""}
    if not store.request.skip_identical:
        pass
    elif not all(side.binaries for side in store.request.sides):
        record["reason"] = "a side is a command, so machine code was not compared"
    elif cuobjdump is None:
        record["reason"] = "cuobjdump was not found, so machine code was not compared"
    else:
        try:
            record |= _compare_code(store, cuobjdump, run)
        except ProfilerError as error:
            record["reason"] = error.message
    write_atomic(store.folder / _CODE_FILE, json.dumps(record, indent=1) + "\n")


def _compare_code(store: AbStore, cuobjdump: str, run: Run) -> dict[str, Any]:
    """Return per candidate the kernels of equal machine code, and what the kernels take on both sides."""
    log = store.folder / "machine-code.txt"
    digests: dict[str, dict[tuple[str, str], str]] = {}
    resources: dict[str, dict[tuple[str, str], dict[str, int]]] = {}
    for side in store.request.sides:
        digests[side.name], resources[side.name] = {}, {}
        for binary in map(Path, side.binaries):
            digests[side.name] |= function_digests(binary, cuobjdump, run, log)
            resources[side.name] |= function_resources(binary, cuobjdump, run, log)
    base, *candidates = store.names
    measured = {name: _functions(store, name) for name in candidates}
    return {
        "same": {name: same_code(digests[base], digests[name], measured[name]) for name in candidates},
        "changes": {name: resource_changes(resources[base], resources[name], measured[name]) for name in candidates},
    }


def _functions(store: AbStore, candidate: str) -> list[tuple[str, str]]:
    """Return what the rows run on the base and on a candidate, each pair once."""
    rows = store.side_rows()
    pairs = align(rows[store.names[0]], rows[candidate], store.request.keys)
    found = [(_function(pair.base), _function(pair.candidate)) for pair in pairs if pair.base and pair.candidate]
    return sorted({names for names in found if all(names)})


def _function(row: Row) -> str:
    return row.symbol or row.keys.get("kernel", "")


def identical_rows(store: AbStore) -> Mapping[str, frozenset[str]]:
    """Return candidate to the base's labels whose machine code and launch configuration are the same on both sides."""
    same = _code_record(store).get("same", {})
    rows = store.side_rows()
    base = rows[store.names[0]]
    found = {}
    for name, functions in same.items():
        pairs = align(base, rows[name], store.request.keys)
        both = [(pair.base, pair.candidate) for pair in pairs if pair.base and pair.candidate]
        found[name] = frozenset(ours.label for ours, theirs in both if _same_launch(ours, theirs, functions))
    return found


def _code_record(store: AbStore) -> dict[str, Any]:
    """Return what was found about the machine code; empty before it was looked at."""
    path = store.folder / _CODE_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _same_launch(base: Row, candidate: Row, functions: list[list[str]]) -> bool:
    names = ("kernel", "launch_grid", "launch_block", "dynamic_shared_memory")
    if base.own_label != candidate.own_label or [_function(base), _function(candidate)] not in functions:
        return False
    return all(base.keys.get(name) is not None and base.keys.get(name) == candidate.keys.get(name) for name in names)


def job_comparison(store: AbStore) -> Comparison:
    """Return the comparison that the rounds so far give."""
    import pandas as pd

    base, *candidates = [_side_info(store, side) for side in store.request.sides]
    differences = [item for side in candidates for item in compare_facts(base.facts, side.facts, side.name, store.request.allowed)]
    sides = store.side_rows()
    for side in candidates:
        differences += listed_differences(side.name, align(sides[base.name], sides[side.name], store.request.keys))
    count = len(store.rounds)
    design = f"{count} interleaved rounds in random order, each a fresh process of every side on one machine"
    changes = _code_record(store).get("changes", {})
    records = [{"candidate": name, **record} for name, found in changes.items() for record in found]
    metrics = pd.DataFrame(records, columns=list(METRIC_COLUMNS))
    rows = job_rows(store, final=True)
    return Comparison(base, candidates, rows, metrics, differences, store.request.rule, design, _notes(store, rows), store.frame())


def _side_info(store: AbStore, side: AbSide) -> SideInfo:
    return SideInfo(side.name, (side.origin,), SOURCE, store.facts.get(side.name, {}))


def _notes(store: AbStore, rows: pd.DataFrame) -> list[str]:
    notes = []
    dropped = int(rows["dropped_rounds"].fillna(0).sum())
    if dropped:
        notes.append(f"{dropped} measurements were dropped because the SM clock fell during a round.")
    for record in store.rounds:
        notes += [f"Round {record.number}: {name}: {reason}" for name, reason in record.failures.items()]
    notes += [f"Round {number}: {name}: {reason}" for number, name, reason in store.dropped]
    facts = store.facts.get(store.names[0], {})
    sentence = selftest_sentence(store.run.path.parent, facts)
    notes = [sentence, *notes] if sentence else notes
    reason = _code_record(store).get("reason", "")
    return [*notes, f"{reason[:1].upper()}{reason[1:]}."] if reason else notes
