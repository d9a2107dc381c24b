"""Panel: the timeline: streams, NVTX ranges, gaps, copies, waits and API calls on one time axis."""

from __future__ import annotations

from profiler.report.blocks import Block, Missing, Note, Widget
from profiler.report.panels.base import Panel
from profiler.report.timeline_events import build_timeline
from profiler.report.view import View
from profiler.tools.registry import REPLAYERS, TOOLS

_FIX = "record with nsys, or with --tool cupti where nsys is missing"


def build(view: View) -> list[Block]:
    """Build one timeline per recording that holds events."""
    blocks: list[Block] = []
    silent, tools = list[str](), set[str]()
    for index, (name, recording) in enumerate(zip(view.names, view.recordings, strict=True)):
        data = build_timeline(recording)
        if data is None:
            silent.append(name)
            tools.update(recording.tools)
            continue
        blocks += [Note(note, "hint") for note in data.pop("notes")]
        blocks.append(Widget(f"timeline-{index}", "timeline", data, name if view.several else "", "Timeline of streams and ranges"))
    if silent:
        why = (
            f"{TOOLS[min(tools)].title} serialises kernels and records no timeline"
            if tools and tools <= set(REPLAYERS)
            else "neither GPU work nor ranges were recorded"
        )
        text = f"{', '.join(silent)}: no event carries a time" if view.several else "no event of this recording carries a time"
        blocks.append(Missing(f"{text} ({why})", _FIX))
    return blocks


PANEL = Panel(
    "timeline",
    "Timeline",
    (),
    build,
    "What ran when, on which stream, and where the GPU waited.",
    ("kernels", "memcpys", "memsets", "graph_launches", "nvtx_ranges", "gaps", "synchronizations", "api_calls"),
)
