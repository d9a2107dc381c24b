"""Result documents of other programs: times in another unit are refused, never read as ns."""

from __future__ import annotations

import json

import pytest


def test_seconds_are_refused_with_the_field_s_name(case, profiler):
    for verb in (["metrics", case("r_seconds.json"), "--table", "point_summary"], ["import", case("r_seconds.json")]):
        code, out, err = profiler(*verb)
        assert code == 5
        assert "samples_ns" in err and "whole nanoseconds" in err and "0.0001285" in err
        assert "run:" not in out and str(verb[1]) in err and ".partial" not in err


@pytest.mark.parametrize("field", ["samples_ns", "host_samples_ns"])
@pytest.mark.parametrize("value", [0.000128, 128000.0, 1e5, True, "128000", [128000], {"ns": 1}])
def test_what_is_no_whole_number_is_refused(case, profiler, field, value):
    path = case("r_seconds.json")
    document = json.loads(path.read_text())
    document["points"][0] |= {"samples_ns": [128500], field: [128500, value]}
    path.write_text(json.dumps(document))
    code, _, err = profiler("metrics", path, "--table", "point_summary")
    assert code == 5
    assert field in err


def test_whole_nanoseconds_and_gaps_are_read(case, rows):
    path = case("r_seconds.json")
    document = json.loads(path.read_text())
    document["points"][0] |= {"samples_ns": [128500, 128700, 128600], "host_samples_ns": [1, None, 3]}
    path.write_text(json.dumps(document))
    (row,) = rows(path, "point_summary")
    assert row["builtin_median_ns"] == 128_600
