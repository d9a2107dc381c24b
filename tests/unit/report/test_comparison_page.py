"""The pages of comparisons and trends: every verdict, every row, no element from a name."""

import json
import math

import comparisons
import pandas as pd
import pytest
import synthetic
from test_page import Document

from profiler.compare.gate.evaluation import GateResult
from profiler.report.comparison_page import render_comparison
from profiler.report.trend_page import render_trend


def page(path):
    return Document(path.read_text(encoding="utf-8"))


def column(document, block, name):
    data = json.loads(document.data[f"data-{block}"])
    index = [item["name"] for item in data["columns"]].index(name)
    values = data["data"][index]
    return values if isinstance(values, list) else [None if code < 0 else values["dict"][code] for code in values["codes"]]


def test_no_row_is_lost_and_the_slow_come_first(tmp_path):
    found = comparisons.comparison(("a", "b"))
    document = page(render_comparison(found, tmp_path / "c.html", comparisons.gate()))
    verdicts = column(document, "rows-table", "verdict")
    assert sorted(verdicts) == sorted(found.rows["verdict"])
    assert verdicts[:2] == ["slower", "slower"]
    assert column(document, "rows-table", "change_pct")[0] == pytest.approx(5.0)
    text = " ".join("".join(document.text).split())
    assert (
        "Gate: FAIL (exit code 10): regression" in text
        and "FAIL: a, b against base" in text
        and "1 slower" in text
        and "a note about swish" in text
        and "accepted for swish" in json.dumps(document.data)
    )


def test_plot_holds_the_rows_with_a_ratio_and_the_threshold(tmp_path):
    document = page(render_comparison(comparisons.comparison(), tmp_path / "c.html"))
    figure = json.loads(document.data["data-forest"])
    assert {trace["name"]: trace["x"] for trace in figure["data"]} == {
        "slower": [pytest.approx(5.0)],
        "faster": [pytest.approx(-30.0)],
        "same": [pytest.approx(0.1)],
        "cannot tell": [pytest.approx(2.0)],
    }
    assert (figure["layout"]["shapes"][0]["x0"], figure["layout"]["shapes"][0]["x1"]) == (-1.0, 1.0)
    order = figure["layout"]["yaxis"]["names"]
    assert order == ["block 64", "block 96", "block 128", "block 32"]
    assert [trace["customdata"] for trace in figure["data"] if trace["name"] == "slower"] == [[comparisons.label(0)]]
    assert "All these rows: swish scalar 65536x1024 fp32." in "".join(document.text)


def test_plot_shows_every_slower_row_before_others_and_names_what_it_leaves_out(tmp_path):
    found = comparisons.comparison()
    plain = found.rows[found.rows["verdict"].isin(["slower", "faster", "same", "cannot tell"])]
    many = pd.concat([plain.assign(row=plain["row"] + f" n={copy}", ratio=plain["ratio"] * (1 + copy / 1e3)) for copy in range(36)])
    found.rows = many.reset_index(drop=True)
    document = page(render_comparison(found, tmp_path / "c.html"))
    figure = json.loads(document.data["data-forest"])
    assert {trace["name"]: len(trace["x"]) for trace in figure["data"]} == {"slower": 36, "cannot tell": 2, "faster": 2}
    assert max(x for trace in figure["data"] for x in trace["x"]) == pytest.approx((1.05 * 1.035 - 1) * 100)
    assert min(x for trace in figure["data"] for x in trace["x"]) == pytest.approx(-30.0)
    assert len(set(figure["layout"]["yaxis"]["names"])) == 40
    text = " ".join("".join(document.text).split())
    assert "Shown are 40 of 144 rows" in text and "36 same" in text and "34 faster" in text


@pytest.mark.parametrize(("code", "word"), [(0, "PASS"), (10, "FAIL"), (7, "FAIL"), (11, "NO PASS"), (12, "NO PASS")])
def test_headline_says_whether_the_gate_passed(tmp_path, code, word):
    path = render_comparison(comparisons.comparison(), tmp_path / "c.html", GateResult(code, (), ()))
    text = " ".join("".join(page(path).text).split())
    assert f"{word}: candidate against base" in text and f"Gate: {word} (exit code {code})" in text


def test_a_base_without_device_is_no_obstacle(tmp_path):
    found = comparisons.comparison()
    found.base.facts.clear()
    text = "".join(page(render_comparison(found, tmp_path / "c.html")).text)
    assert "NVIDIA" not in text.split("Sides")[0]


def test_values_of_one_side_are_no_changes(tmp_path):
    found = comparisons.comparison()
    first = found.metrics.iloc[0].to_dict()
    kinds = [("same", 16, 16), ("changed", 16, 17), *[("base only", 16, math.nan)] * 30, ("candidate only", math.nan, 1)]
    more = [{**first, "verdict": kind, "base_value": base, "candidate_value": other} for kind, base, other in kinds]
    found.metrics = pd.concat([found.metrics, pd.DataFrame(more)], ignore_index=True)
    document = page(render_comparison(found, tmp_path / "c.html"))
    text = " ".join("".join(document.text).split())
    assert "3 values compared, 2 changed" in text
    assert "30 values exist only in the base" in text and "1 values exist only in the candidate" in text
    assert column(document, "metrics-table", "verdict") == ["worse", "changed"]


def test_rounds_are_paired(tmp_path):
    document = page(render_comparison(comparisons.comparison(), tmp_path / "c.html"))
    figure = json.loads(document.data["data-rounds-plot"])
    assert [trace["y"] for trace in figure["data"]] == [[pytest.approx(5.0)] * 6] * 3


def test_without_rounds_the_section_says_so(tmp_path):
    document = page(render_comparison(comparisons.comparison(rounds=False), tmp_path / "c.html"))
    assert "one after the other" in "".join(document.text)


@pytest.mark.parametrize(
    "render",
    [
        lambda out: render_comparison(comparisons.hostile(), out, comparisons.gate(synthetic.HOSTILE)),
        lambda out: render_trend(comparisons.trend(synthetic.HOSTILE), out),
    ],
)
def test_hostile_names_make_no_element(tmp_path, render):
    document = page(render(tmp_path / "c.html"))
    assert "img" not in {tag for tag, _ in document.elements}
    for text in document.data.values():
        assert "<" not in text
        json.loads(text)


def test_trend_names_changes_and_what_is_left_out(tmp_path):
    document = page(render_trend(comparisons.trend(), tmp_path / "t.html"))
    data = json.loads(document.data["data-history"])
    shown = {item["name"]: values for item, values in zip(data["table"]["columns"], data["table"]["data"], strict=True)}
    assert shown["changes"] == [1, 0] and len(data["series"]) == 2
    assert shown["last_level_ns"][0] / shown["first_level_ns"][0] == pytest.approx(1.1)
    assert shown["change_pct"][0] == pytest.approx(10.0)
    assert column(document, "changes-table", "change_pct") == [pytest.approx(10.0)]
    assert "run-x: another GPU" in "".join(document.text)
