"""An engine for tests: the reference engine, with points that crash, hang, give wrong output or break the process.

Chosen as `--engine faulty_engine:FaultyEngine`; the attribute `fault` of a point says what goes wrong.
"""

import ctypes
import os
import time
from dataclasses import replace
from pathlib import Path

from profiler.engines.base import EngineBroken, PointSkipped
from profiler.engines.reference import ReferenceEngine
from profiler.errors import CaptureError
from profiler.runner.measurement import host_array


class FaultyEngine(ReferenceEngine):
    name = "faulty"

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
        own = {name: value for name, value in point.attributes.items() if name != "fault"}
        case = super().prepare(replace(point, attributes=own))
        if fault in ("wrong", "late"):
            case.enqueue = spoil(case, skipped=3 if fault == "late" else 0)
        return case


def spoil(case, skipped):
    """Let iterations write a wrong element, the first ones left out: before them lie the verified one and the warm-up."""
    run, target = case.enqueue, case.tensors[1]
    count = 0

    def enqueue(lane, addresses, stream):
        nonlocal count
        run(lane, addresses, stream)
        count += 1
        if count > skipped:
            host_array(addresses[1], target)[3] += 1

    return enqueue


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
