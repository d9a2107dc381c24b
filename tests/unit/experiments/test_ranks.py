from __future__ import annotations

from profiler.experiments import ranks

COMPARISON = {"identical": True, "different_elements": 0, "max_abs_difference": 0.0}


def documents(result, comparison: dict | None) -> dict:
    second = result("ranks_second")
    if comparison is not None:
        for point in second["points"]:
            point["outputs"] = [{"tensor": "output0", "comparison": dict(comparison)}]
    return {"first": result("ranks_first"), "second": second}


def test_cached_engines_and_identical_outputs_pass(result, evidence) -> None:
    outcome = ranks.evaluate(evidence(documents(result, COMPARISON)))
    assert [check.name for check in outcome.checks if check.passed is not True] == []
    assert [(row["rank"], row["first_engine"], row["second_engine"]) for row in outcome.rows] == [
        (rank, "built", "cache") for rank in (1, 2, 3, 4)
    ]
    assert outcome.rows[3]["worst_index"] == "[0, 0, 0, 0]"
    assert all(row[name] is not None for row in outcome.rows for name in ranks.REPORT)


def test_outputs_that_were_not_compared_fail(result, evidence) -> None:
    outcome = ranks.evaluate(evidence(documents(result, None)))
    assert [check.name for check in outcome.failed] == ["both runs give the same output: difference 0"]


def test_a_difference_fails(result, evidence) -> None:
    changed = documents(result, COMPARISON)
    changed["second"]["points"][1]["outputs"][0]["comparison"] |= {"identical": False, "different_elements": 5}
    outcome = ranks.evaluate(evidence(changed))
    assert [check.found for check in outcome.failed] == ["5 elements differ"]


def test_a_second_build_fails(result, evidence) -> None:
    both = documents(result, COMPARISON)
    swapped = {"first": result("ranks_first"), "second": {**both["second"]}}
    swapped["second"]["points"][0]["engine_origin"] = "built"
    outcome = ranks.evaluate(evidence(swapped))
    assert [check.name for check in outcome.failed] == ["the second run loads them from the cache"]


def test_a_gap_in_the_report_fails(result, evidence) -> None:
    both = documents(result, COMPARISON)
    del both["first"]["points"][2]["verification"]["rmse"]
    outcome = ranks.evaluate(evidence(both))
    assert [both["first"]["points"][2]["label"] in check.found for check in outcome.failed] == [True]
