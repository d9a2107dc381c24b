"""Several recordings as one: merged tables, reasons, limits."""

import pandas as pd
import synthetic

from profiler.report.tables import table_block
from profiler.report.view import View, unique_names


def test_names_become_unique():
    assert unique_names(["a", "b", "a"]) == ["a #1", "b", "a #2"]


def test_tables_of_several_recordings_carry_their_name():
    view = View([synthetic.recording("a"), synthetic.recording("b"), synthetic.silent()])
    frame = view.metric("kernel_summary")
    assert frame.columns[0] == "recording"
    assert frame["recording"].value_counts().to_dict() == {"a": 40, "b": 40}
    assert view.reasons("kernel_summary") == ["silent.sqlite: the synthetic nsys capture holds no kernels"]


def test_one_recording_carries_no_extra_column():
    view = View([synthetic.recording("a")])
    assert "recording" not in view.metric("kernel_summary").columns
    assert view.device["name"] == "NVIDIA H200"


def test_table_block_says_how_much_it_holds_and_what_it_lacks():
    frame = pd.DataFrame(
        {"kernel": ["k"] * 9, "median_ns": range(9), "achieved_occupancy_pct": [None] * 9, "cupti_p95_ns": [None] * 9}
    )
    block = table_block("t", "kernel_summary", frame, limit=4)
    assert (block.rows, block.total, [column.name for column in block.columns]) == (4, 9, ["kernel", "median_ns"])
    assert block.options["blank"] == ["achieved occupancy"]
    assert [len(column["codes"] if isinstance(column, dict) else column) for column in block.data] == [4, 4]
