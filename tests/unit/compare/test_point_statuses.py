"""Of several outcomes of one point the gravest counts, wherever they come from."""

import json
from itertools import permutations

import pytest

import profiler
from profiler.compare.ranking import rank_recordings
from profiler.point_status import PointStatus, read_status, worst_status
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import create_run

LABEL = "op=a shape=8x8 dtype=fp32"
GRAVEST_FIRST = ("wrong_output", "failed", "skipped", "ok")
PAIRS = tuple(permutations(GRAVEST_FIRST, 2))


def document(*statuses):
    points = [{"label": LABEL, "status": status, "reason": status, "samples_ns": [5, 6, 7]} for status in statuses]
    return json.dumps({"schema": "profiler-result", "schema_version": 1, "points": points})


@pytest.mark.parametrize("statuses", PAIRS)
def test_of_two_the_graver_counts(statuses):
    assert worst_status(statuses) == min(statuses, key=GRAVEST_FIRST.index)


def test_unknown_and_missing_statuses():
    assert (read_status("strange"), read_status(""), read_status(None), worst_status([])) == ("failed", "ok", "ok", "ok")
    assert str(PointStatus.WRONG_OUTPUT) == "wrong_output"


@pytest.mark.parametrize("statuses", PAIRS)
def test_points_of_one_label_in_one_document(tmp_path, statuses):
    path = tmp_path / "r.json"
    path.write_text(document(*statuses))
    (row,) = rank_recordings([profiler.load(path)], runs=tmp_path).to_dict("records")
    assert row["note"] == min(statuses, key=GRAVEST_FIRST.index)


@pytest.mark.parametrize("statuses", PAIRS)
def test_documents_of_several_passes(tmp_path, statuses):
    run = create_run(tmp_path / "runs", "sweep")
    for tool, status in zip(("builtin", "nsys"), statuses, strict=True):
        run.raw(tool).mkdir()
        run.manifest.captures.append(CaptureRecord(tool, artefacts=[f"raw/{tool}/result.json"]))
        (run.raw(tool) / "result.json").write_text(document(status))
    run.finish("complete")
    assert profiler.load(run.path).metric("point_summary")["status"].tolist() == [min(statuses, key=GRAVEST_FIRST.index)]
