from __future__ import annotations

from copy import deepcopy

import pytest

from profiler.experiments import threads

LOSS = "launching on the default stream costs throughput at 4 threads"
SCALING = "throughput and scaling of 1, 2, 4 threads are known"


@pytest.fixture
def recorded(result):
    return {"own-streams": result("threads"), "blocking-streams": result("threads"), "null-stream": result("null_stream")}


def complete(document: dict, single_ns: int) -> dict:
    """Give the document a throughput for one thread, and the larger shape."""
    whole = deepcopy(document)
    whole["points"][0]["wall_ns"] = single_ns
    larger = deepcopy(whole["points"])
    for point in larger:
        point["shape"] = [4096, 1024]
    whole["points"] += larger
    return whole


def check(outcome, name: str):
    return next(item for item in outcome.checks if item.name == name)


def test_the_loss_of_the_default_stream_is_found(recorded, evidence) -> None:
    outcome = threads.evaluate(evidence(recorded))
    share = (6736 / 102162411) / (22807 / 103963631)  # samples over wall time, as the driver printed them
    assert check(outcome, LOSS).passed is True
    assert f"{share:.2f} x" in check(outcome, LOSS).found
    row = next(row for row in outcome.rows if row["step"] == "null-stream" and row["threads"] == 4)
    assert row["to_blocking_ratio"] == pytest.approx(share)
    assert row["iterations_per_s"] == pytest.approx(6736 / 0.102162411)


def test_the_faulty_plugin_is_told_from_the_right_one(recorded, evidence) -> None:
    outcome = threads.evaluate(evidence(recorded))
    assert check(outcome, "the plugin keeps to the stream it was given").passed is True
    assert check(outcome, "the driver finds that the faulty plugin does not").passed is True
    swapped = threads.evaluate(evidence({**recorded, "null-stream": recorded["own-streams"]}))
    assert check(swapped, "the driver finds that the faulty plugin does not").passed is False
    assert check(swapped, LOSS).passed is False


def test_scaling_is_over_one_thread(recorded, evidence) -> None:
    wall = 100_000_000
    whole = {name: complete(document, wall) for name, document in recorded.items()}
    outcome = threads.evaluate(evidence(whole))
    row = next(row for row in outcome.rows if (row["step"], row["shape"], row["threads"]) == ("own-streams", "256x1024", 4))
    single = whole["own-streams"]["points"][0]["lanes"][0]["sample_count"] / wall
    assert row["scaling_ratio"] == pytest.approx((22807 / 103963631) / single)
    assert check(outcome, SCALING).passed is True
    assert [item.name for item in outcome.failed] == []


def test_a_missing_throughput_is_named(recorded, evidence) -> None:
    outcome = threads.evaluate(evidence(recorded))
    assert check(outcome, SCALING).passed is False  # one thread was recorded without throughput
    assert "256x1024 threads=1" in check(outcome, SCALING).found
