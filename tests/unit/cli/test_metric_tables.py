"""Metric tables on a terminal."""

import pandas as pd

from profiler.cli.metric_tables import print_metric_table
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec

TABLE = MetricTable(
    name="t", title="T", text="rows", columns=(ColumnSpec("name"), ColumnSpec("time_ns")), compute=lambda recording: pd.DataFrame()
)


def test_what_all_rows_share_is_said_once(capsys):
    print_metric_table(TABLE, pd.DataFrame({"name": list("abc"), "time_ns": [1500.0] * 3}))
    out = capsys.readouterr().out
    assert "all rows: time_ns 1.5 µs" in out and out.count("1.5 µs") == 1


def test_rows_that_are_alike_throughout_are_still_rows(capsys):
    print_metric_table(TABLE, pd.DataFrame({"name": ["a"] * 3, "time_ns": [1500.0] * 3}))
    assert capsys.readouterr().out.count("1.5 µs") == 3
