from __future__ import annotations

from copy import deepcopy

import pytest

from profiler.experiments import serialization
from profiler.experiments.plan_version import change_version, write_changed

FRESH = "the loaded engine is the saved one, and its output equals the reference"
SAME = "a fresh process gives the same output: difference 0"
CHANGED = "an engine with another plugin version is refused"


@pytest.fixture
def documents(result) -> dict:
    """Return the recorded point of the engine with a profile, as the steps would write it."""
    saved = result("batches")
    saved["points"] = saved["points"][2:3]
    saved["points"][0]["outputs"] = [{"tensor": "output0", "digest": "sha256:aa"}]
    loaded = deepcopy(saved)
    loaded["points"][0] |= {"engine_origin": "file"}
    comparison = {"identical": True, "different_elements": 0, "max_abs_difference": 0.0}
    loaded["points"][0]["outputs"][0]["comparison"] = comparison
    refused = {}
    for name, reason in {
        "unknown-version": "plugin ProfilerSwish version 999 (namespace 'profiler') is not registered; found version 1",
        "changed-version": "TensorRT cannot load the engine: getPluginCreator could not find plugin: ProfilerSwish version: 9",
        "no-plugin": "TensorRT 8.6.0 cannot load the engine: getPluginCreator could not find plugin: ProfilerSwish version: 1",
    }.items():
        refused[name] = deepcopy(saved)
        refused[name]["points"][0] |= {"status": "skipped", "reason": reason, "outputs": []}
    return {"save": saved, "load": loaded, **refused}


def verdict(outcome, name: str) -> bool | None:
    return next(check.passed for check in outcome.checks if check.name == name)


def test_round_trip_and_refusals_pass(documents, evidence) -> None:
    outcome = serialization.evaluate(evidence(documents))
    assert [check.passed for check in outcome.checks] == [True] * 5


def test_a_different_element_fails(documents, evidence) -> None:
    documents["load"]["points"][0]["outputs"][0]["comparison"] |= {"identical": False, "different_elements": 1}
    assert verdict(serialization.evaluate(evidence(documents)), SAME) is False


def test_an_engine_from_the_cache_is_no_loaded_one(documents, evidence) -> None:
    documents["load"]["points"][0]["engine_origin"] = "cache"
    assert verdict(serialization.evaluate(evidence(documents)), FRESH) is False


def test_an_accepted_wrong_version_fails(documents, evidence) -> None:
    documents["changed-version"] = documents["load"]
    assert verdict(serialization.evaluate(evidence(documents)), CHANGED) is False


def test_a_refusal_for_another_reason_tells_nothing(documents, evidence) -> None:
    documents["changed-version"]["points"][0]["reason"] = "checksum mismatch"
    assert verdict(serialization.evaluate(evidence(documents)), CHANGED) is None


def test_a_plan_that_could_not_be_changed_tells_nothing(documents, evidence) -> None:
    del documents["changed-version"]
    assert verdict(serialization.evaluate(evidence(documents)), CHANGED) is None


@pytest.mark.parametrize("width", [4, 8])
def test_the_version_behind_its_length_is_changed(width: int) -> None:
    name = b"ProfilerSwish"
    before = len(name).to_bytes(width, "little") + name + (7).to_bytes(4, "little") + (1).to_bytes(width, "little")
    plan = b"head" + before + b"1" + b"tail 1"
    changed = change_version(plan, "ProfilerSwish", "1")
    assert changed == b"head" + before + b"9" + b"tail 1"


def test_a_plan_without_the_plugin_is_left_alone(tmp_path) -> None:
    plan = tmp_path / "a.engine"
    plan.write_bytes(b"\x01\0\0\0001 nothing of the kind")
    assert "not found" in write_changed(plan, tmp_path / "b.engine", "ProfilerSwish", "1")
    assert not (tmp_path / "b.engine").exists()
    assert write_changed(tmp_path / "absent", tmp_path / "b.engine", "ProfilerSwish", "1") == "no engine was saved"
