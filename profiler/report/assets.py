"""Finds the dashboards' templates, style sheets and scripts, in a checkout or in an installed wheel."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from profiler.errors import ToolMissingError

_PACKAGE = Path(__file__).resolve().parent.parent
_CANDIDATES = (_PACKAGE / "_dashboards", _PACKAGE.parent / "dashboards")

STYLES = ("css/theme.css", "css/layout.css", "css/blocks.css", "css/widgets.css")
PLOTLY = "vendor/plotly-basic.min.js"
_MODULES = (
    *("core", "format", "address", "theme", "figure", "filter", "table", "explorer-model", "explorer", "samples", "trend"),
    *("timeline-data", "timeline-draw", "timeline-input", "timeline", "page"),
)
SCRIPTS = tuple(f"js/{name}.js" for name in _MODULES)


@cache
def dashboards_root() -> Path:
    """Return the folder that holds `templates/` and `assets/`.

    Raises:
        ToolMissingError: The installation lacks them.
    """
    for folder in _CANDIDATES:
        if (folder / "templates").is_dir() and (folder / "assets").is_dir():
            return folder
    raise ToolMissingError(
        f"the page templates are missing: looked in {' and '.join(map(str, _CANDIDATES))}",
        "install profiler again: pip install --force-reinstall profiler",
    )


@cache
def read_asset(name: str) -> str:
    """Return the text of one asset, such as `css/theme.css`."""
    return (dashboards_root() / "assets" / name).read_text(encoding="utf-8")


def script_hash(text: str) -> str:
    """Return the Content-Security-Policy source that allows exactly this inline script."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
