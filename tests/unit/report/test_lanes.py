"""Lanes: every event once, in the right lane and row, exact times."""

import numpy as np
import pytest
import synthetic
from test_embed import unpack

from profiler.errors import BadExportError
from profiler.report import lanes as lanes_module
from profiler.report.lanes import Events, Names, depths, merge_runs, sort
from profiler.report.timeline_events import build_timeline


def events(spans):
    start, end = (np.array(column, dtype=np.int64) for column in zip(*spans, strict=True))
    return sort(Events(start, end - start, np.zeros(len(spans), np.int64)))


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 10), (10, 20), (20, 30)], [0, 0, 0]),
        ([(0, 100), (10, 50), (20, 30), (60, 70)], [0, 1, 2, 1]),
        ([(0, 100), (0, 50), (0, 10)], [0, 1, 2]),
        ([(5, 5), (5, 9)], [0, 1]),
    ],
)
def test_depth_is_the_number_of_open_parents(spans, expected):
    assert depths(events(spans)).tolist() == expected


def test_depth_agrees_with_a_stack_on_random_nests():
    random = np.random.default_rng(3)
    spans = [(0, 10_000)]
    for _ in range(300):
        low, high = spans[random.integers(len(spans))]
        a, b = sorted(random.integers(low, high + 1, 2).tolist())
        if (
            b - a > 3
            and all(y <= a or x >= b or (x <= a and b <= y) or (a <= x and y <= b) for x, y in spans)
            and (a, b) not in spans
        ):
            spans.append((a, b))
    found, stack, expected = events(spans), [], []
    for start, length in zip(found.start.tolist(), found.duration.tolist(), strict=True):
        stack = [end for end in stack if end > start]
        expected.append(min(len(stack), lanes_module.MAX_DEPTH - 1))
        stack.append(start + length)
    assert len(spans) > 20
    assert depths(found).tolist() == expected


def test_merged_blocks_keep_span_and_busy_time():
    names = Names()
    merged = merge_runs(events([(0, 5), (10, 20), (30, 31), (40, 50), (60, 61)]), 2, names)
    assert merged.start.tolist() == [0, 30, 60]
    assert (merged.start + merged.duration).tolist() == [20, 50, 61]
    assert merged.value.tolist() == [15, 11, 1]
    assert names.entries[merged.name[0]]["text"] == "2 slices drawn as one"


def test_times_that_no_lane_can_hold_are_named():
    for spans in ([(0, 10), (20, 1 << 60)], [(0, 10), (20, 15)]):
        with pytest.raises(BadExportError, match="stream 7: events from 0 ns on"):
            lanes_module.pack_lane("lane-0", lanes_module.Lane("stream 7", "GPU 0", "gpu", events(spans)), 0)


def lane_times(lane, origin):
    start = np.cumsum(unpack(lane["start"])) + origin
    return start, unpack(lane["duration"])


def test_timeline_holds_every_kernel_and_copy_exactly():
    recording = synthetic.recording()
    timeline = build_timeline(recording)
    assert [lane["label"] for lane in timeline["lanes"] if lane["kind"] == "gpu"] == ["stream 7", "stream 13"]
    for label, table in (("stream 7", "kernels"), ("stream 13", "memcpys")):
        lane = next(lane for lane in timeline["lanes"] if lane["label"] == label)
        start, duration = lane_times(lane, timeline["origin_ns"])
        frame = recording.table(table)
        assert start.tolist() == frame["start_ns"].tolist()
        assert duration.tolist() == frame["duration_ns"].tolist()
    kernel = next(lane for lane in timeline["lanes"] if lane["label"] == "stream 7")
    texts = [timeline["names"][index]["detail"].splitlines()[0] for index in unpack(kernel["name"])]
    frame = recording.table("kernels").merge(
        recording.table("launch_configurations"), left_on="launch_configuration_id", right_index=True
    )
    assert texts == frame.sort_index()["kernel"].astype(str).tolist()


def test_timeline_names_every_source():
    groups = [lane["group"] for lane in build_timeline(synthetic.everything())["lanes"]]
    assert set(groups) == {"GPU 0 · NVIDIA H200", "Idle gaps", "NVTX ranges", "CPU waits for the GPU", "CUDA API calls"}


def test_too_many_api_calls_are_left_out_and_said(monkeypatch):
    frames = synthetic.sweep_frames()
    calls = len(frames["api_calls"])
    rest = sum(lane["n"] for lane in build_timeline(synthetic.bare("x", frames))["lanes"] if lane["kind"] != "api")
    monkeypatch.setattr("profiler.report.timeline_events.MAX_SLICES", rest + calls - 1)
    timeline = build_timeline(synthetic.bare("x", frames))
    assert all(lane["kind"] != "api" for lane in timeline["lanes"])
    assert any(f"{calls} CUDA API calls are left out" in note for note in timeline["notes"])


def test_a_recording_without_events_has_no_timeline():
    assert build_timeline(synthetic.silent()) is None


def test_too_many_slices_become_blocks_that_keep_the_busy_time(monkeypatch):
    frames = synthetic.sweep_frames()
    count = 12_000
    frames["kernels"] = frames["kernels"].iloc[[0] * count].reset_index(drop=True)
    frames["kernels"] = frames["kernels"].assign(
        start_ns=np.arange(count) * 10_000, duration_ns=4_000, correlation_id=np.arange(count) + 1
    )
    monkeypatch.setattr("profiler.report.timeline_events.MAX_SLICES", 5_000)
    timeline = build_timeline(synthetic.bare("x", frames))
    lane = next(lane for lane in timeline["lanes"] if lane["label"] == "stream 7")
    assert any("each block of the timeline stands for" in note for note in timeline["notes"])
    assert lane["n"] < count / 2
    assert unpack(lane["value"]).sum() == count * 4_000
    start, duration = lane_times(lane, timeline["origin_ns"])
    assert (start[0], start[-1] + duration[-1]) == (0, (count - 1) * 10_000 + 4_000)
