from __future__ import annotations

from statistics import median

import pytest

from profiler.experiments import native_vs_plugin
from profiler.experiments.experiment import Outcome

CORRECT = "every output equals the float64 reference"
ALL = "every size, type and op was measured"


def verdicts(outcome: Outcome) -> dict[str, bool | None]:
    return {check.name: check.passed for check in outcome.checks}


def test_sizes_are_compared_with_native_silu(result, evidence) -> None:
    document = result("sizes")
    outcome = native_vs_plugin.evaluate(evidence({"sizes": document}))
    times = {(p["op"], tuple(p["shape"]), p["dtype"]): median(p["samples_ns"]) for p in document["points"]}
    row = next(row for row in outcome.rows if (row["op"], row["shape"], row["dtype"]) == ("swish", "1024x1024", "fp32"))
    own, silu = times["swish", (1024, 1024), "fp32"], times["native_silu", (1024, 1024), "fp32"]
    assert row["device_median_ns"] == own
    assert row["time_to_silu_ratio"] == pytest.approx(own / silu)
    assert row["bandwidth_bytes_per_s"] == pytest.approx(2 * 4 * 1024 * 1024 * 1e9 / own)
    assert verdicts(outcome)[CORRECT] is True


def test_rows_go_from_small_to_large(result, evidence) -> None:
    outcome = native_vs_plugin.evaluate(evidence({"sizes": result("sizes")}))
    fp32 = [row["shape"] for row in outcome.rows if row["dtype"] == "fp32" and row["op"] == "swish"]
    assert fp32 == ["1x1024", "1024x1024", "65536x1024"]


def test_a_size_without_measurement_fails(result, evidence) -> None:
    outcome = native_vs_plugin.evaluate(evidence({"sizes": result("sizes")}))
    assert verdicts(outcome)[ALL] is False  # recorded with three sizes only


def test_a_wrong_output_fails_and_has_no_time(result, evidence) -> None:
    document = result("sizes")
    document["points"][0] |= {"status": "wrong_output", "reason": "3 elements", "verification": {"passed": False}}
    outcome = native_vs_plugin.evaluate(evidence({"sizes": document}))
    check = next(check for check in outcome.checks if check.name == CORRECT)
    assert check.passed is False
    assert document["points"][0]["label"] in check.found
    assert next(row for row in outcome.rows if row["status"] == "wrong_output")["device_median_ns"] is None


def test_no_result_fails_every_check(evidence) -> None:
    outcome = native_vs_plugin.evaluate(evidence({"sizes": None}))
    assert verdicts(outcome)[CORRECT] is False
    assert outcome.rows == ()
