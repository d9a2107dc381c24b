"""The recorders of all tools, set up for this machine."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from profiler.capture.gpus import gpus
from profiler.capture.process import run_process
from profiler.tools.base import Recorder
from profiler.tools.registry import TOOLS


def _compute_capability() -> str | None:
    found = gpus()
    return found[0].compute_capability if found else None


@cache
def recorders() -> dict[str, Recorder]:
    """Return every recorder by the name of its tool."""
    return {name: import_module(tool.recorder).recorder(run_process, _compute_capability) for name, tool in TOOLS.items()}
