"""What the rounds of an A/B job say so far: the judgement of each row, and the machine code of the sides beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.capture.process import run_process
from profiler.compare.judge.comparison import Comparison, SideInfo
from profiler.compare.judge.conditions import compare_facts, listed_differences
from profiler.compare.judge.machine_code import find_cuobjdump, function_digests, function_resources, resource_changes, same_code
from profiler.compare.judge.metric_changes import METRIC_COLUMNS
from profiler.compare.judge.noise import selftest_sentence
from profiler.compare.judge.rounds import compare_rounds
from profiler.compare.rows.alignment import align
from profiler.compare.rows.row import Row
from profiler.errors import ProfilerError
from profiler.jobs.ab_store import SOURCE, AbStore
from profiler.jobs.sides import AbSide
from profiler.store.run_dir import write_atomic

if TYPE_CHECKING:
    import pandas as pd

_CODE_FILE = "machine-code.json"


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
        store.frame(),
        store.side_rows(),
        store.request.rule,
        final=final,
        keys=store.request.keys,
        differences=differences,
        identical=identical_rows(store),
        allowed=store.request.allowed,
    )


def compare_code(store: AbStore) -> None:
    """Compare the machine code of the sides once, and keep what was found."""
    cuobjdump = find_cuobjdump()
    record: dict[str, Any] = {"tool": cuobjdump or "", "same": {}, "changes": {}, "reason": ""}
    try:
        record |= _compare_code(store, cuobjdump) if store.request.skip_identical else {}
    except ProfilerError as error:
        record["reason"] = error.message
    write_atomic(store.folder / _CODE_FILE, json.dumps(record, indent=1) + "\n")


def _compare_code(store: AbStore, cuobjdump: str | None) -> dict[str, Any]:
    """Return per candidate the kernels of equal machine code, and what the kernels take on both sides; or why neither is known."""
    if not all(side.binaries for side in store.request.sides):
        return {"reason": "a side is a command, so machine code was not compared"}
    if cuobjdump is None:
        return {"reason": "cuobjdump was not found, so machine code was not compared"}
    log = store.folder / "machine-code.txt"
    digests: dict[str, dict[tuple[str, str], str]] = {}
    resources: dict[str, dict[tuple[str, str], dict[str, int]]] = {}
    for side in store.request.sides:
        digests[side.name], resources[side.name] = {}, {}
        for binary in map(Path, side.binaries):
            digests[side.name] |= function_digests(binary, cuobjdump, run_process, log)
            resources[side.name] |= function_resources(binary, cuobjdump, run_process, log)
    base, *candidates = store.names
    measured = {name: _functions(store, name) for name in candidates}
    return {
        "same": {name: same_code(digests[base], digests[name], measured[name]) for name in candidates},
        "changes": {name: resource_changes(resources[base], resources[name], measured[name]) for name in candidates},
    }


def _functions(store: AbStore, candidate: str) -> list[tuple[str, str]]:
    """Return what the rows run on the base and on a candidate, each pair once."""
    found = {(_function(ours), _function(theirs)) for ours, theirs in _matched(store, candidate)}
    return sorted(names for names in found if all(names))


def _matched(store: AbStore, candidate: str) -> list[tuple[Row, Row]]:
    """Return the rows that the base and a candidate both have."""
    rows = store.side_rows()
    pairs = align(rows[store.names[0]], rows[candidate], store.request.keys)
    return [(pair.base, pair.candidate) for pair in pairs if pair.base and pair.candidate]


def _function(row: Row) -> str:
    return row.symbol or row.keys.get("kernel", "")


def identical_rows(store: AbStore) -> Mapping[str, frozenset[str]]:
    """Return candidate to the base's labels whose machine code and launch configuration are the same on both sides."""
    return {
        name: frozenset(ours.label for ours, theirs in _matched(store, name) if _same_launch(ours, theirs, functions))
        for name, functions in _code_record(store).get("same", {}).items()
    }


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
