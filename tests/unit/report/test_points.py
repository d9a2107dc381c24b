"""The fastest configuration: found from the right time, failed points out."""

import pandas as pd
import synthetic

from profiler.report.points import time_sources, winners, with_attributes
from profiler.report.view import View


def test_kernel_times_come_before_event_and_host_times():
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
    sources = time_sources(frame)
    assert [source.median for source in sources] == [
        "nsys_median_ns",
        "builtin_median_ns",
        "nsys_event_median_ns",
        "builtin_host_median_ns",
    ]
    assert (sources[1].low, sources[1].high, sources[0].low) == ("builtin_p05_ns", "builtin_p95_ns", "")


def test_attributes_come_from_the_label_and_numbers_sort_as_numbers():
    frame, names = with_attributes(pd.DataFrame({"label": ["op=a block=64 items=4", "op=a block=1024 items=x"]}))
    assert names == ["op", "block", "items"]
    assert frame["block"].tolist() == [64, 1024]
    assert frame["items"].tolist() == ["4", "x"]


def test_winner_of_each_shape_and_type_with_its_margin():
    recording = synthetic.recording()
    found, source = winners(View([recording]))
    assert source.id == "nsys"
    points = recording.metric("points")
    for winner in found:
        rows = points[
            (points["shape"] == winner.row["shape"])
            & (points["dtype"] == winner.row["dtype"])
            & (points["status"] != "wrong_output")
        ]
        times = rows["nsys_median_ns"].sort_values().tolist()
        assert winner.row["nsys_median_ns"] == times[0]
        assert abs(winner.margin_pct - (times[1] / times[0] - 1) * 100) < 1e-9
        assert winner.rivals == len(rows)
    assert {winner.group for winner in found} == {
        f"swish · {s} · {d}" for s in ("4096x1024", "65536x1024") for d in ("fp32", "fp16")
    }


def test_a_point_with_wrong_output_never_wins():
    recording = synthetic.recording()
    wrong = recording.metric("points").query("status == 'wrong_output'")["label"].item()
    assert wrong not in [winner.row["label"] for winner in winners(View([recording]))[0]]


def test_several_recordings_are_ranked_apart():
    found, _ = winners(View([synthetic.recording("a"), synthetic.recording("b", slower=1.5)]))
    assert [winner.recording for winner in found].count("a") == 4
    assert len(found) == 8
