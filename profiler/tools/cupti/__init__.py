"""The embedded recorder: CUPTI activity records taken in the runner's own process."""

from profiler.tools.base import Tool

TOOL = Tool(
    name="cupti",
    title="the embedded CUPTI recorder",
    word="CUPTI",
    readers=("profiler.tools.cupti.reader",),
    recorder="profiler.tools.cupti.record",
    install="pip install cuda-python cupti-python pyelftools",
    time_text="time of an iteration on the GPU by the embedded recorder, see timed_by",
    times_kernels=True,
    marks_ranges=True,
    needs_kernels=True,
    own_runner_only=True,
    automatic=True,
)
