"""Counters: every value that Nsight Compute measured, with the launch it belongs to."""

from __future__ import annotations

from profiler.columns import Columns, objects
from profiler.metrics.launch_columns import size_texts
from profiler.metrics.spec import MetricTable
from profiler.spec import ColumnSpec
from profiler.tables.captures import Captures


def counters(recording: Captures) -> Columns:
    """Return the counters with kernel, grid and block, by launch and metric name."""
    values = recording.columns("counters")
    launches = recording.columns("profiled_launches")
    row = values.array("launch_id")
    known = values if "text_value" in values else values.with_columns(text_value=objects([None] * values.rows))
    sizes = {what: size_texts(launches, what)[row] for what in ("grid", "block")}
    described = {"launch_id": row, "kernel": launches.coded("kernel").take(row), **sizes}
    return Columns({**described, **known.select(("metric", "value", "unit", "text_value"))})


_SOURCE = "Nsight Compute report, or its raw or details page as CSV"

COUNTERS = MetricTable(
    name="launch_counters",
    title="Counters",
    text="one metric of one launch measured by Nsight Compute",
    needs=("counters", "profiled_launches"),
    keys=("launch_id", "metric"),
    columns=(
        ColumnSpec("launch_id", text="order of the launch within the report, from 0", source=_SOURCE),
        ColumnSpec("kernel", text="demangled kernel name", source=_SOURCE),
        ColumnSpec("grid", text="blocks in the grid, XxYxZ", source=_SOURCE),
        ColumnSpec("block", text="threads in a block, XxYxZ", source=_SOURCE),
        ColumnSpec("metric", text="Nsight Compute metric name; `name[instance]` for one instance", source=_SOURCE),
        ColumnSpec("value", text="number in the base unit; missing when the metric holds none", source=_SOURCE),
        ColumnSpec("unit", text="base unit: ns, byte, byte/s, hz, %, inst, sector, …; empty for plain numbers", source=_SOURCE),
        ColumnSpec("text_value", text="text of a metric that is no number", source=_SOURCE),
    ),
    compute=counters,
)
