"""What is journalled, and how ranges behave without a tool."""

import json
from pathlib import Path

import pytest

from profiler.errors import UsageError
from profiler.runner import ranges
from profiler.runner.point import Point, parse_dtype, parse_shape, read_points
from profiler.runner.result import Journal, write_json


def test_the_journal_survives_a_cut_off_line_and_lost_segments(tmp_path):
    first, second = Journal(tmp_path / "j", 1), Journal(tmp_path / "j", 2)
    first.append("facts", versions={"a": "1"})
    first.append("start", label="x", time_s=1.0)
    first.append("point", point={"label": "x", "status": "ok"})
    second.append("start", label="y", time_s=2.0)
    with (tmp_path / "j").open("a") as stream:
        stream.write('{"event": "poi')
    state = first.read()
    assert list(state.finished) == ["x"]
    assert (state.running, state.started_s, state.facts) == ("y", 2.0, {"versions": {"a": "1"}})
    first.keep(lambda item: item["segment"] != 1)
    assert first.read().finished == {}
    assert first.read().running == "y"


def test_two_processes_that_write_one_document_do_not_meet(tmp_path, monkeypatch):
    """Another process writes the same file between this one's write and its rename."""
    replace, met = Path.replace, []

    def meet(self, target):
        if not met:
            met.append(self)
            write_json(tmp_path / "r.json", {"writer": "other"})
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", meet)
    write_json(tmp_path / "r.json", {"writer": "this"})
    assert json.loads((tmp_path / "r.json").read_text()) == {"writer": "this"}
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_shapes_types_and_points_are_checked(tmp_path):
    assert parse_shape("65536x1024") == (65536, 1024)
    for bad in ("", "x", "4x", "4,4", "-1", "1.5", "x".join("1" * 9)):
        with pytest.raises(UsageError):
            parse_shape(bad)
    with pytest.raises(UsageError):
        parse_dtype("float")
    points = [Point("swish", (4, 8), "bf16", {"block": 64, "text": "a b"})]
    (tmp_path / "p").write_text(json.dumps({"points": [point.to_dict() for point in points]}))
    assert read_points(tmp_path / "p") == points
    assert points[0].size_bytes == 64
    (tmp_path / "q").write_text(json.dumps({"points": [{"op": "swish"}]}))
    with pytest.raises(UsageError):
        read_points(tmp_path / "q")


def test_ranges_keep_their_times_and_order():
    recorder = ranges.RangeRecorder(keep=True)
    with recorder.range("point a=1"), recorder.range("iteration", 5):
        pass
    document = ranges.ranges_document(recorder.rows, 7)
    columns = document["columns"]
    assert columns["name"] == ["point a=1", "iteration"]
    assert columns["payload_int"] == [None, 5]
    assert columns["process_id"] == [7, 7]
    assert columns["start_ns"][0] <= columns["start_ns"][1]
    merged = ranges.merge_ranges([document, document])
    assert merged["columns"]["name"] == ["point a=1", "point a=1", "iteration", "iteration"]


def test_an_error_inside_a_range_closes_it():
    recorder = ranges.RangeRecorder(keep=True)
    with pytest.raises(ValueError), recorder.range("point a=1"):
        raise ValueError
    assert [row[0] for row in recorder.rows] == ["point a=1"]


def test_without_a_tool_the_domain_is_the_packages_own(monkeypatch):
    for name in ("NVTX_INJECTION64_PATH", "NSYS_PROFILING_SESSION_ID"):
        monkeypatch.delenv(name, raising=False)
    assert type(ranges.open_domain("probe")).__name__ == "DummyDomain"


def test_under_a_tool_that_calls_the_domain_disabled_it_is_live_all_the_same(monkeypatch):
    monkeypatch.setenv("NSYS_PROFILING_SESSION_ID", "1")
    domain = ranges.open_domain("probe-live")
    assert type(domain).__name__ == "Domain"
    event = domain.get_event_attributes(message="x", payload=3)
    domain.push_range(event)
    domain.pop_range()
