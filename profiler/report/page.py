"""Renders recordings as one HTML file that needs nothing but a browser: no server, no network, no other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import UsageError
from profiler.report.assets import PLOTLY, SCRIPTS, STYLES, dashboards_root, read_asset, script_hash
from profiler.report.blocks import Columns
from profiler.report.embed import json_text
from profiler.report.header import build_header
from profiler.report.panels import PANELS
from profiler.report.panels.base import Section, build_section
from profiler.report.view import View
from profiler.store.run_dir import write_atomic

if TYPE_CHECKING:
    from profiler.tables.load import Recording


def render(recordings: Sequence[Recording], out: Path, title: str | None = None) -> Path:
    """Write the page that shows one recording, or several side by side.

    Args:
        recordings: At least one; the first is the reference in comparisons.
        out: File to write; its folder is made when absent.
        title: Heading; the recordings' names by default.

    Returns:
        `out`.

    Raises:
        UsageError: No recording was given.
        CaptureError: The file cannot be written.
    """
    if not recordings:
        raise UsageError("a page needs at least one recording", "name a run or a file")
    view = View(recordings)
    sections = [build_section(panel, view) for panel in PANELS]
    heading = title or " · ".join(view.names)
    write_atomic(out, _document("page.html.j2", heading, sections, header=build_header(view), names=view.names))
    return out


def _document(template: str, title: str, sections: list[Section], **context: Any) -> str:
    from markupsafe import Markup

    scripts = [read_asset(PLOTLY), *(read_asset(name) for name in SCRIPTS)]
    payloads = {block.id: Markup(json_text(block.payload())) for block in _flat(sections) if hasattr(block, "payload")}
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            sections=sections,
            payloads=payloads,
            style=Markup("\n".join(read_asset(name) for name in STYLES)),
            scripts=[Markup(script) for script in scripts],
            policy=_policy(scripts),
            **context,
        )
    )


def _flat(sections: list[Section]) -> Iterator[Any]:
    for section in sections:
        for block in section.blocks:
            yield from block.items if isinstance(block, Columns) else (block,)


def _policy(scripts: list[str]) -> str:
    """Allow exactly the page's own scripts, and no request to anywhere.

    Plotly sets styles from its script, so inline styles are allowed; images are only those that the page makes itself.
    """
    allowed = " ".join(script_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(dashboards_root() / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
