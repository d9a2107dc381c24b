"""Nsight Systems: reading its exports, and recording with it."""

from profiler.tools.base import Tool

TOOL = Tool(
    name="nsys",
    title="Nsight Systems",
    word="nsys",
    readers=(
        "profiler.tools.nsys.reader",
        "profiler.tools.nsys.report",
        "profiler.tools.nsys.stats",
        "profiler.tools.nsys.table_folder",
    ),
    recorder="profiler.tools.nsys.record",
    install="scripts/install-nsys.sh installs it on Debian and Ubuntu; else developer.nvidia.com/nsight-systems",
    adds="the API calls and the timeline of everything that the runner does not mark",
    time_text="time of an iteration on the GPU by Nsight Systems, see timed_by",
    times_kernels=True,
    marks_ranges=True,
    automatic=True,
)
