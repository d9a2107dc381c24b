"""The experiments that the plugins and the driver must pass: what runs, what it must show, and how that is judged."""

from __future__ import annotations

from profiler.errors import UsageError, nearest
from profiler.experiments import (
    dynamic_shapes,
    native_vs_plugin,
    plugin_speed,
    ranks,
    serialization,
    threads,
    threads_memcheck,
    under_tools,
)
from profiler.experiments.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    native_vs_plugin.EXPERIMENT,
    dynamic_shapes.EXPERIMENT,
    serialization.EXPERIMENT,
    threads.EXPERIMENT,
    under_tools.EXPERIMENT,
    ranks.EXPERIMENT,
    plugin_speed.EXPERIMENT,
    threads_memcheck.EXPERIMENT,
)
"""Every experiment; a new one is one module and one line here."""


def find_experiments(name: str) -> tuple[Experiment, ...]:
    """Return the experiment of a name, or those that `all` stands for.

    Raises:
        UsageError: There is none; the hint names the nearest.
    """
    if name == "all":
        return tuple(item for item in EXPERIMENTS if item.in_all)
    found = tuple(item for item in EXPERIMENTS if item.name == name)
    if not found:
        raise UsageError(f"no experiment {name!r}", nearest(name, ["all", *(item.name for item in EXPERIMENTS)]))
    return found
