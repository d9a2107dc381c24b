"""The runner's command line: its documents, and what it refuses."""

import json
import subprocess

import pytest
from runner_process import command, request

from profiler.errors import UsageError
from profiler.runner.point import Point, parse_number, read_points


def test_the_result_is_what_the_formats_say(runner):
    done = runner(dtypes=["fp16"], sets=["block=64"])
    assert done.code == 0
    document = done.document
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
    records = runner("block=64,128", recorder="ranges").document["points"]
    columns = json.loads((tmp_path / "ranges.json").read_text())["columns"]
    rows = list(zip(columns["name"], columns["start_ns"], columns["duration_ns"], columns["payload_int"], strict=True))
    points = [row for row in rows if row[0].startswith("point ")]
    assert [row[0] for row in points] == [f"point op=swish shape=16x64 dtype=fp32 block={block}" for block in (64, 128)]
    assert rows[0][0] == "setup"
    for (_, start, duration, _), record in zip(points, records, strict=True):
        inside = [row for row in rows if start < row[1] and row[1] + row[2] <= start + duration]
        assert [row[0] for row in inside] == ["verify", "warmup", "iteration", "iteration", "iteration", "verify"]
        assert [row[3] for row in inside] == [None] * 2 + [8192] * 3 + [None]
        for row, sample in zip(inside[2:5], record["samples_ns"], strict=True):
            assert row[2] >= sample


def test_untimed_iterations_leave_no_samples(runner, tmp_path):
    done = runner(settings={"timed": False}, recorder="ranges")
    assert done.document["points"][0]["samples_ns"] == []
    assert json.loads((tmp_path / "ranges.json").read_text())["columns"]["name"].count("iteration") == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"plugin": "swich"}, "did you mean swish"),
        ({"engine": "refrence"}, "did you mean reference"),
        ({"engine": "no_such:Engine"}, "cannot be loaded"),
        ({"engine": "direct", "driver": "cpp", "recorder": "activity"}, "Python runner only"),
    ],
)
def test_bad_requests_end_with_one_line_and_a_fix(runner, options, text):
    done = runner(**options)
    assert done.code in (2, 4)
    assert text in done.output
    assert "error: " in done.output
    assert "fix: " in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda data: data.update(schema_version=2), "no request of version 1"),
        (lambda data: data.pop("points"), "cannot be read"),
        (lambda data: data["settings"].update(warmups=3), "unknown setting warmups"),
        (lambda data: data["settings"].update(warmup=-1), "give a whole number from 0"),
        (lambda data: data.update(driver="rust"), "'rust' is unknown"),
    ],
)
def test_a_damaged_request_is_refused(tmp_path, change, text):
    argv, environment = command(tmp_path, request())
    path = tmp_path / "request.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert text in done.stderr


def test_unknown_attribute_values_are_skipped_points(runner):
    done = runner("variant=scalar,tensor", sets=["block=64"])
    assert done.code == 0
    points = done.document["points"]
    assert [point["status"] for point in points] == ["ok", "skipped"]
    assert "expected auto | scalar" in points[1]["reason"]


def test_points_may_be_labels_one_a_line(tmp_path):
    (tmp_path / "p.txt").write_text(
        "# a comment\nop=swish shape=8x8 dtype=fp16 block=64 beta=1.5 # and one\n\nop=swish text=a%20b\nop=swish text=a#b\n"
    )
    points = read_points(tmp_path / "p.txt")
    assert points == [
        Point("swish", (8, 8), "fp16", {"block": 64, "beta": 1.5}),
        Point("swish", (), "fp32", {"text": "a b"}),
        Point("swish", (), "fp32", {"text": "a#b"}),
    ]
    assert [point.label for point in points] == [
        "op=swish shape=8x8 dtype=fp16 block=64 beta=1.5",
        "op=swish dtype=fp32 text=a%20b",
        "op=swish dtype=fp32 text=a#b",
    ]


@pytest.mark.parametrize(
    "text", ["", "# nothing", "shape=4x4", "op=swish shape=4y4", "{}", "op=swish dtype=int8", "op=swish a=1\nop=swish a=1"]
)
def test_bad_files_of_points_are_refused(tmp_path, text):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(UsageError):
        read_points(tmp_path / "p.txt")


@pytest.mark.parametrize(
    "text", ["12e4567", "007", "1_0", "0x10", "-0", "1e-400", "٣", "+1", "inf", "nan", "1.", ".5", "1" * 20, "12e4 567", "0.1"]
)
def test_a_value_keeps_its_text_on_the_way_into_a_label(tmp_path, text):
    (tmp_path / "p.txt").write_text(f"op=x tag={text.replace(' ', '%20')}\n")
    (point,) = read_points(tmp_path / "p.txt")
    assert point.label == f"op=x dtype=fp32 tag={text.replace(' ', '%20')}"
    assert Point.from_dict(json.loads(json.dumps(point.to_dict()))).label == point.label


@pytest.mark.parametrize(("text", "value"), [("10", 10), ("-7", -7), ("0", 0), ("1.5", 1.5), ("-2e3", -2000.0), ("0.0", 0.0)])
def test_numbers_are_numbers(text, value):
    assert parse_number(text) == value
    assert type(parse_number(text)) is type(value)
