"""The counters table: the reader's values beside the launch they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiler.metrics.counters import COUNTERS
from profiler.metrics.recording import load

DATA = Path(__file__).parents[2] / "data" / "ncu_h200"

pytest.importorskip("ncu_report", reason="package ncu-report is not installed")


def test_first_columns_and_order() -> None:
    frame = load(DATA / "swish.ncu-rep").metric("launch_counters")
    assert list(frame)[:7] == ["launch_id", "kernel", "grid", "block", "metric", "value", "unit"]
    assert list(frame) == [column.name for column in COUNTERS.columns]
    keys = list(zip(frame["launch_id"], frame["metric"].astype(str), strict=True))
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_rows_are_those_of_the_table() -> None:
    recording = load(DATA / "swish.ncu-rep")
    frame, table = recording.metric("launch_counters"), recording.table("counters")
    assert (
        frame[["launch_id", "metric", "value", "unit"]]
        .astype(object)
        .equals(table[["launch_id", "metric", "value", "unit"]].astype(object))
    )
    launch = frame[frame["launch_id"] == 9].iloc[0]
    assert launch["kernel"].startswith("swish_vectorized_kernel(")
    assert (launch["grid"], launch["block"]) == ("264x1x1", "1024x1x1")


def test_text_metrics_keep_their_text() -> None:
    frame = load(DATA / "swish.ncu-rep").metric("launch_counters").set_index(["launch_id", "metric"])
    assert frame.loc[(0, "device__attribute_display_name"), "text_value"] == "NVIDIA H200"
