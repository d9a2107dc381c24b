"""The figures of a page as plotly Figures, for notebooks."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from profiler.report.assets import read_asset

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from profiler.report.blocks import Figure

PAGE_OPTIONS = ("labels", "names")


@cache
def _light_colours() -> dict[str, str]:
    root = re.search(r":root \{(.*?)\}", read_asset("css/theme.css"), re.DOTALL)
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", root[1])) if root else {}


def _coloured(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _coloured(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_coloured(item) for item in value]
    if isinstance(value, str) and value.startswith("@"):
        return _light_colours().get(value[1:], value)
    return value


def to_plotly(figure: Figure) -> go.Figure:
    """Return a page's figure as a plotly Figure in the light theme.

    Args:
        figure: Block of a panel.

    Raises:
        ValueError: Plotly refuses a property; its message names it.
    """
    import plotly.graph_objects as go

    layout = {name: _without_page_options(item) for name, item in _without_page_options(figure.layout).items()}
    return go.Figure(data=_coloured(figure.data), layout={**_coloured(layout), "height": figure.height})


def _without_page_options(value: Any) -> Any:
    """Leave out of a layout or an axis what only the page's own script understands (`figure.js`)."""
    return {name: item for name, item in value.items() if name not in PAGE_OPTIONS} if isinstance(value, dict) else value
