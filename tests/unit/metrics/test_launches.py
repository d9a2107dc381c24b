"""Derived launch values against ncu's own numbers and against hand-computed ones."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from profiler.columns import Columns
from profiler.findings import evaluate_rows
from profiler.metrics.launch_quantities import QUANTITIES
from profiler.metrics.launches import LAUNCHES, launches
from profiler.metrics.recording import load
from profiler.schema import TABLES, check_columns
from profiler.tools.ncu.frames import counters_table
from profiler.tools.ncu.nvtx_columns import PUSH_POP_HEADER

DATA = Path(__file__).parents[2] / "data" / "ncu_h200"

pytest.importorskip("ncu_report", reason="package ncu-report is not installed")


@pytest.fixture(scope="module")
def swish():
    return load(DATA / "swish.ncu-rep").metric("launches")


@pytest.fixture(scope="module")
def counters():
    return load(DATA / "swish.ncu-rep").table("counters").pivot(index="launch_id", columns="metric", values="value")


def test_columns_are_those_of_the_specification(swish) -> None:
    assert list(swish) == [column.name for column in LAUNCHES.columns]
    assert swish["launch_id"].tolist() == list(range(10))
    assert swish["block"].tolist()[:2] == ["64x1x1", "128x1x1"]
    assert swish["grid"].iloc[0] == "1048576x1x1"


MEASURED = [quantity for quantity in QUANTITIES if re.fullmatch(r"[\w.]+", quantity.spec.source)]


@pytest.mark.parametrize("quantity", MEASURED, ids=lambda quantity: quantity.spec.name)
def test_measured_columns_equal_their_metric(quantity, swish, counters) -> None:
    assert np.allclose(swish[quantity.spec.name], counters[quantity.spec.source], rtol=1e-12, equal_nan=True)


def test_a_full_report_fills_every_column(swish) -> None:
    assert len(MEASURED) >= 20
    empty = [name for name in swish if swish[name].isna().all()]
    assert empty == ["bank_conflicts_per_instruction"], "only what cannot be divided may be missing in a full report"


def test_traffic_adds_up(swish, counters) -> None:
    assert (swish["dram_bytes"] == counters["dram__bytes_read.sum"] + counters["dram__bytes_write.sum"]).all()
    rate = swish["dram_bytes"] / swish["profiled_duration_ns"] * 1e9
    assert np.allclose(rate, swish["dram_throughput_bytes_per_s"], rtol=1e-6)
    share = 100 * swish["dram_throughput_bytes_per_s"] / swish["dram_peak_bytes_per_s"]
    assert np.allclose(share, swish["dram_throughput_pct"], rtol=2e-3)
    assert swish["dram_bytes_per_payload_byte"].between(0.9, 1.0).all()


def test_work_of_swish_is_what_the_source_says(swish) -> None:
    """Per element: exp2's scale (1 FMUL or folded), an add and a division of several FMAs; far below the ridge."""
    per_element = swish["flop"] / (65536 * 1024)
    assert per_element.between(8, 20).all()
    assert (swish["arithmetic_intensity_flop_per_byte"] < 3).all()
    assert np.allclose(swish["roofline_flop_per_s"], swish["arithmetic_intensity_flop_per_byte"] * swish["dram_peak_bytes_per_s"])
    assert (swish["flop_per_s"] < swish["roofline_flop_per_s"]).all()
    assert swish["fp32_peak_flop_per_s"].between(6e13, 7e13).all()


def test_accesses_of_swish_are_coalesced(swish) -> None:
    scalar, vectorized = swish["kernel"].str.contains("scalar"), swish["kernel"].str.contains("vectorized")
    for word in ("load", "store"):
        assert (swish.loc[scalar, f"sectors_per_request_{word}"] == 4).all()
        assert (swish.loc[vectorized, f"sectors_per_request_{word}"] == 16).all()
        assert (swish[f"bytes_per_sector_{word}"] == 32).all()


def test_row_sum_shows_conflicts_uncoalesced_stores_and_divergence() -> None:
    row = load(DATA / "row_sum.ncu-rep").metric("launches").iloc[0]
    assert row["bank_conflicts_per_instruction"] > 0.5
    assert row["bytes_per_sector_store"] == 4  # one thread of a block writes one float
    assert row["threads_per_instruction"] < 16
    assert row["shared_memory_bytes"] == 33 * 32 * 4
    assert row["stall_top"] == "long_scoreboard"


def test_top_stall_is_what_the_rule_of_ncu_says() -> None:
    report = load(DATA / "swish.ncu-rep")
    rules = report.table("diagnostics")
    said = rules[(rules["source"] == "ncu CPIStall") & rules["text"].str.contains("This stall type represents")]
    frame = report.metric("launches").set_index("launch_id")
    assert len(said) >= 5
    for row in said.itertuples():
        title, share = row.text.split(":")[0], float(row.text.split("represents about ")[1].split("%")[0])
        assert title == f"{frame.loc[row.launch_id, 'stall_top'].replace('_', ' ').title()} Stalls"
        assert frame.loc[row.launch_id, "stall_top_pct"] == pytest.approx(share, abs=0.06)


def test_details_page_gives_what_it_holds() -> None:
    frame = load(DATA / "swish_details.csv").metric("launches")
    assert frame["achieved_occupancy_pct"].tolist() == [26.5, 95.07]
    assert frame["occupancy_limiter"].tolist() == [
        "warps, blocks, shared memory",
        "warps, blocks, registers, shared memory",
    ]
    assert frame[["dram_bytes", "flop", "stall_top"]].isna().all().all()


class _Recording:
    def __init__(self, values: dict[str, float]) -> None:
        counters = counters_table([(0, name, value, None, "") for name, value in values.items()])
        one = np.ones(1, np.int64)
        sizes = {f"{kind}_{axis}": one for kind in ("grid", "block") for axis in "xyz"}
        launch = {"launch_id": one - 1, "kernel": np.array(["k"], dtype=object), **sizes}
        self._frames = {"counters": counters, "profiled_launches": Columns(launch)}

    def has(self, name: str, tool: str | None = None) -> bool:
        return name in self._frames

    def columns(self, name: str, tool: str | None = None) -> Columns:
        return self._frames[name]


def _row(**values: float) -> dict:
    names = {name.replace("__dot__", "."): value for name, value in values.items()}
    return launches(_Recording(names)).to_frame().iloc[0].to_dict()


def test_parts_stand_in_for_missing_totals() -> None:
    row = _row(
        gpu__time_duration__dot__sum=1000.0,
        dram__bytes_op_read__dot__sum=3000.0,  # as compute capability 12 names them
        dram__bytes_op_write__dot__sum=1000.0,
        dram__bytes__dot__sum__dot__peak_sustained=2.0,
        dram__cycles_elapsed__dot__avg__dot__per_second=4e9,
        smsp__sass_inst_executed_op_local_ld__dot__sum=5.0,
        smsp__sass_inst_executed_op_local_st__dot__sum=7.0,
        l1tex__t_sectors_pipe_lsu_mem_local_op_ld__dot__sum=2.0,
    )
    assert (row["dram_bytes"], row["dram_throughput_bytes_per_s"]) == (4000, 4e9)
    assert row["dram_throughput_pct"] == 50
    assert (row["local_instructions"], row["local_bytes"]) == (12, 64)


def test_nothing_measured_is_missing_not_zero() -> None:
    row = _row(gpu__time_duration__dot__sum=1000.0)
    figures = {spec.name for spec in LAUNCHES.columns if spec.unit}
    measured = {name for name, value in row.items() if name in figures and not pd.isna(value)}
    assert measured == {"profiled_duration_ns"}


def test_counted_values_are_integers() -> None:
    full = load(DATA / "swish.ncu-rep").metric("launches")
    parts = load(DATA / "swish_details.csv").metric("launches")
    for name in ("profiled_duration_ns", "dram_bytes", "bank_conflicts", "flop"):
        assert full[name].dtype == np.int64
        assert str(parts[name].dtype) in ("int64", "Int64")


def test_no_access_has_no_bytes_per_sector() -> None:
    row = _row(
        l1tex__t_requests_pipe_lsu_mem_global_op_ld__dot__sum=0.0,
        l1tex__t_sectors_pipe_lsu_mem_global_op_ld__dot__sum=0.0,
        smsp__sass_average_data_bytes_per_sector_mem_global_op_ld__dot__ratio=0.0,
    )
    assert np.isnan(row["bytes_per_sector_load"])
    assert np.isnan(row["sectors_per_request_load"])


def test_flop_counts_weights_and_falls_back_to_rates() -> None:
    per_cycle = {
        f"smsp__sass_thread_inst_executed_op_{name}_pred_on.sum.per_cycle_elapsed": value
        for name, value in {"fadd": 1.0, "fmul": 2.0, "ffma": 3.0, "hadd": 1.0, "hmul": 0.0, "hfma": 1.0}.items()
    }
    row = _row(**per_cycle, **{"smsp__cycles_elapsed.avg": 10.0})
    assert row["flop"] == 10 * (1 + 2 + 2 * 3 + 2 * 1 + 4 * 1)


@pytest.mark.parametrize("name", ["counters", "profiled_launches", "launch_configurations", "devices", "diagnostics"])
def test_reader_tables_obey_the_schema(name: str) -> None:
    check_columns(load(DATA / "swish.ncu-rep").columns(name), TABLES[name], "swish.ncu-rep")


def _page(tmp_path: Path, launches: str, payload: int = 100) -> Path:
    """A raw page of one sweep point whose launches are named by letters; `a` takes 900 ns at 90 %, all others 100 ns at 10 %."""
    metrics = ("dram__bytes_read.sum", "dram__bytes_write.sum", "gpu__time_duration.sum", WARPS)
    header = ("ID", "Process ID", "Kernel Name", "Block Size", "Grid Size", PUSH_POP_HEADER, *metrics)
    ranges = (
        '7 "profiler:point op=x:none:none:none:none:REGISTERED:point op=x"  '
        f'"profiler:iteration:uint64:{payload}:none:none:REGISTERED:iteration"'
    )
    path = tmp_path / "page.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerow(("", "", "", "", "", "", "byte", "byte", "nsecond", "%"))
        for index, name in enumerate(launches):
            long = name == "a"
            writer.writerow((index, 1, f"{name}(int)", "1,1,1", "1,1,1", ranges, 40, 40, 900 if long else 100, 90 if long else 10))
    return path


WARPS = "sm__warps_active.avg.pct_of_peak_sustained_active"


@pytest.mark.parametrize(
    ("launches", "expected"),
    [
        ("a", [0.8]),
        ("aaa", [0.8] * 3),
        ("ab", [1.6] * 2),
        ("ababab", [1.6] * 6),
        ("abaabaaba", [2.4] * 9),
        ("ababa", [1.6] * 4 + [None]),
    ],
)
def test_traffic_is_held_against_the_minimum_of_the_whole_iteration(tmp_path: Path, launches: str, expected: list) -> None:
    found = load(_page(tmp_path, launches)).metric_columns("launches").to_lists()["dram_bytes_per_payload_byte"]
    assert found == pytest.approx(expected)


def test_two_kernels_that_each_stay_below_the_minimum_exceed_it_together(tmp_path: Path) -> None:
    rules = {row["rule"]: row["severity"] for row in evaluate_rows(load(_page(tmp_path, "abab")))}
    assert rules["excess_traffic"] == "warning"


def test_shares_of_a_point_are_weighted_by_time_and_counts_are_not(tmp_path: Path) -> None:
    point = load(_page(tmp_path, "abab")).metric("point_summary").iloc[0]
    assert point["achieved_occupancy_pct"] == pytest.approx(82.0) and point["dram_bytes"] == pytest.approx(80.0)


def test_without_a_duration_the_launches_of_a_point_weigh_the_same(tmp_path: Path) -> None:
    path = _page(tmp_path, "ab")
    path.write_text(path.read_text().replace('"900"', '"n/a"'))
    assert load(path).metric("point_summary").iloc[0]["achieved_occupancy_pct"] == pytest.approx(50.0)
