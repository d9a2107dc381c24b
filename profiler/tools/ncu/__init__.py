"""Nsight Compute: reading its reports and CSV pages, and recording with it."""

from profiler.tools.base import Tool

TOOL = Tool(
    name="ncu",
    title="Nsight Compute",
    word="ncu",
    readers=("profiler.tools.ncu.report", "profiler.tools.ncu.csv"),
    recorder="profiler.tools.ncu.record",
    install="it comes with the CUDA toolkit, or from developer.nvidia.com/nsight-compute; then put it on PATH",
    adds="hardware counters",
    replays=True,
    needs_kernels=True,
)
