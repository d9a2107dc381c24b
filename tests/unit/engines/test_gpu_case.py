"""Buffers, verification, warm-up, timing, graphs, lanes and errors of the GPU engines, on a device of a few lines."""

import ctypes

import numpy as np
import pytest
from fake_cuda import Error
from gpu_cases import COST_NS, POINT, make, measure

from profiler.engines.base import EngineBroken, PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_buffers import BufferRing, aligned, plan_sets
from profiler.errors import CaptureError, ToolMissingError
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.stopping import StopRule

pytest_plugins = ("gpu_fixtures",)


def test_a_whole_point(fake):
    case, executors, settings = make(fake)
    assert case.verify()["passed"]
    measured, ranges = measure(case, settings)
    assert measured.samples_ns == [COST_NS] * 40
    assert len(measured.host_samples_ns) == 40
    assert [(row[0], row[4]) for row in ranges] == [("iteration", 2 * 64 * 33 * 4)] * 40
    assert fake.held_batches == 3, "40 samples in batches of 16 on a held stream"
    assert fake.profiler_depth == 0
    assert fake.calls.count("cudaProfilerStart") == 1
    assert case.facts["measure"] == "isolated"
    assert case.facts["lanes"] == [{"thread": 0, "stream": 0, "sample_count": 40}]
    case.close()
    assert executors[0].closed
    assert not fake.blocks, "everything was given back"
    assert not fake.streams
    assert fake.events == 0


def test_cold_iterations_rotate_through_more_than_twice_the_l2(fake):
    case, executors, settings = make(fake)
    measure(case, settings)
    sources = [source for source, _, _ in executors[0].enqueued[-40:]]
    set_bytes = 2 * aligned(POINT.size_bytes)
    count = case.facts["buffer_set_count"]
    assert count == plan_sets("cold", set_bytes, fake.l2_bytes)
    assert (count - 1) * set_bytes >= 2 * fake.l2_bytes
    assert len(set(sources)) == min(count, 40)
    assert sources[1] != sources[0]


def test_warm_iterations_use_one_buffer(fake):
    case, executors, settings = make(fake, cache="warm")
    measure(case, settings)
    assert len({source for source, _, _ in executors[0].enqueued}) == 1
    assert case.facts["cold_method"] is None


def test_a_wrong_output_is_found(fake):
    case, _, _ = make(fake, spoil=True)
    report = case.verify()
    assert not report["passed"]
    assert (report["failed_count"], report["worst_index"]) == (1, [0, 7])


def test_an_output_that_nobody_wrote_is_found(fake):
    case, executors, _ = make(fake)
    executors[0].enqueue = lambda *_: None
    assert not case.verify()["passed"]


def test_graphs_are_captured_once_a_set_and_launched(fake):
    case, executors, settings = make(fake, launch_mode="graph", cache="warm")
    assert case.verify()["passed"]
    measured, _ = measure(case, settings)
    assert measured.samples_ns == [COST_NS] * 40
    assert fake.calls.count("cudaStreamBeginCapture") == 1
    assert fake.calls.count("cudaGraphLaunch") == 42
    assert len(executors[0].enqueued) == 3, "verification, the iteration before the capture, and the capture itself"


def test_too_many_graphs_are_refused_with_a_way_out(fake):
    fake.l2_bytes = 1 << 30
    with pytest.raises(PointSkipped, match="--cache warm"):
        make(fake, launch_mode="graph")
    assert not fake.blocks


def test_untimed_iterations_never_hold_the_stream(fake):
    case, _, settings = make(fake, timed=False, min_samples=3, max_samples=3)
    measured, _ = measure(case, settings)
    assert len(measured.samples_ns) == 3
    assert fake.held_batches == 0


@pytest.mark.parametrize(
    ("operations", "batches", "measure_"), [(1, 3, "isolated"), (62, 10, "isolated"), (255, 0, "launched"), (5000, 0, "launched")]
)
def test_a_held_batch_never_fills_the_launch_queue(fake, operations, batches, measure_):
    case, _, settings = make(fake)
    case.operations_per_iteration = operations
    measured, _ = measure(case, settings)
    assert len(measured.samples_ns) == 40
    assert (fake.held_batches, case.facts["measure"]) == (batches, measure_)


def test_a_device_that_cannot_hold_a_stream_measures_all_the_same_and_says_so(fake):
    fake.supports_wait = False
    case, _, settings = make(fake)
    measured, _ = measure(case, settings)
    assert len(measured.samples_ns) == 40
    assert case.facts["measure"] == "launched"


def test_threads_and_streams_run_their_own_lanes(fake):
    case, executors, settings = make(fake, threads=2, streams=3, max_samples=20)
    assert len(executors) == 6
    assert case.verify()["passed"]
    measured, ranges = measure(case, settings)
    assert len(measured.samples_ns) == 6 * 20
    assert [lane["sample_count"] for lane in case.facts["lanes"]] == [20] * 6
    assert {(lane["thread"], lane["stream"]) for lane in case.facts["lanes"]} == {(t, s) for t in range(2) for s in range(3)}
    assert case.facts["wall_ns"] > 0
    assert [row[0] for row in ranges if row[0].startswith("point")] == [f"point {POINT.label}"] * 2
    assert len({row[3] for row in ranges if row[0] == "iteration"}) == 2
    case.close()
    assert not fake.blocks


def test_an_error_in_a_thread_is_raised_and_nothing_hangs(fake):
    case, _, settings = make(fake, threads=2)
    case.warm_up(1)
    fake.fail_next["cudaEventRecord"] = Error.cudaErrorInvalidValue
    with pytest.raises(CaptureError, match="cudaErrorInvalidValue"):
        case.measure(RangeRecorder(), StopRule(settings).wants_more)


def test_an_error_while_the_stream_is_held_lets_it_go(fake):
    case, _, settings = make(fake)
    case.warm_up(1)
    fake.fail_next["cudaEventRecord"] = Error.cudaErrorIllegalAddress
    with pytest.raises(EngineBroken, match="cudaErrorIllegalAddress"):
        case.measure(RangeRecorder(), StopRule(settings).wants_more)
    fake.runtime.cudaDeviceSynchronize()
    assert fake.profiler_depth == 0


def test_buffers_that_do_not_fit_skip_the_point(fake):
    fake.memory_bytes = 300 << 20
    with pytest.raises(PointSkipped, match="MiB of device memory"):
        make(fake, point=Point("add_scalar", (64, 1 << 20), "fp32", {"scalar": 1.0}))
    assert not fake.blocks


def test_every_set_holds_the_input_and_a_poisoned_output(fake):
    values = np.arange(50, dtype=np.float32)
    ring = BufferRing(Cuda(), values.nbytes, values.nbytes, "cold", 4096, 1000)
    ring.fill(values)
    assert len(ring.sets) >= 3
    for item in ring.sets:
        assert ctypes.string_at(item.source, values.nbytes) == values.tobytes()
        assert ctypes.string_at(item.target, values.nbytes) == b"\xff" * values.nbytes
        assert item.source % 16 == item.target % 16 == ring.sets[0].source % 16


def test_an_empty_tensor_runs(fake):
    case, _, settings = make(fake, point=Point("add_scalar", (0, 4), "fp32", {"scalar": 1.0}), cache="warm")
    assert case.verify()["passed"]
    measured, _ = measure(case, settings)
    assert len(measured.samples_ns) == 40


def test_device_facts(fake):
    facts = Cuda().facts()
    assert facts["uuid"] == "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert facts["memory_bandwidth_bytes_per_s"] == 4_814_304_000_000
    assert (facts["name"], facts["compute_capability"], facts["sm_clock_hz"]) == ("Fake GPU", "9.0", 1_980_000_000)
    versions = Cuda().versions()
    assert (versions["driver"], versions["cuda_runtime"]) == ("13.0", "12.6")


def test_missing_devices_are_named(fake):
    with pytest.raises(ToolMissingError, match="device 3 does not exist"):
        Cuda(3)
    fake.devices = 0
    with pytest.raises(ToolMissingError, match="no CUDA device") as caught:
        Cuda()
    assert "reference" in caught.value.hint
