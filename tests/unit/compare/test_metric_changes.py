from pathlib import Path

import numpy as np
import pytest

from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.metric_changes import COMPARED, change
from profiler.metrics import catalog
from profiler.metrics.spec import MetricSpec

NCU = Path(__file__).parents[2] / "data" / "ncu_h200"
REGISTERS = MetricSpec("registers_per_thread", "count", "lower")
OCCUPANCY = MetricSpec("achieved_occupancy_pct", "%", "higher")
BYTES = MetricSpec("dram_bytes", "bytes", "lower")
PLAIN = MetricSpec("waves_per_sm", "count", "none")


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
    found = change(spec, {spec.name: base}, {spec.name: candidate})
    assert found["verdict"] == verdict


def test_one_value_of_a_time_is_never_called_better_or_worse():
    latency = MetricSpec("latency_median_ns", "ns", "lower")
    assert change(latency, {"latency_median_ns": 1}, {"latency_median_ns": 9}, steady=False)["verdict"] == "changed"
    assert change(REGISTERS, {"registers_per_thread": 1}, {"registers_per_thread": 9}, steady=False)["verdict"] == "worse"


def test_what_neither_side_has_is_no_row():
    assert change(REGISTERS, {}, None) is None and change(REGISTERS, {"registers_per_thread": None}, {}) is None


def test_every_compared_table_and_key_exists():
    for name, keys in COMPARED.items():
        assert set(keys) <= {spec.name for spec in catalog.find(name).columns}, name


def test_a_real_report_equals_itself_and_differs_from_another():
    same = compare_targets(str(NCU / "swish.ncu-rep"), [str(NCU / "swish.ncu-rep")])
    assert not len(same.rows) and len(same.metrics) > 50 and set(same.metrics["verdict"]) == {"same"}
    assert {"registers_per_thread", "dram_bytes", "achieved_occupancy_pct"} <= set(same.metrics["metric"])
    other = compare_targets(str(NCU / "swish.ncu-rep"), [str(NCU / "row_sum.ncu-rep")])
    assert set(other.metrics["verdict"]) == {"base only", "candidate only"}
    assert any("Nsight Compute replays" in note for note in other.notes)
