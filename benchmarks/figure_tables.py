"""The tables of `false_alarms.py`: which experiments each is made of, how it is written, and what it must not exceed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import capture_trials
import choice_trials
import history_trials
import noise_models
import numpy as np
import round_trials
import sample_trials
from round_trials import POWER

Cells = Mapping[tuple, Mapping[str, float]]
ROUND_JOBS = {1: 2000, 8: 1000, 48: 600, 500: 60}
"""Rows of a job to jobs simulated."""
CAPTURE_JOBS = 400
CAPTURE_ROWS = 48
HISTORIES, SAMPLE_PAIRS, SWEEPS = 1000, 2000, 200
PAIRS = tuple(f"{n}:{m}" for n, m in capture_trials.SIDES)
POWER_MODELS = ("Gaussian 0.3 %", "Gaussian 1 %", "Student t 2.5, 0.5 %")
MODELS = {model.name: model for model in noise_models.MODELS}


@dataclass(frozen=True)
class Cell:
    """Experiments of one kind: `trial(experiments, rng)` counts what was said in them."""

    key: tuple
    experiments: int
    trial: Callable[[int, np.random.Generator], Mapping[str, float]]


@dataclass(frozen=True)
class Section:
    """One group of tables: its cells, its Markdown, and the promises that its counts break."""

    cells: Callable[[], Iterable[Cell]]
    text: Callable[[Cells], str]
    broken: Callable[[Cells], list[str]]


def render(name: str, cells: Cells, scale: float) -> str:
    """Return the section's Markdown with the command that makes it."""
    more = f" --scale {scale:g}" if scale != 1.0 else ""
    return f"\n`python benchmarks/false_alarms.py --only {name}{more}`\n\n{SECTIONS[name].text(cells)}\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Return a Markdown table, its first columns text and the others numbers."""
    line = ["---"] * texts + ["---:"] * (len(header) - texts)
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, line, *rows)) + "\n"


def pct(counts: Mapping[str, float], part: str, whole: str) -> str:
    """Return a share in %."""
    return f"{100 * counts[part] / counts[whole]:.1f}" if counts.get(whole) else ""


def beyond(name: str, counts: Mapping[str, float], part: str, whole: str, limit: float, least: bool = False) -> list[str]:
    """Return a line where a share is surely beyond its limit: by three standard errors, the rows of a job taken for one."""
    trials = counts[whole.replace("rows", "jobs")]
    share, room = counts[part] / counts[whole], 3.0 * np.sqrt(limit * (1.0 - limit) / trials)
    bad = share < limit - room if least else share > limit + room
    return [f"{name}: {part} {100 * share:.2f} %, {'at least' if least else 'at most'} {100 * limit:g} %"] if bad else []


def _round_cells() -> Iterable[Cell]:
    for name, model in MODELS.items():
        for rows, jobs in ROUND_JOBS.items():
            yield Cell((name, rows), jobs, partial(_round_trial, model, rows))


def _round_trial(model: noise_models.Model, rows: int, jobs: int, rng: np.random.Generator) -> Mapping[str, float]:
    return round_trials.trial(model, jobs, rows, rng)


def _round_text(cells: Cells) -> str:
    shown = [(name, cells[name, 48]) for name in MODELS]
    header = ["noise, 48 rows", "rows %", "jobs %", "false discoveries %", "coverage %", "dependence %", "rounds"]
    first = table(
        [*header, *(f"+{100 * power:g} %" for power in POWER)],
        [
            [name, *(pct(c, *of) for of in _ROUND_SHARES), f"{c['rounds'] / c['jobs']:.0f}"]
            + [pct(c, f"found {power:g}", f"tried {power:g}") for power in POWER]
            for name, c in shown
        ],
    )
    kinds = (("alarms", "rows"), ("stopped", "jobs"))
    second = table(
        ["noise", *(f"{what} %, {rows} rows" for what in ("rows", "jobs") for rows in ROUND_JOBS)],
        [[name, *(pct(cells[name, rows], *of) for of in kinds for rows in ROUND_JOBS)] for name in MODELS],
    )
    return f"{first}\n{second}"


_ROUND_SHARES = (
    ("alarms", "rows"),
    ("stopped", "jobs"),
    ("false_discovery", "jobs"),
    ("covered", "rows"),
    ("warned", "jobs"),
)


def _round_broken(cells: Cells) -> list[str]:
    found = []
    for (name, rows), counts in cells.items():
        where = f"ab, {name}, {rows} rows"
        found += beyond(where, counts, "alarms", "rows", 0.01)
        found += beyond(where, counts, "stopped", "jobs", 0.02) if rows <= CAPTURE_ROWS else []
        found += beyond(where, counts, "covered", "rows", 0.93, least=True)
        found += beyond(where, counts, "false_discovery", "jobs", 0.05) if rows > 1 else []
    return found


def _capture_cells() -> Iterable[Cell]:
    for name, model in MODELS.items():
        for sides in () if model.clock else capture_trials.SIDES:
            key = (name, f"{sides[0]}:{sides[1]}")
            yield Cell(key, CAPTURE_JOBS, partial(_capture_trial, model, sides))


def _capture_trial(model: noise_models.Model, sides: tuple[int, int], jobs: int, rng: np.random.Generator) -> Mapping[str, float]:
    assumed = capture_trials.trial(model, sides, jobs, CAPTURE_ROWS, False, rng)
    known = capture_trials.trial(model, sides, jobs, CAPTURE_ROWS, True, rng)
    return {**assumed, **{f"known {name}": count for name, count in known.items()}}


def _capture_text(cells: Cells) -> str:
    names = dict.fromkeys(name for name, _ in cells)
    parts = []
    for prefix, title in (("known ", "self-tested"), ("", "spread assumed")):
        kinds = {"alarms": "rows", "stopped": "jobs", "covered": "rows"}
        body = []
        for name in names:
            of_sides = [cells[name, sides] for sides in PAIRS]
            body.append(
                [name, *(" / ".join(pct(c, prefix + kind, prefix + whole) for kind, whole in kinds.items()) for c in of_sides)]
            )
        parts.append(table([f"{title}: rows / jobs / coverage %", *PAIRS], body))
        header = [f"{title}, found %", *(f"{sides}, +{100 * p:g} %" for sides in PAIRS[:5] for p in POWER[1:])]
        power = [
            [name, *(pct(cells[name, s], f"{prefix}found {p:g}", f"{prefix}tried {p:g}") for s in PAIRS[:5] for p in POWER[1:])]
            for name in POWER_MODELS
        ]
        parts.append(table(header, power))
    return "\n".join(parts)


def _capture_broken(cells: Cells) -> list[str]:
    found = []
    for (name, sides), counts in cells.items():
        for prefix in () if MODELS[name].memory else ("", "known "):
            where = f"compare, {name}, {sides}, {'self-tested' if prefix else 'spread assumed'}"
            found += beyond(where, counts, f"{prefix}alarms", f"{prefix}rows", 0.01)
            found += beyond(where, counts, f"{prefix}stopped", f"{prefix}jobs", 0.02)
            if min(map(int, sides.split(":"))) >= 3:
                found += beyond(where, counts, f"{prefix}covered", f"{prefix}rows", 0.93, least=True)
    return found


def _history_cells() -> Iterable[Cell]:
    for model in history_trials.MODELS:
        for runs in history_trials.RUNS:
            for step in history_trials.STEPS:
                yield Cell((model, runs, step), HISTORIES // (2 if step else 1), partial(history_trials.trial, model, runs, step))


def _history_text(cells: Cells) -> str:
    rows = []
    for model in history_trials.MODELS:
        for step in history_trials.STEPS:
            of_runs = [cells[model, runs, step] for runs in history_trials.RUNS]
            shown = (f"{pct(c, 'changes', 'histories')} ({pct(c, 'warned', 'histories')})" for c in of_runs)
            rows.append([model, f"{100 * step:g} % step" if step else "constant", *shown])
    return table(["noise of runs", "truth", *(f"{runs} runs" for runs in history_trials.RUNS)], rows, 2)


def _history_broken(cells: Cells) -> list[str]:
    constant = {key: counts for key, counts in cells.items() if not key[2]}
    return [
        line for key, c in constant.items() for line in beyond(f"trend, {key[0]}, {key[1]} runs", c, "changes", "histories", 0.01)
    ]


def _sample_cells() -> Iterable[Cell]:
    for model in sample_trials.MODELS:
        for count in sample_trials.COUNTS:
            for slowdown in (0.0, 0.003, 0.02) if count == sample_trials.COUNTS[-1] else (0.0,):
                yield Cell((model, count, slowdown), SAMPLE_PAIRS, partial(sample_trials.trial, model, count, slowdown))


def _sample_text(cells: Cells) -> str:
    ours, counts = sample_trials.RULES[0], sample_trials.COUNTS
    few = [[model, *(pct(cells[model, count, 0.0], ours, "pairs") for count in counts)] for model in sample_trials.MODELS]
    peers = [
        [model, f"{100 * slowdown:g} % slower" if slowdown else "identical"]
        + [pct(cells[model, counts[-1], slowdown], rule, "pairs") for rule in sample_trials.RULES]
        for model in sample_trials.MODELS
        for slowdown in (0.0, 0.003, 0.02)
    ]
    first = table(["false alarms %, noise of iterations", *(f"{count} samples" for count in counts)], few)
    second = table([f"claims %, {counts[-1]} samples", "truth", *sample_trials.RULES], peers, 2)
    return f"{first}\n{second}"


def _sample_broken(cells: Cells) -> list[str]:
    same = {key: counts for key, counts in cells.items() if not key[2] and "autocorrelation" not in key[0]}
    rule = sample_trials.RULES[0]
    return [line for key, c in same.items() for line in beyond(f"compare, {key[0]}, {key[1]} samples", c, rule, "pairs", 0.01)]


def _choice_cells() -> Iterable[Cell]:
    for case in choice_trials.CASES:
        for spread in choice_trials.SPREADS:
            for processes in choice_trials.PROCESSES:
                yield Cell((case, spread, processes), SWEEPS, partial(choice_trials.trial, case, spread, processes))


def _choice_text(cells: Cells) -> str:
    rows = []
    for case in choice_trials.CASES:
        for spread in choice_trials.SPREADS:
            of_processes = [cells[case, spread, processes] for processes in choice_trials.PROCESSES]
            sizes = (f"{c['set'] / c['sweeps']:.1f} ({pct(c, 'kept', 'sweeps')} %)" for c in of_processes)
            rows.append([case, f"{100 * spread:g} %", *sizes])
    columns = (f"{processes} process{'es' * (processes > 1)}" for processes in choice_trials.PROCESSES)
    return table([f"{choice_trials.CONFIGURATIONS} configurations", "spread", *columns], rows, 2)


def _choice_broken(cells: Cells) -> list[str]:
    return [line for key, c in cells.items() for line in beyond(f"best, {key}", c, "kept", "sweeps", 0.95, least=True)]


SECTIONS = {
    "rounds": Section(_round_cells, _round_text, _round_broken),
    "captures": Section(_capture_cells, _capture_text, _capture_broken),
    "samples": Section(_sample_cells, _sample_text, _sample_broken),
    "histories": Section(_history_cells, _history_text, _history_broken),
    "choices": Section(_choice_cells, _choice_text, _choice_broken),
}
