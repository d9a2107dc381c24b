"""Two ncu reports whose launches differ in grid, block or kernel name: paired by order, said how, and judged by what costs time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HEADER = '"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC",'
HEADER += '"Section Name","Metric Name","Metric Unit","Metric Value"\n'


def report(path, *launches):
    """Write a details page; a launch is kernel, grid, block and its metrics by (label, unit)."""
    lines = [
        f'"{number}","7","app","127.0.0.1","{kernel}","1","7","({block}, 1, 1)","({grid}, 1, 1)","0","9.0","S","{label}","{unit}","{value}"\n'
        for number, (kernel, grid, block, metrics) in enumerate(launches)
        for (label, unit), value in metrics.items()
    ]
    path.write_text(HEADER + "".join(lines))
    return path


L1_HIT, OCCUPANCY = ("L1/TEX Hit Rate", "%"), ("Achieved Occupancy", "%")
INSTRUCTIONS, REGISTERS = ("Executed Instructions", "inst"), ("Registers Per Thread", "register/thread")
BASE = {L1_HIT: "5.0", OCCUPANCY: "60.0", INSTRUCTIONS: "1000", REGISTERS: "32"}
SPILLS = {L1_HIT: "55.0", OCCUPANCY: "60.2", INSTRUCTIONS: "1500", REGISTERS: "32"}


@pytest.fixture
def compared(profiler, tmp_path):
    def compare(base, candidate):
        sides = report(tmp_path / "base.csv", *base), report(tmp_path / "candidate.csv", *candidate)
        code, out, err = profiler("compare", *sides, "--format", "json")
        assert code == 0, err
        document = json.loads(out)
        return document, {(item["row"], item["metric"]): item for item in document["metrics"]}

    return compare


@pytest.mark.parametrize(
    ("launch", "said"),
    [
        (("void scale<1>(float *)", 256, 128), "order and kernel; grid 128x1x1 → 256x1x1"),
        (("void scale<1>(float *)", 128, 256), "order and kernel; block 128x1x1 → 256x1x1"),
        (("void scale<2>(float *)", 128, 128), "order and function, template arguments aside; kernel void scale<1>"),
        (("renamed", 64, 64), "order; kernel void scale<1>"),
    ],
)
def test_launches_of_unlike_names_are_paired_and_said_how(compared, launch, said):
    base = ("void scale<1>(float *)", 128, 128, BASE), ("other", 1, 32, BASE)
    document, found = compared(base, ((*launch, SPILLS), ("other", 1, 32, BASE)))
    row = "void scale<1>(float *) 128x1x1 128x1x1"
    assert {verdict["verdict"] for (name, _), verdict in found.items() if name.startswith("other")} == {"same"}
    instructions = found[row, "instructions"]
    assert (instructions["base_value"], instructions["candidate_value"], instructions["verdict"]) == (1000, 1500, "worse")
    assert instructions["match"].startswith(said)
    assert any(said in note for note in document["notes"])


def test_a_utilisation_is_neither_better_nor_worse(compared):
    _, found = compared([("k", 1, 32, BASE)], [("k", 1, 32, SPILLS)])
    verdicts = {metric: item["verdict"] for (_, metric), item in found.items()}
    assert verdicts["l1_hit_pct"] == "changed" and verdicts["instructions"] == "worse"
    assert verdicts["achieved_occupancy_pct"] == "same" and "better" not in verdicts.values()


def test_kernels_of_one_name_are_paired_in_their_order(compared):
    base = [("k", grid, 32, {INSTRUCTIONS: str(grid)}) for grid in (1, 2, 3)]
    _, found = compared(base, [("k", 10 * grid, 32, {INSTRUCTIONS: str(10 * grid)}) for grid in (1, 2, 3)])
    assert [item["change_ratio"] for item in found.values() if item["metric"] == "instructions"] == [10, 10, 10]


def test_what_one_side_alone_has_is_counted(compared):
    base = [(name, 1, 32, BASE) for name in ("k", "lost", "gone")]
    document, _ = compared(base, [("k", 1, 32, BASE), ("new", 1, 32, BASE)])
    notes = " ".join(document["notes"])
    assert "2 profiled launch configurations were only in the base: lost" in notes
    assert "1 profiled launch configuration was only in the candidate: new" in notes


def test_the_terminal_shows_what_changed_and_no_percentage_from_zero(profiler, tmp_path):
    base = report(tmp_path / "base.csv", ("k", 1, 32, {**BASE, L1_HIT: "0"}))
    candidate = report(tmp_path / "candidate.csv", ("k", 2, 32, SPILLS))
    code, out, _ = profiler("compare", base, candidate)
    assert code == 0 and "2 other metrics changed" in out
    (hit,) = [line for line in out.splitlines() if line.lstrip().startswith("l1_hit_pct")]
    assert "changed" in hit and hit.count("%") == 2
    assert "+50.0 %" in next(line for line in out.splitlines() if line.lstrip().startswith("instructions"))


def test_no_metric_of_a_launch_is_told_twice(profiler):
    path = Path(__file__).parents[1] / "data" / "ncu_h200" / "swish.ncu-rep"
    _, out, _ = profiler("compare", path, path, "--format", "json")
    metrics = json.loads(out)["metrics"]
    assert metrics and len({(item["row"], item["metric"]) for item in metrics}) == len(metrics)
    tables = [{item["table"] for item in metrics if item["metric"] == name} for name in ("achieved_occupancy_pct", "dram_bytes")]
    assert tables == [{"point_summary"}, {"point_summary"}]
