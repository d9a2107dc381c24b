"""Do drivers, engines and tools agree on the time of one point? The same sweep recorded several ways, side by side.

    python benchmarks/agreement.py swish-h200-cpp-direct swish-h200-python-direct swish-h200-cpp-tensorrt swish-h200-python-tensorrt

Prints, for points whose median is above a limit, the largest and the median distance of every column from the first
column (kernel time under nsys of the first run), and writes all medians as CSV on request.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from profiler.metrics.recording import load

SOURCES = {
    "nsys_median_ns": "nsys kernel",
    "cupti_median_ns": "cupti kernel",
    "builtin_median_ns": "events",
    "nsys_event_median_ns": "events under nsys",
}


def medians(target: str) -> pd.DataFrame:
    """Return a run's medians in ns: rows are labels, columns `run: source`."""
    points = load(target).metric("point_summary").set_index("label")
    name = load(target).manifest.label
    present = [column for column in SOURCES if column in points and points[column].notna().any()]
    return points[present].astype(float).rename(columns={column: f"{name}: {SOURCES[column]}" for column in present})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--above", type=float, default=50.0, help="µs")
    parser.add_argument("--csv", type=Path, help="write all medians here")
    arguments = parser.parse_args()
    table = pd.concat([medians(run) for run in arguments.runs], axis=1)
    if arguments.csv:
        table.round(0).astype("Int64").to_csv(arguments.csv)
    first = table.columns[0]
    large = table[table[first] > arguments.above * 1000]
    distance = large.div(large[first], axis=0) - 1
    print(f"{len(large)} of {len(table)} points above {arguments.above:g} µs; distance from `{first}`\n")
    print("| column | points | median | largest | within 2 % |\n| --- | ---: | ---: | ---: | ---: |")
    for column in distance:
        values = distance[column].dropna()
        worst = values.iloc[values.abs().argmax()]
        inside = int((values.abs() <= 0.02).sum())
        print(f"| {column} | {len(values)} | {100 * values.median():+.2f} % | {100 * worst:+.2f} % | {inside} of {len(values)} |")


if __name__ == "__main__":
    main()
