"""The CSV pages against the report of the same run."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from profiler.errors import BadExportError, DataMissingError
from profiler.metrics.launch_quantities import whole
from profiler.metrics.recording import load
from profiler.tools.ncu.nvtx_columns import parse_ranges
from profiler.tools.ncu.quantities import quantities

DATA = Path(__file__).parents[3] / "data" / "ncu_h200"
RAW, DETAILS = DATA / "swish_raw.csv", DATA / "swish_details.csv"

pytest.importorskip("ncu_report", reason="package ncu-report is not installed")


@pytest.fixture(scope="module")
def reported():
    return load(DATA / "swish.ncu-rep")


def _pairs(reported, page):
    columns = ["launch_id", "metric", "value", "text_value", "unit"]
    both = reported.table("counters").merge(page.table("counters")[columns], on=["launch_id", "metric"], how="inner")
    assert len(both) > 100
    return both


def test_raw_page_equals_the_report_within_two_digits(reported) -> None:
    page = load(RAW)
    both = _pairs(reported, page)
    assert len(both) == len(page.table("counters")), "a metric of the page is not in the report"
    assert (both["value_x"].isna() == both["value_y"].isna()).all()
    assert ((both["value_x"] - both["value_y"]).abs().fillna(0) <= 0.0051).all()
    texts = both.dropna(subset=["text_value_x"])
    assert (texts["text_value_x"].astype(str) == texts["text_value_y"].astype(object).fillna("").astype(str)).all()
    valued = both.dropna(subset=["value_x"])
    assert (valued["unit_x"].astype(str) == valued["unit_y"].astype(str)).all()


@pytest.mark.parametrize("table", ["profiled_launches", "launch_configurations", "devices"])
def test_raw_page_fills_the_same_tables(reported, table: str) -> None:
    expected, found = reported.table(table), load(RAW).table(table)
    columns = [name for name in expected if name in found]
    assert len(columns) >= len(expected.columns) - 1
    assert found[columns].astype(object).equals(expected[columns].astype(object))


def test_details_page_labels_mean_the_metrics_of_the_report(reported) -> None:
    page = load(DETAILS)
    launches = page.table("profiled_launches")
    assert launches["block_x"].tolist() == [64, 64]
    both = (
        page.table("counters")
        .replace({"launch_id": {1: 5}})
        .merge(reported.table("counters"), on=["launch_id", "metric"], suffixes=("", "_report"))
    )
    compared = both.dropna(subset=["value"])
    assert len(compared) >= 60
    # what is printed with two decimals of a scaled unit is right to half of the last digit
    tolerance = (compared["value_report"].abs() * 0.005).clip(lower=0.0051)
    assert ((compared["value"] - compared["value_report"]).abs() <= tolerance).all()
    assert set(both["metric"]) & set(quantities())


def test_details_page_gives_the_rules() -> None:
    table = load(DETAILS).table("diagnostics")
    assert {"ncu AchievedOccupancy", "ncu SOLBottleneck"} <= set(table["source"])
    row = table[table["source"] == "ncu AchievedOccupancy"].iloc[0]
    assert (row["speedup_kind"], row["speedup_pct"]) == ("global", 73.5)


def test_details_page_says_what_it_cannot_fill() -> None:
    with pytest.raises(DataMissingError, match="no device attributes"):
        load(DETAILS).table("devices")


def test_old_pages_with_profiler_output_before_them(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(
        '==PROF== Connected to process 7 (/a/b)\n==PROF== Profiling "k" - 1: 0%....100% - 3 passes\nprogram says, hello\n'
        '"ID","Process ID","Process Name","Host Name","Kernel Name","Kernel Time","Context","Stream",'
        '"gpu__time_duration.sum","dram__bytes.sum.per_second","sm__cycles_elapsed.avg.per_second","launch__grid_dim_x",'
        '"launch__grid_dim_y","launch__grid_dim_z","launch__block_dim_x","launch__block_dim_y","launch__block_dim_z"\n'
        '"","","","","","","","","usecond","Gbyte/second","cycle/nsecond","","","","","",""\n'
        '"0","7","app","h","void ns::k<int>(int *)","2020","1","7","1,234.5","2.5","1.25","10","2","1","128","1","1"\n'
        "==PROF== Disconnected from process 7\n"
    )
    recording = load(path)
    values = recording.table("counters").set_index("metric")
    assert values.loc["gpu__time_duration.sum", ["value", "unit"]].tolist() == [1_234_500, "ns"]
    assert values.loc["dram__bytes.sum.per_second", ["value", "unit"]].tolist() == [2.5e9, "byte/s"]
    assert values.loc["sm__cycles_elapsed.avg.per_second", ["value", "unit"]].tolist() == [1.25e9, "hz"]
    launch = recording.table("profiled_launches").iloc[0]
    assert [launch[f"grid_{axis}"] for axis in "xyz"] == [10, 2, 1]
    assert (launch["block_x"], launch["process_id"]) == (128, 7)


def test_page_without_units_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nounits.csv"
    with RAW.open(newline="") as stream:
        rows = list(csv.reader(stream))
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([rows[0], *rows[2:]])
    with pytest.raises(BadExportError, match="row of units"):
        load(path).table("counters")


def test_page_without_launches_says_so(tmp_path: Path) -> None:
    path = tmp_path / "nolaunch.csv"
    path.write_text("\n".join(RAW.read_text().splitlines()[:2]) + "\n")
    with pytest.raises(DataMissingError, match="no profiled kernel"):
        load(path).table("counters")


def test_another_csv_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadExportError, match=r"other\.csv"):
        load(path)


def test_a_torn_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "torn.csv"
    path.write_bytes(RAW.read_bytes()[:-400])
    recording = load(path)
    assert len(recording.table("profiled_launches")) == 9
    said = recording.table("diagnostics")
    assert said["severity"].tolist() == ["warning"]
    assert "launch 9" in said["text"].iloc[0]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", []),
        ('626  "profiler:iteration:Uint64:512:none:none:REGISTERED:iteration" ', [("profiler", "iteration", 512)]),
        (
            '626  "<default domain>:a:b:none:none:none:none:ASCII:a:b"  "d:c "q" x:Int64:-3:none:none:ASCII:c "q" x" ',
            [("", "a:b", None), ("d", 'c "q" x', -3)],
        ),
    ],
)
def test_nvtx_columns(cell: str, expected: list) -> None:
    assert [(item.domain, item.name, item.payload) for item in parse_ranges(cell)] == expected


@pytest.mark.parametrize(("page", "launches"), [(RAW, 9), (DETAILS, 2)])
def test_a_row_with_a_cell_too_many_is_left_out_and_said(tmp_path: Path, page: Path, launches: int) -> None:
    path = tmp_path / "long.csv"
    lines = page.read_text().splitlines()
    last = max(index for index, line in enumerate(lines) if line[:2] in ('"5', '"9'))
    # rows of the long page leave empty cells at their end out
    lines[last] += ',"one more"' * 20
    path.write_text("\n".join([*lines, "the program, says, " + "bye, " * 400]) + "\n")
    recording = load(path)
    assert len(recording.table("profiled_launches")) == launches
    said = recording.table("diagnostics")["text"]
    assert said.str.contains(r"^the row of launch \d has \d+ of \d+ cells and is left out$").sum() == 1


def test_a_page_of_torn_rows_alone_says_so(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text('"ID","Process ID","Kernel Name","m.sum"\n"","","",""\n"0","1","k","5","6"\n')
    with pytest.raises(DataMissingError, match="no row of long.csv is whole: the row of launch 0 has 5 of 4 cells"):
        load(path).table("counters")


def test_infinite_counts_are_missing() -> None:
    found = whole(np.array([1.4, np.inf, -np.inf, np.nan, 1e300, -7]))
    assert found.tolist() == [1, None, None, None, None, -7]
