"""Which time counts, what may be ranked by it, and what is not comparable."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def ranked(profiler):
    def run(*argv):
        code, out, err = profiler("best", *argv, "--all", "--format", "json")
        assert code == 0, err
        return json.loads(out)

    return run


SIX = {
    "fused": 12_976.5,
    "concurrent4": 39_921.0,
    "split8": 44_529.0,
    "hostsync4": 46_480.5,
    "serial4": 128_146.0,
    "copy_then_kernel": 171_442.5,
}


def test_six_variants_are_ranked_by_what_an_iteration_takes_on_the_gpu(case, profiler, ranked):
    path = case("rank_six_variants.sqlite")
    found = ranked(path)
    assert {row["row"].rpartition("=")[2]: row["median_ns"] for row in found} == SIX
    assert [row["place"] for row in found] == [1, 2, 3, 4, 5, 6]
    assert "copy_then_kernel would be first" in found[0]["note"] and not any(row["note"] for row in found[1:])
    code, out, _ = profiler("show", path)
    assert code == 0 and "Fastest, by device time" in out and "variant=fused" in out and "device time of sweep points (nsys)" in out


def test_the_page_names_the_same_winner(case, profiler, tmp_path):
    page = tmp_path / "page.html"
    code, _, err = profiler("dashboard", case("rank_six_variants.sqlite"), "--output", page)
    assert code == 0, err
    head = page.read_text(encoding="utf-8").split('<p class="what">')[1]
    assert head.startswith("fused</p>") and ">12.98 µs" in head


@pytest.mark.parametrize(
    ("base", "candidate", "code", "times", "verdict"),
    [
        ("g_base", "g_memset", 10, (100e3, 280e3), "slower"),
        ("g_base", "g_gaps", 10, (100e3, 458e3), "slower"),
        ("g_gaps", "g_base", 0, (458e3, 100e3), "faster"),
        ("g_serial", "g_conc", 0, (120e3, 70e3), "faster"),
        ("g_conc", "g_serial", 10, (70e3, 120e3), "slower"),
    ],
)
def test_a_gate_judges_copies_fills_gaps_and_concurrency(case, profiler, tmp_path, base, candidate, code, times, verdict):
    out = tmp_path / "answer.json"
    paths = [case(f"{name}.sqlite") for name in (base, candidate)]
    assert profiler("gate", *paths, "--json", out)[0] == code
    (row,) = json.loads(out.read_text())["rows"]
    assert (row["base_median_ns"], row["candidate_median_ns"]) == pytest.approx(times, rel=0.002)
    assert row["verdict"] == verdict
    assert "kernel time alone changed by" in row["detail"]


def test_two_devices_that_work_at_once_take_the_time_of_one(case, rows):
    (row,) = rows(case("twodev.sqlite"), "points")
    assert (row["nsys_median_ns"], row["span_ns"], row["kernel_time_ns"], row["busy_ns"]) == (50e3, 50e3, 100e3, 50e3)
    assert row["timed_by"] == "span" and row["effective_bandwidth_bytes_per_s"] == 2e12


def test_kernels_of_unlike_work_are_listed_by_name_and_never_ranked(case, profiler, ranked):
    path = case("nsys_three_kernels_best.sqlite")
    found = ranked(path)
    assert [(row["row"].partition("(")[0], row["samples"], row["median_ns"]) for row in found] == [
        ("kernel2", 1, 808_224_481),
        ("kernel", 4, pytest.approx(22_511, rel=0.001)),
        ("kernel", 1, pytest.approx(81_340, rel=0.001)),
    ]
    assert not any(row["place"] or row["tied"] or row["undecided"] for row in found)
    assert [row["note"] for row in found] == ["one sample: cannot tell", "", "one sample: cannot tell"]
    code, out, _ = profiler("best", path)
    assert code == 0 and "Nothing is ranked" in out and "tied" not in out and "fastest" not in out


def test_more_launches_of_a_kernel_are_said_and_are_not_comparable(case, profiler):
    first, second = case("e_k1.sqlite"), case("e_k2.sqlite")
    code, out, _ = profiler("gate", first, second)
    assert code == 12 and "launches of the kernel: 50 and 100; 5 ms and 10 ms in all (+100.0 %)" in " ".join(out.split())
    assert profiler("gate", first, second, "--allow", "launches")[0] == 11
    assert profiler("compare", first, second)[0] == 0


def test_iterations_that_move_other_bytes_are_not_comparable(case, profiler):
    pair = case("c_by_a.json"), case("c_by_b.json")
    code, out, _ = profiler("gate", *pair)
    assert code == 12 and "bytes that an iteration must move: 1048576 and 524288" in out
    assert profiler("gate", *pair, "--allow", "bytes_per_iteration")[0] == 0
