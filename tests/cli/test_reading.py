"""Verbs that read: what they print, where it goes, and how they fail."""

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from profiler.cli import main, printing

NCU = Path(__file__).parents[1] / "data" / "ncu_h200"

RUNS = Path(__file__).parents[2] / "runs" / "examples"


@pytest.fixture
def report() -> Path:
    return next(NCU.glob("*.ncu-rep"))


def call(capsys, *argv: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(item) for item in argv])
    out = capsys.readouterr()
    return ended.value.code or 0, out.out, out.err


def test_csv_is_pure_and_has_the_promised_columns(capsys, report):
    code, out, _ = call(capsys, "metrics", report, "--table", "launch_counters", "--format", "csv")
    assert code == 0
    frame = pd.read_csv(StringIO(out))
    assert list(frame.columns[:7]) == ["launch_id", "kernel", "grid", "block", "metric", "value", "unit"]
    assert len(frame) > 100


def test_json_and_parquet_hold_the_same_rows_as_csv(capsys, report, tmp_path):
    frames = {}
    for kind in ("csv", "json", "parquet"):
        path = tmp_path / f"launches.{kind}"
        code, out, err = call(capsys, "metrics", report, "-t", "launches", "--format", kind, "-o", path)
        assert (code, out) == (0, "") and "rows of launches written" in err
        frames[kind] = getattr(pd, f"read_{kind}")(path)
    assert len(frames["csv"]) == len(frames["json"]) == len(frames["parquet"]) > 0
    assert list(frames["csv"].columns) == list(frames["parquet"].columns)


def test_parquet_needs_a_file(capsys, report):
    code, _, err = call(capsys, "metrics", report, "-t", "launches", "--format", "parquet")
    assert code == 2 and "fix: name a file" in err


def test_every_table_is_named_by_list(capsys):
    code, out, _ = call(capsys, "metrics", "--table", "list")
    names = {line.split()[0] for line in out.splitlines()}
    assert code == 0 and {"kernel_summary", "launch_counters", "gaps", "memory_operations", "nvtx", "point_summary"} <= names


def test_an_unknown_table_offers_the_nearest(capsys, report):
    code, _, err = call(capsys, "metrics", report, "--table", "kernls")
    assert code == 2 and "kernels" in err and "Traceback" not in err


def test_show_json_holds_every_table_or_the_reason(capsys, report):
    code, out, _ = call(capsys, "show", report, "--format", "json")
    document = json.loads(out)
    assert code == 0 and document["tools"] == ["ncu"]
    assert document["metrics"]["launches"] and document["absent"]["gaps"]
    assert not set(document["metrics"]) & set(document["absent"])


def test_show_json_says_what_page_and_terminal_say(capsys):
    code, out, _ = call(capsys, "show", "swish-h200-cpp-direct", "--runs", RUNS, "--format", "json")
    document = json.loads(out)
    assert code == 0 and document["version"] == 1 and "H200" in document["facts"][0]["value"]
    winners = [row["row"] for row in document["ranking"] if row["place"] == 1]
    assert winners[0] == "op=swish variant=vectorized shape=4096x1024 dtype=fp32 block=256"
    assert {row["rule"] for row in document["findings"]} >= {"latency_bound", "idle_gpu"}


def test_show_all_prints_every_table_and_says_what_is_absent(capsys, report):
    code, out, _ = call(capsys, "show", report, "--all")
    assert code == 0 and "µs" in out and "(launch_counters)" in out
    assert any(line.startswith("no data for") and "gaps" in line for line in out.splitlines())


def test_show_begins_with_the_answer_and_leaves_out_the_drivers_own_work(capsys):
    code, out, _ = call(capsys, "show", "swish-h200-cpp-direct", "--runs", RUNS)
    assert code == 0 and "No winner, by own timing of sweep points (builtin)" in out
    assert "variant=vectorized block=256" in out and "delay_kernel" not in out and "(point_summary)" not in out
    assert "profiler best swish-h200-cpp-direct --all" in out
    _, out, _ = call(capsys, "show", "swish-h200-cpp-direct", "--runs", RUNS, "--all")
    lines = out.splitlines()
    assert "(point_summary)" in out and "(gaps)" not in out
    assert "delay_kernel" not in out[out.index("(kernel_summary)") : out.index("(nvtx)")]
    assert any("vectorized_kernel<__half, 1, (CachePolicy)1>" in line for line in lines)
    assert any(line.endswith("more rows: profiler metrics swish-h200-cpp-direct --table point_summary") for line in lines)


def test_a_narrow_terminal_gets_what_people_look_for(capsys, monkeypatch):
    monkeypatch.setattr(printing, "_PIPE_WIDTH", 100)
    _, out, _ = call(capsys, "metrics", "swish-h200-cpp-direct", "--runs", RUNS, "--table", "point_summary")
    heading = next(line for line in out.splitlines() if "variant" in line)
    assert {"shape", "dtype", "block", "nsys_median_ns"} <= set(heading.split()) and "label" not in heading.split()
    assert "all rows: op swish, status ok" in out and "not shown:" in out
    _, out, _ = call(capsys, "best", "swish-h200-cpp-direct", "--runs", RUNS)
    assert "variant=vectorized block=256" in out and "not shown: bandwidth" in out


def test_list_names_the_gpu(capsys):
    _, out, _ = call(capsys, "list", "--runs", RUNS)
    assert out.count("NVIDIA H200") >= 10


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.sqlite", b""),
        ("a.sqlite", b"not a database"),
        ("a.sqlite", b"SQLite format 3\0" + b"x" * 200),
        ("a.ncu-rep", b"NVR\0" + b"\xff" * 99),
    ],
)
def test_a_broken_file_is_one_error_with_its_fix(capsys, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    code, out, err = call(capsys, "show", path)
    assert (code, out) == (5, "")
    assert name in err and "fix:" in err and "Traceback" not in err


def test_an_unknown_target_names_the_runs_folder(capsys, tmp_path):
    code, _, err = call(capsys, "show", "nothing", "--runs", tmp_path)
    assert code == 2 and str(tmp_path) in err


def test_import_makes_a_run_that_list_and_show_find(capsys, report, tmp_path):
    code, out, _ = call(capsys, "import", report, "--label", "h200", "--runs", tmp_path)
    assert code == 0
    path = Path(out.removeprefix("run: ").strip())
    assert (path / "raw" / "ncu" / report.name).read_bytes() == report.read_bytes()
    code, out, _ = call(capsys, "list", "--runs", tmp_path, "--format", "json")
    assert json.loads(out)[0]["label"] == "h200"
    code, out, _ = call(capsys, "metrics", "h200", "-t", "launches", "--format", "csv", "--runs", tmp_path)
    assert code == 0 and out.startswith("launch_id")


def test_a_failed_import_leaves_no_run(capsys, tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"nothing")
    code, _, err = call(capsys, "import", tmp_path / "x.sqlite", "--runs", tmp_path / "runs")
    assert code == 5 and "x.sqlite" in err
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_dashboard_writes_the_page_that_it_names(capsys, report, tmp_path):
    code, out, _ = call(capsys, "dashboard", report, "-o", tmp_path / "page.html")
    assert code == 0 and out == f"dashboard: {tmp_path / 'page.html'}\n"
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_doctor_gives_a_fix_for_each_gap(capsys, tmp_path):
    code, out, _ = call(capsys, "doctor", "--format", "json", "--runs", tmp_path)
    rows = json.loads(out)
    assert code == 0 and {"GPU", "nsys", "ncu", "nvcc", "disk"} <= {row["item"] for row in rows}
    assert all(row["fix"] for row in rows if row["status"] == "missing")


def test_export_writes_a_trace_that_perfetto_reads(capsys, tmp_path):
    capture = next((NCU.parent / "nsys_h200").glob("node*.sqlite"))
    code, out, _ = call(capsys, "export", capture, "-o", tmp_path / "t.json")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert code == 0 and out == f"trace: {tmp_path / 't.json'}\n"
    assert sum(event["ph"] == "X" for event in events) > 200


def test_the_version_is_printed_without_a_verb(capsys):
    code, out, _ = call(capsys, "--version")
    assert code == 0 and out == "profiler 0.1.0\n"


def test_every_verb_has_help(capsys):
    code, out, _ = call(capsys, "--help")
    assert code == 0
    for verb in ("run", "import", "show", "metrics", "dashboard", "export", "doctor", "compare", "gate"):
        assert f" {verb} " in out
        assert call(capsys, verb, "--help")[0] == 0


def test_csv_holds_no_formula(capsys, tmp_path):
    path = tmp_path / "counters.csv"
    path.write_text(
        '"ID","Process ID","Kernel Name","Block Size","Grid Size","m.sum"\n"","","","","",""\n"0","1","=2+5","1,1,1","1,1,1","-5"\n'
    )
    code, out, _ = call(capsys, "metrics", path, "-t", "counters", "--format", "csv")
    assert code == 0 and ",'=2+5," in out and ",-5" in out


def test_list_shows_a_run_that_cannot_be_read_beside_the_others(capsys, tmp_path):
    from profiler.store.run_dir import create_run

    create_run(tmp_path, "good").finish("complete")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text('{"schema_version": 99}')
    code, out, err = call(capsys, "list", "--runs", tmp_path)
    assert code == 0 and "good" in out and "unreadable" in out and "manifest version 99" in err and "upgrade profiler" in err
    code, out, _ = call(capsys, "list", "--runs", tmp_path, "--format", "json")
    assert code == 0 and [row["status"] for row in json.loads(out)] == ["complete", "unreadable"]
