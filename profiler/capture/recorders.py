"""The recorders: one line a tool."""

from __future__ import annotations

from functools import cache

from profiler.capture.process import run_process
from profiler.engines.nvml import gpus
from profiler.tools.base import Recorder
from profiler.tools.builtin.record import BuiltinRecorder
from profiler.tools.cupti.record import CuptiRecorder
from profiler.tools.ncu.record import NcuRecorder
from profiler.tools.nsys.record import NsysRecorder


def _compute_capability() -> str | None:
    found = gpus()
    return found[0].compute_capability if found else None


@cache
def recorders() -> dict[str, Recorder]:
    """Return every recorder by the name of its tool."""
    found: tuple[Recorder, ...] = (
        NsysRecorder(run_process),
        NcuRecorder(run_process, _compute_capability),
        CuptiRecorder(),
        BuiltinRecorder(),
    )
    return {recorder.tool: recorder for recorder in found}
