"""Every verb names the same winner of a capture, by the same time, or says alike that nothing is ranked."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from profiler.point_label import decode_label, in_words

ROOT = Path(__file__).parents[2]
FILES = ("*.sqlite", "*.sqlite.xz", "*.ncu-rep", "*.json", "*.csv")
CAPTURES = sorted({path for name in FILES for path in (ROOT / "tests/data").rglob(name)} | {*(ROOT / "runs/examples").glob("2*")})
SWEEPS = [ROOT / "tests/data/nsys_h200/graph.sqlite", *(path for path in CAPTURES if "swish-h200-python-direct" in path.name)]
WORK = ("op", "shape", "dtype")
SOON = ("graph.sqlite", "swish.ncu-rep", "c_by_a.json", "swish_raw.csv", "experiment-under-tools", "nsys_three_kernels", "twodev")
"""Captures that every run of the tests draws; the others are among the long tests."""


def soon_or_long(path):
    """Return a capture as a parameter, marked unless it is one of those of every run."""
    marks = () if any(name in path.name for name in SOON) else (pytest.mark.long,)
    return pytest.param(path, id=str(path.relative_to(ROOT)), marks=marks)


@pytest.fixture
def page_of(profiler, tmp_path):
    """Return a function that draws a page and returns the text of its summary, without markup."""

    def draw(*argv):
        page = tmp_path / "page.html"
        assert profiler("dashboard", *argv, "--output", page)[0] == 0
        summary = page.read_text(encoding="utf-8").split('<section id="summary"')[1].split("</section>")[0]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", summary)).split())

    return draw


def words(row):
    """Return what a label says beside its work and the conditions of its group."""
    shared = (*WORK, *(text.partition("=")[0] for text in row["conditions"].split()))
    return in_words({key: value for key, value in decode_label(row["row"]).items() if key not in shared})


def same_group(row, other):
    return all(row[key] == other[key] for key in (*WORK, "conditions"))


def check(profiler, page_of, tmp_path, path, *options):
    """Hold every verb against the ranking of `best`."""
    code, out, err = profiler("best", path, "--all", "--format", "json", *options)
    ranking = json.loads(out) if code == 0 else []
    first = [row for row in ranking if row["place"] == 1]
    code, out, _ = profiler("show", path, "--format", "json", *options)
    if code:  # what no reader knows, or holds no single times
        assert code in (5, 6) and not ranking and err.startswith("error: ")
        assert {profiler(verb, *([path] * number))[0] for verb, number in (("dashboard", 1), ("compare", 2))} == {code}
        return
    document = json.loads(out)
    sources = {row["source"] for row in ranking}
    assert len(sources) <= 1 and document["ranking"] == ranking
    titles = [item["title"] for item in document["answers"]]
    assert [item["label"] for item in document["winners"]] == [row["row"] for row in first]
    text, page = " ".join(profiler("show", path, *options)[1].split()), page_of(path, *options)
    groups = [[row for row in ranking if row["place"] and same_group(row, best)] for best in first]
    rivals = [group for group in groups if len(group) > 1]
    won = any(sum(row["tied"] or row["undecided"] for row in group) == 1 for group in rivals)
    word = "Fastest" if won else "No winner" if rivals else "Times"
    for title in titles[:1]:
        assert title in text and title in page
        assert title.startswith(f"{word}, by {sources.pop()}" if first else "Nothing is ranked. ")
    for row, winner in zip(first, document["winners"], strict=True):
        assert (winner["median_ns"], winner["note"]) == (row["median_ns"], row["note"])
        # a card says it in words, a table as the terminal does
        assert (words(row) in page or winner["configuration"] in page) and row["note"] in page
        group = [other for other in ranking if same_group(row, other)]
        assert [len(winner["tied"]) + 1, len(winner["undecided"])] == [
            sum(o[word] for o in group) for word in ("tied", "undecided")
        ]
    if not first and titles:
        assert next(iter(document["answers"][0]["rows"][0].values())) in page
    return ranking, first


def check_compared(profiler, tmp_path, path, ranking, first, *options):
    """Hold the times that `compare` goes by against the ranking."""
    answer = tmp_path / "answer.json"
    assert profiler("compare", path, path, "--json", answer, *options)[0] == 0
    compared = json.loads(answer.read_text(encoding="utf-8"))
    assert compared["base"]["source"] == next((row["source"] for row in ranking), "no times")
    times = {row["row"]: row["base_median_ns"] for row in compared["rows"]}
    assert times == {row["row"]: row["median_ns"] for row in ranking}
    for row in first:
        group = [o for o in ranking if o["place"] and same_group(o, row)]
        assert min((o["row"] for o in group), key=times.__getitem__) == row["row"]


@pytest.mark.parametrize("path", [soon_or_long(path) for path in CAPTURES])
def test_every_verb_names_the_same_winner_from_the_same_source(profiler, page_of, tmp_path, path):
    found = check(profiler, page_of, tmp_path, path)
    if found:
        check_compared(profiler, tmp_path, path, *found)


@pytest.mark.parametrize("source", ["points", "gpu_points", "gpu_points:nsys", "kernels"])
@pytest.mark.parametrize("path", [soon_or_long(path) for path in SWEEPS])
def test_another_source_is_chosen_alike(profiler, page_of, tmp_path, path, source):
    asked = ("--source", source)
    if path.is_file() and source == "points":  # a capture without times of the program's own
        verbs = (("best", path), ("show", path), ("dashboard", path), ("compare", path, path))
        assert {profiler(*verb, *asked)[0] for verb in verbs} == {2}
        return
    ranking, first = check(profiler, page_of, tmp_path, path, *asked)
    assert bool(first) == (source != "kernels") and ranking
    check_compared(profiler, tmp_path, path, ranking, first, *asked)
