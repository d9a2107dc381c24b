import pytest
from conftest import samples

from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.conditions import FACTS, check_allowed, compare_facts, fact_value, flatten
from profiler.errors import DataMissingError, UsageError


def test_nested_facts_are_flattened_without_empty_values():
    record = {
        "gpus": [{"name": "H200", "uuid": None}, {"name": "other"}],
        "versions": {"cuda": "13.0", "x": float("nan")},
        "list": ["a", "b"],
        "none": None,
    }
    assert flatten(record) == {"gpus.name": "H200", "versions.cuda": "13.0", "list": "a b"}


def test_unknown_facts_are_listed_and_void_nothing():
    (found,) = compare_facts({"device.name": "H200"}, {}, "new")
    assert (found.fact, found.base_value, found.candidate_value, found.voids) == ("gpu", "H200", "", False)
    assert compare_facts({}, {}, "new") == []


def test_other_versions_are_listed_and_only_some_void():
    base = {"device.name": "H200", "versions.tensorrt": "8.6", "driver": "550", "tool_version": "2025.1"}
    other = {"device.name": "H200", "versions.tensorrt": "10.3", "driver": "580", "tool_version": "2025.3"}
    assert {item.fact: item.voids for item in compare_facts(base, other, "new")} == {
        "tool_version": False,
        "driver": False,
        "tensorrt": True,
    }
    assert not any(item.voids for item in compare_facts(base, other, "new", frozenset(["tensorrt"])))


def test_the_capture_s_own_word_beats_the_machine_s():
    gpu = next(fact for fact in FACTS if fact.name == "gpu")
    assert fact_value({"gpus.name": "B", "device.name": "A"}, gpu) == "A" and fact_value({"gpus.name": "B"}, gpu) == "B"


def test_only_known_conditions_may_be_allowed():
    assert check_allowed(["gpu", "cache"]) == {"gpu", "cache"}
    with pytest.raises(UsageError) as caught:
        check_allowed(["tensort"])
    assert "tensorrt" in caught.value.hint


def test_a_side_without_times_is_said(write_result):
    full, empty = write_result("a.json", {"op=swish block=64": samples(5000)}), write_result("b.json", {})
    with pytest.raises(DataMissingError, match=r"b\.json: holds no times"):
        compare_targets(str(full), [str(empty)])
    with pytest.raises(UsageError, match="nothing to compare"):
        compare_targets(str(full), [])
    with pytest.raises(UsageError, match="share no source of times of kind kernels"):
        compare_targets(str(full), [str(full)], source="kernels")
