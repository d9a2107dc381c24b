from __future__ import annotations

from copy import deepcopy

import pytest

from profiler.experiments import plugin_speed

# device times of 65536x1024 in ns: plugin, native silu, copy
TIMES = {"fp32": (129_500, 129_900, 128_400), "fp16": (67_400, 68_000, 66_900)}


def document(result, scale: float = 1.0) -> dict:
    """Return a round: recorded points of the large shape, with the times above."""
    whole = result("sizes")
    large = [point for point in whole["points"] if point["shape"] == [65536, 1024] and point["op"] == "swish"]
    points = []
    for point in large:
        for op, time in zip(("swish", "native_silu", "copy"), TIMES[point["dtype"]], strict=True):
            own = deepcopy(point)
            own |= {"op": op, "label": f"op={op} shape=65536x1024 dtype={point['dtype']}"}
            own["samples_ns"] = [round(time * (scale if op == "swish" else 1.0))] * 5
            points.append(own)
    return {**whole, "points": points}


def torch(result, factor: float) -> dict:
    whole = document(result)
    points = [deepcopy(point) for point in whole["points"] if point["op"] == "native_silu"]
    for point in points:
        point |= {"op": "torch_silu", "samples_ns": [round(time * factor) for time in point["samples_ns"]]}
    return {**whole, "points": points}


def failed(outcome) -> list[str]:
    return [check.name for check in outcome.failed]


def test_a_fast_plugin_passes(result, evidence) -> None:
    steps = {"round-1": document(result), "torch": torch(result, 1.0), "round-2": document(result)}
    outcome = plugin_speed.evaluate(evidence(steps))
    assert failed(outcome) == []
    row = next(row for row in outcome.rows if (row["op"], row["dtype"]) == ("native_silu", "fp32"))
    assert row["plugin_time_ratio"] == pytest.approx(129_500 / 129_900)
    assert next(row for row in outcome.rows if row["op"] == "swish")["bandwidth_to_copy_ratio"] == pytest.approx(128_400 / 129_500)


def test_a_slow_plugin_fails_against_each(result, evidence) -> None:
    steps = {"round-1": document(result, 1.06), "torch": torch(result, 1.0), "round-2": document(result, 1.06)}
    assert len(failed(plugin_speed.evaluate(evidence(steps)))) == 6


def test_one_percent_is_not_equal(result, evidence) -> None:
    steps = {"round-1": document(result, 1.02), "torch": torch(result, 1.2), "round-2": document(result, 1.02)}
    names = failed(plugin_speed.evaluate(evidence(steps)))
    assert names == [f"{dtype}: the plugin is not slower than TensorRT's sigmoid·mul" for dtype in ("fp32", "fp16")]


def test_without_pytorch_nothing_is_claimed_about_it(result, evidence) -> None:
    outcome = plugin_speed.evaluate(evidence({"round-1": document(result), "round-2": document(result)}))
    about = [check.passed for check in outcome.checks if "PyTorch" in check.name]
    assert about == [None, None]


def test_a_missing_copy_fails(result, evidence) -> None:
    whole = document(result)
    whole["points"] = [point for point in whole["points"] if point["op"] != "copy"]
    outcome = plugin_speed.evaluate(evidence({"round-1": whole, "torch": torch(result, 1.0), "round-2": whole}))
    assert [name.partition(":")[0] for name in failed(outcome)] == ["fp32", "fp16"]
