from datetime import date

import pandas as pd
import pytest
from conftest import samples

from profiler.compare.gate.config import Accepted, Budget, GateConfig
from profiler.compare.gate.evaluation import evaluate
from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.comparison import ROW_COLUMNS, Comparison, SideInfo
from profiler.compare.judge.metric_changes import METRIC_COLUMNS
from profiler.compare.judge.verdict import DecisionRule

DAY = date(2026, 1, 15)


def row(label="op=a shape=8 dtype=fp32", verdict="same", ratio=1.0, reason="", **more):
    values = dict.fromkeys(ROW_COLUMNS) | {
        "candidate": "new",
        "row": label,
        "op": "a",
        "shape": "8",
        "dtype": "fp32",
        "base_label": label,
        "candidate_label": label,
        "base_median_ns": 1000.0,
        "candidate_median_ns": 1000.0 * ratio,
        "ratio": ratio,
        "ratio_low": ratio - 0.002,
        "ratio_high": ratio + 0.002,
        "verdict": verdict,
        "reason": reason,
        "detail": "",
        "base_bandwidth_bytes_per_s": 1e12,
        "candidate_bandwidth_bytes_per_s": 1e12 / ratio,
    }
    return values | more


def comparison(*rows, metrics=()):
    frame = pd.DataFrame(list(rows), columns=list(ROW_COLUMNS))
    changes = pd.DataFrame(list(metrics), columns=list(METRIC_COLUMNS))
    return Comparison(SideInfo("old", ("old",)), [SideInfo("new", ("new",))], frame, changes, [], DecisionRule(), "test")


def metric(name, base, candidate, unit="count", where="op=a shape=8 dtype=fp32"):
    return {
        "candidate": "new",
        "table": "points",
        "row": where,
        "metric": name,
        "unit": unit,
        "better": "lower",
        "base_value": base,
        "candidate_value": candidate,
        "change_ratio": candidate / base if base else float("nan"),
        "verdict": "worse",
        "reason": "exact",
    }


def code(*rows, config=None, metrics=(), day=DAY):
    return evaluate(comparison(*rows, metrics=metrics), config or GateConfig(), day).exit_code


SLOWER = {"verdict": "slower", "ratio": 1.05, "reason": "beyond_threshold"}
NONE = float("nan")
WRONG, FAILED, SKIPPED = (
    {"verdict": "not comparable", "reason": reason, "problem_side": "candidate"} for reason in ("wrong_output", "failed", "skipped")
)
REPAIRED = {"verdict": "not comparable", "problem_side": "base", "base_median_ns": NONE, "ratio": NONE}
VOID = {"verdict": "not comparable", "reason": "conditions_differ"}
UNCLEAR = {"verdict": "cannot tell", "reason": "interval_too_wide"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{}], 0),
        ([{}, {"verdict": "faster", "ratio": 0.7}], 0),
        ([{}, SLOWER], 10),
        ([{}, WRONG, SLOWER], 7),
        ([FAILED, SLOWER], 4),
        ([SLOWER, VOID], 10),
        ([{}, VOID], 12),
        ([{}, {"verdict": "base only", "reason": "unmatched"}], 12),
        ([{}, {"verdict": "candidate only", "reason": "unmatched"}], 0),
        ([UNCLEAR], 11),
        ([{}, UNCLEAR], 0),
        ([UNCLEAR, VOID], 12),
        ([{}, SKIPPED | {"problem_side": "both"}], 0),
        ([SKIPPED | {"problem_side": "both"}], 12),
        ([{}, SKIPPED], 12),
        ([{}, WRONG | {"verdict": "candidate only"}], 7),
        ([{}, FAILED | {"verdict": "candidate only"}], 4),
        ([{}, SKIPPED | {"verdict": "candidate only"}], 0),
        ([{}, REPAIRED | {"reason": "wrong_output"}], 0),
        ([{}, REPAIRED | {"reason": "failed"}], 0),
        ([{}, REPAIRED | {"reason": "failed", "base_median_ns": 1000.0}], 12),
        ([REPAIRED | {"reason": "wrong_output"}], 12),
        ([{"verdict": "candidate only", "reason": "unmatched"}], 12),
        ([], 12),
    ],
)
def test_exit_codes(rows, expected):
    assert code(*(row(f"op=a shape={index}", **values) for index, values in enumerate(rows))) == expected


def test_strict_stops_at_any_undecided_row():
    rows = (row("r1"), row("r2", **UNCLEAR))
    assert (
        code(*rows, config=GateConfig(strict=True)) == 11 and code(*rows, row("r3", **SLOWER), config=GateConfig(strict=True)) == 10
    )


def test_missing_rows_may_be_allowed():
    lenient = GateConfig(allow_missing=True)
    assert code(row(), row("r2", "base only", reason="unmatched"), config=lenient) == 0
    assert code(row(), row("r2", **SKIPPED), config=lenient) == 0 and code(row("r2", **SKIPPED), config=lenient) == 12


def test_a_time_budget_loosens_or_tightens_for_what_it_matches():
    loose = GateConfig(budgets=(Budget("time", {"op": "a"}, max_increase=0.10),))
    assert code(row(**SLOWER), config=loose) == 0 and code(row(**SLOWER | {"ratio": 1.2}), config=loose) == 10
    assert code(row(**SLOWER, op="b"), config=loose) == 10
    assert code(row(ratio=1.006), config=GateConfig(budgets=(Budget("time", max_increase=0.003),))) == 10
    assert code(row(ratio=1.004), config=GateConfig(budgets=(Budget("time", max_increase=0.003),))) == 0
    later = GateConfig(budgets=(Budget("time", max_increase=0.10), Budget("time", {"dtype": "fp*"}, max_increase=0.01)))
    assert code(row(**SLOWER), config=later) == 10


def test_an_absolute_time_budget_counts_whatever_the_verdict():
    assert code(row(), config=GateConfig(budgets=(Budget("time", max=900.0),))) == 10
    assert code(row(), config=GateConfig(budgets=(Budget("time", max=1100.0),))) == 0


def test_budgets_count_for_rows_of_which_nobody_can_tell():
    unclear = row("r2", **UNCLEAR, ratio=1.008, ratio_low=1.005, ratio_high=1.011)
    tight = GateConfig(budgets=(Budget("time", max_increase=0.003),))
    assert code(row(), unclear, config=tight) == 10 and code(unclear, config=tight) == 10
    assert code(row(), unclear, config=GateConfig(budgets=(Budget("time", max_increase=0.006),))) == 0
    absolute = GateConfig(budgets=(Budget("time", {"row": "r2"}, max=900.0),))
    assert code(row(), unclear, config=absolute) == 10
    assert (
        code(row(), row("r2", "candidate only", reason="unmatched", ratio=NONE, candidate_median_ns=950.0), config=absolute) == 10
    )
    assert code(row(), row("r2", **REPAIRED | {"reason": "failed", "candidate_median_ns": 950.0}), config=absolute) == 10


@pytest.mark.parametrize(
    ("budget", "values", "expected"),
    [
        (Budget("registers_per_thread", max_added=0), (32, 33), 10),
        (Budget("registers_per_thread", max_added=0), (32, 32), 0),
        (Budget("registers_per_thread", max_added=0), (32, 30), 0),
        (Budget("registers_per_thread", max=32), (40, 33), 10),
        (Budget("stack_bytes_per_thread", max=0), (0, 16), 10),
        (Budget("registers_per_thread", max_increase=0.5), (32, 48), 0),
        (Budget("registers_per_thread", max_increase=0.5), (32, 49), 10),
        (Budget("achieved_occupancy_pct", max_decrease=0.1), (80, 71), 10),
        (Budget("achieved_occupancy_pct", max_removed=5), (80, 76), 0),
        (Budget("achieved_occupancy_pct", min=50), (80, 49), 10),
        (Budget("other", max=0), (32, 64), 0),
        (Budget("registers_per_thread", max=0), (32, float("nan")), 0),
        (Budget("registers_per_thread", {"op": "b"}, max_added=0), (32, 33), 0),
    ],
)
def test_metric_budgets(budget, values, expected):
    name = budget.metric if budget.metric != "other" else "registers_per_thread"
    assert code(row(), metrics=[metric(name, *values)], config=GateConfig(budgets=(budget,))) == expected


def test_a_budget_that_nothing_was_held_against_is_said():
    values = [metric("registers_per_thread", 32, NONE), metric("registers_per_thread", NONE, 32, where="k")]
    budgets = (
        Budget("registers_per_thread", {"op": "b"}, max_added=0),
        Budget("stack_bytes_per_thread", max=0),
        Budget("registers_per_thread", max_added=0),
        Budget("time", {"op": "b"}, max=5),
        Budget("time", {"op": "a"}, max=5000),
        Budget("effective_bandwidth", min=1e11),
    )
    found = evaluate(comparison(row(candidate_bandwidth_bytes_per_s=NONE), metrics=values), GateConfig(budgets=budgets), DAY)
    assert found.exit_code == 0 and list(found.notes) == [
        "budget registers_per_thread max_added 0 for op=b: fits no row, so nothing was held against it",
        "budget stack_bytes_per_thread max 0: fits no row, so nothing was held against it",
        "budget registers_per_thread max_added 0: not checked, for the candidate has no value: op=a shape=8 dtype=fp32",
        "budget registers_per_thread max_added 0: not checked, for the base has no value: k",
        "budget time max 5 for op=b: fits no row, so nothing was held against it",
        "budget effective_bandwidth min 1e+11: not checked, for the candidate has no value: op=a shape=8 dtype=fp32",
    ]


def test_a_comparison_of_metrics_alone_needs_a_budget():
    changed = metric("registers_per_thread", 32, 33)
    assert code(metrics=[changed]) == 12
    assert code(metrics=[changed], config=GateConfig(budgets=(Budget("registers_per_thread", max=40),))) == 0


def test_metrics_without_a_budget_never_stop_a_merge():
    assert code(row(), metrics=[metric("registers_per_thread", 32, 255)]) == 0


def test_machine_code_rows_are_matched_by_kernel():
    changed = metric("registers_per_thread", 32, 40, where="swish_scalar_kernel (sm_90 x)")
    match = {"kernel": "swish_scalar*"}
    assert code(row(), metrics=[changed], config=GateConfig(budgets=(Budget("registers_per_thread", match, max_added=0),))) == 10


def test_bandwidth_of_a_copy_is_a_budget():
    copy = row("op=copy shape=8 dtype=fp32", op="copy", candidate_bandwidth_bytes_per_s=1.1e12)
    config = GateConfig(budgets=(Budget("effective_bandwidth", min_of_copy=0.95),))
    assert code(row(), copy, config=config) == 10
    assert code(row(), copy | {"candidate_bandwidth_bytes_per_s": 1.02e12}, config=config) == 0
    slow = copy | {"row": "op=copy shape=8 dtype=fp32 cache_mode=cold", "candidate_bandwidth_bytes_per_s": 0.5e12}
    assert code(row(), copy, slow, config=config) == 10 and code(row(), slow, copy, config=config) == 10
    found = evaluate(comparison(row()), config, DAY)
    assert found.exit_code == 0 and "no copy of this shape" in found.notes[0]
    assert code(row(), config=GateConfig(budgets=(Budget("effective_bandwidth", min=1.5e12),))) == 10


def accepted(**more):
    return Accepted(
        **{"row": "op=a*", "metric": "time", "up_to": 0.06, "reason": "larger tile", "expires": date(2026, 1, 15)} | more
    )


def test_an_accepted_regression_passes_until_it_expires_and_is_shown():
    found = evaluate(comparison(row(**SLOWER)), GateConfig(accepted=(accepted(),)), DAY)
    assert found.exit_code == 0 and "larger tile" in found.checks[0].accepted
    expired = evaluate(comparison(row(**SLOWER)), GateConfig(accepted=(accepted(),)), date(2026, 1, 16))
    assert expired.exit_code == 10 and "expired on 2026-01-15" in expired.notes[0]
    for other in (accepted(up_to=0.04), accepted(row="op=b*"), accepted(metric="registers_per_thread")):
        assert code(row(**SLOWER), config=GateConfig(accepted=(other,))) == 10
    assert code(row(**WRONG), config=GateConfig(accepted=(accepted(),))) == 7


def gate(write_result, base, candidate, config=None):
    paths = [str(write_result(f"{name}.json", points)) for name, points in (("old", base), ("new", candidate))]
    return evaluate(compare_targets(paths[0], [paths[1]]), config or GateConfig(), DAY)


def test_a_candidate_without_a_time_does_not_pass(write_result):
    one, two, new = (f"op=swish shape={size} dtype=fp32" for size in ("8x8", "9x9", "7x7"))
    base = {one: samples(1e5), two: samples(1.2e5)}
    skip, wrong, failed = ({"status": status, "reason": "why"} for status in ("skipped", "wrong_output", "failed"))
    assert gate(write_result, base, {one: skip, two: skip}).exit_code == 12
    assert gate(write_result, base, base | {"op=other shape=7x7": wrong}).exit_code == 7
    assert gate(write_result, base, base | {new: failed}).exit_code == 4


def test_repairing_a_point_is_no_regression(write_result):
    one, two = (f"op=swish shape={size} dtype=fp32" for size in ("8x8", "9x9"))
    for status in ("wrong_output", "failed", "skipped"):
        base = {one: {"status": status, "reason": "why"}, two: samples(1.2e5)}
        found = gate(write_result, base, {one: samples(1e5), two: samples(1e5)})
        assert found.exit_code == 0 and "no time of the base" in found.notes[0]
    assert gate(write_result, {one: {"status": "failed"}}, {one: {"status": "wrong_output"}}).exit_code == 7


def test_on_a_real_comparison(write_result):
    label = "op=swish shape=64x64 dtype=fp32"
    old, new = write_result("old.json", {label: samples(1e5)}), write_result("new.json", {label: samples(1.2e5)})
    assert evaluate(compare_targets(str(old), [str(new)]), GateConfig()).exit_code == 10
    assert evaluate(compare_targets(str(new), [str(old)]), GateConfig()).exit_code == 0
