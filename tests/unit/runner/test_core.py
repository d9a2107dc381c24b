"""The measuring core by callbacks into Python: any callable on the host, what it is told, and how it may fail."""

import numpy as np
import pytest

from profiler.engines.base import STORAGE, Case, PointSkipped, TensorSpec
from profiler.errors import CaptureError, ToolMissingError, UsageError
from profiler.runner.core import Core, load_core
from profiler.runner.measurement import host_array
from profiler.runner.measurement import measure as measure_point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.settings import OPTIONS, MeasureSettings

TENSORS = [TensorSpec("a", (4, 8), "fp32", True), TensorSpec("b", (4, 8), "fp32", True), TensorSpec("sum", (4, 8), "fp32", False)]


def add(lane, addresses, stream):
    a, b, total = (host_array(address, tensor) for address, tensor in zip(addresses, TENSORS, strict=True))
    np.add(a, b, out=total)


def exact(inputs, outputs):
    outputs[0][:] = inputs[0] + inputs[1]


def measure(case, ranges=None, **settings):
    chosen = MeasureSettings(**{"iterations": 5, "warmup": 2, "cache_mode": "warm", **settings})
    request = {"point": {"label": "op=sum"}, "device": None, "engine": "mine", "settings": chosen.to_dict(), **case.to_request()}
    return measure_point(load_core(), request, case, ranges or RangeRecorder())


def case_of(enqueue=add, reference=exact, **more):
    return Case(TENSORS, enqueue, reference, tolerance=(0.0, 1e-6), **more)


def test_any_callable_of_several_tensors_is_measured_and_verified():
    record = measure(case_of(facts={"launch": {"kernel": "sum"}}))
    assert (record["status"], record["engine"], record["clock"]) == ("ok", "mine", "monotonic")
    assert record["launch"] == {"kernel": "sum"}
    assert record["bytes_per_iteration"] == 3 * 4 * 8 * 4
    assert len(record["samples_ns"]) == 5
    assert record["verification"]["element_count"] == 32


def test_a_wrong_output_is_found_with_the_element():
    def wrong(lane, addresses, stream):
        add(lane, addresses, stream)
        host_array(addresses[2], TENSORS[2])[9] += 1

    record = measure(case_of(wrong))
    assert (record["status"], record["samples_ns"]) == ("wrong_output", [])
    assert (record["verification"]["failed_count"], record["verification"]["worst_index"]) == (1, [1, 1])


def test_an_output_that_nobody_writes_is_wrong():
    record = measure(case_of(lambda lane, addresses, stream: None))
    assert record["status"] == "wrong_output"
    assert record["verification"]["failed_count"] == 32


def test_without_reference_nothing_is_verified():
    record = measure(case_of(reference=None))
    assert (record["status"], record["verification"]) == ("ok", None)
    assert measure(case_of(), verify=False)["verification"] is None


def test_a_reference_of_whole_tensors_gets_each_in_its_size():
    tensors = [TensorSpec("x", (4, 8), "fp32", True), TensorSpec("row", (4,), "fp32", False)]

    def rows(lane, addresses, stream):
        host_array(addresses[1], tensors[1])[:] = host_array(addresses[0], tensors[0]).reshape(4, 8).sum(axis=1)

    def exact_rows(inputs, outputs):
        outputs[0][:] = inputs[0].reshape(4, 8).sum(axis=1)

    record = measure(Case(tensors, rows, exact_rows, elementwise=False, tolerance=(1e-5, 1e-5)))
    assert (record["status"], record["verification"]["element_count"]) == ("ok", 4)


@pytest.mark.parametrize("error", [PointSkipped("not here"), CaptureError("out of registers", ""), ZeroDivisionError("mine")])
@pytest.mark.parametrize("where", ["enqueue", "reference"])
def test_what_a_callback_raises_reaches_the_caller_and_closes_the_ranges(error, where):
    def fail(*_):
        raise error

    ranges = RangeRecorder(keep=True)
    with pytest.raises(type(error), match=str(error)):
        measure(case_of(**{where: fail}), ranges)
    assert "point op=sum" in [row[0] for row in ranges.rows]
    assert ranges._stack() == []


def test_every_iteration_has_a_range_with_its_bytes():
    ranges = RangeRecorder(keep=True)
    measure(case_of(bytes_per_iteration=77), ranges)
    ordered = [row[0] for row in sorted(ranges.rows, key=lambda row: row[1])]
    assert ordered == ["setup", "point op=sum", "verify", "warmup", *["iteration"] * 5, "verify"]
    assert [row[4] for row in ranges.rows if row[0] == "iteration"] == [77] * 5


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_inputs_are_random_finite_and_the_same_for_one_seed(dtype):
    seen = []
    tensors = [TensorSpec("x", (64,), dtype, True), TensorSpec("y", (64,), dtype, False)]

    def copy(lane, addresses, stream):
        source, target = (host_array(address, tensor) for address, tensor in zip(addresses, tensors, strict=True))
        seen.append(source.tobytes())
        target[:] = source

    for seed in (1, 1, 2):
        measure(Case(tensors, copy), seed=seed, iterations=1, warmup=0)
    assert len(set(seen)) == 2
    assert len(set(np.frombuffer(seen[0], STORAGE[dtype]).tolist())) > 32


SETTINGS = [
    {},
    {"iterations": 9},
    {"max_iterations": 7},
    {"min_iterations": 50000},
    {"max_time": 0.05},
    {"min_time": 9},
    {"stability": 0.02, "warmup": 0},
    {"threads": 2, "streams": 3},
    {"cache_mode": "warm", "launch_mode": "graph"},
    {"verify": False},
    {"tolerance_abs": 1e-3, "seed": 5},
    {"timed": False, "iterations": 1},
]


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_runner_and_driver_mean_the_same_by_the_same_options(given):
    """The core is what profiler-driver measures with: what it makes of the options must be what the runner makes of them."""
    own = MeasureSettings(**given)
    assert load_core().call("settings", given) == dict(own.values)
    assert load_core().call("settings", own.to_dict()) == dict(own.values), "as the runner hands them over"


def test_the_core_is_built_from_the_description_that_the_runner_reads():
    assert load_core().call("settings") == {option.name: option.default for option in OPTIONS}


@pytest.mark.parametrize(
    "given", [{"warmup": -1}, {"cache_mode": "lukewarm"}, {"bolck": 1}, {"min_time": 2, "max_time": 1}], ids=str
)
def test_the_core_refuses_what_the_runner_refuses(given):
    with pytest.raises(UsageError):
        load_core().call("settings", given)
    with pytest.raises(UsageError):
        MeasureSettings(**given)


def test_what_the_core_refuses_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_core().call("settings", {"warmup": "many"})
    assert "--warmup" in caught.value.message
    assert caught.value.hint
    (tmp_path / "libprofiler_core.so").write_text("no library")
    with pytest.raises(ToolMissingError, match="cannot be used as measuring core"):
        Core(tmp_path / "libprofiler_core.so")
