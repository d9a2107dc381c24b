"""An engine for tests: the reference engine, with points that crash, hang, give wrong output or break the process.

Chosen as `--engine faulty_engine:FaultyEngine`; the attribute `fault` of a point says what goes wrong.
"""

import ctypes
import os
import time
from pathlib import Path

from profiler.engines.base import EngineBroken, PointSkipped
from profiler.engines.reference import ReferenceEngine
from profiler.errors import CaptureError


class FaultyEngine(ReferenceEngine):
    name = "faulty"
    own_attributes = ("fault",)

    def prepare(self, point):
        fault = point.attributes.get("fault", "none")
        if fault == "crash":
            print("about to touch address 0", flush=True)
            ctypes.string_at(0)
        if fault == "kill":
            os.kill(os.getpid(), 9)
        if fault == "exit":
            os._exit(9)
        if fault == "hang":
            time.sleep(600)
        if fault == "slow":
            time.sleep(0.3)
        while fault == "wait" and not Path(os.environ["FAULT_GATE"]).exists():
            time.sleep(0.01)
        if fault == "error":
            raise CaptureError("out of registers", "use fewer")
        if fault in ("skip", "skip2"):
            raise PointSkipped("not on this device")
        if fault == "broken":
            raise EngineBroken("illegal memory access")
        if fault == "memory":
            raise MemoryError("4 GB")
        case = super().prepare(point)
        if fault == "wrong":
            verify = case.verify

            def poisoned():
                case._compute = lambda source: case._target.fill(7)
                return verify()

            case.verify = poisoned
        if fault == "late":
            measure = case.measure

            def spoiled(ranges, wants_more):
                measured = measure(ranges, wants_more)
                case._target[3] += 1
                return measured

            case.measure = spoiled
        if fault == "stray":
            case.keeps_to_stream = lambda: False
        return case


class BuildingEngine(FaultyEngine):
    """Has another timing cache after each point that it prepared."""

    builds = 0

    def prepare(self, point):
        self.builds += 1
        return super().prepare(point)

    def digests(self):
        return {"timing_cache": f"sha256:{self.builds}"}


class NoDeviceEngine:
    """Cannot even be opened."""

    def __init__(self, request):
        raise CaptureError("no CUDA device", "use --engine reference")


class CrashingEngine:
    """Dies while it is opened."""

    def __init__(self, request):
        ctypes.string_at(0)
