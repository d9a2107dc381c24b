"""Tables on a page: sort, filter, copies of the data, selection shared with the plots."""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
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
    frame = recording.metric("kernel_summary")
    with opened(browser, path) as page:
        table = page.locator("#kernels .table").first
        median = table.locator("thead th button", has_text="median")
        median.click()
        headings = page.locator("#kernels .table thead button").evaluate_all(
            "(all) => all.map((node) => node.firstChild.textContent)"
        )
        shown = column(page, "#kernels .table", headings.index("median") + 1)
        assert median.locator("xpath=..").get_attribute("aria-sort") == "ascending"
        expected = sorted(frame["median_ns"])[: len(shown)]
        assert [float(text.replace("\u202f", "")) for text in shown] == pytest.approx(
            [value / 1000 for value in expected], rel=1e-2
        )
        median.click()
        assert median.locator("xpath=..").get_attribute("aria-sort") == "descending"
        # what is the same in every row is said once, above the table
        assert "count" not in headings
        assert "count 12" in table.locator(".shared").inner_text()


def test_filter_by_word_and_by_condition(browser, path, recording):
    frame = recording.metric("kernel_summary")
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
    frame = recording.metric("kernel_summary")
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
    points = recording.metric("point_summary").query("status != 'wrong_output'")
    with opened(browser, path) as page:
        draw_all(page)
        titles = page.locator("#configurations .facet-title").all_inner_texts()
        assert titles == [f"{shape} · {dtype}" for shape in ("4096x1024", "65536x1024") for dtype in ("fp16", "fp32")]
        values = "(index) => document.querySelectorAll('.facet .plot')[index].data.flatMap((trace) => [...trace.y])"
        group = points[(points["shape"] == "4096x1024") & (points["dtype"] == "fp16")]
        assert sorted(page.evaluate(values, 0)) == pytest.approx(sorted(group["builtin_median_ns"] / 1000))
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


def rows(page, panel="#configurations"):
    return page.locator(f"{panel} .table .count").first.inner_text().split(" · ")[0].split(" rows")[0].split(" of ")[-1]


def test_conditions_take_names_headings_and_units(browser, path, recording):
    median = recording.metric("point_summary").query("status != 'wrong_output'")["nsys_median_ns"].dropna()
    over = {limit: str((median > limit).sum()) for limit in (100, 100_000)}
    assert over[100] != over[100_000]
    expected = {
        "nsys_median_ns>100": over[100],
        "nsys_median_ns > 100 us": over[100_000],
        "nsys_median_ns>100us": over[100_000],
        "nsys_median_ns>0.1ms": over[100_000],
        "nsys median > 100": over[100_000],  # as the heading shows it, in µs
        "nsys median>100": over[100_000],
        "Nsys Median > 100000 ns": over[100_000],
        "nsys_median>100 µs": over[100_000],
        "type = fp16": "20",
        "type=fp16 vectorized": "10",
        "block=64 nsys median > 0": "8",
        "vectorized nsys median > 0 fp16": "10",
        "nsys median >": "40",
    }
    with opened(browser, path) as page:
        search = page.locator("#configurations input[type=search]").first
        found = {}
        for query in expected:
            search.fill(query)
            found[query] = rows(page)
        assert found == expected
        assert page.locator("#configurations .table .note").first.is_hidden()


def test_a_column_that_is_not_there_is_named_with_those_that_are(browser, path):
    with opened(browser, path) as page:
        search = page.locator("#configurations input[type=search]").first
        note = page.locator("#configurations .table .note").first
        for query, part in (("nsys mean > 5", "“mean”"), ("foo=3", "“foo”"), ("block > many", "“many”"), ("block>5lb", "“lb”")):
            search.fill(query)
            assert part in note.inner_text() and rows(page) == "0"
        search.fill("foo=3")
        assert "builtin median" in note.inner_text() and "block" in note.inner_text()
        kernels = page.locator("#kernels input[type=search]").first
        kernels.fill("vectorized_kernel<__half>")  # an operator inside a name is part of the name
        assert rows(page, "#kernels") == "10"


def test_the_example_of_the_filter_is_one_of_the_table(browser, path):
    with opened(browser, path) as page:
        for panel in ("#configurations", "#kernels", "#samples"):
            search = page.locator(f"{panel} input[type=search]").first
            example = search.get_attribute("placeholder").removeprefix("Filter, or ")
            total = int(rows(page, panel))
            search.fill(example)
            assert 0 < int(rows(page, panel)) <= total
            assert page.locator(f"{panel} .table .note").first.is_hidden()


@pytest.mark.parametrize("recordings", [1, 2])
def test_time_and_occupancy_of_configurations_are_in_sight(browser, tmp_path, recordings):
    made = [synthetic.everything("swish-h200-cpp-direct"), synthetic.recording("swish-h200-python-direct", seed=4)][:recordings]
    with opened(browser, render(made, tmp_path / "page.html")) as page:
        draw_all(page)
        seen = page.locator("#configurations .table").first.evaluate("""(table) => {
            const edge = table.querySelector('.table-scroll').getBoundingClientRect().right;
            return [...table.querySelectorAll('thead button')].filter((node) => node.getBoundingClientRect().right <= edge + 1)
                .map((node) => node.firstChild.textContent);
        }""")
        assert {"builtin median", "behind best", "effective bandwidth", "achieved occupancy"} <= set(seen)
        assert "op swish" in page.locator("#configurations .shared").first.inner_text()
        assert "op" not in seen


@pytest.mark.parametrize("panel", ["#configurations", "#kernels", "#latency"])
def test_a_phone_shows_figures_beside_the_names(browser, tmp_path, panel):
    frames = synthetic.sweep_frames()
    calls = frames["api_calls"]
    longer = calls["correlation_id"]
    frames["api_calls"] = calls.assign(start_ns=calls["start_ns"] - longer, duration_ns=calls["duration_ns"] + longer)
    path = render([synthetic.bare("sweep.sqlite", frames)], tmp_path / "page.html")
    with opened(browser, path, 400, "dark") as page:
        draw_all(page)
        seen = page.locator(f"{panel} .table").first.evaluate("""(table) => {
            const edge = table.querySelector('.table-scroll').getBoundingClientRect().right;
            return [...table.querySelectorAll('tbody tr:first-child td')].filter((node) => node.getBoundingClientRect().right <= edge + 1)
                .map((node) => node.className);
        }""")
        assert len([name for name in seen if name.startswith("number")]) >= 2
        assert page.locator(f"{panel} td.code").first.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")


def test_behind_best_compares_points_of_one_load(browser, tmp_path):
    frames = synthetic.builtin_frames()
    points = frames["points"]
    frames["points"] = points.assign(label=[f"{label} threads={1 + 3 * (at % 2)}" for at, label in enumerate(points["label"])])
    path = render([synthetic.bare("result.json", frames, "builtin")], tmp_path / "page.html")
    with opened(browser, path) as page:
        behind = page.evaluate("document.querySelector('.widget-explorer').explorer.model.behind()")
        labels = page.evaluate("document.querySelector('.widget-explorer').explorer.model.columns.label")
        first = [label for label, value in zip(labels, behind, strict=True) if value == 0]
        # one fastest for each of two shapes, types and loads
        assert len(first) == len({tuple(label.split()[i] for i in (2, 3, 5)) for label in first}) == 8


EXPLORER = "document.querySelector('.widget-explorer').explorer"


@pytest.mark.parametrize("axis", ["shape", *(pytest.param(name, marks=pytest.mark.long) for name in ("block", "variant", "dtype"))])
def test_figures_agree_with_the_table_whatever_the_axes(browser, path, recording, axis):
    """Each mark of each plot, and how far it is behind the best, against the recorded table."""
    points = recording.metric("point_summary").query("status != 'wrong_output'").set_index("label")
    best = points.groupby(["op", "shape", "dtype"])[["builtin_median_ns"]].transform("min")
    behind = ((points["builtin_median_ns"] / best["builtin_median_ns"] - 1) * 100).to_dict()
    with opened(browser, path) as page:
        draw_all(page)
        selects = page.locator("#configurations .toolbar").first.locator("select")
        for color in {"", "variant", "shape"} - {axis}:
            selects.nth(1).select_option(axis)
            selects.nth(2).select_option(color)
            for more in page.locator("#configurations .count button").all():
                more.click()
            table = page.evaluate(
                f"{EXPLORER}.table.data[{EXPLORER}.table.columns.findIndex((item) => item.name === 'behind_best_pct')]"
            )
            labels = page.evaluate(f"{EXPLORER}.model.columns.label")
            shown = {label: value for label, value in zip(labels, table, strict=True) if value is not None}
            assert shown == pytest.approx(behind)
            for relative in (False, True):
                marks = dict(page.evaluate(MARKS))
                unit = best["builtin_median_ns"] if relative else 1000
                assert marks == pytest.approx((points["builtin_median_ns"] / unit).to_dict())
                page.locator("#configurations button", has_text="Relative to best").click()


MARKS = f"""[...document.querySelectorAll('.facet .plot')].flatMap((plot) => plot.data.flatMap((trace) =>
    trace.customdata.map((row, index) => [{EXPLORER}.model.columns.label[row], trace.y[index]])))"""


@pytest.mark.parametrize("width", [1280, 400])
def test_hovering_a_point_shows_its_whole_label(browser, tmp_path, width):
    frames = synthetic.builtin_frames()
    long = "_".join(f"part{number}" for number in range(40))
    frames["points"] = frames["points"].assign(label=[f"{label} note={long}" for label in frames["points"]["label"]])
    with opened(browser, render([synthetic.bare("result.json", frames, "builtin")], tmp_path / "page.html"), width) as page:
        draw_all(page)
        page.locator("#configurations .facet").first.scroll_into_view_if_needed()
        box = page.locator("#configurations .facet .point").first.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
        until(page, "!document.getElementById('tooltip').hidden")
        text = page.locator("#tooltip").inner_text()
        assert long in text and "µs" in text
        edges = page.locator("#tooltip").evaluate(
            "(node) => [node.getBoundingClientRect().left, node.getBoundingClientRect().right]"
        )
        assert edges[0] >= 0 and edges[1] <= width


@pytest.mark.long
def test_an_attribute_of_a_thousand_values_is_an_axis_like_others(browser, tmp_path):
    """Few traces and few names of ticks, whatever the attribute has: that is what a browser draws at once."""
    frames = synthetic.builtin_frames()
    one = frames["points"].iloc[0]
    points = [{**one, "label": f"op=swish shape=8x8 dtype=fp32 block={64 << number % 4} tile={number}"} for number in range(1000)]
    frames["points"] = pd.DataFrame(points).assign(point_id=range(1000), reason=None)
    frames["samples"] = pd.concat(
        [frames["samples"].query(f"point_id == {one['point_id']}").assign(point_id=number) for number in range(1000)]
    )
    with opened(browser, render([synthetic.bare("result.json", frames, "builtin")], tmp_path / "page.html")) as page:
        draw_all(page)
        selects = page.locator("#configurations .toolbar").first.locator("select")
        for role, name in ((1, "tile"), (2, "tile"), (1, "block"), (2, "")):
            selects.nth(role).select_option(name)
            drawn = page.evaluate(
                """[...document.querySelectorAll('.facet .plot')].map((plot) => [plot.data.length, plot.layout.xaxis.tickvals.length])"""
            )
            assert drawn and len(drawn) <= 12 and all(traces <= 16 and ticks <= 16 for traces, ticks in drawn)


def test_a_link_shows_filter_order_and_selection(browser, path):
    with opened(browser, path) as page:
        page.locator("#kernels input[type=search]").fill("vectorized median > 10 µs")
        page.locator("#kernels thead button", has_text="median").click()
        page.locator("#configurations tbody tr").nth(2).click()
        page.locator("#configurations tbody tr").nth(4).click()
        shown = page.locator("#kernels tbody").inner_text()
        chosen = "[...document.querySelectorAll('#configurations tbody tr[aria-selected=true]')].map((row) => row.dataset.row)"
        selected = page.evaluate(chosen)
        assert len(selected) == 2
        until(page, "location.hash.includes('configurations.selected') && location.hash.includes('kernels-table.filter')")
        page.locator(".side a", has_text="Kernels").click()
        until(page, "location.hash.startsWith('#kernels?') && location.hash.includes('configurations.selected')")
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.locator("#kernels input[type=search]").input_value() == "vectorized median > 10 µs"
        assert page.locator("#kernels tbody").inner_text() == shown
        assert page.evaluate(chosen) == selected
        assert abs(page.locator("#kernels").bounding_box()["y"]) < 300
        page.evaluate(
            "location.hash = '#kernels?kernels-table.filter=%3Cimg%20src%3Dx%3E&kernels-table.sort=nothing&configurations.selected=9999.x'"
        )
        until(page, "document.querySelector('#kernels input[type=search]')?.value === '<img src=x>'")
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.evaluate(chosen) == [] and page.locator("main img").count() == 0


SHOWN = ((0.144, "warps", "0.144"), (3.88, "waves", "3.88"), (1234567, "count", "1\u202f234\u202f567"), (1500, "ns", "1.5 µs"))


def test_values_alone_and_in_columns_keep_their_digits(browser, path):
    in_column = "([value, unit]) => Page.format.cell(value, Page.format.scale(unit, [value, value]))"
    with opened(browser, path) as page:
        for value, unit, text in SHOWN:
            assert page.evaluate("([value, unit]) => Page.format.one(value, unit)", [value, unit]) == text
            shown = page.evaluate(in_column, [value, unit]).replace("\u202f", "")
            assert float(shown) == pytest.approx(value / (1000 if unit == "ns" else 1))
