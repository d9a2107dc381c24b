from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.metric_changes import compare_values
from profiler.metrics import catalog
from profiler.spec import ColumnSpec

NCU = Path(__file__).parents[2] / "data" / "ncu_h200"
REGISTERS = ColumnSpec("registers_per_thread", "lower", compared="exactly", unit="registers")
OCCUPANCY = ColumnSpec("achieved_occupancy_pct", "higher")
BYTES = ColumnSpec("dram_bytes", "lower")
PLAIN = ColumnSpec("waves_per_sm", "none", unit="waves")


def judged(spec, base, candidate, **more):
    sides = (pd.DataFrame({spec.name: [value]}, index=["row"]) for value in (base, candidate))
    found = compare_values([spec], *sides, **more)
    return found["verdict"].iloc[0] if len(found) else None


@pytest.mark.parametrize(
    ("spec", "base", "candidate", "verdict"),
    [
        (REGISTERS, 32, 33, "worse"),
        (REGISTERS, 33, 32, "better"),
        (REGISTERS, 32, 32, "same"),
        (OCCUPANCY, 80, 79.5, "same"),
        (OCCUPANCY, 80, 78, "worse"),
        (OCCUPANCY, 80, 82, "better"),
        (BYTES, 1000, 1019, "same"),
        (BYTES, 1000, 1021, "worse"),
        (BYTES, 0, 0, "same"),
        (BYTES, 0, 5, "worse"),
        (PLAIN, 1, 2, "changed"),
        (REGISTERS, np.nan, 32, "candidate only"),
        (REGISTERS, 32, np.nan, "base only"),
    ],
)
def test_direction_and_size_decide(spec, base, candidate, verdict):
    assert judged(spec, base, candidate) == verdict


def test_one_value_of_a_time_is_never_called_better_or_worse():
    latency = ColumnSpec("latency_median_ns", "lower")
    assert judged(latency, 1, 9, steady=False) == "changed" and judged(REGISTERS, 1, 9, steady=False) == "worse"


def test_what_neither_side_has_is_no_row():
    assert judged(REGISTERS, np.nan, np.nan) is None and judged(REGISTERS, None, np.nan) is None


EXACT = ("registers", "shared_memory", "static_shared", "dynamic_shared", "local_memory", "stack", "spill", "theoretical")


def test_what_a_compiler_or_a_launch_fixes_is_compared_exactly():
    columns = [spec for table in catalog.METRIC_TABLES if table.matching for spec in table.columns if spec.unit]
    fixed = [spec for spec in columns if spec.name.startswith(EXACT)]
    assert len(fixed) > 6 and {spec.name for spec in columns if spec.compared == "exactly"} == {spec.name for spec in fixed}


def test_a_real_report_equals_itself_and_differs_from_another():
    same = compare_targets(str(NCU / "swish.ncu-rep"), [str(NCU / "swish.ncu-rep")])
    assert not len(same.rows) and len(same.metrics) > 50 and set(same.metrics["verdict"]) == {"same"}
    assert {"registers_per_thread", "dram_bytes", "achieved_occupancy_pct"} <= set(same.metrics["metric"])
    other = compare_targets(str(NCU / "swish.ncu-rep"), [str(NCU / "row_sum.ncu-rep")])
    assert set(other.metrics["verdict"]) == {"base only", "candidate only"}
    assert any("Nsight Compute replays" in note for note in other.notes)
