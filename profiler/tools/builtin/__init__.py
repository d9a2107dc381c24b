"""What the driver and the runner write themselves: result JSON and the ranges they opened."""

from profiler.tools.base import Tool

TOOL = Tool(
    name="builtin",
    title="the built-in recorder, which sees only the marked ranges and their times",
    word="builtin",
    readers=("profiler.tools.builtin.reader",),
    recorder="profiler.tools.builtin.record",
    time_text="time of an iteration by the program's own clock, without a tool",
    marks_ranges=True,
    untraced=True,
    automatic=True,
)
