"""The tables of `false_alarms.py`: which experiments each is made of, how it is written, and what it must not exceed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import capture_trials
import choice_trials
import history_trials
import numpy as np
import round_trials
import sample_trials
import selftest_trials
from noise_models import MODELS
from round_trials import POWER

Counts = Mapping[str, float]
Cells = Mapping[tuple, Counts]
ROUND_JOBS = {1: 2000, 8: 1000, 48: 600, 500: 60}
"""Rows of a job to jobs simulated."""
ROW_LIMIT, JOB_LIMIT, COVERED = 0.01, 0.02, (0.93, 0.97)
"""What is promised: false alarms of rows, clean jobs of up to 48 rows stopped, shares of intervals that hold the truth."""
EXACT = ("Gaussian 0.3 %", "Gaussian 1 %", "common drift of up to 6 %", "1 %, shared by all rows")
"""Noise of which the intervals of recordings shall hold the truth no more often than that either."""
UNSEEN = "clock steps of 5 %, hidden"
"""What one process a side may have met in all rows, and a self-test not at all."""
POWER_MODELS = ("Gaussian 0.3 %", "Gaussian 1 %", "Student t 2.5, 0.5 %")
SLOWDOWNS = {0.0: "identical", 0.003: "0.3 % slower", 0.02: "2 % slower"}


@dataclass(frozen=True)
class Section:
    """One group of tables.

    Attributes:
        experiments: Cell to its experiments: the first arguments of `trial`, which counts what is said in them.
        trial: Takes a cell's arguments, a number of experiments and a generator.
        text: Its Markdown.
        broken: The promises that its counts break, a line each.
    """

    experiments: Mapping[tuple, int]
    trial: Callable[..., Counts]
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


def pct(counts: Counts, part: str, whole: str) -> str:
    """Return a share in %."""
    return f"{100 * counts[part] / counts[whole]:.1f}" if counts.get(whole) else ""


def beyond(name: str, counts: Counts, part: str, whole: str, limit: float, least: bool = False) -> list[str]:
    """Return a line where a share is surely beyond its limit: by three standard errors, the rows of a job taken for one."""
    trials = counts[whole.replace("rows", "jobs")]
    share, room = counts[part] / counts[whole], 3.0 * np.sqrt(limit * (1.0 - limit) / trials)
    bad = share < limit - room if least else share > limit + room
    return [f"{name}: {part} {100 * share:.2f} %, {'at least' if least else 'at most'} {100 * limit:g} %"] if bad else []


_ROUND_SHARES = {
    "rows": ("alarms", "rows"),
    "jobs": ("stopped", "jobs"),
    "false discoveries": ("false_discovery", "jobs"),
    "coverage": ("covered", "rows"),
    "dependence": ("warned", "jobs"),
    **{f"+{100 * power:g} %": (f"found {power:g}", f"tried {power:g}") for power in POWER},
}


def _round_text(cells: Cells) -> str:
    limits = ["*limit*", "≤ 1", "≤ 2", "≤ 5", "≥ 93", *[""] * (len(_ROUND_SHARES) - 3)]
    first = table(
        ["noise, 48 rows", *_ROUND_SHARES, "rounds"],
        [
            limits,
            *(
                [name, *(pct(own, *of) for of in _ROUND_SHARES.values()), f"{own['rounds'] / own['jobs']:.0f}"]
                for name, own in ((name, cells[name, 48]) for name in MODELS)
            ),
        ],
    )
    columns = list(product(("rows", "jobs"), ROUND_JOBS))
    second = table(
        ["noise", *(f"{what}, of {rows}" for what, rows in columns)],
        [
            ["*limit*", *("≤ 1" if what == "rows" else "≤ 2" if rows <= capture_trials.ROWS[0] else "" for what, rows in columns)],
            *([name, *(pct(cells[name, rows], *_ROUND_SHARES[what]) for what, rows in columns)] for name in MODELS),
        ],
    )
    return f"{first}\n{second}"


def _round_broken(cells: Cells) -> list[str]:
    found = []
    for (name, rows), counts in cells.items():
        where = f"ab, {name}, {rows} rows"
        found += beyond(where, counts, "alarms", "rows", ROW_LIMIT)
        found += beyond(where, counts, "stopped", "jobs", JOB_LIMIT) if rows <= capture_trials.ROWS[0] else []
        found += beyond(where, counts, "covered", "rows", COVERED[0], least=True)
        found += beyond(where, counts, "false_discovery", "jobs", 0.05) if rows > 1 else []
    return found


_KNOWN = {"known ": "self-tested", "": "spread assumed"}


def _capture_text(cells: Cells) -> str:
    kinds, parts = {"alarms": "rows", "stopped": "jobs", "covered": "rows"}, []
    columns = list(product(POWER_MODELS, POWER[1:]))
    limits = ["≤ 1 / ≤ 2 /" if min(map(int, sides.split(":"))) < 3 else "≤ 1 / ≤ 2 / 93 to 97" for sides in capture_trials.SIDES]
    for rows, (prefix, title) in product(capture_trials.ROWS, _KNOWN.items()):
        shown = {key: " / ".join(pct(own, prefix + kind, whole) for kind, whole in kinds.items()) for key, own in cells.items()}
        names = dict.fromkeys(name for name, *_ in cells)
        body = [["*limit*", *limits], *([name, *(shown[name, sides, rows] for sides in capture_trials.SIDES)] for name in names)]
        size = f"{rows} rows" if rows > 1 else "1 row"
        parts.append(table([f"{size}, {title}: rows / jobs / coverage", *capture_trials.SIDES], body))
        body = [
            [sides, *(pct(cells[name, sides, rows], f"{prefix}found {power:g}", "rows") for name, power in columns)]
            for sides in capture_trials.SIDES
        ]
        header = [f"{size}, {title}, found", *(f"{name}: +{100 * power:g} %" for name, power in columns)]
        parts.append(table(header, body))
    return "\n".join(parts)


def _capture_broken(cells: Cells) -> list[str]:
    found = []
    for ((name, sides, rows), counts), (prefix, title) in product(cells.items(), _KNOWN.items()):
        where, few = f"compare, {name}, {sides}, {rows} rows, {title}", min(map(int, sides.split(":"))) < 3
        # what nothing can show is said instead: that a spread is assumed, and that one process may be odd
        one = sides.startswith("1:")
        if (prefix and not (one and name == UNSEEN)) or not (one or rows == 1):
            found += beyond(where, counts, f"{prefix}alarms", "rows", ROW_LIMIT)
            found += beyond(where, counts, f"{prefix}stopped", "jobs", JOB_LIMIT)
        if not few and not MODELS[name].memory and (prefix or rows > 1):
            found += beyond(where, counts, f"{prefix}covered", "rows", COVERED[0], least=True)
            found += beyond(where, counts, f"{prefix}covered", "rows", COVERED[1]) if name in EXACT else []
    return found


def _history_text(cells: Cells) -> str:
    shown = {key: f"{pct(own, 'changes', 'histories')} ({pct(own, 'warned', 'histories')})" for key, own in cells.items()}
    rows = [
        [model, f"{100 * step:g} % step" if step else "constant", *(shown[model, runs, step] for runs in history_trials.RUNS)]
        for model, step in product(history_trials.MODELS, history_trials.STEPS)
    ]
    return table(["noise of runs", "truth", *(f"{runs} runs" for runs in history_trials.RUNS)], rows, 2)


def _history_broken(cells: Cells) -> list[str]:
    constant = {key: own for key, own in cells.items() if not key[2]}
    return [line for key, own in constant.items() for line in beyond(f"trend, {key[:2]}", own, "changes", "histories", 0.01)]


def _sample_text(cells: Cells) -> str:
    models, rules, counts = sample_trials.MODELS, sample_trials.RULES, sample_trials.COUNTS
    few = [[model, *(pct(cells[model, count, 0.0], rules[0], "pairs") for count in counts)] for model in models]
    peers = [
        [model, truth, *(pct(cells[model, counts[-1], slowdown], rule, "pairs") for rule in rules)]
        for model, (slowdown, truth) in product(models, SLOWDOWNS.items())
    ]
    first = table(["false alarms, noise of iterations", *(f"{count} samples" for count in counts)], few)
    second = table([f"claims, {counts[-1]} samples", "truth", *rules], peers, 2)
    return f"{first}\n{second}"


def _sample_broken(cells: Cells) -> list[str]:
    # few iterations do not show that they depend on each other
    same = {key: own for key, own in cells.items() if not key[2] and "autocorrelation" not in key[0]}
    return [line for key, own in same.items() for line in beyond(f"compare, {key[:2]}", own, sample_trials.RULES[0], "pairs", 0.01)]


def _selftest_text(cells: Cells) -> str:
    rows = [
        [
            name,
            pct(own, "named", "machines"),
            f"{100 * own['slowdown'] / max(own['named'], 1):.2f}",
            *(pct(own, part, "named") for part in ("power", "sure", "held")),
        ]
        for (name,), own in cells.items()
    ]
    header = [
        "noise",
        "self-tests that name one",
        "smallest slowdown %",
        "its true power",
        "true power ≥ 90 %",
        "interval holds it",
    ]
    return table(header, [["*limit*", "", "", "≥ 90", "≥ 90", "≥ 93"], *rows])


def _selftest_broken(cells: Cells) -> list[str]:
    limits = {"power": selftest_trials.SURE, "sure": 0.9, "held": COVERED[0]}
    return [
        line
        for (name,), own in cells.items()
        if own["named"]
        for part, limit in limits.items()
        for line in beyond(f"selftest, {name}", own, part, "named", limit, least=True)
    ]


def _choice_text(cells: Cells) -> str:
    shown = {key: f"{own['set'] / own['sweeps']:.1f} ({pct(own, 'kept', 'sweeps')} %)" for key, own in cells.items()}
    processes = choice_trials.PROCESSES
    rows = [
        [case, f"{100 * spread:g} %", *(shown[case, spread, count] for count in processes)]
        for case, spread in product(choice_trials.CASES, choice_trials.SPREADS)
    ]
    header = [f"{choice_trials.CONFIGURATIONS} configurations", "spread", *(f"processes: {count}" for count in processes)]
    return table(header, rows, 2)


def _choice_broken(cells: Cells) -> list[str]:
    return [line for key, own in cells.items() for line in beyond(f"best, {key}", own, "kept", "sweeps", 0.95, least=True)]


_CAPTURES = {
    (name, sides, rows): 400 if rows > 1 else 3000
    for name, sides, rows in product([name for name in MODELS if not MODELS[name].clock], capture_trials.SIDES, capture_trials.ROWS)
}
_HISTORIES = product(history_trials.MODELS, history_trials.RUNS, history_trials.STEPS)
_SAMPLES = product(sample_trials.MODELS, sample_trials.COUNTS, SLOWDOWNS)
_CHOICES = dict.fromkeys(product(choice_trials.CASES, choice_trials.SPREADS, choice_trials.PROCESSES), 200)
SECTIONS = {
    "rounds": Section(
        {(n, rows): jobs for n in MODELS for rows, jobs in ROUND_JOBS.items()}, round_trials.trial, _round_text, _round_broken
    ),
    "captures": Section(_CAPTURES, capture_trials.trial, _capture_text, _capture_broken),
    "samples": Section(dict.fromkeys(_SAMPLES, 1000), sample_trials.trial, _sample_text, _sample_broken),
    "histories": Section(
        {key: 500 if key[2] else 1000 for key in _HISTORIES}, history_trials.trial, _history_text, _history_broken
    ),
    "selftests": Section(
        dict.fromkeys(((name,) for name in selftest_trials.NAMES), 24), selftest_trials.trial, _selftest_text, _selftest_broken
    ),
    "choices": Section(_CHOICES, choice_trials.trial, _choice_text, _choice_broken),
}
