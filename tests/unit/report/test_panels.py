"""What single panels claim: ties, loads, overlaps, and why something is missing."""

import json

import numpy as np
import pandas as pd
import pytest
import synthetic

from profiler.compare.winners import winners
from profiler.report.blocks import Missing, Table
from profiler.report.document import write_document
from profiler.report.panels import samples, stream_overlap, summary, timeline
from profiler.report.view import View


def text_of(blocks, tmp_path):
    from profiler.report.document import Section

    path = write_document(tmp_path / "p.html", "page.html.j2", "t", [Section("s", "S", blocks)], header=[])
    body = path.read_text(encoding="utf-8").split('<section id="s"')[1].split("</section>")[0]
    return " ".join(body.split())


def test_tied_configurations_are_named_and_get_no_lead(tmp_path):
    view = View([synthetic.recording()], "gpu_points")
    found = winners(view.rankings[0])
    text = text_of(summary.build(view), tmp_path)
    undecided = [winner for winner in found if winner.undecided]
    assert text.count("undecided against") == len(undecided) == 3 and not any(winner.tied for winner in found)
    assert text.count("% ahead of") == 1
    assert "Fastest, by device time of sweep points (nsys)" in text
    assert undecided[0].undecided[0] == undecided[0].runner_up


def loaded(name="threads"):
    """The built-in capture with two loads a point: four threads take longer, and do more."""
    frames = synthetic.builtin_frames()
    points = frames["points"]
    frames["points"] = points.assign(label=[f"{label} {name}={1 + 3 * (at % 2)}" for at, label in enumerate(points["label"])])
    return synthetic.bare("result.json", frames, "builtin")


@pytest.mark.parametrize("name", ["threads", "streams", "step"])
def test_only_points_of_one_load_or_step_are_compared(name):
    found = winners(View([loaded(name)]).rankings[0])
    assert {winner.work.rsplit(" ", 1)[1] for winner in found} == {f"{name}=1", f"{name}=4"}
    assert all(name not in winner.configuration for winner in found)


def test_times_without_rivals_are_no_race(tmp_path):
    frames = synthetic.builtin_frames()
    points = frames["points"]
    labels = [f"op=swish shape={at} dtype=fp32 block=64" for at in range(len(points))]
    frames["points"] = points.assign(label=labels, shape=[str(at) for at in range(len(points))])
    text = text_of(summary.build(View([synthetic.bare("result.json", frames, "builtin")])), tmp_path)
    assert "Times, by own timing of sweep points (builtin)" in text and "Fastest" not in text and "ahead of" not in text


def test_kernels_without_points_are_listed_and_not_ranked(tmp_path):
    frames = {name: frame for name, frame in synthetic.sweep_frames().items() if name != "nvtx_ranges"}
    view = View([synthetic.bare("x.sqlite", frames)])
    assert not winners(view.rankings[0])
    text = text_of(summary.build(view), tmp_path)
    assert "Nothing is ranked. Where the time of the GPU goes" in text and "vectorized" in text


def test_samples_name_their_clock_and_what_the_summary_compares():
    note = samples.build(View([synthetic.recording()]))[0]
    assert "CUDA events" in note.text and "another time" not in note.text
    note = samples.build(View([synthetic.recording()], "gpu_points"))[0]
    assert note.text.endswith("compare another time: device time of sweep points (nsys).")
    alone = samples.build(View([synthetic.bare("r.json", synthetic.builtin_frames(), "builtin")]))[0]
    assert "another time" not in alone.text


def test_overlaps_come_longest_first_and_idle_pairs_are_counted():
    frames = synthetic.sweep_frames()
    kernels = frames["kernels"]
    extra = kernels.head(6).assign(stream_id=[21, 22, 23, 24, 25, 26], duration_ns=[10, 900, 5_000, 20, 30, 40])
    extra["start_ns"] = kernels["start_ns"].iloc[[0, 1, 2, 3, 4, 5]].to_numpy() - np.array([0, 0, 0, 700_000, 700_000, 700_000])
    frames["kernels"] = pd.concat([kernels, extra]).sort_values("start_ns", kind="stable", ignore_index=True)
    view = View([synthetic.bare("x.sqlite", frames)])
    every = view.metric("stream_overlap")
    table, note = (block for block in stream_overlap.build(view)[:2])
    overlaps = table.data[[column.name for column in table.columns].index("overlap_ns")]
    assert overlaps == sorted(every["overlap_ns"][every["overlap_ns"] > 0].tolist(), reverse=True) and len(overlaps) >= 3
    assert f"{(every['overlap_ns'] == 0).sum():,} more pairs of {len(every):,}" in note.text


def test_pairs_that_never_overlap_are_a_sentence(monkeypatch):
    monkeypatch.setattr("profiler.metrics.measured.is_own_sweep", lambda recording: False)
    blocks = stream_overlap.build(View([synthetic.recording()]))
    assert blocks[0].text == "None of the 3 pairs of streams worked at the same time."


def test_what_lies_between_iterations_of_an_own_sweep_is_left_out():
    view = View([synthetic.recording()])
    assert view.metric("gaps") is None and "checks outputs between points" in view.reasons("gaps")[0]
    keys = set(view.metric("summary")["key"])
    assert "kernel_count" in keys and not keys & {"gpu_busy_pct", "gap_count", "launch_latency_median_ns"}


def test_a_missing_timeline_names_the_right_reason():
    def reason(recording):
        return next(block.reason for block in timeline.build(View([recording])) if isinstance(block, Missing))

    assert "Nsight Compute serialises" in reason(synthetic.bare("r.ncu-rep", synthetic.ncu_frames(), "ncu"))
    assert "Nsight Compute" not in reason(synthetic.silent())


def test_checks_of_an_experiment_are_not_cut(tmp_path):
    from profiler.report.experiment_section import _blocks

    outcome = {"checks": [{"name": "n", "passed": True, "found": "x " * 300}]}
    table = next(block for block in _blocks("experiment", outcome) if isinstance(block, Table))
    assert table.options["wrap"] and json.dumps(table.payload())
