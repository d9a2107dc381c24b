"""The experiments that the plugins and the driver must pass: what runs, what it must show, and how that is judged."""

from __future__ import annotations

from importlib import import_module

from profiler.errors import UsageError, nearest
from profiler.experiments.experiment import Experiment

_MODULES = (
    "native_vs_plugin",
    "dynamic_shapes",
    "serialization",
    "threads",
    "under_tools",
    "ranks",
    "plugin_speed",
    "threads_memcheck",
)
EXPERIMENTS: tuple[Experiment, ...] = tuple(import_module(f"{__name__}.{name}").EXPERIMENT for name in _MODULES)
"""Every experiment; a new one is one module and one line here."""


def find_experiments(name: str) -> tuple[Experiment, ...]:
    """Return the experiment of a name, or those that `all` stands for.

    Raises:
        UsageError: There is none; the hint names the nearest.
    """
    found = tuple(item for item in EXPERIMENTS if (item.in_all if name == "all" else item.name == name))
    if not found:
        raise UsageError(f"no experiment {name!r}", nearest(name, ["all", *(item.name for item in EXPERIMENTS)]))
    return found
