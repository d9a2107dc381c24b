"""What the GPU engines check before a time counts: the stream of the work, and what measured iterations wrote."""

import time

import pytest
from fake_cuda import Error
from gpu_cases import POINT, make, measure

from profiler.engines import gpu_case, stream_check
from profiler.engines.base import PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_case import GpuCase, GpuContext
from profiler.engines.tensorrt import _reference
from profiler.errors import CaptureError
from profiler.runner.host_data import HostData
from profiler.runner.ranges import RangeRecorder
from profiler.runner.settings import MeasureSettings
from profiler.runner.stopping import StopRule
from profiler.runner.worker import run_point

pytest_plugins = ("gpu_fixtures",)


class OneCase:
    """An engine that has one case ready."""

    clock = "cuda_event"

    def __init__(self, case):
        self.case = case

    def prepare(self, point):
        return self.case


def whole_point(case, settings):
    return run_point(OneCase(case), POINT, settings, RangeRecorder())


def test_work_on_the_given_stream_keeps_to_it(fake):
    case, _, settings = make(fake)
    case.verify()
    blocks, streams = len(fake.blocks), len(fake.streams)
    assert case.keeps_to_stream() is True
    assert (len(fake.blocks), len(fake.streams)) == (blocks, streams)
    record = whole_point(case, settings)
    assert (record["status"], record["keeps_to_stream"]) == ("ok", True)
    assert len(record["samples_ns"]) == 40
    assert not fake.blocks
    assert not fake.streams


@pytest.mark.parametrize("verify", [True, False])
def test_work_that_leaves_the_stream_is_not_timed(fake, verify):
    case, executors, settings = make(fake, verify=verify)
    executors[0].escapes = True
    record = whole_point(case, settings)
    assert (record["status"], record["keeps_to_stream"], record["samples_ns"]) == ("failed", False, [])
    assert "outside the stream it was given" in record["reason"]
    assert fake.calls.count("cudaProfilerStart") == 0
    assert not fake.blocks


def test_what_cannot_be_held_cannot_be_told(fake):
    fake.supports_wait = False
    case, _, _ = make(fake)
    assert case.keeps_to_stream() is None


@pytest.mark.parametrize(("operations", "timed"), [(1, False), (1000, True)])
def test_a_stream_is_not_held_where_that_could_last_for_ever(fake, operations, timed):
    case, executors, _ = make(fake, timed=timed)
    case.operations_per_iteration = operations
    assert case.keeps_to_stream() is None
    assert not executors[0].enqueued


def test_a_launch_that_waits_for_the_device_is_let_go(fake, monkeypatch):
    monkeypatch.setattr(stream_check, "LONGEST_HOLD_S", 0.02)
    case, executors, _ = make(fake)
    enqueue = executors[0].enqueue
    gate = case._lanes[0].gate

    def patient(source, target, stream):
        enqueue(source, target, stream)
        deadline = time.monotonic() + 10
        while gate._value.value != gate._turn and time.monotonic() < deadline:
            time.sleep(0.001)
        assert time.monotonic() < deadline, "nobody let the stream go"

    executors[0].enqueue = patient
    assert case.keeps_to_stream() is None


def test_an_error_behind_a_held_stream_lets_it_go(fake):
    case, executors, _ = make(fake)
    turns = []

    def failing(source, target, stream):
        turns.append(1)
        if len(turns) == 2:
            raise CaptureError("refused", "")

    executors[0].enqueue = failing
    with pytest.raises(CaptureError, match="refused"):
        case.keeps_to_stream()
    fake.runtime.cudaDeviceSynchronize()
    case.close()
    assert not fake.blocks


def test_a_wrong_graph_is_found_after_the_measurement(fake):
    case, executors, settings = make(fake, launch_mode="graph", cache="warm")
    executors[0].spoil_captured = True
    record = whole_point(case, settings)
    assert (record["status"], record["samples_ns"], record["lanes"]) == ("wrong_output", [], [])
    assert record["reason"].startswith("in a measured iteration output differs from the reference in 1 of")
    assert record["verification"]["passed"] is False


def test_graphs_that_do_nothing_are_found(fake):
    case, executors, settings = make(fake, launch_mode="graph", cache="warm")
    enqueue = executors[0].enqueue
    executors[0].enqueue = lambda *arguments: enqueue(*arguments) if fake.capturing is None else None
    record = whole_point(case, settings)
    assert record["status"] == "wrong_output"
    assert record["verification"]["failed_count"] == 64 * 33


@pytest.mark.parametrize("place", [1, 20, 39])
def test_a_wrong_rotated_set_is_found(fake, place):
    case, executors, settings = make(fake)
    lane = case._lanes[0]
    assert len(lane.ring.sets) > 40
    executors[0].spoiled_targets = (lane.ring.sets[settings.warmup + place].target,)
    assert whole_point(case, settings)["status"] == "wrong_output"


def test_first_last_and_a_middle_set_are_looked_at_in_any_case(fake, monkeypatch):
    monkeypatch.setattr(gpu_case, "CHECKED_BYTES", 0)
    case, _, settings = make(fake)
    lane = case._lanes[0]
    sets = [lane.ring.sets[index].target for index in range(len(lane.ring.sets))]
    looked = []
    download = case._context.cuda.download
    case.verify()
    measure(case, settings)
    case._context.cuda.download = lambda address, values: (looked.append(sets.index(address)), download(address, values))
    assert case.verify_measured() is None
    assert looked == [2, 21, 41]


def test_a_lane_that_goes_wrong_beside_others_is_found(fake):
    case, executors, settings = make(fake, threads=2, streams=2, max_samples=20)
    assert case.verify()["passed"]
    measure(case, settings)
    assert case.verify_measured() is None
    executors[2].spoil = True
    case.measure(RangeRecorder(), StopRule(settings).wants_more)
    assert case.verify_measured()["worst_index"] == [0, 7]


def test_without_verification_nothing_measured_is_compared(fake):
    case, _, settings = make(fake, verify=False, spoil=True)
    record = whole_point(case, settings)
    assert (record["status"], record["verification"]) == ("ok", None)


@pytest.mark.parametrize("call", ["cudaMemcpy", "cudaStreamCreateWithFlags", "cudaEventCreate", "cudaHostGetDevicePointer"])
def test_a_lane_that_cannot_be_made_leaves_nothing_behind(fake, call):
    fake.fail_next[call] = Error.cudaErrorInvalidValue
    with pytest.raises(CaptureError, match=call):
        make(fake)
    assert not fake.blocks
    assert not fake.streams
    assert fake.events == 0


def test_an_executor_that_refuses_leaves_no_buffers_behind(fake):
    def refuse():
        raise PointSkipped("not this shape")

    cuda = Cuda()
    with pytest.raises(PointSkipped, match="not this shape"):
        GpuCase(GpuContext(cuda, cuda.facts(), HostData(_reference)), POINT, MeasureSettings(), refuse, None)
    assert not fake.blocks
