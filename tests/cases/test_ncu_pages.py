"""CSV pages of Nsight Compute as other machines, languages and versions print them."""

from __future__ import annotations

import pytest

HEADER = (
    '"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC",'
    '"Section Name","Metric Name","Metric Unit","Metric Value"'
)


def details(*values: tuple[str, str, str], launch: str = "0", process: str = "7", kernel: str = "k") -> list[str]:
    """Return rows of a details page: label or metric, unit, printed value."""
    start = (
        f'"{launch}","{process}","app","h","{kernel}","1","7","(64, 1, 1)","(8, 1, 1)","0","9.0","Command line profiler metrics"'
    )
    return [f'{start},"{name}","{unit}","{value}"' for name, unit, value in values]


@pytest.fixture
def page(tmp_path):
    def write(*lines: str, encoding: str = "utf-8", header: str = HEADER):
        path = tmp_path / "page.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
        return path

    return write


def test_a_page_with_a_decimal_comma(case, rows):
    path = case("ncu_details_european_locale.csv")
    found = rows(path, "launches")
    assert [row["profiled_duration_ns"] for row in found] == [117_344, 14_912]
    assert [row["dram_bytes"] for row in found] == [27_595_520, 2_348_544]
    assert [row["compute_throughput_pct"] for row in found] == pytest.approx([65.77, 6.70])
    assert any("decimal comma" in row["text"] for row in rows(path, "messages"))


@pytest.mark.parametrize(
    ("group", "decimal"),
    [(".", ","), (" ", ","), ("\u00a0", ","), ("\u202f", ","), ("'", "."), ("\u2019", "."), (",", "."), ("", ".")],
)
def test_signs_between_thousands_of_many_languages(page, rows, group, decimal):
    path = page(
        *details(
            ("gpu__time_duration.sum", "ns", f"117{group}344"),
            ("dram__bytes.sum", "byte", f"27{group}595{group}520"),
            ("sm__throughput.avg.pct_of_peak_sustained_elapsed", "%", f"65{decimal}77"),
        )
    )
    (row,) = rows(path, "launches")
    assert (row["profiled_duration_ns"], row["dram_bytes"]) == (117_344, 27_595_520)
    assert row["compute_throughput_pct"] == pytest.approx(65.77)


@pytest.mark.parametrize(
    ("metric", "alarm"),
    [("sm__throughput.avg.pct_of_peak_sustained_elapsed", True), ("smsp__issue_inst0.max.pct_of_peak_sustained_active", False)],
)
def test_a_share_above_its_peak_is_an_alarm(page, rows, metric, alarm):
    path = page(*details(("gpu__time_duration.sum", "ns", "117,344"), (metric, "%", "102.5")))
    found = [row["text"] for row in rows(path, "messages") if "no such share exists" in row["text"]]
    assert found == [f"{metric} is 102.50 % of its peak: no such share exists, so the numbers may be misread"] * alarm


def test_launches_under_ncu_are_no_times_and_best_says_so(page, profiler):
    code, _, err = profiler("best", page(*details(("gpu__time_duration.sum", "ns", "117,344"))))
    assert code == 6 and "holds no times, for Nsight Compute replays its launches" in err


def test_a_space_between_thousands_in_an_old_encoding(page, rows):
    lines = details(
        ("gpu__time_duration.sum", "ns", "117\u00a0344"), ("sm__throughput.avg.pct_of_peak_sustained_elapsed", "%", "65,77")
    )
    assert rows(page(*lines, encoding="cp1252"), "launches")[0]["profiled_duration_ns"] == 117_344


def test_whole_quantities_tell_the_separator_alone(page, rows):
    assert rows(page(*details(("gpu__time_duration.sum", "ns", "117.344"))), "launches")[0]["profiled_duration_ns"] == 117_344
    assert rows(page(*details(("gpu__time_duration.sum", "ns", "117,344"))), "launches")[0]["profiled_duration_ns"] == 117_344


@pytest.mark.parametrize(
    "values",
    [
        [("gpu__time_duration.sum", "us", "117.344")],
        [("gpu__time_duration.sum", "us", "117,344")],
        [("gpu__time_duration.sum", "us", "1.5"), ("sm__throughput.avg.pct_of_peak_sustained_elapsed", "%", "65,77")],
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_refused(page, profiler, values):
    code, out, err = profiler("metrics", page(*details(*values)), "--table", "launches")
    assert (code, out) == (5, "")
    assert "decimal sign" in err and "LC_ALL=C" in err


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        ("gpu__time_duration.sum", "fortnight"),
        ("dram__bytes.sum", "Kbit"),
        ("sm__cycles_elapsed.avg.per_second", "rpm"),
        ("sm__throughput.avg.pct_of_peak_sustained_elapsed", "permille"),
        ("gpu__time_duration.sum", "byte"),
    ],
)
def test_a_unit_that_no_version_prints_is_refused(page, profiler, metric, unit):
    code, _, err = profiler("metrics", page(*details((metric, unit, "12"))), "--table", "launches")
    assert code == 5
    assert metric in err and unit in err


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("nsecond", 1),
        ("ns", 1),
        ("usecond", 1e3),
        ("us", 1e3),
        ("µs", 1e3),
        ("msecond", 1e6),
        ("ms", 1e6),
        ("second", 1e9),
        ("s", 1e9),
    ],
)
def test_units_of_time_of_all_versions(page, rows, unit, factor):
    assert rows(page(*details(("Duration", unit, "12.00"))), "launches")[0]["profiled_duration_ns"] == 12 * factor


def test_a_hit_rate_above_100_is_bounded_and_said(page, rows):
    path = page(*details(("lts__t_sector_hit_rate.pct", "%", "103.25")))
    assert rows(path, "launches")[0]["l2_hit_pct"] == 100
    assert any("103.25" in row["text"] and "100 %" in row["text"] for row in rows(path, "messages"))


def test_labels_of_2021_and_sizes_from_their_rows(case, rows):
    (row,) = rows(case("ncu_details_2021_speed_of_light_labels.csv"), "launches")
    assert row["profiled_duration_ns"] == 2_860_000
    assert row["sm_clock_hz"] == pytest.approx(763.55e6)
    assert (row["block"], row["grid"]) == ("290x1x1", "23000x1x1")
    expected = {
        "compute_throughput_pct": 41.95,
        "memory_throughput_pct": 91.78,
        "dram_throughput_pct": 9.08,
        "l1_throughput_pct": 92.13,
        "l2_throughput_pct": 26.39,
        "achieved_occupancy_pct": 61.49,
        "theoretical_occupancy_pct": 62.5,
        "waves_per_sm": 53.24,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert (row["registers_per_thread"], row["shared_memory_bytes"]) == (48, 2660)


LABELS = {
    "2019": {
        "Memory Frequency": None,
        "SOL FB": "dram_throughput_pct",
        "Memory [%]": "memory_throughput_pct",
        "SOL L2": "l2_throughput_pct",
        "SM [%]": "compute_throughput_pct",
        "SOL TEX": "l1_throughput_pct",
    },
    "2021": {"SOL DRAM": "dram_throughput_pct", "SOL L1/TEX Cache": "l1_throughput_pct", "SOL L2 Cache": "l2_throughput_pct"},
    "2021.3": {
        "DRAM Throughput": "dram_throughput_pct",
        "Compute (SM) [%]": "compute_throughput_pct",
        "L1/TEX Cache Throughput": "l1_throughput_pct",
        "L2 Cache Throughput": "l2_throughput_pct",
    },
    "2022": {"Memory Throughput": "memory_throughput_pct", "Compute (SM) Throughput": "compute_throughput_pct"},
}


@pytest.mark.parametrize("year", LABELS)
def test_labels_of_every_version(page, rows, year):
    given = {label: 10.5 + place for place, label in enumerate(LABELS[year])}
    path = page(*details(*((label, "%" if column else "hz", f"{given[label]:.2f}") for label, column in LABELS[year].items())))
    (row,) = rows(path, "launches")
    assert {column: row[column] for column in LABELS[year].values() if column} == pytest.approx(
        {column: given[label] for label, column in LABELS[year].items() if column}
    )


def test_one_label_of_two_quantities_is_told_apart_by_its_unit(page, rows):
    path = page(*details(("Memory Throughput", "%", "81.50"), ("Memory Throughput", "Gbyte/second", "2.00")))
    (row,) = rows(path, "launches")
    assert (row["memory_throughput_pct"], row["dram_throughput_bytes_per_s"]) == (81.5, 2e9)


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("dram__throughput.avg.pct_of_peak_sustained_elapsed", "dram_throughput_pct"),
        ("smsp__warps_active.avg.pct_of_peak_sustained_active", "achieved_occupancy_pct"),
        ("l1tex__throughput.avg.pct_of_peak_sustained_elapsed", "l1_throughput_pct"),
    ],
)
def test_other_raw_names_of_a_quantity(page, rows, metric, column):
    assert rows(page(*details((metric, "%", "42.50"))), "launches")[0][column] == 42.5


def test_operations_counted_per_sm_and_in_double_precision(page, rows):
    counted = [("fadd", 3), ("fmul", 5), ("ffma", 7), ("dadd", 11), ("dmul", 13), ("dfma", 17)]
    lines = details(*((f"sm__sass_thread_inst_executed_op_{name}_pred_on.sum", "inst", str(n)) for name, n in counted))
    assert rows(page(*lines), "launches")[0]["flop"] == 3 + 5 + 2 * 7 + 11 + 13 + 2 * 17


def test_two_logs_in_one_file_each_with_its_units(case, rows):
    found = rows(case("cat2.csv"), "launches")
    assert [row["profiled_duration_ns"] for row in found] == [1_000, 9_000]
    assert [row["dram_bytes"] for row in found] == [5_000, 5_000]
    assert {row["kernel"] for row in found} == {"void k<float>(float*)"}


def test_a_second_row_of_units_counts_for_what_follows_it(tmp_path, rows):
    path = tmp_path / "raw.csv"
    path.write_text(
        '"ID","Process ID","Kernel Name","gpu__time_duration.sum"\n"","","","ns"\n"0","1","k","700"\n"","","","us"\n"1","1","k","8"\n'
    )
    assert [row["profiled_duration_ns"] for row in rows(path, "launches")] == [700, 8_000]


def test_one_number_in_two_processes_is_two_launches(case, rows):
    found = rows(case("det.csv"), "launches")
    assert [(row["kernel"], row["profiled_duration_ns"]) for row in found] == [("k100(float*)", 1_000), ("k200(float*)", 9_000)]


def test_the_same_rows_printed_twice_are_two_launches(page, rows):
    once, again = (details(("Duration", "us", value), ("SM [%]", "%", "50.00")) for value in ("1.00", "9.00"))
    assert [row["profiled_duration_ns"] for row in rows(page(*once, *again), "launches")] == [1_000, 9_000]
    assert [row["profiled_duration_ns"] for row in rows(page(*once, HEADER, *again), "launches")] == [1_000, 9_000]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([("Branch Efficiency", "%", "0"), ("Branch Instructions", "inst", "0")], "branch_efficiency_pct"),
        ([("Branch Efficiency", "%", "0"), ("smsp__sass_branch_targets_threads_divergent.sum", "", "0")], "branch_efficiency_pct"),
        ([("L2 Hit Rate", "%", "0"), ("lts__t_sectors.sum.per_second", "sector/s", "0")], "l2_hit_pct"),
        ([("Avg. Active Threads Per Warp", "", "0"), ("Executed Instructions", "inst", "0")], "threads_per_instruction"),
        ([("L1/TEX Hit Rate", "%", "nan")], "l1_hit_pct"),
    ],
)
def test_what_could_not_be_computed_is_missing(page, rows, values, column):
    assert rows(page(*details(*values, ("Duration", "us", "1.00"))), "launches")[0][column] is None


def test_a_real_zero_stays(page, rows):
    values = [
        ("Branch Efficiency", "%", "0"),
        ("Branch Instructions", "inst", "9"),
        ("smsp__sass_branch_targets_threads_divergent.sum", "", "9"),
        ("L2 Hit Rate", "%", "0"),
    ]
    (row,) = rows(page(*details(*values)), "launches")
    assert (row["branch_efficiency_pct"], row["l2_hit_pct"]) == (0, 0)


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace('","', '";"').encode(),
        lambda text: text.replace('","', '"\t"').encode(),
        lambda text: b'==PROF== Connected to process 7\nan odd " quote, of the program\n' + text.encode(),
        lambda text: b"what the program printed\n" * 4000 + text.encode(),
    ],
    ids=["mark", "two bytes", "line ends", "semicolons", "tabs", "quote", "long output"],
)
def test_a_page_as_spreadsheets_and_shells_save_it(tmp_path, rows, form):
    path = tmp_path / "page.csv"
    path.write_bytes(form("\n".join([HEADER, *details(("gpu__time_duration.sum", "ns", "117,344"))]) + "\n"))
    assert [row["profiled_duration_ns"] for row in rows(path, "launches")] == [117_344]


@pytest.mark.parametrize(
    "text",
    [
        '"Process ID","Process Name","Host Name","Kernel Name","Invocations","Section Name","Metric Name"\n"7","a","h","k","3","S","D"\n',
        "==PROF== Connected to process 7 (/a)\n  k (8, 1, 1)x(64, 1, 1), Context 1\n    Section: GPU Speed Of Light Throughput\n",
    ],
)
def test_what_ncu_prints_for_people_is_refused_with_what_to_give(tmp_path, profiler, text):
    path = tmp_path / "page.txt"
    path.write_text(text)
    code, _, err = profiler("show", path)
    assert code == 5 and "page.txt: ncu printed it for reading" in err and "--page raw --csv" in err
