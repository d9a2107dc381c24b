"""Exports of Nsight Systems of other years, and exports of which a part cannot be read."""

from __future__ import annotations

import pytest


def test_an_export_of_2020_is_read_whole(case, rows, profiler):
    path = case("nsys_2020_export.sqlite")
    summary = {row["key"]: row["value"] for row in rows(path, "summary")}
    assert (summary["kernel_count"], summary["nvtx_range_count"], summary["api_call_count"]) == (15, 5, 34)
    occupancy = {(row["kernel"], row["block"]): row["theoretical_occupancy_pct"] for row in rows(path, "occupancy")}
    # 32 warps and 16 blocks an SM: blocks of one warp fill half of it, blocks of four all
    assert occupancy["fill", "1x1x1"] == 50 and occupancy["cupy_arange__int_int_int64", "100x1x1"] == 100
    code, _, err = profiler("show", path)
    assert (code, err) == (0, "")


def test_a_bandwidth_that_no_card_has_is_missing_and_said(case, rows):
    found = [row["text"] for row in rows(case("nsys_2020_export.sqlite"), "messages")]
    assert len([text for text in found if "Quadro RTX 8000" in text and "implausible" in text and "4.027 GB/s" in text]) == 1


def test_a_plausible_bandwidth_stays(case, rows):
    path = case("nsys_2020_export.sqlite", "UPDATE TARGET_INFO_CUDA_GPU SET globalMemoryBandwidth = 672000000000")
    assert not [row for row in rows(path, "messages") if "implausible" in row["text"]]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE TARGET_INFO_CUDA_GPU DROP COLUMN numMultiprocessors",
        "DROP TABLE TARGET_INFO_CUDA_GPU",
        "UPDATE TARGET_INFO_CUDA_GPU SET numMultiprocessors = 'many'",
    ],
)
def test_gpus_that_are_not_described_cost_only_what_rests_on_them(case, rows, profiler, statement):
    path = case("nsys_2020_export.sqlite", statement)
    assert len(rows(path, "kernels")) == 7
    assert profiler("show", path)[0] == 0
    assert any("cannot be read" in row["text"] for row in rows(path, "messages"))


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("TARGET_INFO_CUDA_STREAM", "CREATE TABLE TARGET_INFO_CUDA_STREAM (streamId INTEGER)"),
        ("TARGET_INFO_CUDA_CONTEXT_INFO", "CREATE TABLE TARGET_INFO_CUDA_CONTEXT_INFO (contextId INTEGER, note TEXT)"),
    ],
)
def test_one_small_table_that_cannot_be_read_is_a_message(case, rows, table, broken):
    columns = broken[broken.index("(") :].count(",") + 1
    path = case("nsys_2020_export.sqlite", broken, f"INSERT INTO {table} VALUES ({', '.join('1' * columns)})")
    assert len(rows(path, "kernels")) == 7
    assert any(table in row["text"] for row in rows(path, "messages"))


def test_messages_that_repeat_are_counted(case, rows):
    path = case(
        "nsys_2020_export.sqlite",
        "CREATE TABLE DIAGNOSTIC_EVENT (timestamp INTEGER, severity INTEGER, text TEXT)",
        *["INSERT INTO DIAGNOSTIC_EVENT VALUES (1, 2, 'events were dropped')"] * 3,
    )
    assert [row["text"] for row in rows(path, "messages") if "dropped" in row["text"]] == ["events were dropped (3 times)"]


def test_a_limit_that_an_export_does_not_state_follows_from_the_compute_capability(case, rows):
    path = case("nsys_2020_export.sqlite")
    stated = [row["theoretical_occupancy_pct"] for row in rows(path, "kernels")]
    path = case("nsys_2020_export.sqlite", "ALTER TABLE TARGET_INFO_CUDA_GPU DROP COLUMN maxWarpsPerMultiprocessor")
    assert [row["theoretical_occupancy_pct"] for row in rows(path, "kernels")] == stated and all(stated)
