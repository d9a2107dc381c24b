import json
import shlex

import pytest
from conftest import samples

from profiler.cli import main

LABEL = "op=swish shape=8x8 dtype=fp32"


@pytest.fixture
def cli(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        with pytest.raises(SystemExit) as caught:
            main([str(item) for item in argv])
        output = capsys.readouterr()
        return caught.value.code, output.out, output.err

    return run


@pytest.fixture
def results(write_result):
    return [
        write_result(f"{name}.json", {LABEL: samples(median)}) for name, median in (("old", 1e5), ("slow", 1.2e5), ("fast", 0.7e5))
    ]


def test_compare_prints_a_table_and_ends_with_0(cli, results):
    code, out, err = cli("compare", *results)
    assert code == 0 and err == "" and "slow.json, fast.json against old.json: 1 faster, 1 slower" in out
    assert "swish 8x8 fp32" in out and "all rows: rounds 1" in out


def test_gate_ends_with_its_codes(cli, results, write_result):
    old, slow, fast = results
    assert cli("gate", old, slow)[0] == 10 and cli("gate", old, fast)[0] == 0 and cli("compare", "--gate", old, slow)[0] == 10
    assert cli("gate", old, write_result("same.json", {LABEL: samples(1e5)}))[0] == 11
    assert cli("gate", old, write_result("warm.json", {LABEL: {"samples_ns": samples(1e5), "cache": "warm"}}))[0] == 12
    assert cli("gate", old, write_result("wrong.json", {LABEL: {"status": "wrong_output"}}))[0] == 7
    assert cli("gate", old, slow, "--threshold", "0.3")[0] == 0


def test_gate_reads_budgets_here_and_says_what_counted(cli, results, tmp_path):
    (tmp_path / "profiler.toml").write_text("[[gate.budget]]\nmetric = 'time'\nmax_increase = 0.5\n")
    assert cli("gate", *results[:2])[0] == 0
    (tmp_path / "strict.toml").write_text("[[gate.budget]]\nmetric = 'time'\nmax = 90000\n")
    code, out, _ = cli("gate", *results, "--config", tmp_path / "strict.toml")
    assert code == 10 and "at most 90 µs allowed: counts" in out and "gate: regression (exit 10)" in out


def test_all_formats_at_once(cli, results, tmp_path):
    code, out, _ = cli("compare", *results, "--format", "json", "--markdown", "o.md", "--junit", "o.xml", "--json", "o.json")
    assert code == 0 and json.loads(out) == json.loads((tmp_path / "o.json").read_text())
    assert (tmp_path / "o.md").read_text().startswith("## 🔴 1 slower") and "<testsuites" in (tmp_path / "o.xml").read_text()


def test_pure_formats_on_stdout(cli, results):
    assert cli("compare", *results, "--format", "markdown")[1].startswith("## ")
    assert cli("compare", *results, "--format", "junit")[1].startswith("<?xml")


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("compare", "OLD"), 2, "nothing to compare it with"),
        (("compare", "OLD", "missing.json"), 2, "missing.json"),
        (("compare", "OLD", "SLOW", "--source", "x"), 2, "--source x"),
        (("compare", "OLD", "SLOW", "--allow", "gpus"), 2, "did you mean gpu"),
        (("compare", "OLD", "SLOW", "--threshold", "1.5"), 2, "between 0 and 1"),
        (("compare", "--base", "none", "SLOW"), 2, "no baseline 'none'"),
        (("compare", "OLD", "SLOW", "--alias", "x"), 2, "KEY=CANDIDATE:BASE"),
        (("ab", "--base", "main"), 2, "there is no candidate"),
        (("ab", "--candidate", "main"), 2, "--base-command"),
        (("best", "none"), 2, "none"),
        (("trend",), 6, "no run"),
        (("baseline", "set", "x"), 2, "no run"),
    ],
)
def test_wrong_command_lines_name_the_fix(cli, results, argv, code, words):
    names = {"OLD": results[0], "SLOW": results[1]}
    found, out, err = cli(*(names.get(word, word) for word in argv))
    assert found == code and out == "" and words in err and "error: " in err and "fix: " in err and "Traceback" not in err


def test_ab_measures_and_gates(cli, driver, tmp_path):
    base, slow = (shlex.join(driver(*more)) for more in ((), ("--factor", "1.1")))
    argv = ("ab", "--base-command", base, "--candidate-command", slow, "--runs", "runs", "--budget", "60", "--gate")
    code, out, err = cli(*argv, "--format", "json")
    assert code == 10 and json.loads(out)["rows"][0]["verdict"] == "slower"
    assert "round 6: 1 of 1 rows decided" in err
    (run,) = (tmp_path / "runs").iterdir()
    code, out, _ = cli("compare", run.name, "--runs", "runs", "--gate")
    assert code == 10 and "6 interleaved rounds" in out
    assert cli(*argv, "--dry-run")[1].splitlines() == [f"base: {base}", f"candidate: {slow}"]


def test_an_ab_run_is_judged_as_the_options_say(cli, driver, tmp_path):
    base, slow = (shlex.join(driver(*more)) for more in ((), ("--factor", "1.1", "--cache-mode", "warm")))
    sides = ("--base-command", base, "--candidate-command", slow)
    assert cli("ab", *sides, "--runs", "runs", "--budget", "60", "--max-rounds", "6", "--gate")[0] == 12
    run = next((tmp_path / "runs").iterdir()).name
    stored = (tmp_path / "runs" / run / "raw/ab/job.json").read_text()

    def judged(*options):
        code, out, err = cli("compare", run, "--runs", "runs", "--format", "json", *options)
        assert code in (0, 10), err
        document = json.loads(out)
        return document["rows"][0]["verdict"], document["rule"]["threshold"]

    assert judged("--threshold", "0.5") == ("not comparable", 0.5)
    assert judged("--allow", "cache") == ("slower", 0.01) and judged("--allow", "cache", "--threshold", "0.2") == ("same", 0.2)
    (tmp_path / "profiler.toml").write_text("[gate]\nthreshold = 0.3\n")
    assert judged("--allow", "cache", "--gate") == ("same", 0.3)
    assert (tmp_path / "runs" / run / "raw/ab/job.json").read_text() == stored
    assert cli("compare", run, "--runs", "runs", "--key", "op", "--alias", "x=1:2")[0] == 0
    code, _, err = cli("compare", run, "--runs", "runs", "--source", "points")
    assert code == 2 and "own timing only" in err
    resume = ("ab", "--resume", run, "--runs", "runs", "--max-rounds", "6", "--format", "json")
    for option in (("--key", "op"), ("--base", "main"), ("--seed", "5"), ("--", "--plugin", "x")):
        code, _, err = cli(*resume, *option)
        assert code == 2 and "cannot be given anew" in err
    found = json.loads(cli(*resume, "--threshold", "0.2", "--allow", "cache")[1])
    assert found["rule"]["threshold"] == 0.2 and found["rows"][0]["verdict"] == "same" and judged() == ("same", 0.2)


def test_the_same_command_on_both_sides_is_refused(cli, driver):
    same = shlex.join(driver())
    code, _, err = cli("ab", "--base-command", same, "--candidate-command", same, "--runs", "runs")
    assert code == 2 and "are the same command" in err and "selftest" in err


def test_baseline_set_list_compare(cli, driver, write_result, tmp_path):
    from profiler.store.run_dir import create_run

    for label, median in (("one", 1e5), ("two", 1.3e5)):
        run = create_run(tmp_path / "runs", label)
        run.raw("builtin").mkdir()
        write_result("result.json", {LABEL: samples(median)}).rename(run.raw("builtin") / "result.json")
        run.finish("complete")
    assert cli("baseline", "list", "--runs", "runs")[1].startswith("no baseline")
    assert cli("baseline", "set", "main", "one", "--runs", "runs")[0] == 0
    assert "main" in cli("baseline", "--runs", "runs")[1]
    assert cli("gate", "--base", "main", "two", "--runs", "runs")[0] == 10
    assert cli("baseline", "remove", "main", "--runs", "runs")[0] == 0
    code, out, _ = cli("trend", "--runs", "runs", "--format", "json")
    assert code == 0 and len(json.loads(out)) == 2
    assert cli("best", "two", "--runs", "runs")[1].count("only one") == 1


def test_selftest_prints_what_it_measured(cli, driver):
    code, out, _ = cli("selftest", "--runs", "runs", "--rounds", "6", "--budget", "60", "--", *driver("--dtype", "fp32,fp16"))
    assert code == 0 and "Simulated GPU: 1 trials of 2 rows, 6 rounds" in out and "0 of 2 called faster or slower" in out


def test_the_gate_says_a_reason_that_rows_share_once(cli, write_result):
    points = {LABEL.replace("8x8", shape): samples(1e5) for shape in ("8x8", "16x16", "32x32")}
    code, out, _ = cli("gate", write_result("a.json", points), write_result("b.json", points))
    assert (
        code == 11
        and sum(line.startswith("gate: time") for line in out.splitlines()) == 1
        and " and 2 more rows: one process" in out
    )
