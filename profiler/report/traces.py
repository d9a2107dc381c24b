"""Parts of Plotly figures that several plots share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def scatter(name: str, x: Iterable[Any], y: Iterable[Any], color: str, hover: str = "", **more: Any) -> dict[str, Any]:
    """Return points of one colour.

    Args:
        name: What the legend calls them.
        x: Places along x.
        y: Places along y.
        color: Colour of the theme (`@series-0`).
        hover: Plotly's template of the text under the pointer.
        **more: Properties of the trace beside these or in their place.
    """
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": np.asarray(x).tolist(),
        "y": np.asarray(y).tolist(),
        "marker": {"color": color, "size": 8},
        "hovertemplate": f"{hover}<extra></extra>",
        **more,
    }
