"""Tables on a page: sort, filter, copies of the data, selection shared with the plots."""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import synthetic
from chromium import draw_all, opened, until

import profiler
from profiler.report.page import render


@pytest.fixture(scope="module")
def recording():
    return synthetic.recording()


@pytest.fixture(scope="module")
def path(recording, tmp_path_factory):
    return render([recording], tmp_path_factory.mktemp("tables") / "page.html")


def column(page, panel, index):
    return page.locator(f"{panel} tbody tr td:nth-child({index})").all_inner_texts()


def test_sorting_by_a_number_and_back(browser, path, recording):
    frame = recording.metric("kernels")
    with opened(browser, path) as page:
        table = page.locator("#kernels .table").first
        head = table.locator("thead th", has_text="count").first
        median = table.locator("thead th button", has_text="median")
        median.click()
        shown = column(page, "#kernels .table", 9)
        assert median.locator("xpath=..").get_attribute("aria-sort") == "ascending"
        expected = sorted(frame["median_ns"])[: len(shown)]
        assert [float(text.replace("\u202f", "")) for text in shown] == pytest.approx(
            [value / 1000 for value in expected], rel=1e-2
        )
        median.click()
        assert median.locator("xpath=..").get_attribute("aria-sort") == "descending"
        assert head.count() == 1


def test_filter_by_word_and_by_condition(browser, path, recording):
    frame = recording.metric("kernels")
    with opened(browser, path) as page:
        search = page.locator("#kernels input[type=search]")
        count = page.locator("#kernels .count").first
        search.fill("vectorized __half")
        wanted = frame["kernel"].astype(str).str.contains("vectorized") & frame["kernel"].astype(str).str.contains("__half")
        assert count.inner_text().startswith(f"{wanted.sum()} rows")
        limit = int(frame["median_ns"].median())
        search.fill(f"median_ns>{limit} scalar")
        both = (frame["median_ns"] > limit) & frame["kernel"].astype(str).str.contains("scalar")
        assert f"{both.sum()} rows" in count.inner_text()
        search.fill("nothing-of-this-name")
        assert count.inner_text().startswith("0 rows")


def test_csv_holds_every_row_with_raw_values(browser, path, recording):
    frame = recording.metric("kernels")
    with opened(browser, path) as page:
        with page.expect_download() as download:
            page.locator("#kernels button", has_text="CSV").click()
        rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_bytes().decode())))
    assert len(rows) == len(frame)
    assert [row["kernel"] for row in rows] == frame["kernel"].astype(str).tolist()
    assert [int(row["total_ns"]) for row in rows] == frame["total_ns"].tolist()
    assert [float(row["median_ns"]) for row in rows] == frame["median_ns"].tolist()


def test_csv_holds_no_formula(browser, tmp_path):
    capture = tmp_path / "capture.sqlite"
    capture.write_bytes((Path(__file__).parents[1] / "data" / "nsys_h200" / "node.sqlite").read_bytes())
    with closing(sqlite3.connect(capture)) as database:
        names = "SELECT demangledName FROM CUPTI_ACTIVITY_KIND_KERNEL"
        database.execute(f"UPDATE StringIds SET value = '=' || value WHERE id IN ({names})")
        database.commit()
    with opened(browser, render([profiler.load(capture)], tmp_path / "page.html")) as page:
        with page.expect_download() as download:
            page.locator("#kernels button", has_text="CSV").click()
        rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_bytes().decode())))
    assert rows and all(row["kernel"].startswith("'=") and row["total_ns"].isdecimal() for row in rows)


def test_more_rows_on_request(browser, path):
    with opened(browser, path) as page:
        before = page.locator("#kernels tbody tr").count()
        page.locator("#kernels .foot button").first.click()
        assert page.locator("#kernels tbody tr").count() == 40 > before


def test_selection_is_shared_between_table_and_plots(browser, path):
    with opened(browser, path) as page:
        draw_all(page)
        row = page.locator("#configurations tbody tr").first
        row.click()
        assert row.get_attribute("aria-selected") == "true"
        sizes = (
            "[...document.querySelectorAll('.facet .plot')].flatMap((plot) => plot.data.flatMap((trace) => [...trace.marker.size]))"
        )
        assert sorted(page.evaluate(sizes))[-2:] == [7, 13]
        page.locator("#configurations tbody tr").nth(3).focus()
        page.keyboard.press("Enter")
        assert sorted(page.evaluate(sizes))[-3:] == [7, 13, 13]
        page.locator("#configurations button", has_text="Clear selection").click()
        assert set(page.evaluate(sizes)) == {7}
        point = page.locator("#configurations .facet").nth(1).locator(".point").nth(2)
        box = point.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        until(page, "document.querySelectorAll('#configurations tbody tr[aria-selected=true]').length === 1")


def test_plots_follow_measure_relation_and_filter(browser, path, recording):
    points = recording.metric("points").query("status != 'wrong_output'")
    with opened(browser, path) as page:
        draw_all(page)
        titles = page.locator("#configurations .facet-title").all_inner_texts()
        assert titles == [f"{shape} · {dtype}" for shape in ("4096x1024", "65536x1024") for dtype in ("fp16", "fp32")]
        values = "(index) => document.querySelectorAll('.facet .plot')[index].data.flatMap((trace) => [...trace.y])"
        group = points[(points["shape"] == "4096x1024") & (points["dtype"] == "fp16")]
        assert sorted(page.evaluate(values, 0)) == pytest.approx(sorted(group["nsys_median_ns"] / 1000))
        page.locator("#configurations button", has_text="Relative to best").click()
        assert min(page.evaluate(values, 0)) == 1
        page.locator("#configurations button", has_text="Relative to best").click()
        page.locator("#configurations .chips button", has_text="scalar").click()
        assert len(page.evaluate(values, 0)) == 5
        assert "20 rows" in page.locator("#configurations .table .count").first.inner_text()
        page.locator("#configurations select").first.select_option("effective_bandwidth_bytes_per_s")
        best = group[group["variant"] == "vectorized"]["effective_bandwidth_bytes_per_s"].max()
        assert max(page.evaluate(values, 0)) == pytest.approx(best / 1e12)


def test_samples_show_each_iteration(browser, path, recording):
    samples = recording.table("samples")
    with opened(browser, path) as page:
        draw_all(page)
        until(page, "document.querySelector('.samples-grid .plot').data !== undefined")
        shown = page.evaluate("[...document.querySelector('.samples-grid .plot').data[0].y]")
        assert shown == pytest.approx((samples.query("point_id == 0").sort_values("sample_index")["duration_ns"] / 1000).tolist())
