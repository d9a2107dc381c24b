from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from profiler.errors import DataMissingError
from profiler.experiments import under_tools
from profiler.experiments.evidence import Evidence, StepRecord
from profiler.experiments.iteration_gaps import iteration_gaps
from profiler.metrics.recording import load

LABEL = "op=swish shape=4096x1024 dtype=fp32"
NCU = Path(__file__).parents[2] / "data" / "ncu_h200" / "swish.ncu-rep"


def iteration_kernels(export: Path) -> list[tuple[int, int]]:
    """Find the kernels of measured iterations by time and correlation alone."""
    with closing(sqlite3.connect(f"file:{export}?mode=ro", uri=True)) as database:
        return database.execute(
            """SELECT k.start, k.end FROM CUPTI_ACTIVITY_KIND_KERNEL k
               JOIN CUPTI_ACTIVITY_KIND_RUNTIME r ON r.correlationId = k.correlationId
               JOIN NVTX_EVENTS n ON n.start <= r.start AND r.end <= n.end AND n.globalTid = r.globalTid
               LEFT JOIN StringIds s ON s.id = n.textId
               WHERE COALESCE(s.value, n.text) = 'iteration' ORDER BY k.start"""
        ).fetchall()


def test_gaps_equal_those_counted_by_hand(timeline) -> None:
    kernels = iteration_kernels(timeline / "raw/nsys/capture.sqlite")
    assert len(kernels) == 20
    gaps = sorted(max(second[0] - first[1], 0) for first, second in pairwise(kernels))
    span = kernels[-1][1] - kernels[0][0]
    found = iteration_gaps(load(timeline))[LABEL]
    assert found["launch_gap_median_ns"] == gaps[len(gaps) // 2]
    assert found["idle_pct"] == pytest.approx(100 * sum(gaps) / span)
    assert found["overlap_pct"] == 0


def test_gaps_need_a_timeline(tmp_path, result) -> None:
    import json

    path = tmp_path / "result.json"
    path.write_text(json.dumps(result("batches")), encoding="utf-8")
    with pytest.raises(DataMissingError, match="no timeline"):
        iteration_gaps(load(path))


def checks(folder: Path) -> dict[str, tuple[bool | None, str]]:
    outcome = under_tools.evaluate(Evidence(folder, {"nsys": StepRecord("nsys", "nsys", returncode=0)}))
    return {check.name: (check.passed, check.found) for check in outcome.checks}


def test_a_timeline_shows_all_but_counters(timeline) -> None:
    found = checks(timeline)
    assert found["nsys gives kernel time, launch gaps and overlap of every point"] == (True, "1 points")
    assert found["no copy inside a measured iteration"] == (True, "0 copies in 1 points")
    assert found["an iteration of the plugin is one kernel"] == (True, "1")
    assert found["occupancy is known for every point"][0] is True
    assert found["ncu gives occupancy, divergence and throughput of every point"][0] is False


def test_counters_of_other_points_do_not_pass(timeline) -> None:
    (timeline / "raw/ncu").mkdir()
    shutil.copyfile(NCU, timeline / "raw/ncu/capture.ncu-rep")
    assert checks(timeline)["ncu gives occupancy, divergence and throughput of every point"][0] is False


def test_counters_that_cannot_be_read_here_tell_nothing(timeline, monkeypatch) -> None:
    import sys

    (timeline / "raw/ncu").mkdir()
    shutil.copyfile(NCU, timeline / "raw/ncu/capture.ncu-rep")
    monkeypatch.setitem(sys.modules, "ncu_report", None)
    others = [passed for name, (passed, _) in checks(timeline).items() if name.startswith(("nsys", "no copy", "an iteration"))]
    assert others == [True, True, True]
    passed, found = checks(timeline)["ncu gives occupancy, divergence and throughput of every point"]
    assert passed is None
    assert "ncu-report" in found
    assert "--evaluate" in found


def test_an_empty_run_fails(tmp_path) -> None:
    (tmp_path / "manifest.json").write_text('{"run_id": "x"}', encoding="utf-8")
    assert all(passed is False for passed, _ in checks(tmp_path).values())
