import json
from xml.etree import ElementTree

import pytest
from conftest import samples
from test_gate import SKIPPED, SLOWER, UNCLEAR, VOID, comparison, metric, row

from profiler.compare.gate.config import GateConfig
from profiler.compare.gate.evaluation import evaluate
from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.comparison import SideInfo
from profiler.report.exporters.compare_json import to_json
from profiler.report.exporters.compare_junit import to_junit
from profiler.report.exporters.compare_markdown import to_markdown

EVIL = "op=a|b kernel=<script>alert(1)</script> `x` [y](z) @everyone *b*"


def test_markdown_says_the_verdict_first_and_the_worst_rows_next():
    rows = [row(f"row{index}") for index in range(30)] + [row("bad", **SLOWER), row("worse", **SLOWER | {"ratio": 1.5})]
    found = comparison(*rows)
    lines = to_markdown(found, evaluate(found, GateConfig()), "page.html").splitlines()
    assert lines[0] == "## ❌ Regression"
    assert "2 slower, 30 same" in lines[2]
    table = [line for line in lines if line.startswith("| 🔴")]
    assert ["`worse`" in table[0], "`bad`" in table[1], len(table)] == [True, True, 2]
    assert "+5.00 % [+4.80, +5.20]" in table[1] and "30 more rows, 30 of them the same." in lines
    assert lines[-1].endswith("[Full page](page.html)</sub>") and len(lines) < 40


def test_markdown_without_change_is_one_screen():
    text = to_markdown(comparison(*(row(f"row{index}") for index in range(50))))
    assert text.startswith("## ⚪ No change") and "All 50 rows are the same within 1 %." in text and len(text.splitlines()) < 12


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([SLOWER], "🔴 1 slower"),
        ([VOID], "⛔ Not comparable"),
        ([{"verdict": "faster", "ratio": 0.9}, {}], "🟢 1 faster, none slower"),
        ([UNCLEAR], "🟡 Cannot tell"),
        ([UNCLEAR, {}], "🟡 Some rows undecided, none slower"),
    ],
)
def test_markdown_titles_without_a_gate(rows, title):
    assert to_markdown(comparison(*(row(f"r{i}", **values) for i, values in enumerate(rows)))).splitlines()[0] == f"## {title}"


def test_markdown_escapes_what_a_capture_holds():
    found = comparison(
        row(EVIL, **SLOWER), row("x", "not comparable", reason="failed", detail=EVIL), metrics=[metric("m", 1, 2, where=EVIL)]
    )
    for line in to_markdown(found, evaluate(found, GateConfig())).splitlines():
        outside = "".join(line.split("`")[::2]).replace("\\[", "")
        assert "<script" not in outside and "[y](" not in outside and "@everyone" not in outside
        if line.startswith("|"):
            assert line.count("|") in (6, 7)


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[31m", "\u202e"])
def test_markdown_keeps_a_name_on_its_line(end):
    name = f"k{end}{end}# Passed{end}| a | b"
    found = comparison(
        row(name, **SLOWER), row("x", "not comparable", reason="failed", detail=name), metrics=[metric("m", 1, 2, where=name)]
    )
    text = to_markdown(found, evaluate(found, GateConfig()), f"page{end}.html")
    assert all(not line.lstrip().startswith("# ") for line in text.splitlines()) and "\x1b" not in text and "\u202e" not in text
    assert len(text.splitlines()) == len(text.split("\n")) - 1


@pytest.mark.parametrize("name", ["a|b", "a\\|b", "a\\\\|b", "`a|b`", "a\\", "\\[y](z)", "<b>|&#124;*x*"])
def test_markdown_tables_are_read_back_cell_by_cell(name):
    markdown_it = pytest.importorskip("markdown_it")
    found = comparison(row(name, **SLOWER), row("x", "not comparable", reason="failed", detail=name))
    tokens = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").parse(to_markdown(found))
    cells = [tokens[index + 1] for index, token in enumerate(tokens) if token.type == "td_open"]
    texts = [
        "".join(part.content for part in cell.children if part.type in ("text", "code_inline", "text_special")) for cell in cells
    ]
    shown = name.replace("`", "'")
    assert len(cells) == 12 and texts.count(shown) == 2, texts
    assert not any(part.type == "link_open" for cell in cells for part in cell.children)


def test_markdown_puts_the_worst_candidate_first():
    found = comparison(row("a"), row("a", **SLOWER, candidate="second"))
    found.candidates.append(SideInfo("second", ("second",)))
    text = to_markdown(found, evaluate(found, GateConfig()))
    assert text.index("### second") < text.index("### new") and text.count("+5.00 %") == 1


def test_markdown_lists_metrics_and_what_was_accepted():
    found = comparison(row(), metrics=[metric("registers_per_thread", 32, 40), metric("same", 1, 1) | {"verdict": "same"}])
    text = to_markdown(found)
    assert "Other metrics: 1 changed" in text and "| worse | `registers_per_thread`" in text


def test_json_is_whole_and_holds_no_nan(write_result):
    label = "op=swish shape=8x8 dtype=fp32"
    paths = [
        str(write_result(f"{i}.json", points))
        for i, points in enumerate(({label: samples(1e5)}, {label: samples(2e5), "op=new": [5]}))
    ]
    found = compare_targets(paths[0], paths[1:])
    document = json.loads(to_json(found, evaluate(found, GateConfig())), parse_constant=pytest.fail)
    assert (document["schema"], document["schema_version"]) == ("profiler-comparison", 1)
    assert [item["verdict"] for item in document["rows"]] == ["slower", "candidate only"] and document["rows"][1]["ratio"] is None
    assert document["rows"][0]["ratio"] == found.rows["ratio"][0] and document["gate"]["exit_code"] == 10
    assert document["counts"]["slower"] == 1 and document["base"]["facts"]["device.name"] == "Simulated GPU"


def test_junit_has_one_case_a_row_and_counts_them():
    found = comparison(row("a"), row("b", **SLOWER), row("c", **VOID), row("d", **UNCLEAR), row(f"e{EVIL}\x01"))
    suite = ElementTree.fromstring(to_junit(found).encode())[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert suite[1].find("failure").get("message") == "slower: +5.00 % [+4.80, +5.20]" and suite[0].get("time") == "0.000001000"


def test_junit_with_a_gate_follows_the_gate():
    found = comparison(
        row("a"), row("b", **SLOWER), row("d", **UNCLEAR), metrics=[metric("registers_per_thread", 1, 2, where="kernel")]
    )
    from profiler.compare.gate.config import Budget

    gate = evaluate(found, GateConfig(budgets=(Budget("time", max_increase=0.5), Budget("registers_per_thread", max_added=0))))
    suite = ElementTree.fromstring(to_junit(found, gate).encode())[0]
    assert {case.get("name"): [child.tag for child in case] for case in suite} == {
        "a": [],
        "b": [],
        "d": ["skipped"],
        "kernel": ["failure"],
    }


def test_junit_gives_a_case_one_outcome_with_all_texts():
    from profiler.compare.gate.config import Budget

    found = comparison(row("a", **SLOWER), row("b"), row("c", **SKIPPED), metrics=[metric("registers_per_thread", 1, 2, where="a")])
    budgets = (Budget("time", max=900.0), Budget("registers_per_thread", max_added=0))
    gate = evaluate(found, GateConfig(budgets=budgets))
    suite = ElementTree.fromstring(to_junit(found, gate).encode())[0]
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "2", "1", "0"]
    (outcome,) = suite[0]
    assert outcome.tag == "failure" and all(
        text in outcome.get("message") for text in ("slower", "at most 900 ns", "at most 0 more allowed")
    )
    assert [child.tag for child in suite[2]] == ["error"]
    both = comparison(row("a"), row("c", **SKIPPED | {"problem_side": "both"}))
    suite = ElementTree.fromstring(to_junit(both, evaluate(both, GateConfig())).encode())[0]
    assert [[child.tag for child in case] for case in suite] == [[], ["skipped"]]


def test_markdown_keeps_the_digits_of_fractions():
    found = comparison(metrics=[metric("waves_per_sm", 3.88, 0.144, "waves")])
    line = next(line for line in to_markdown(found).splitlines() if "waves" in line)
    assert "| 3.88 | 0.144 |" in line
