"""Requests of short points, and where the runner's tests start it from."""

import os
import sys
from pathlib import Path

from profiler.capture.sweep import expand
from profiler.runner.request import REQUEST, SweepOptions
from profiler.runner.settings import MeasureSettings

HERE = Path(__file__).parent
QUICK = {"min_iterations": 3, "max_iterations": 3, "max_time": 1, "warmup": 1, "cache_mode": "warm"}
SEARCH_PATH = os.pathsep.join([str(HERE.parents[2]), str(HERE)])


def request(
    *sweeps, plugin="swish", shapes=("16x64",), dtypes=(), sets=(), engine="reference", driver="python", settings=None, **options
):
    """Return a sweep with short points; further options are those of `SweepOptions`."""
    points = tuple(expand(plugin, shapes, dtypes, sets, sweeps))
    chosen = MeasureSettings(**{**QUICK, **(settings or {})})
    return SweepOptions(points, engine=engine, driver=driver, settings=chosen, **options)


def command(folder, sweep):
    """Write the request into a folder; returns the command line that runs it, and the environment."""
    sweep.write(folder / REQUEST)
    return [sys.executable, "-m", "profiler.runner", "--request", REQUEST], {**os.environ, "PYTHONPATH": SEARCH_PATH}
