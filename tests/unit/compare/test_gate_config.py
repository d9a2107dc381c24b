from datetime import date

import pytest

from profiler.compare.gate.config import Budget, GateConfig, load_gate_config
from profiler.errors import UsageError

WHOLE = """
[gate]
threshold = 0.02
strict = true
allow_missing = true
accepted = "accepted.toml"

[[gate.budget]]
metric = "time"
match = { op = "swish", block = 256 }
max_increase = 0.01

[[gate.budget]]
metric = "effective_bandwidth"
min_of_copy = 0.9
"""
ACCEPTED = """
[[accepted]]
row = "op=swish *"
up_to = 0.05
reason = "needed for bf16"
expires = 2027-03-01
"""


def test_a_whole_file_is_read(tmp_path):
    (tmp_path / "profiler.toml").write_text(WHOLE)
    (tmp_path / "accepted.toml").write_text(ACCEPTED)
    found = load_gate_config(folder=tmp_path)
    assert (found.threshold, found.strict, found.allow_missing) == (0.02, True, True)
    assert found.budgets == (
        Budget("time", {"op": "swish", "block": "256"}, max_increase=0.01),
        Budget("effective_bandwidth", min_of_copy=0.9),
    )
    (entry,) = found.accepted
    assert (entry.row, entry.metric, entry.up_to, entry.reason, entry.expires) == (
        "op=swish *",
        "time",
        0.05,
        "needed for bf16",
        date(2027, 3, 1),
    )


def test_pyproject_is_found_from_a_folder_below(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.profiler.gate]\nthreshold = 0.03\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert load_gate_config(folder=below).threshold == 0.03


def test_a_file_about_other_things_hides_nothing(tmp_path):
    (tmp_path / "profiler.toml").write_text("[other]\nx = 1\n")
    (tmp_path / "pyproject.toml").write_text("[tool.profiler.gate]\nthreshold = 0.03\n")
    assert load_gate_config(folder=tmp_path).threshold == 0.03


def test_a_named_file_may_hold_either_table_and_must_hold_one(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[tool.profiler.gate]\nthreshold = 0.03\n")
    assert load_gate_config(path).threshold == 0.03
    path.write_text("[gates]\nthreshold = 0.03\n")
    with pytest.raises(UsageError, match=r"neither \[gate\] nor"):
        load_gate_config(path)


@pytest.mark.parametrize("metric", ["registers_per_thread", "stack_bytes_per_thread", "achieved_occupancy_pct"])
def test_metrics_of_captures_and_of_machine_code_may_have_a_budget(tmp_path, metric):
    (tmp_path / "profiler.toml").write_text(f"[[gate.budget]]\nmetric = '{metric}'\nmax = 1\n")
    assert load_gate_config(folder=tmp_path).budgets == (Budget(metric, max=1.0),)


def test_defaults_without_a_file(tmp_path):
    assert load_gate_config(folder=tmp_path) == GateConfig()


WRONG = {
    "not TOML": "gate = [",
    "unknown key 'thresh' in gate": "[gate]\nthresh = 1",
    "gate.threshold is '1 %'": "[gate]\nthreshold = '1 %'",
    "gate.strict is 'yes'": "[gate]\nstrict = 'yes'",
    "a gate.budget has no metric": "[[gate.budget]]\nmax = 1",
    "the budget of time has no limit": "[[gate.budget]]\nmetric = 'time'",
    "unknown key 'maximum'": "[[gate.budget]]\nmetric = 'time'\nmaximum = 1",
    "unknown key 'size' in gate.budget.match": "[[gate.budget]]\nmetric = 'time'\nmax = 1\nmatch = {size = 1}",
    "gate.budget.max is True": "[[gate.budget]]\nmetric = 'time'\nmax = true",
    "min_of_copy is a limit of effective_bandwidth": "[[gate.budget]]\nmetric = 'time'\nmin_of_copy = 0.9",
    "min is no limit of time": "[[gate.budget]]\nmetric = 'time'\nmin = 1",
    "max_decrease is no limit of time": "[[gate.budget]]\nmetric = 'time'\nmax_decrease = 0.1",
    "no metric 'registers' is compared": "[[gate.budget]]\nmetric = 'registers'\nmax_added = 0",
    "gate.budget.max_increase is nan": "[[gate.budget]]\nmetric = 'time'\nmax_increase = nan",
    "gate.threshold is inf": "[gate]\nthreshold = inf",
    "gate is 5": "gate = 5",
    "both [gate] and [tool.profiler.gate]": "[gate]\nstrict = true\n[tool.profiler.gate]\nstrict = true",
    "gate.budget is {": "[gate.budget]\nmetric = 'time'",
    "accepted.toml: No such file": "[gate]\naccepted = 'accepted.toml'",
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_named(tmp_path, message):
    (tmp_path / "profiler.toml").write_text(WRONG[message])
    with pytest.raises(UsageError) as caught:
        load_gate_config(folder=tmp_path)
    assert message in caught.value.message and caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reason = "needed for bf16"', "", "has no reason"),
        ("expires = 2027-03-01", "", "has no expires"),
        ("expires = 2027-03-01", "expires = '2027-03-01'", "expected a date"),
        ("expires = 2027-03-01", "expires = 2027-03-01T00:00:00", "expected a date"),
        ("up_to = 0.05", "", "has no up_to"),
        ("up_to = 0.05", "up_to = inf", "limits nothing"),
        ('row = "op=swish *"', "", "has no row"),
        ("up_to = 0.05", "up_to = 'much'", "expected a number"),
        ("[[accepted]]", "[[acceptd]]", "unknown key 'acceptd'"),
    ],
)
def test_accepted_regressions_need_row_limit_reason_and_expiry(tmp_path, old, new, message):
    (tmp_path / "profiler.toml").write_text("[gate]\naccepted = 'accepted.toml'")
    (tmp_path / "accepted.toml").write_text(ACCEPTED.replace(old, new))
    with pytest.raises(UsageError, match=message):
        load_gate_config(folder=tmp_path)


def test_budgets_read_as_a_person_writes_them():
    assert str(Budget("time", {"op": "swish"}, max_increase=0.01)) == "time max_increase 0.01 for op=swish"
