"""The Python runner: executes an op over a sweep of launch configurations and measures every one of them.

`python -m profiler.runner --help`. Needs the standard library, NumPy and nvtx; engines bring cuda or tensorrt.
"""
