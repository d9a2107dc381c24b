"""Marks sweep points in a user's own program, so that a recording of it can be compared by launch configuration.

    with profiler.point(block=256, bytes=n):          # the whole body is one measured iteration
        launch()

    for _ in profiler.point(block=256, bytes=n).iterations(100, warmup=10):
        launch()

    with profiler.point(block=256, bytes=n).open() as point:
        with point.warmup():
            launch()
        for _ in range(100):
            with point.iteration():
                launch()

Under Nsight Systems and Nsight Compute the ranges are recorded by the tool. Under `profiler run --tool builtin` each
finished point is written to disk at once, with CUDA event times where the program uses CUDA and host times where it
does not. With no tool at all the ranges cost next to nothing.
"""

from profiler.annotate.point import MarkedPoint as Point
from profiler.annotate.point import iteration, point

__all__ = ["Point", "iteration", "point"]
