"""The measuring core on a CUDA driver of a few lines: lanes, graphs, rotation, held streams, and what goes wrong on a device."""

import ctypes
import os

import pytest

from profiler.engines.base import Case, TensorSpec
from profiler.errors import CaptureError
from profiler.runner.core import load_core
from profiler.runner.measurement import measure as measure_point
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.runner.worker import run_point

COST_NS, SCALAR = 100_000, 2.0


@pytest.fixture(scope="module")
def library(cuda_library):
    os.environ["PROFILER_CUDA_LIBRARY"] = str(cuda_library)  # the core opens the driver once, so for all tests of this process
    fake = ctypes.CDLL(str(cuda_library))
    fake.fakeAdd.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint64,
        ctypes.c_uint64,
        ctypes.c_int64,
        ctypes.c_float,
        ctypes.c_double,
        ctypes.c_int,
    ]
    fake.fakeIsCapturing.argtypes = [ctypes.c_void_p]
    assert load_core().call("device", {"device": 0})["device"]["name"] == "Fake GPU"
    return fake


@pytest.fixture
def fake(library):
    before = library.fakeLive()
    yield library
    library.fakeLose(0)
    assert library.fakeLive() == before, "something was not given back"


class Adds:
    """Adds a number on the device; counts its launches, and goes wrong where it is told to."""

    def __init__(self, fake, shape=(64, 33), **faults):
        self.fake, self.faults, self.launches = fake, faults, []
        self.tensors = [TensorSpec("x", shape, "fp32", True), TensorSpec("y", shape, "fp32", False)]

    def enqueue(self, lane, addresses, stream):
        source, target = addresses
        self.launches.append((lane, source, target, stream))
        wrong = self.faults.get("from_launch", 1 << 60) <= len(self.launches)
        wrong |= bool(self.faults.get("captured") and self.fake.fakeIsCapturing(stream))
        wrong |= target == self.faults.get("target")
        count, escapes = self.tensors[0].element_count, int(self.faults.get("escapes", False))
        assert self.fake.fakeAdd(stream, source, target, count, SCALAR + wrong, COST_NS, escapes) == 0
        if self.faults.get("lost"):
            self.fake.fakeLose(1)

    def case(self, **more):
        def reference(inputs, outputs):
            outputs[0][:] = inputs[0] + SCALAR

        return Case(self.tensors, self.enqueue, reference, tolerance=(0.0, 1e-6), **more)


def measure(adds, ranges=None, case=None, **settings):
    chosen = MeasureSettings(**{"iterations": 20, "warmup": 2, **settings})
    case = case or adds.case()
    request = {"point": {"label": "op=add"}, "device": 0, "engine": "mine", "settings": chosen.to_dict(), **case.to_request()}
    return measure_point(load_core(), request, case, ranges or RangeRecorder())


def test_an_iteration_takes_its_time_on_the_device_and_nothing_else(fake):
    record = measure(Adds(fake))
    assert (record["status"], record["clock"], record["keeps_to_stream"]) == ("ok", "cuda_event", True)
    assert record["samples_ns"] == pytest.approx([COST_NS] * 20, abs=64)
    assert len(record["host_samples_ns"]) == 20
    assert record["verification"]["passed"]
    assert record["lanes"] == [{"thread": 0, "stream": 0, "sample_count": 20}]


def test_one_lane_is_held_while_a_batch_is_enqueued(fake):
    before = fake.fakeDelays()
    assert measure(Adds(fake))["measure"] == "isolated"
    assert fake.fakeDelays() - before == 1 + 2, "the stream check, and two batches of 16 at most"


def test_untimed_iterations_hold_nothing_and_leave_no_samples(fake):
    before, adds = fake.fakeDelays(), Adds(fake)
    record = measure(adds, timed=False, iterations=1, warmup=1)
    assert (record["status"], record["samples_ns"], record["keeps_to_stream"]) == ("ok", [], None)
    assert fake.fakeDelays() == before
    assert len(adds.launches) == 3, "verified, warmed up, run"


def test_cold_iterations_rotate_past_twice_the_l2_and_warm_ones_do_not(fake):
    adds = Adds(fake)
    record = measure(adds)
    sets = record["buffer_set_count"]
    assert (sets - 1) * 2 * 64 * 33 * 4 >= 2 * (1 << 20)
    assert record["cold_method"] == "rotate"
    measured = [launch[1] for launch in adds.launches[-20:]]
    assert len(set(measured)) == min(20, sets)
    warm = Adds(fake)
    record = measure(warm, cache_mode="warm")
    assert (record["buffer_set_count"], record["cold_method"], len({launch[1] for launch in warm.launches})) == (1, None, 1)


def test_lanes_have_streams_and_buffers_of_their_own(fake):
    adds, ranges = Adds(fake), RangeRecorder(keep=True)
    record = measure(adds, ranges, threads=2, streams=2)
    assert record["measure"] == "throughput"
    assert [(lane["thread"], lane["stream"], lane["sample_count"]) for lane in record["lanes"]] == [
        (thread, stream, 20) for thread in (0, 1) for stream in (0, 1)
    ]
    assert record["wall_ns"] > 0
    streams = {lane: {launch[3] for launch in adds.launches[5:] if launch[0] == lane} for lane in range(4)}
    assert all(len(own) == 1 for own in streams.values())
    assert len(set.union(*streams.values())) == 4
    threads = {row[3] for row in ranges.rows if row[0] == "iteration"}
    assert len(threads) == 2
    assert [row[3] for row in ranges.rows if row[0] == "point op=add"].count(threads.pop()) == 1, "each thread opens the point"


def test_graphs_are_captured_once_a_set_and_then_launched(fake):
    adds = Adds(fake)
    record = measure(adds, launch_mode="graph", cache_mode="warm")
    assert (record["status"], record["launch_mode"], len(record["samples_ns"])) == ("ok", "graph", 20)
    assert len(adds.launches) <= 3, "verified, looked at on a held stream, captured"


@pytest.mark.parametrize(
    ("faults", "settings", "reason"),
    [
        ({"from_launch": 1}, {}, "2112 of 2112 elements of y differ"),
        ({"from_launch": 8}, {}, "in a measured iteration"),
        ({"captured": True}, {"launch_mode": "graph"}, "in a measured iteration"),
    ],
)
def test_a_wrong_output_voids_the_samples_wherever_it_appears(fake, faults, settings, reason):
    record = measure(Adds(fake, **faults), **settings)
    assert (record["status"], record["samples_ns"]) == ("wrong_output", [])
    assert record["reason"].startswith(reason)
    assert record["verification"]["failed_count"] == 64 * 33


def test_work_that_leaves_its_stream_is_seen_and_fails_the_point(fake):
    record = measure(Adds(fake, escapes=True))
    assert (record["status"], record["keeps_to_stream"], record["samples_ns"]) == ("failed", False, [])
    assert "outside the stream" in record["reason"]


def test_a_context_that_a_plugin_loses_while_its_engine_is_built_is_told(fake):
    class Builds:
        name, device = "builds", 0

        def prepare(self, point):
            fake.fakeLose(1)
            raise CaptureError("the engine was not built", "read the log")

    record = run_point(load_core(), Builds(), SweepOptions((Point("add", (4,)),)), 0, RangeRecorder())
    assert (record["status"], record["reason"], record["device_lost"]) == ("failed", "the engine was not built", True)
    fake.fakeLose(0)
    assert not load_core().call("lost", {"device": 0})["lost"]


def test_a_lost_context_is_told_and_so_the_process_can_be_replaced(fake):
    record = measure(Adds(fake, lost=True))
    assert (record["status"], record["device_lost"]) == ("failed", True)


def test_an_error_of_a_launch_reaches_the_caller_and_gives_everything_back(fake):
    def refuse(lane, addresses, stream):
        raise RuntimeError("no launch")

    adds = Adds(fake)
    case = adds.case()
    case.enqueue = refuse
    with pytest.raises(RuntimeError, match="no launch"):
        measure(adds, case=case)


def test_an_iteration_of_many_launches_is_enqueued_in_smaller_batches(fake):
    before, adds = fake.fakeDelays(), Adds(fake)
    measure(adds, case=adds.case(launches_per_iteration=200))
    assert fake.fakeDelays() - before == 1 + 10


def test_a_profiler_is_told_which_part_is_measured(fake):
    before = fake.fakeProfiled()
    measure(Adds(fake))
    assert fake.fakeProfiled() == before + 1
