"""How often the verdicts are wrong, on simulated measurements with known truth, through the functions that the commands use.

    python benchmarks/false_alarms.py --jobs 16 --write docs/compare.md    all tables, put between their marks in the page
    python benchmarks/false_alarms.py --only rounds,histories --scale 0.1  some tables, a tenth of the experiments
    python benchmarks/false_alarms.py --calibrate                          makes the table of profiler/compare/judge/statistics.py again

Ends with 1 where a rate is surely beyond what docs/compare.md promises, and names it.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import figure_tables
import numpy as np
from figure_tables import SECTIONS

from profiler.compare.judge.statistics import LOOKS, paired_estimates, two_sided_p

Found = dict[str, dict[tuple, Counter]]
KEEP_S = 20.0
"""Seconds between two times that the counts so far are kept."""
PARTS = 16
"""Parts into which the experiments of a cell are cut: the figures do not depend on the number of processes."""


def simulate(section: str, key: tuple, part: int, experiments: int) -> Counter:
    """Run some of a cell's experiments; the same seed for the same cell and part, whatever runs beside them."""
    rng = np.random.default_rng([1, part, zlib.crc32(repr((section, key)).encode())])
    with np.errstate(divide="ignore", invalid="ignore"):
        return Counter(SECTIONS[section].trial(*key, experiments, rng))


def run(sections: list[str], scale: float, jobs: int, seconds: float = 1e9, keep: Callable[[Found], None] | None = None) -> Found:
    """Run all cells of the sections, in parts of equal work over so many processes; sum the counts of each.

    Args:
        sections: Names of tables.
        scale: Experiments, as a multiple of the usual.
        jobs: Processes.
        seconds: No part is begun later: each cell then has fewer experiments, but the first part of each is always run.
        keep: Given the counts so far, now and then.
    """
    parts = []
    for section in sections:
        for key, usual in SECTIONS[section].experiments.items():
            experiments = max(round(usual * scale), 2)
            pieces = min(PARTS, experiments)
            parts += [(part, section, key, len(range(part, experiments, pieces))) for part in range(pieces)]
    parts.sort(key=lambda item: item[0])  # the first part of every cell before any second
    firsts = sum(part == 0 for part, *_ in parts)
    found: Found = {section: {key: Counter() for key in SECTIONS[section].experiments} for section in sections}
    started, told = time.monotonic(), 0.0
    with ProcessPoolExecutor(jobs) as pool:
        pending = [
            (section, key, pool.submit(simulate, section, key, part, experiments)) for part, section, key, experiments in parts
        ]
        for index, (section, key, future) in enumerate(pending):
            now = time.monotonic() - started
            if now > seconds:
                for *_, later in pending[max(index, firsts) :]:
                    later.cancel()
                seconds = np.inf
            if future.cancelled():
                continue
            found[section][key].update(future.result())
            if keep is not None and now - told > KEEP_S:
                keep(found)
                told = now
    return found


def write(page: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks in a page."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        marks = f"<!-- figures: {name} -->\n", "<!-- end of figures -->"
        text, count = re.subn(f"({marks[0]}).*?({marks[1]})", lambda found, new=table: found[1] + new + found[2], text, flags=re.S)
        if count != 1:
            raise SystemExit(f"{page}: {count} places are marked {marks[0].strip()}, expected one")
    page.write_text(text, encoding="utf-8")


def keep(path: Path | None, found: Found) -> None:
    """Write the counts where --json asks for them."""
    if path:
        kept = {name: [[*key, dict(cell)] for key, cell in counts.items()] for name, counts in found.items()}
        path.write_text(json.dumps(kept) + "\n", encoding="utf-8")


def calibrate(experiments: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return the smallest p-value over the looks, and how often one at least as small is seen."""
    grid = np.array([1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
    hits, block = np.zeros(grid.size), 50_000
    for _ in range(experiments // block):
        first = rng.choice([-1.0, 1.0], size=(block, LOOKS[-1] // 2))
        order = np.stack([first, -first], axis=2).reshape(block, -1)
        estimates = paired_estimates(rng.standard_normal((block, LOOKS[-1])), order, LOOKS)
        hits += (two_sided_p(estimates).min(axis=1)[:, None] <= grid).sum(axis=0)
    return list(zip(grid.tolist(), (hits / (experiments // block * block)).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="experiments, as a multiple of the usual")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seconds", type=float, default=1e9, help="time after which no more experiments are begun")
    parser.add_argument("--write", type=Path, help="page whose tables are replaced")
    parser.add_argument("--json", type=Path, help="keep the counts here")
    parser.add_argument("--reuse", type=Path, help="take the counts that --json kept")
    parser.add_argument("--calibrate", action="store_true")
    arguments = parser.parse_args()
    if arguments.calibrate:
        for values in zip(*calibrate(4_000_000, np.random.default_rng(1)), strict=True):
            print(f"({', '.join(f'{value:.4g}' for value in values)}),")
        return
    sections = arguments.only.split(",")
    if arguments.reuse:
        kept = json.loads(arguments.reuse.read_text(encoding="utf-8"))
        found = {name: {tuple(key): Counter(counts) for *key, counts in kept[name]} for name in sections}
    else:
        found = run(sections, arguments.scale, arguments.jobs, arguments.seconds, lambda counts: keep(arguments.json, counts))
    tables = {name: figure_tables.render(name, counts, arguments.scale) for name, counts in found.items()}
    print("\n".join(tables.values()))
    if arguments.write:
        write(arguments.write, tables)
    if not arguments.reuse:
        keep(arguments.json, found)
    broken = [line for name, counts in found.items() for line in SECTIONS[name].broken(counts)]
    raise SystemExit("\n".join(["beyond what is promised:", *broken]) if broken else 0)


if __name__ == "__main__":
    main()
