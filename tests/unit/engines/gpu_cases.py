"""Cases of the GPU engines on a fake device, for the tests of this folder."""

import ctypes

import numpy as np

from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_case import GpuCase, GpuContext
from profiler.engines.tensorrt import _reference, _tolerance
from profiler.runner.host_data import HostData
from profiler.runner.point import Point
from profiler.runner.ranges import RangeRecorder
from profiler.runner.settings import MeasureSettings
from profiler.runner.stopping import StopRule

POINT = Point("add_scalar", (64, 33), "fp32", {"scalar": 2.0})
COST_NS = 100_000


class NumpyExecutor:
    """Runs add_scalar on the fake device, with a known cost."""

    def __init__(self, fake, point=POINT, spoil=False):
        self.fake, self.point, self.spoil, self.closed = fake, point, spoil, False
        self.spoil_captured = self.escapes = False
        self.spoiled_targets = ()
        self.enqueued = []

    def enqueue(self, source, target, stream):
        self.enqueued.append((source, target, int(stream)))
        size = self.point.size_bytes
        captured = self.fake.capturing is not None

        def action():
            self.fake.check(source, size)
            self.fake.check(target, size)
            values = np.frombuffer(ctypes.string_at(source, size), np.float32)
            result = (values + np.float32(self.point.attributes["scalar"])).astype(np.float32)
            if self.spoil or target in self.spoiled_targets or (captured and self.spoil_captured):
                result[7] += 1
            ctypes.memmove(target, result.ctypes.data, size)

        if self.escapes:
            action()
        else:
            self.fake.work(stream, action, COST_NS)

    def close(self):
        self.closed = True


def make(fake, spoil=False, point=POINT, **settings):
    values = {
        "warmup": 2,
        "min_samples": settings.get("max_samples", 40),
        "max_samples": 40,
        "min_time": 0,
        "max_seconds": 5,
        "precision": 0,
        **settings,
    }
    settings = MeasureSettings(**values)
    cuda = Cuda()
    executors = []

    def executor():
        executors.append(NumpyExecutor(fake, point, spoil))
        return executors[-1]

    tolerance = _tolerance(point)
    case = GpuCase(GpuContext(cuda, cuda.facts(), HostData(_reference)), point, settings, executor, tolerance)
    return case, executors, settings


def measure(case, settings):
    case.warm_up(settings.warmup)
    recorder = RangeRecorder(keep=True)
    return case.measure(recorder, StopRule(settings).wants_more), recorder.rows
