"""Panel: NVTX ranges: host time, the GPU time of what they launched, and their kernels."""

from __future__ import annotations

from profiler.metrics.range_kernels import NVTX_KERNELS
from profiler.metrics.ranges import NVTX
from profiler.report.blocks import Block
from profiler.report.columns import first_shown
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block


def build(view: View) -> list[Block]:
    """Build the table of ranges and that of their kernels."""
    blocks: list[Block] = [
        table_block("nvtx-table", "nvtx", view.required("nvtx"), sort="host_total_ns", descending=True, **first_shown(NVTX))
    ]
    kernels = view.metric("nvtx_kernels")
    if kernels is not None:
        blocks.append(
            table_block(
                "nvtx-kernels-table",
                "nvtx_kernels",
                kernels,
                title="Kernels by range",
                **first_shown(NVTX_KERNELS),
            )
        )
    return blocks


PANEL = Panel(
    "nvtx",
    "NVTX ranges",
    ("nvtx",),
    build,
    "Named parts of the program: time on the host, and on the GPU for what they launched.",
    ("nvtx", "nvtx_kernels"),
    "annotate the program (profiler.point, nvtx) and record with -t cuda,nvtx",
)
