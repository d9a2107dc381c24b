"""The state of an A/B job on disk: what was asked, and every finished round; written so that nothing measured is lost.

raw/ab/job.json                       the sides and how they are compared
raw/ab/rounds/0007/base.json          result documents of the sides, as docs/formats.md sets them
raw/ab/rounds/0007/candidate-1.json
raw/ab/rounds/0007/round.json         order and failures; written last: a round without it does not count
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.compare.judge.conditions import compare_facts, mixed_conditions, recording_facts
from profiler.compare.judge.rounds import ROUND_COLUMNS
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.rows.alignment import apply_aliases
from profiler.compare.rows.point_rows import rows_from_points
from profiler.compare.rows.row import Row, merge_replicates, mix_conditions
from profiler.errors import BadExportError, UsageError
from profiler.jobs.sides import AbSide
from profiler.metrics.recording import load
from profiler.redaction import redact_document
from profiler.store.document import read_document
from profiler.store.run_dir import RunDir, write_atomic
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    import pandas as pd

SCHEMA, JOB_VERSION = "profiler-ab", 1
TOOL = "ab"
JOB = "job.json"
SOURCE = "own timing of sweep points, one fresh process a round"


@dataclass(frozen=True)
class AbRequest:
    """What an A/B job measures and how it decides.

    Attributes:
        sides: Base first.
        rule: Threshold and error rates.
        keys: The only keys that identify a row; empty for the label.
        aliases: Key to candidate value to base value.
        allowed: Conditions that may differ.
        points: Labels to measure, in the base's words, for commands with `{points}`; later rounds get the undecided ones.
        seed: Seed of the order in which the sides run.
        skip_identical: Do not go on measuring rows of identical machine code and launch configuration.
        stop_early: End as soon as every row is decided.
        process_timeout_s: Longest time of one process.
    """

    sides: tuple[AbSide, ...]
    rule: DecisionRule = field(default_factory=DecisionRule)
    keys: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    points: tuple[str, ...] = ()
    seed: int = 1
    skip_identical: bool = True
    stop_early: bool = True
    process_timeout_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse a job without two sides or with two of one name.

        Raises:
            UsageError: There is nothing to compare.
        """
        names = [side.name for side in self.sides]
        if len(names) < 2:
            raise UsageError("an A/B job needs a base and a candidate", "give --base and --candidate")
        if len(set(names)) < len(names):
            raise UsageError(f"two sides have the same name: {', '.join(names)}", "profiler selftest compares a thing with itself")
        if not self.points and any("{points}" in word for side in self.sides for word in side.argv):
            raise UsageError("a command asks for {points}, and there are none", "give them: --points FILE, one label a line")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        data = {**asdict(self), "allowed": sorted(self.allowed), "sides": [side.to_dict() for side in self.sides]}
        return {"schema": SCHEMA, "schema_version": JOB_VERSION, **data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AbRequest:
        """Build a request from its JSON form."""
        known = {key: value for key, value in data.items() if key not in ("schema", "schema_version")}
        known |= {
            "sides": tuple(AbSide.from_dict(side) for side in data["sides"]),
            "rule": DecisionRule(**data["rule"]),
            "keys": tuple(data["keys"]),
            "points": tuple(data["points"]),
            "allowed": frozenset(data["allowed"]),
        }
        return cls(**known)


@dataclass(frozen=True)
class RoundRecord:
    """One finished round.

    Attributes:
        number: From 1.
        order: Names of the sides in the order in which they ran.
        failures: Side name to the reason why it has no result.
        duration_s: Wall time.
    """

    number: int
    order: tuple[str, ...]
    failures: Mapping[str, str]
    duration_s: float


_Dropped = tuple[int, str, str]


class AbStore:
    """Rounds of one job.

    Args:
        run: Run folder.
        request: The job; None reads it from the folder.

    Raises:
        UsageError: The run is no A/B job.
        BadExportError: Its state is damaged.
    """

    def __init__(self, run: RunDir, request: AbRequest | None = None) -> None:
        self.run = run
        self.request = request or read_request(run)
        self.names = [side.name for side in self.request.sides]
        self.rounds: list[RoundRecord] = []
        self.facts: dict[str, dict[str, str]] = {}
        self._elsewhere: list[_Dropped] = []
        self._measured: dict[str, list[list[Row]]] = {name: [] for name in self.names}
        self._usual: tuple[dict[str, list[list[Row]]], list[_Dropped]] | None = None
        while (self.round_folder(len(self.rounds) + 1) / "round.json").is_file():
            self._read_round(len(self.rounds) + 1)

    def save_request(self) -> None:
        """Keep the request as it is now: what a resumed job was given anew counts from here on."""
        document = redact_document(self.request.to_dict())
        write_atomic(self.folder / JOB, json.dumps(document, indent=1, ensure_ascii=False) + "\n")

    @property
    def folder(self) -> Path:
        """Where the job keeps its files; the run's folder gets another name when the run is complete."""
        return self.run.raw(TOOL)

    def round_folder(self, number: int) -> Path:
        """Folder of a round."""
        return self.folder / "rounds" / f"{number:04d}"

    def result_path(self, number: int, side: str) -> Path:
        """Where a side's process of a round writes its result."""
        index = self.names.index(side)
        return self.round_folder(number) / ("base.json" if index == 0 else f"candidate-{index}.json")

    def finish_round(self, record: RoundRecord) -> None:
        """Close a round: from now on it counts."""
        text = json.dumps({**asdict(record), "order": list(record.order)}, indent=1, ensure_ascii=False)
        write_atomic(self.round_folder(record.number) / "round.json", text + "\n")
        self._read_round(record.number)

    def _read_round(self, number: int) -> None:
        path = self.round_folder(number) / "round.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            record = RoundRecord(number, tuple(data["order"]), dict(data["failures"]), float(data["duration_s"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadExportError(
                f"{path}: not a round ({error!r})", "delete this folder and the later ones, then resume"
            ) from error
        self.rounds.append(record)
        for side in self.names:
            self._measured[side].append([] if side in record.failures else self._read_side(number, side))
        self._usual = None

    def _read_side(self, number: int, side: str) -> list[Row]:
        recording = load(self.result_path(number, side))
        facts = recording_facts(recording, UNTRACED, SOURCE)
        known = self.facts.setdefault(side, facts)
        changed = [item for item in compare_facts(known, facts, side, self.request.allowed) if item.voids]
        if changed:
            texts = [f"{item.title}: {item.base_value} and {item.candidate_value}" for item in changed]
            self._elsewhere.append((number, side, f"dropped, for it was measured under other conditions: {'; '.join(texts)}"))
            return []
        samples = recording.table("samples") if recording.has("samples") else None
        rows = rows_from_points(recording.table("points"), samples)
        if side != self.names[0]:
            apply_aliases(rows, self.request.aliases)
        return rows

    def _kept(self) -> tuple[dict[str, list[list[Row]]], list[_Dropped]]:
        """Return each side's rows of each round that were measured under the usual conditions, and what was not."""
        if self._usual is None:
            found = {side: _under_usual_conditions(side, self._measured[side], self.request.allowed) for side in self.names}
            self._usual = {side: rows for side, (rows, _) in found.items()}, [item for _, own in found.values() for item in own]
        return self._usual

    @property
    def dropped(self) -> list[_Dropped]:
        """Round, side and why what it measured there does not count: its machine or conditions were not the usual ones."""
        return self._elsewhere + self._kept()[1]

    def frame(self) -> pd.DataFrame:
        """Return the rounds table."""
        import pandas as pd

        parts = self._kept()[0]
        records = [
            _round_row(record.number, record.order.index(side), side, row)
            for index, record in enumerate(self.rounds)
            for side in self.names
            for row in parts[side][index]
        ]
        return pd.DataFrame(records, columns=list(ROUND_COLUMNS))

    def side_rows(self) -> dict[str, list[Row]]:
        """Return each side's rows, one summary per round in which the side has a result."""
        return {name: merge_replicates([part for part in parts if part]) for name, parts in self._kept()[0].items()}


def _under_usual_conditions(
    side: str, rounds: Sequence[list[Row]], allowed: frozenset[str]
) -> tuple[list[list[Row]], list[_Dropped]]:
    """Return what a side measured under the conditions that a row had in most rounds, and what is dropped.

    Whether the gaps of an iteration could be hidden, for one, is found by measuring, and may differ in a single process.
    """
    seen: dict[str, Counter[tuple[tuple[str, str], ...]]] = defaultdict(Counter)
    for row in chain.from_iterable(rounds):
        seen[row.label][tuple(row.conditions.items())] += 1
    usual = {label: dict(found.most_common(1)[0][0]) for label, found in seen.items()}
    kept, dropped = [], []
    for number, rows in enumerate(rounds, 1):
        mixed = {row.label: mix_conditions(dict(usual[row.label]), row.conditions) for row in rows}
        changed = {label: text for label, found in mixed.items() if (text := mixed_conditions(found, allowed))}
        if changed:
            label, text = next(iter(changed.items()))
            more = f" and {len(changed) - 1} more rows" if len(changed) > 1 else ""
            dropped.append((number, side, f"dropped, for it was measured under other conditions: {label}{more}: {text}"))
        kept.append([row for row in rows if row.label not in changed])
    return kept, dropped


def _round_row(number: int, position: int, side: str, row: Row) -> tuple[Any, ...]:
    """Return one row of the rounds table, in the order of `ROUND_COLUMNS`."""
    summary, clocks_hz = row.summaries[0], (row.sm_clock_before_hz, row.sm_clock_after_hz)
    measured = summary.median_ns, summary.count, summary.resolution_ns, summary.problem
    return (number, position, side, row.label, *measured, *clocks_hz)


def read_request(run: RunDir) -> AbRequest:
    """Return what a job measures, as it was begun or last gone on with.

    Raises:
        UsageError: The run is no A/B job.
        BadExportError: The file is damaged.
    """
    path = run.raw(TOOL) / JOB
    if not path.is_file():
        raise UsageError(f"{run.run_id}: not an A/B job", "name a run made by profiler ab")
    data = read_document(path, SCHEMA, JOB_VERSION, "restore the file, or start the job anew")
    try:
        return AbRequest.from_dict(data)
    except (ValueError, KeyError, TypeError) as error:
        raise BadExportError(f"{path}: not an A/B job ({error!r})", "restore the file, or start the job anew") from error
