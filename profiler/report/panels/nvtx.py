"""Panel: NVTX ranges: host time, the GPU time of what they launched, and their kernels."""

from __future__ import annotations

from profiler.report.blocks import Block
from profiler.report.panels.base import Panel
from profiler.report.view import View, table_block

_COMPACT = [
    "recording", "domain", "range", "count", "host_total_ns", "host_median_ns", "gpu_total_ns", "proj_total_ns", "innermost_gpu_ns",
    "kernel_count",
]  # fmt: skip
_NARROW, _NARROW_KERNELS = ["range", "host_median_ns", "gpu_total_ns"], ["range", "kernel", "median_ns"]
_COMPACT_KERNELS = ["recording", "range", "kernel", "range_count", "kernel_count", "total_ns", "median_ns", "min_ns", "max_ns"]


def build(view: View) -> list[Block]:
    """Build the table of ranges and that of their kernels."""
    blocks: list[Block] = [
        table_block(
            "nvtx-table", "nvtx", view.metric("nvtx"), sort="host_total_ns", descending=True, compact=_COMPACT, narrow=_NARROW
        )
    ]
    kernels = view.metric("nvtx_kernels")
    if kernels is not None:
        blocks.append(
            table_block(
                "nvtx-kernels-table",
                "nvtx_kernels",
                kernels,
                title="Kernels by range",
                compact=_COMPACT_KERNELS,
                narrow=_NARROW_KERNELS,
            )
        )
    return blocks


PANEL = Panel(
    "nvtx", "NVTX ranges", ("nvtx",), build, "Named parts of the program: time on the host, and on the GPU for what they launched.",
    ("nvtx", "nvtx_kernels"), "annotate the program (profiler.point, nvtx) and record with -t cuda,nvtx",
)  # fmt: skip
