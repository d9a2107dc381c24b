"""Every figure of a real recording is a valid plotly Figure with real colours."""

from pathlib import Path

import plotly.graph_objects as go
import pytest

from profiler.metrics.recording import load
from profiler.report.blocks import Figure
from profiler.report.notebook import to_plotly
from profiler.report.panels import PANELS
from profiler.report.panels.base import build_section
from profiler.report.view import View

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("capture", [next((DATA / "nsys_h200").glob("node*.sqlite")), next((DATA / "ncu_h200").glob("*.ncu-rep"))])
def test_plotly_accepts_every_figure(capture):
    view = View([load(str(capture))])
    figures = [block for panel in PANELS for block in build_section(panel, view).blocks if isinstance(block, Figure)]
    assert figures
    for figure in figures:
        drawn = to_plotly(figure)
        assert isinstance(drawn, go.Figure) and len(drawn.data) == len(figure.data)
        assert '"@' not in drawn.to_json()


def test_an_unknown_property_is_refused():
    with pytest.raises(ValueError, match="colour"):
        to_plotly(Figure("x", [{"type": "bar", "colour": "@series-0"}], {}))
