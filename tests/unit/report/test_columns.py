"""Labels and units derive from names and specifications."""

import pandas as pd
import pytest

from profiler.metrics import catalog
from profiler.report.columns import label_of, view_column
from profiler.units import unit_of


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("median_ns", "ns", "median"),
        ("effective_bandwidth_bytes_per_s", "bytes/s", "effective bandwidth"),
        ("size_bytes", "bytes", "size"),
        ("gpu_busy_pct", "%", "GPU busy"),
        ("kernel_count", "count", "kernel count"),
        ("bytes", "bytes", "bytes"),
        ("sm_clock_hz", "Hz", "SM clock"),
        ("share_ratio", "ratio", "share ratio"),
        ("variant", "", "variant"),
    ],
)
def test_names_state_unit_and_label(name, unit, label):
    assert (unit_of(name), label_of(name)) == (unit, label)


def test_tooltip_and_direction_come_from_the_specification():
    spec = next(spec for spec in catalog.find("kernel_summary").columns if spec.name == "median_ns")
    column = view_column("kernel_summary", pd.Series([1.5], name="median_ns"))
    assert (column.text, column.unit, column.better, column.kind) == (spec.text, "ns", "lower", "number")


def test_identifiers_are_no_quantities():
    assert view_column("point_summary", pd.Series([1024], name="block")).plain
    assert not view_column("kernel_summary", pd.Series([1024], name="count")).plain


def test_every_metric_column_has_a_label_and_a_unit_that_its_name_allows():
    for table in catalog.METRIC_TABLES:
        for spec in table.columns:
            assert label_of(spec.name).strip()
            if spec.name.endswith("_ns"):
                assert unit_of(spec.name) == "ns"
