"""One section in place of all panels without data: their names, and each cause once."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.report.blocks import Absent, Missing
from profiler.report.document import Section
from profiler.report.view import View

_GPU_WORK = ("kernels", "memcpys", "memsets", "graph_launches")
_WITHOUT_GPU = "no GPU work was recorded"


def gather_absent(sections: Sequence[Section], view: View) -> list[Section]:
    """Return the sections that show something, and behind them one that names the others with their causes."""
    empty = [section for section in sections if section.empty]
    if not empty:
        return list(sections)
    grouped: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for section in empty:
        missing = next(block for block in section.blocks if isinstance(block, Missing))
        grouped.setdefault((missing.reason, missing.fix), []).append((section.id, section.title))
    cause = _WITHOUT_GPU if all(view.table(name) is None for name in (*_GPU_WORK, "profiled_launches", "samples")) else ""
    items = [(titles, reason, fix) for (reason, fix), titles in grouped.items()]
    block = Absent(", ".join(section.title for section in empty), cause, items)
    return [*(section for section in sections if not section.empty), Section("without-data", "Without data", [block])]
