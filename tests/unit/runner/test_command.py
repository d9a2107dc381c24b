"""The runner's command line: its documents, and what it refuses."""

import json

import pytest

from profiler.errors import UsageError
from profiler.runner.command import build_parser, points_of, settings_of
from profiler.runner.point import Point, write_points


def test_the_result_is_what_the_formats_say(runner, tmp_path):
    code, _ = runner("--dtype", "fp16", "--set", "block=64", "--json", "r.json", "--ranges", "ranges.json")
    assert code == 0
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["schema"], document["schema_version"], document["engine"]) == ("profiler-result", 1, "reference")
    assert document["device"] is None
    (point,) = document["points"]
    assert point["label"] == "op=swish shape=16x64 dtype=fp16 block=64"
    assert point["bytes_per_iteration"] == 2 * 16 * 64 * 2
    assert (point["clock"], point["status"], point["reason"]) == ("monotonic", "ok", None)
    assert point["verification"]["passed"] is True
    assert point["verification"]["element_count"] == 1024
    assert len(point["samples_ns"]) == 3
    assert all(isinstance(sample, int) and sample > 0 for sample in point["samples_ns"])


def test_the_ranges_nest_as_the_formats_say(runner, tmp_path):
    runner("--sweep", "block=64,128", "--json", "r.json", "--ranges", "ranges.json")
    columns = json.loads((tmp_path / "ranges.json").read_text())["columns"]
    rows = list(zip(columns["name"], columns["start_ns"], columns["duration_ns"], columns["payload_int"], strict=True))
    points = [row for row in rows if row[0].startswith("point ")]
    assert [row[0] for row in points] == [f"point op=swish shape=16x64 dtype=fp32 block={block}" for block in (64, 128)]
    assert rows[0][0] == "setup"
    samples = json.loads((tmp_path / "r.json").read_text())["points"]
    for (_, start, duration, _), record in zip(points, samples, strict=True):
        inside = [row for row in rows if start < row[1] and row[1] + row[2] <= start + duration]
        assert [row[0] for row in inside] == ["setup", "verify", "warmup", "iteration", "iteration", "iteration", "verify"]
        assert [row[3] for row in inside] == [None] * 3 + [8192] * 3 + [None]
        for row, sample in zip(inside[3:6], record["samples_ns"], strict=True):
            assert row[2] >= sample


def test_untimed_iterations_leave_no_samples(runner, tmp_path):
    runner("--untimed", "--json", "r.json", "--ranges", "ranges.json")
    assert json.loads((tmp_path / "r.json").read_text())["points"][0]["samples_ns"] == []
    assert json.loads((tmp_path / "ranges.json").read_text())["columns"]["name"].count("iteration") == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--plugin", "swich"), "did you mean swish"),
        (("--engine", "refrence"), "did you mean reference"),
        (("--engine", "no_such:Engine"), "cannot be loaded"),
        (("--sweep", "block"), "NAME=VALUE"),
        (("--constraint", "block>1"), "no attribute"),
        (("--points", "absent.json"), "not a file of sweep points"),
        (("--json", "no/such/folder/r.json"), "no such folder"),
        (("--min-samples", "0", "--max-samples", "0"), "samples"),
    ],
)
def test_bad_options_end_with_one_line_and_a_fix(runner, arguments, text):
    code, output = runner(*arguments)
    assert code in (2, 4)
    assert text in output
    assert "error: " in output
    assert "fix: " in output
    assert "Traceback" not in output


def test_unknown_attribute_values_are_skipped_points(runner, tmp_path):
    code, _ = runner("--sweep", "variant=scalar,tensor", "--set", "block=64", "--json", "r.json")
    assert code == 0
    points = json.loads((tmp_path / "r.json").read_text())["points"]
    assert [point["status"] for point in points] == ["ok", "skipped"]
    assert "known: auto, scalar" in points[1]["reason"]


def test_points_of_a_file_are_run_as_they_are(tmp_path):
    wanted = points_of(build_parser().parse_args(["--shape", "8x8,4x4", "--sweep", "block=64:256:x2"]))
    write_points(tmp_path / "p.json", wanted)
    assert points_of(build_parser().parse_args(["--points", str(tmp_path / "p.json")])) == wanted
    assert settings_of(build_parser().parse_args(["--untimed", "--no-verify"])).timed is False


def test_points_may_be_labels_one_a_line(tmp_path):
    (tmp_path / "p.txt").write_text(
        "# a comment\nop=swish shape=8x8 dtype=fp16 block=64 beta=1.5 # and one\n\nop=swish text=a%20b\n"
    )
    points = points_of(build_parser().parse_args(["--points", str(tmp_path / "p.txt")]))
    assert points == [Point("swish", (8, 8), "fp16", {"block": 64, "beta": 1.5}), Point("swish", (), "fp32", {"text": "a b"})]
    assert [point.label for point in points] == [
        "op=swish shape=8x8 dtype=fp16 block=64 beta=1.5",
        "op=swish dtype=fp32 text=a%20b",
    ]


@pytest.mark.parametrize("text", ["", "# nothing", "shape=4x4", "op=swish shape=4y4", "{}", "op=swish dtype=int8"])
def test_bad_files_of_points_are_refused(tmp_path, text):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(UsageError):
        points_of(build_parser().parse_args(["--points", str(tmp_path / "p.txt")]))
