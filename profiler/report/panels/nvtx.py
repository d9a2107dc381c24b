"""Panel: NVTX ranges: host time, the GPU time of what they launched, and their kernels."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.tables import table_block
from profiler.report.view import View


def build(view: View) -> list[Block]:
    """Build the table of ranges and that of their kernels."""
    ranges = table_block("nvtx-table", "nvtx", view.required("nvtx"), sort="-host_total_ns")
    kernels = view.metric("nvtx_kernels")
    if kernels is None:
        return [ranges]
    return [ranges, table_block("nvtx-kernels-table", "nvtx_kernels", kernels, title="Kernels by range")]


PANEL = Panel(
    "nvtx",
    "NVTX ranges",
    ("nvtx",),
    build,
    "Named parts of the program: time on the host, and on the GPU for what they launched.",
    ("nvtx", "nvtx_kernels"),
    "annotate the program (profiler.point, nvtx) and record with -t cuda,nvtx",
)
