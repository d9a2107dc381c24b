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


def test_ties_are_those_of_the_ranking():
    recording = synthetic.recording()
    view = View([recording])
    found, source = winners(view)
    ranked = best_rows([recording], source)
    for winner in found:
        group = ranked[(ranked["shape"] == winner.row["shape"]) & (ranked["dtype"] == winner.row["dtype"])]
        assert winner.tied == int(group["tied"].sum()) - 1
        assert winner.tied < winner.rivals - 4  # scalar is out
    # 256 and 512 threads differ by less than the noise, where the output of 256 was right
    assert [winner.tied > 0 for winner in found] == [False, True, True, True]


def best_rows(recordings, source):
    from profiler.compare.judge.noise import assumed_noise
    from profiler.compare.judge.verdict import DecisionRule
    from profiler.compare.ranking import rank
    from profiler.compare.rows.sides import Source, side_rows

    assert source.id == "nsys"
    return rank(side_rows(recordings[0], Source("gpu_points", "nsys")), assumed_noise(False), DecisionRule())
