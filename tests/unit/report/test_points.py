"""The fastest configuration: found from the right time, failed points out."""

import pandas as pd
import pytest
import synthetic

from profiler.compare.ranking import rank_recordings
from profiler.compare.winners import winners
from profiler.errors import UsageError
from profiler.metrics.time_sources import TimeSource
from profiler.report.points import time_measures, with_attributes
from profiler.report.view import View


def test_the_deciding_time_comes_first_and_host_time_last():
    names = [
        "builtin_host_median_ns",
        "nsys_event_median_ns",
        "builtin_median_ns",
        "builtin_p05_ns",
        "builtin_p95_ns",
        "nsys_median_ns",
        "cupti_median_ns",
    ]
    frame = pd.DataFrame([dict.fromkeys(names, 1.0)]).assign(cupti_median_ns=float("nan"))
    found = time_measures(frame)
    assert [item["mid"] for item in found] == [
        "builtin_median_ns",
        "nsys_median_ns",
        "nsys_event_median_ns",
        "builtin_host_median_ns",
    ]
    assert (found[0]["low"], found[0]["high"], found[1]["low"]) == ("builtin_p05_ns", "builtin_p95_ns", "")
    assert time_measures(frame, TimeSource("gpu_points", "nsys"))[0]["mid"] == "nsys_median_ns"
    assert [item["mid"] for item in time_measures(pd.DataFrame({"median_ns": [1.0]}))] == ["median_ns"]


def test_attributes_come_from_the_label_and_numbers_sort_as_numbers():
    frame, names = with_attributes(pd.DataFrame({"label": ["op=a block=64 items=4", "op=a block=1024 items=x"]}))
    assert names == ["op", "block", "items"]
    assert frame["block"].tolist() == [64, 1024]
    assert frame["items"].tolist() == ["4", "x"]


def of(view):
    """Return the winners of the recordings of a page."""
    return [winner for ranking in view.rankings for winner in winners(ranking)]


def test_winner_of_each_shape_and_type_with_its_margin():
    recording = synthetic.recording()
    view = View([recording], "gpu_points")
    found = of(view)
    assert str(view.time_source) == "device time of sweep points (nsys)"
    points = recording.metric("point_summary")
    for winner in found:
        _, shape, dtype = winner.work.split()
        rows = points[(points["shape"] == shape) & (points["dtype"] == dtype) & (points["status"] != "wrong_output")]
        times = rows["nsys_median_ns"].sort_values().tolist()
        assert winner.median_ns == times[0] and abs(winner.margin_pct - (times[1] / times[0] - 1) * 100) < 1e-9
        assert winner.rivals == len(rows) and abs(winner.slowest_ratio - times[-1] / times[0]) < 1e-9
        runner_up = rows.sort_values("nsys_median_ns")["label"].iloc[1]
        assert all(part in runner_up for part in winner.runner_up.split())
    assert {winner.work for winner in found} == {f"swish {s} {d}" for s in ("4096x1024", "65536x1024") for d in ("fp32", "fp16")}


def test_a_point_with_wrong_output_never_wins():
    recording = synthetic.recording()
    wrong = recording.metric("point_summary").query("status == 'wrong_output'")["label"].item()
    assert wrong not in [winner.label for winner in of(View([recording]))]


def test_several_recordings_are_ranked_apart():
    view = View([synthetic.recording("a"), synthetic.recording("b", slower=1.5)])
    assert [len(winners(ranking)) for ranking in view.rankings] == [4, 4]


@pytest.mark.parametrize("source", [None, "points", "gpu_points", "gpu_points:nsys"])
def test_page_and_ranking_name_the_same_winners_by_the_same_source(source):
    recording = synthetic.recording()
    view = View([recording], source)
    found, ranked = of(view), rank_recordings([recording], source=source)
    assert set(ranked["source"]) == {str(view.time_source)}
    assert [winner.label for winner in found] == ranked[ranked["place"] == 1]["row"].tolist()
    for winner in found:
        _, shape, dtype = winner.work.split()
        group = ranked[(shape == ranked["shape"]) & (dtype == ranked["dtype"])]
        assert len(winner.tied) == int(group["tied"].sum()) - 1
        assert len(winner.undecided) == int(group["undecided"].sum())


def test_without_a_pass_of_its_own_the_gpu_times_decide():
    assert str(View([synthetic.recording()]).time_source) == "own timing of sweep points (builtin)"
    alone = View([synthetic.bare("capture.sqlite", synthetic.sweep_frames())])
    assert str(alone.time_source) == "device time of sweep points (nsys)" and len(of(alone)) == 4
    both = View([synthetic.recording(), synthetic.bare("capture.sqlite", synthetic.sweep_frames())])
    assert str(both.time_source) == "device time of sweep points (nsys)" and len(of(both)) == 8


def test_a_source_that_a_recording_lacks_is_refused():
    view = View([synthetic.bare("capture.sqlite", synthetic.sweep_frames())], "points:builtin")
    with pytest.raises(UsageError, match="share no source"):
        of(view)
    with pytest.raises(UsageError, match="--source tea"):
        View([synthetic.recording()], "tea")
