"""Puts sections, styles, scripts and data together into one HTML file that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiler.report.assets import PLOTLY, SCRIPTS, STYLES, dashboards_root, read_asset, script_hash
from profiler.report.blocks import Block, Missing, SideBySide
from profiler.report.embed import json_text
from profiler.store.run_dir import write_atomic
from profiler.units import UNITS


@dataclass(frozen=True)
class Section:
    """One section of a page.

    Attributes:
        id: Anchor, unique on the page.
        title: Heading.
        blocks: Its content.
        lead: One sentence under the heading.
        sources: Tables the figures come from.
    """

    id: str
    title: str
    blocks: Sequence[Block]
    lead: str = ""
    sources: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True when the section only says why it has no data."""
        return all(isinstance(block, Missing) for block in self.blocks)


def write_document(out: Path, template: str, title: str, sections: Sequence[Section], **context: Any) -> Path:
    """Write a page.

    Args:
        out: File to write; its folder is made when absent.
        template: Name of a template of `dashboards/templates`.
        title: Heading and title of the page.
        sections: Content.
        **context: What the template needs beside it.

    Raises:
        CaptureError: The file cannot be written.
    """
    from markupsafe import Markup

    scripts = [read_asset(PLOTLY), *(f'"use strict";\n{read_asset(name)}' for name in SCRIPTS)]
    blocks: list[Any] = [block for section in sections for block in section.blocks]
    blocks += [item for block in blocks if isinstance(block, SideBySide) for item in block.items]
    payloads = {block.id: Markup(json_text(block.payload())) for block in blocks if hasattr(block, "payload")}
    payloads["units"] = Markup(json_text({name: unit.steps for name, unit in UNITS.items()}))
    style = Markup("\n".join(map(read_asset, STYLES)))
    inline = {"style": style, "scripts": [Markup(script) for script in scripts], "policy": _policy(scripts)}
    page = _environment().get_template(template)
    text = page.render(title=title, sections=sections, payloads=payloads, **inline, **context)
    # a lone surrogate in a name of a capture is no text that a file can hold
    write_atomic(out, text.encode("utf-8", "replace"))
    return out


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

    loader, strict = jinja2.FileSystemLoader(dashboards_root() / "templates"), jinja2.StrictUndefined
    return jinja2.Environment(loader=loader, autoescape=True, undefined=strict, trim_blocks=True, lstrip_blocks=True)
