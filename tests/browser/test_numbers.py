"""Every number that a page shows, against the table it comes from: in plots after each change of axes, and in every cell."""

from pathlib import Path

import comparisons
import numpy as np
import pandas as pd
import pytest
import synthetic
from chromium import draw_all, opened

from profiler.compare.winners import winners
from profiler.metrics.measured import shown_metric
from profiler.metrics.recording import load
from profiler.report.comparison_page import render_comparison
from profiler.report.page import render
from profiler.report.points import with_attributes
from profiler.report.view import View
from profiler.units import format_ns

(RUN,) = (Path(__file__).parents[2] / "runs/examples").glob("*-swish-h200-python-direct-*")
WORK = ["recording", "op", "shape", "dtype"]

MARKS = """async ({measures, axes}) => {
    const explorer = document.querySelector('.widget-explorer').explorer;
    const toolbar = document.querySelector('#configurations .toolbar');
    const choose = (index, value) => {
        const select = toolbar.querySelectorAll('select')[index];
        select.value = value;
        select.dispatchEvent(new Event('change'));
        return select.value === value;
    };
    const read = () => {
        const columns = explorer.table.columns.map((column) => column.name);
        const marks = {};
        for (const plot of document.querySelectorAll('.facet .plot')) {
            for (const trace of plot.data) {
                trace.customdata.forEach((row, index) => { marks[row] = [trace.y[index], trace.error_y?.array?.[index], trace.error_y?.arrayminus?.[index]]; });
            }
        }
        return { marks, whole: !document.querySelector('#configurations .count button'), axis: document.querySelector('#configurations .legend .axis').textContent,
            behind: columns.includes('behind_best_pct') ? explorer.table.data[columns.indexOf('behind_best_pct')] : null };
    };
    const found = [];
    for (const measure of measures) {
        choose(0, measure);
        for (const [x, color] of axes) {
            if (!choose(1, x) || !choose(2, color)) continue;
            for (const relative of [false, true]) {
                const toggle = [...toolbar.querySelectorAll('button')].find((button) => button.textContent === 'Relative to best');
                if (toggle && (toggle.getAttribute('aria-pressed') === 'true') !== relative) toggle.click();
                for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
                found.push({ measure, x, color, relative, ...read() });
            }
        }
    }
    const options = (index) => [...toolbar.querySelectorAll('select')[index].options].map((option) => option.value);
    return { found, measures: options(0), axes: options(1), labels: explorer.model.columns.label, recordings: explorer.model.columns.recording || null };
}"""


def points_of(recordings, names):
    parts = [
        shown_metric(recording, "point_summary").assign(recording=name) for recording, name in zip(recordings, names, strict=True)
    ]
    points, _ = with_attributes(pd.concat(parts, ignore_index=True))
    return points.set_index(["recording", "label"])


def check_marks(page, points, axes=None):
    """Hold the marks of each plot, and "behind best", against the points, whatever the axes (all, where none are given) and the measure are."""
    first = page.evaluate(MARKS, {"measures": [], "axes": []})
    axes = axes or [[x, color] for x in first["axes"] for color in first["axes"]]
    # every pair of axes by the deciding time, and every measure along the last
    page_data = page.evaluate(MARKS, {"measures": first["measures"][:1], "axes": axes})
    found = page_data["found"] + page.evaluate(MARKS, {"measures": first["measures"], "axes": axes[-1:]})["found"]
    assert {(item["x"], item["color"]) for item in found} == {tuple(pair) for pair in axes}
    assert {item["measure"] for item in found} == set(first["measures"])
    rows = list(zip(page_data["recordings"] or [""] * len(page_data["labels"]), page_data["labels"], strict=True))
    keys = [key for key in WORK if key in points.columns or key == "recording"]
    time = "builtin_median_ns"
    behind = (points[time].astype(float) / points.groupby(keys)[time].transform("min").astype(float) - 1).dropna() * 100
    for item in found:
        measure = page.evaluate(
            "(id) => document.querySelector('.widget-explorer').explorer.model.measures.find((m) => m.id === id)", item["measure"]
        )
        known = points[points[measure["mid"]].notna()]
        values = known[measure["mid"]].astype(float)
        has_best = measure["better"] != "none" and item["relative"]
        best = values.groupby([known.index.get_level_values("recording"), *(known[key] for key in keys[1:])], dropna=False)
        scale = (
            best.transform("max" if measure["better"] == "higher" else "min") if has_best else factor(page, item["axis"], measure)
        )
        marks = {rows[int(row)]: mark for row, mark in item["marks"].items()}
        expected = (values / scale).to_dict()
        assert marks and set(marks) <= set(expected) and (not item["whole"] or len(marks) == len(expected))
        assert {row: mark[0] for row, mark in marks.items()} == pytest.approx({row: expected[row] for row in marks}), item[
            "measure"
        ]
        if measure.get("low") and measure.get("high"):
            for place, sign, name in ((1, 1, "high"), (2, -1, "low")):
                ends = (sign * (known[measure[name]].astype(float) - values) / scale).to_dict()
                assert {row: mark[place] for row, mark in marks.items()} == pytest.approx({r: ends[r] for r in marks}, abs=1e-9)
        shown = {row: value for row, value in zip(rows, item["behind"], strict=True) if value is not None}
        assert shown == pytest.approx(behind.to_dict())


def factor(page, axis, measure):
    """Return by what values are divided: the size of the unit that the heading of the plots names."""
    label = axis.removeprefix(measure["label"]).removesuffix(", median with p05 to p95").removeprefix(", ")
    steps = page.evaluate("(unit) => Page.data('units')[unit] || [[1, unit]]", measure["unit"])
    return next(size for size, name in steps if name == label)


CELLS = """() => [...document.querySelectorAll('.table')].filter((node) => node.querySelector('thead button')).map((node) => ({
    block: node.dataset.block || node.parentElement.closest('[data-block]').dataset.block,
    heads: [...node.querySelectorAll('thead button')].map((head) => [head.dataset.tip.split('\\n')[0], head.querySelector('.unit').textContent]),
    rows: [...node.querySelectorAll('tbody tr')].map((line) => [Number(line.dataset.row), [...line.children].map((cell) => cell.textContent)]),
}))"""


def data_of(page, block):
    """Return the columns of a table as the page's data hold them, by name, and their descriptions."""
    payload = page.evaluate("(id) => { const all = Page.data(id); return all.table || all; }", block)
    unpacked = [
        column if isinstance(column, list) else [None if code < 0 else column["dict"][code] for code in column["codes"]]
        for column in payload["data"]
    ]
    return {column["name"]: (column, values) for column, values in zip(payload["columns"], unpacked, strict=True)}


def check_cells(page, tables):
    """Hold every cell with a number against the page's data, and these against the table that they come from."""
    steps = page.evaluate("Page.data('units')")
    checked = 0
    for table in page.evaluate(CELLS):
        if table["block"] not in tables:
            continue
        data = data_of(page, table["block"])
        frame = tables[table["block"]]
        for name, (column, values) in data.items():
            if frame is not None and column["kind"] == "number":
                expected = sorted(frame[name].astype(float).dropna())
                assert sorted(value for value in values if value is not None) == pytest.approx(expected), (table["block"], name)
        for row, cells in table["rows"]:
            for (name, unit), text in zip(table["heads"], cells, strict=True):
                if name not in data or data[name][0]["kind"] != "number" or data[name][0].get("moment"):
                    continue
                column, values = data[name]
                size = next((size for size, label in steps.get(column.get("unit", ""), []) if label == unit), 1)
                value = values[row]
                if value is None:
                    assert text == "–"
                    continue
                number = float(text.replace("\u202f", "").replace("\u2212", "-"))
                digits = len(text.partition(".")[2])
                assert number * size == pytest.approx(value, rel=0.06, abs=0.5001 * size / 10**digits), (table["block"], name, text)
                checked += 1
    return checked


@pytest.mark.parametrize("axes", [[["block", "variant"], ["shape", ""]], pytest.param(None, marks=pytest.mark.long)])
def test_a_run_shows_the_numbers_of_its_tables(browser, tmp_path, axes):
    recording = load(str(RUN))
    with opened(browser, render([recording], tmp_path / "page.html")) as page:
        draw_all(page)
        tables = {
            "configurations": None,
            **{f"{name}-table": shown_metric(recording, name) for name in ("kernels", "nvtx")},
            "tools-table": None,
        }
        assert check_cells(page, tables) > 200
        check_marks(page, points_of([recording], [""]), axes)
        best = winners(View([recording]).rankings[0])
        cards = page.locator(".winner").all_inner_texts()
        assert len(cards) == len(best) == 4
        for card, winner in zip(cards, best, strict=True):
            assert (
                format_ns(winner.median_ns) in card and f"the slowest of {winner.rivals} takes {winner.slowest_ratio:.2f} ×" in card
            )


def test_recordings_side_by_side_show_the_numbers_of_each(browser, tmp_path):
    recordings = [synthetic.recording("base"), synthetic.recording("candidate", slower=1.05, seed=5)]
    view = View(recordings)
    with opened(browser, render(recordings, tmp_path / "page.html")) as page:
        draw_all(page)
        assert check_cells(page, {"kernels-table": view.metric("kernels"), "configurations": None}) > 100
        check_marks(page, points_of(recordings, view.names), [["recording", "block"], ["shape", ""], ["block", "recording"]])
        lines = page.locator(".winner-table tbody tr").all()
        best = [{winner.work: winner for winner in winners(ranking)} for ranking in view.rankings]
        assert len(lines) == len(best[0]) == 4
        for line in lines:
            work, *cells = line.locator("th, td").all_inner_texts()
            for cell, found in zip(cells, best, strict=True):
                assert format_ns(found[work].median_ns) in cell


def test_a_comparison_shows_the_numbers_of_its_rows(browser, tmp_path):
    found = comparisons.comparison(("a", "b"))
    path = render_comparison(found, tmp_path / "c.html", comparisons.gate())
    rows = found.rows
    names = {"change_pct": "ratio", "change_low_pct": "ratio_low", "change_high_pct": "ratio_high"}
    frame = rows.assign(**{name: (rows[ratio].astype(float) - 1) * 100 for name, ratio in names.items()})
    with opened(browser, path) as page:
        draw_all(page)
        assert check_cells(page, {"rows-table": frame}) > 30
        marks = page.evaluate(
            """document.querySelector('#rows .figure').data.flatMap((trace) => [...trace.x].map((x, at) =>
            [trace.name, x, x - trace.error_x.arrayminus[at], x + trace.error_x.array[at]]))"""
        )
    drawn = frame[frame["change_pct"].notna()]
    expected = drawn[["verdict", *names]].to_numpy().tolist()
    assert len(marks) == len(expected) > 0
    for mark, row in zip(sorted(marks, key=str), sorted(expected, key=str), strict=True):
        assert mark[0] == row[0] and np.allclose(mark[1:], row[1:])
