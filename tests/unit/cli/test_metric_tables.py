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


def test_fractions_of_counts_keep_their_digits(capsys):
    columns = (
        ColumnSpec("kernel"),
        ColumnSpec("eligible_warps_per_scheduler", unit="warps"),
        ColumnSpec("waves_per_sm", unit="waves"),
    )
    table = MetricTable(name="t", title="T", text="rows", columns=columns, compute=lambda recording: pd.DataFrame())
    frame = pd.DataFrame({"kernel": ["a", "b"], "eligible_warps_per_scheduler": [0.144, 1.0], "waves_per_sm": [3.88, 12.0]})
    print_metric_table(table, frame)
    out = capsys.readouterr().out
    assert "0.144" in out and "3.88" in out and "12" in out


def test_columns_that_people_look_for_first_lead(capsys):
    columns = tuple(map(ColumnSpec, ("label", "time_ns", "status")))
    table = MetricTable(
        name="t",
        title="T",
        text="rows",
        columns=columns,
        compute=lambda recording: pd.DataFrame(),
        lead=("status",),
        last=("label",),
    )
    print_metric_table(table, pd.DataFrame({"label": ["x", "y"], "time_ns": [1.0, 2.0], "status": ["ok", "failed"]}))
    heading = next(line for line in capsys.readouterr().out.splitlines() if "status" in line)
    assert heading.index("status") < heading.index("time_ns") < heading.index("label")
