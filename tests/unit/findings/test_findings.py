"""Each rule fires on what it names, stays silent beside its threshold, and says when it lacks data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from profiler.columns import Columns, encode
from profiler.errors import DataMissingError
from profiler.findings import COLUMNS, RULE_MODULES, SEVERITIES, evaluate, evaluate_rows, rules
from profiler.metrics.catalog import METRIC_TABLES
from profiler.metrics.recording import load

DATA = Path(__file__).parents[2] / "data" / "ncu_h200"
SPECS = {table.name: [column.name for column in table.columns] for table in METRIC_TABLES}


class _Recording:
    """Metric tables from rows; columns that a row leaves out are missing."""

    tools = ()

    def memo(self, key: object, make: Callable[[], Any]) -> Any:
        return make()

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        self._tables = tables

    def columns(self, name: str) -> Columns:
        raise DataMissingError(f"{name}: not recorded", "record it")

    def metric_columns(self, name: str) -> Columns:
        if name not in self._tables:
            raise DataMissingError(f"{name}: not recorded", "record it")
        rows = self._tables[name]
        unknown = {key for row in rows for key in row} - set(SPECS[name])
        assert not unknown, f"{name} has no column {unknown}"
        columns = {}
        for column in SPECS[name]:
            values = [row.get(column) for row in rows]
            if any(isinstance(value, str) for value in values):
                columns[column] = encode(values)
            else:
                columns[column] = np.array([np.nan if value is None else value for value in values], dtype=float)
        return Columns(columns)


K = {"kernel": "void swish<float>(float *)", "grid": "100x1x1", "block": "256x1x1"}
CONFIGURATION = {**K, "registers_per_thread": 32.0, "shared_memory_bytes": 0.0}
OFTEN = {"count": 100.0, "empty_queue_count": 100.0, "api_median_ns": 4000.0}

CASES: dict[str, tuple[dict, dict]] = {
    "low_achieved_occupancy": (
        {"launches": [{**K, "achieved_occupancy_pct": 30.0, "theoretical_occupancy_pct": 100.0, "memory_throughput_pct": 20.0}]},
        {
            "launches": [
                {**K, "achieved_occupancy_pct": 30.0, "theoretical_occupancy_pct": 40.0, "memory_throughput_pct": 20.0},
                {**K, "achieved_occupancy_pct": 30.0, "theoretical_occupancy_pct": 100.0, "memory_throughput_pct": 85.0},
                {**K, "theoretical_occupancy_pct": 100.0, "memory_throughput_pct": 20.0},
            ]
        },
    ),
    "low_theoretical_occupancy": (
        {"occupancy": [{**K, "theoretical_occupancy_pct": 25.0, "occupancy_limiter": "registers"}]},
        {"occupancy": [{**K, "theoretical_occupancy_pct": 50.0, "occupancy_limiter": "registers"}, {**K}]},
    ),
    "uncoalesced_access": (
        {"launches": [{**K, "bytes_per_sector_load": 4.0, "load_sectors": 100.0, "store_sectors": 100.0}]},
        {
            "launches": [
                {**K, "bytes_per_sector_store": 4.0, "load_sectors": 1000.0, "store_sectors": 10.0},
                {**K, "bytes_per_sector_load": 32.0, "load_sectors": 100.0, "store_sectors": 100.0},
                {**K, "bytes_per_sector_load": 4.0},
            ]
        },
    ),
    "bank_conflicts": (
        {"launches": [{**K, "bank_conflicts_per_instruction": 1.0, "shared_pipe_pct": 40.0}]},
        {
            "launches": [
                {**K, "bank_conflicts_per_instruction": 1.0, "shared_pipe_pct": 2.0},
                {**K, "bank_conflicts_per_instruction": 0.1, "shared_pipe_pct": 40.0},
                {**K, "shared_pipe_pct": 40.0},
            ]
        },
    ),
    "divergence": (
        {"launches": [{**K, "threads_per_instruction": 8.0, "memory_throughput_pct": 20.0, "branch_efficiency_pct": 60.0}]},
        {
            "launches": [
                {**K, "threads_per_instruction": 31.0, "memory_throughput_pct": 20.0},
                {**K, "threads_per_instruction": 8.0, "memory_throughput_pct": 90.0},
            ]
        },
    ),
    "local_memory": (
        {"launches": [{**K, "local_instructions": 50.0, "instructions": 1000.0, "registers_per_thread": 255.0}]},
        {
            "launches": [
                {**K, "local_instructions": 1.0, "instructions": 1000.0},
                {**K, "instructions": 1000.0},
                {**K, "local_instructions": 5.0, "instructions": 0.0},
            ]
        },
    ),
    "tail_effect": (
        {"occupancy": [{**K, "waves_per_sm": 1.1}]},
        {"occupancy": [{**K, "waves_per_sm": waves} for waves in (1.0, 0.3, 2.0, 1.9, 248.24)] + [{**K}]},
    ),
    "small_grid": (
        {"occupancy": [{**K, "waves_per_sm": 0.05}]},
        {"occupancy": [{**K, "waves_per_sm": 0.9}, {**K, "waves_per_sm": 12.0}, {**K}]},
    ),
    "latency_bound": (
        {
            "launches": [
                {
                    **K,
                    "compute_throughput_pct": 12.0,
                    "memory_throughput_pct": 17.0,
                    "stall_top": "long_scoreboard",
                    "stall_top_pct": 72.0,
                }
            ]
        },
        {
            "launches": [
                {**K, "compute_throughput_pct": 65.0, "memory_throughput_pct": 17.0},
                {**K, "compute_throughput_pct": 12.0, "memory_throughput_pct": 81.0},
                {**K},
            ]
        },
    ),
    "memory_bound_at_peak": (
        {"launches": [{**K, "dram_throughput_pct": 86.0, "dram_throughput_bytes_per_s": 4.1e12}]},
        {
            "launches": [
                {**K, "dram_throughput_pct": 79.0, "dram_throughput_bytes_per_s": 3.8e12},
                {**K},
                {**K, "block": "64x1x1", "dram_throughput_pct": 90.0, "dram_bytes_per_payload_byte": 8.5},
                {
                    **K,
                    "block": "32x1x1",
                    "dram_throughput_pct": 90.0,
                    "bytes_per_sector_load": 4.0,
                    "load_sectors": 9.0,
                    "store_sectors": 1.0,
                },
            ]
        },
    ),
    "excess_traffic": (
        {"launches": [{**K, "dram_bytes_per_payload_byte": 2.0}]},
        {"launches": [{**K, "dram_bytes_per_payload_byte": 1.05}, {**K}]},
    ),
    "launch_bound": (
        {
            "kernel_summary": [{**CONFIGURATION, "median_ns": 1500.0}],
            "launch_latency": [{**CONFIGURATION, "count": 100.0, "empty_queue_count": 90.0, "api_median_ns": 4000.0}],
        },
        {
            "kernel_summary": [
                {**CONFIGURATION, "median_ns": 1500.0},
                {**CONFIGURATION, "block": "64x1x1", "median_ns": 9000.0},
                {**CONFIGURATION, "block": "128x1x1", "median_ns": 1500.0},
            ],
            "launch_latency": [
                {**CONFIGURATION, **OFTEN, "count": 3.0},
                {**CONFIGURATION, "block": "64x1x1", **OFTEN},
                {**CONFIGURATION, "block": "128x1x1", **OFTEN, "empty_queue_count": 5.0},
                {**CONFIGURATION, **OFTEN, "graph_count": 100.0},
                {**CONFIGURATION, "block": "32x1x1", **OFTEN},
            ],
        },
    ),
    "idle_gpu": (
        {
            "device_activity": [
                {
                    "device": 0.0,
                    "busy_pct": 10.0,
                    "busy_ns": 1e6,
                    "span_ns": 1e7,
                    "gap_count": 5.0,
                    "longest_gap_ns": 5e6,
                    "operation_count": 50.0,
                }
            ]
        },
        {
            "device_activity": [
                {"device": 0.0, "busy_pct": 90.0, "operation_count": 50.0},
                {"device": 1.0, "busy_pct": 10.0, "operation_count": 2.0},
            ],
            "point_summary": [
                {"label": "a", "timed_by": "span", "span_ns": 100.0, "gap_ns": 20.0, "iterations": 50.0},
                {"label": "b", "timed_by": "period", "span_ns": 100.0, "gap_ns": 90.0, "iterations": 50.0},
            ],
        },
    ),
    "pageable_copies": (
        {
            "memory_operations": [
                {
                    "direction": "HtoD",
                    "source_kind": "pageable",
                    "destination_kind": "device",
                    "count": 2.0,
                    "bytes": 2e8,
                    "total_ns": 3e7,
                    "bandwidth_bytes_per_s": 6.6e9,
                }
            ]
        },
        {
            "memory_operations": [
                {"direction": "HtoD", "source_kind": "pinned", "destination_kind": "device", "bytes": 2e8},
                {"direction": "HtoD", "source_kind": "pageable", "destination_kind": "device", "bytes": 4096.0},
            ]
        },
    ),
    "copies_inside_iterations": (
        {"memcpy_gaps": [{"kind": "copy_in_iteration", "duration_ns": 500.0, "point": "op=swish"}]},
        {"memcpy_gaps": [{"kind": "copy_to_kernel", "duration_ns": 500.0}]},
    ),
    "no_copy_overlap": (
        {
            "stream_overlap": [
                {
                    "kind": "copy_compute",
                    "first": "copies",
                    "device": 0.0,
                    "overlap_ns": 0.0,
                    "first_busy_ns": 5e6,
                    "second_busy_ns": 1e7,
                    "overlap_pct": 0.0,
                }
            ]
        },
        {
            "stream_overlap": [
                {
                    "kind": "copy_compute",
                    "first": "copies",
                    "overlap_ns": 4e6,
                    "first_busy_ns": 5e6,
                    "second_busy_ns": 1e7,
                    "overlap_pct": 80.0,
                },
                {
                    "kind": "copy_compute",
                    "first": "copies",
                    "overlap_ns": 0.0,
                    "first_busy_ns": 1e3,
                    "second_busy_ns": 1e7,
                    "overlap_pct": 0.0,
                },
                {
                    "kind": "streams",
                    "first": "7",
                    "overlap_ns": 0.0,
                    "first_busy_ns": 5e6,
                    "second_busy_ns": 1e7,
                    "overlap_pct": 0.0,
                },
            ]
        },
    ),
    "bad_points": (
        {
            "point_summary": [
                {"label": "op=swish block=64", "status": "wrong_output", "reason": "max error 3"},
                {"label": "op=swish block=32", "status": "failed", "reason": "launch error"},
            ]
        },
        {"point_summary": [{"label": "op=swish block=64", "status": "ok"}, {"label": "x", "status": "skipped", "reason": "fp8"}]},
    ),
}


def _told(tables: dict) -> dict[str, list[dict]]:
    told: dict[str, list[dict]] = {}
    for row in evaluate_rows(_Recording(tables)):
        told.setdefault(row["rule"], []).append(row)
    return told


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULE_MODULES) == {rule.name for rule in rules()}


@pytest.mark.parametrize("name", CASES)
def test_rule_fires_with_evidence(name: str) -> None:
    rows = _told(CASES[name][0])[name]
    assert {row["severity"] for row in rows} <= set(SEVERITIES) - {"not_evaluated"}
    for row in rows:
        assert row["title"]
        assert any(character.isdigit() for character in row["evidence"] + row["title"]), "evidence without a figure"
        assert row["advice"].endswith(".")
        assert row["source"]


@pytest.mark.parametrize("name", CASES)
def test_rule_is_silent_beside_its_threshold(name: str) -> None:
    tables = CASES[name][1]
    apart = [{**row, "grid": f"{100 + number}x1x1"} for number, row in enumerate(tables.get("launches", []))]
    assert name not in _told({**tables, "launches": apart} if apart else tables)


@pytest.mark.parametrize("name", CASES)
def test_rule_without_data_says_why(name: str) -> None:
    (row,) = _told({})[name]
    assert row["severity"] == "not_evaluated"
    assert "not recorded" in row["evidence"]
    assert row["advice"] == "record it"


def test_needs_are_metric_tables() -> None:
    for rule in rules():
        assert set(rule.needs) <= set(SPECS)


def test_worst_comes_first_and_the_rest_is_counted() -> None:
    rows = [{**K, "block": f"{size}x1x1", "dram_bytes_per_payload_byte": 1 + size} for size in (1, 2, 3, 4, 5)]
    (row,) = _told({"launches": [*rows, rows[-1]]})["excess_traffic"]
    assert row["evidence"].startswith("swish<float>, block 5x1x1: 6.00 bytes")
    assert "; and 2 more; could save at most " in row["evidence"]


def test_frame_is_ordered_by_severity() -> None:
    frame = evaluate(_Recording({**CASES["bad_points"][0], **CASES["memory_bound_at_peak"][0]}))
    assert list(frame) == list(COLUMNS)
    order = [SEVERITIES.index(severity) for severity in frame["severity"]]
    assert order == sorted(order)
    assert frame["severity"].iloc[0] == "error"


def test_the_median_of_launches_alike_judges() -> None:
    quiet, loud = ({**K, "bank_conflicts_per_instruction": value, "shared_pipe_pct": 40.0} for value in (0.01, 3.0))
    assert "bank_conflicts" not in _told({"launches": [*[quiet] * 263, loud]})
    assert "bank_conflicts" in _told({"launches": [quiet, loud, loud]})


def test_what_could_save_most_is_told_first() -> None:
    def launch(block: int, time: float, **values: float) -> dict[str, Any]:
        return {**K, "block": f"{block}x1x1", "profiled_duration_ns": time, **values}

    long = launch(64, 9e6, bank_conflicts_per_instruction=1.0, shared_pipe_pct=60.0)
    short = launch(32, 1e6, threads_per_instruction=8.0, memory_throughput_pct=10.0)
    rows = [row for row in evaluate_rows(_Recording({"launches": [short, long]})) if row["severity"] != "not_evaluated"]
    assert [(row["rule"], row["severity"]) for row in rows] == [("bank_conflicts", "warning"), ("divergence", "advice")]
    assert rows[0]["evidence"].endswith("could save at most 27% of the GPU time") and rows[1]["evidence"].endswith(
        "could save at most 8% of the GPU time"
    )


def test_a_grid_that_leaves_the_gpu_empty_is_the_cause_of_what_its_warps_do() -> None:
    waiting = {**CASES["latency_bound"][0]["launches"][0], **CASES["low_achieved_occupancy"][0]["launches"][0]}
    low = {**K, "theoretical_occupancy_pct": 25.0, "occupancy_limiter": "registers"}
    effects = {"latency_bound", "low_achieved_occupancy", "low_theoretical_occupancy"}
    for waves, told in ((0.29, {"small_grid"}), (4.0, effects)):
        tables = {"launches": [{**waiting, "waves_per_sm": waves}], "occupancy": [{**low, "waves_per_sm": waves}]}
        assert set(_told(tables)) & {"small_grid", *effects} == told


def test_occupancy_of_a_kernel_whose_units_are_busy_is_no_matter() -> None:
    tables = CASES["low_theoretical_occupancy"][0]
    assert _told(tables)["low_theoretical_occupancy"][0]["severity"] == "info"
    busy = {**K, "compute_throughput_pct": 90.0, "memory_throughput_pct": 30.0}
    assert "low_theoretical_occupancy" not in _told({**tables, "launches": [busy]})


def test_idle_time_is_looked_for_inside_iterations() -> None:
    points = [{"label": "a", "timed_by": "span", "span_ns": 100.0, "gap_ns": 60.0, "iterations": 50.0}]
    (row,) = _told({**CASES["idle_gpu"][0], "point_summary": points})["idle_gpu"]
    assert row["evidence"].startswith("a: idle 60 ns of 100 ns") and row["severity"] == "warning"


def test_findings_of_the_recorded_reports() -> None:
    pytest.importorskip("ncu_report", reason="package ncu-report is not installed")
    swish = evaluate(load(DATA / "swish.ncu-rep")).set_index("rule")
    first = "swish_scalar_kernel<float>, block 64x1x1 (swish scalar 65536x1024 fp32 block 64): 26.5 % of 100 %"
    assert first in swish.loc["low_achieved_occupancy", "evidence"]
    assert "swish_vectorized_kernel" in swish.loc["memory_bound_at_peak", "evidence"]
    assert "scalar" not in swish.loc["memory_bound_at_peak", "evidence"]
    assert "vectorized" not in swish.loc["latency_bound", "evidence"]
    assert swish.loc["pageable_copies", "severity"] == "not_evaluated"
    rows = set(evaluate(load(DATA / "row_sum.ncu-rep")).query("severity != 'not_evaluated'")["rule"])
    assert {"bank_conflicts", "divergence", "latency_bound"} <= rows
    assert not rows & {"uncoalesced_access", "memory_bound_at_peak"}


@pytest.mark.parametrize(("count", "title"), [(1, "1 point failed"), (2, "2 points failed")])
def test_a_title_counts_bad_points(count: int, title: str) -> None:
    points = [{"label": f"block={size}", "status": "failed", "reason": "launch error"} for size in range(count)]
    assert [row["title"] for row in _told({"point_summary": points})["bad_points"]] == [title]
