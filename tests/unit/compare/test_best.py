import numpy as np
import pytest
from conftest import samples

from profiler.compare.judge.noise import assumed_noise
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.ranking import RANKING_COLUMNS, rank, rank_targets
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Summary
from profiler.compare.winners import winners
from profiler.errors import DataMissingError, UsageError

ROW = "op=swish variant={} shape={} dtype=fp32"


def test_the_fastest_of_each_shape_and_what_cannot_be_told_apart(write_result):
    points = {
        ROW.format("slow", "8x8"): samples(2e5),
        ROW.format("fast", "8x8"): samples(1e5),
        ROW.format("close", "8x8"): samples(1.005e5, seed=1),
        ROW.format("slow", "9x9"): samples(1e5),
        ROW.format("wrong", "9x9"): {"status": "wrong_output", "reason": "rmse 3"},
    }
    found = rank_targets([str(write_result("a.json", points))])
    assert tuple(found.columns) == (*RANKING_COLUMNS, "source") and found["source"][0] == "own timing of sweep points (builtin)"
    first = found[found["shape"] == "8x8"]
    assert first["row"].tolist() == [ROW.format(variant, "8x8") for variant in ("fast", "close", "slow")]
    assert first["tied"].tolist() == [True, False, False] and first["undecided"].tolist() == [False, True, False]
    assert first["place"].tolist() == [1, 2, 3]
    assert first["ratio"].tolist() == pytest.approx([1, 1.005, 2], abs=0.003)
    second = found[found["shape"] == "9x9"]
    assert (
        second["note"].tolist() == ["", "rmse 3"]
        and second["tied"].tolist() == [True, False]
        and second["place"].isna().tolist() == [False, True]
    )


def test_other_conditions_have_a_winner_of_their_own(write_result):
    cold, slower, warm = (ROW.format(name, "8x8") for name in ("cold", "slower", "warm"))
    points = {
        cold: samples(1e5),
        slower: samples(2e5),
        warm: {"samples_ns": samples(5e4), "cache": "warm"},
        ROW.format("x", "9x9"): samples(1e5),
    }
    found = rank_targets([str(write_result("a.json", points))])
    assert found[found["place"] == 1]["row"].tolist() == [cold, warm, ROW.format("x", "9x9")]
    assert found["conditions"].tolist() == ["cache=cold", "cache=cold", "cache=warm", ""]
    for other in ({"launch_mode": "graph"}, {"clock": "monotonic"}, {"engine": "tensorrt"}, {"streams": 2}, {"threads": 2}):
        both = {name: {"samples_ns": samples(1e5), "streams": 1, "threads": 1} for name in (cold, slower)}
        found = rank_targets(
            [str(write_result("b.json", both | {warm: {"samples_ns": samples(5e4), "streams": 1, "threads": 1} | other}))]
        )
        assert (found["place"] == 1).sum() == 2, other


def test_processes_of_other_conditions_have_no_winner(write_result):
    label = ROW.format("a", "8x8")
    paths = [
        str(write_result(f"{cache}.json", {label: {"samples_ns": samples(1e5), "cache": cache}})) for cache in ("cold", "warm")
    ]
    (record,) = rank_targets(paths).to_dict("records")
    assert record["tied"] is False and "cold and warm" in record["note"]
    other = str(write_result("other.json", {label: samples(1e5)}, device={"name": "Another GPU"}))
    with pytest.raises(UsageError, match="GPU model within the sweep"):
        rank_targets([paths[0], other])


def test_processes_are_compared_within_themselves(write_result):
    paths = [
        str(
            write_result(
                f"{i}.json",
                {ROW.format("a", "8x8"): samples(1e5 * drift, seed=i), ROW.format("b", "8x8"): samples(1.02e5 * drift, seed=i + 9)},
            )
        )
        for i, drift in enumerate((1.0, 1.3, 0.8, 1.1))
    ]
    found = rank_targets(paths)
    assert found["tied"].tolist() == [True, False] and found["processes"].tolist() == [4, 4]
    assert rank_targets(paths[:1])["undecided"].tolist() == [False, True]


@pytest.mark.parametrize(("processes", "at_most"), [(1, 24), (2, 2), (3, 1), (5, 1)])
def test_one_of_many_that_is_faster_stands_alone(processes, at_most):
    """48 configurations of which one is 3 % faster: the spread of all together tells it from nearly all others."""
    rng = np.random.default_rng(processes)
    sizes, held = [], []
    for _ in range(30):
        shared = rng.normal(0.0, 0.01, processes)
        rows = [
            Row(
                f"op=a c={index}",
                {"op": "a"},
                [Summary(1e5 * np.exp(value + rng.normal(0.0, 0.005) + 0.03 * (index > 0)), 1e-4, 100, 1.0) for value in shared],
            )
            for index in range(48)
        ]
        found = rank(rows, assumed_noise(False), DecisionRule())
        may_be_first = found[(found["place"] == 1) | found["tied"] | found["undecided"]]
        sizes.append(len(may_be_first))
        held.append("op=a c=0" in set(may_be_first["row"]))
        assert found["ratio"].is_monotonic_increasing  # place and ratio are of one quantity
    assert np.median(sizes) <= at_most and np.mean(held) >= 0.95


def test_ties_are_no_winner_and_what_would_tell_is_said(write_result):
    points = {ROW.format(name, "8x8"): samples(1e5 * factor, seed=index) for index, (name, factor) in enumerate(TIES.items())}
    (winner,) = winners(rank_targets([str(write_result("a.json", points))]))
    assert winner.standing().startswith("no winner: ") and "undecided" in winner.standing()
    assert winner.processes_needed > 1 and f"about {winner.processes_needed} processes would tell" in winner.standing()


TIES = {"a": 1.0, "b": 1.0002, "c": 1.015}


def test_without_times_there_is_no_winner(write_result):
    with pytest.raises(DataMissingError, match="holds no times"):
        rank_targets([str(write_result("a.json", {}))])
