"""Renders recordings as one page: what was recorded, which launch configuration is fastest, why, and every detail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.errors import UsageError
from profiler.report.absent_section import gather_absent
from profiler.report.document import write_document
from profiler.report.experiment_section import experiment_sections
from profiler.report.header import build_header
from profiler.report.panels import PANELS
from profiler.report.panels.base import build_section
from profiler.report.view import View

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


def render(recordings: Sequence[Recording], out: Path, title: str | None = None, source: str | None = None) -> Path:
    """Write the page that shows one recording, or several side by side.

    Args:
        recordings: At least one; the first is the reference in comparisons.
        out: File to write; its folder is made when absent.
        title: Heading; the recordings' names by default.
        source: Times to go by: kind of `TimeSource`, or `KIND:TOOL`; the first that all recordings have by default.

    Returns:
        `out`.

    Raises:
        UsageError: No recording was given, or they do not share the source.
        CaptureError: The file cannot be written.
    """
    if not recordings:
        raise UsageError("a page needs at least one recording", "name a run or a file")
    view = View(recordings, source)
    sections = gather_absent([*experiment_sections(view), *(build_section(panel, view) for panel in PANELS)], view)
    return write_document(out, "page.html.j2", title or " · ".join(view.names), sections, header=build_header(view))
