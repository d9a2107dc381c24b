"""Nsight Compute: reading its reports and CSV pages, and recording with it."""

from profiler.tools.base import Tool

INSTALL_HINT = "it comes with the CUDA toolkit, or from developer.nvidia.com/nsight-compute; then put it on PATH"

TOOL = Tool(
    name="ncu",
    title="Nsight Compute",
    word="ncu",
    readers=("profiler.tools.ncu.report", "profiler.tools.ncu.csv"),
    recorder="profiler.tools.ncu.record",
    install=INSTALL_HINT,
    adds="hardware counters",
    replays=True,
    needs_kernels=True,
)
