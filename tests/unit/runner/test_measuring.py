"""When to stop, what is journalled, and how ranges behave without a tool."""

import json
import statistics
from pathlib import Path

import numpy as np
import pytest

from profiler.errors import UsageError
from profiler.runner import ranges
from profiler.runner.point import Point, parse_dtype, parse_shape, read_points, write_points
from profiler.runner.result import Journal, write_json
from profiler.runner.settings import MeasureSettings
from profiler.runner.stopping import StopRule, median_half_width


def test_equal_samples_have_no_width():
    assert median_half_width([100] * 20) == 0


def test_the_interval_of_the_median_covers_it_in_19_of_20_cases():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        ordered = np.sort(random.lognormal(0, 0.5, 31))
        half = median_half_width([int(value * 1e6) for value in ordered])
        reach = half * float(np.median(ordered))
        assert half > 0
        covered += abs(float(np.median(ordered)) - 1.0) <= 2 * reach
    assert covered / 2000 > 0.93


def rule(**settings):
    return StopRule(MeasureSettings(**settings))


def test_steady_samples_stop_early_and_noisy_ones_at_the_limit():
    steady, noisy = [], []
    keen = rule(min_samples=10, max_samples=500, max_seconds=100, precision=0.01)
    while keen.wants_more(steady):
        steady.append(1000 + len(steady) % 2)
    patient = rule(min_samples=10, max_samples=120, max_seconds=100, precision=0.001)
    random = np.random.default_rng(0)
    while patient.wants_more(noisy):
        noisy.append(int(random.lognormal(7, 1)))
    assert len(steady) == 10
    assert len(noisy) == 120
    assert statistics.median(steady) == pytest.approx(1000, abs=1)


def test_the_time_limit_ends_a_point_after_its_least_samples(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("profiler.runner.stopping.time.monotonic", lambda: now[0])
    slow = rule(min_samples=3, max_samples=100, max_seconds=5, precision=0)
    samples = []
    while slow.wants_more(samples):
        samples.append(1)
        now[0] += 2
    assert len(samples) == 3


def test_a_very_slow_point_ends_with_fewer_samples_than_asked(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("profiler.runner.stopping.time.monotonic", lambda: now[0])
    slow = rule(min_samples=50, max_samples=100, max_seconds=5)
    samples = []
    while slow.wants_more(samples):
        samples.append(1)
        now[0] += 6
    assert len(samples) == 4


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
    first.drop_segments([1])
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
    write_points(tmp_path / "p", points)
    assert read_points(tmp_path / "p") == points
    assert points[0].size_bytes == 64
    (tmp_path / "q").write_text(json.dumps({"points": [{"op": "swish"}]}))
    with pytest.raises(UsageError):
        read_points(tmp_path / "q")


def test_ranges_keep_their_times_and_order():
    recorder = ranges.RangeRecorder(keep=True)
    with recorder.point("a=1"), recorder.iteration(5):
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
    with pytest.raises(ValueError), recorder.point("a=1"):
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
