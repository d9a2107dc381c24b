"""Calls that failed are told with their name, code and point; a point in which the context broke has failed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

LAST_LAUNCH = "(SELECT max(rowid) FROM CUPTI_ACTIVITY_KIND_RUNTIME)"


@pytest.fixture
def failing(case):
    def change(*updates):
        path = case("join/day1.sqlite")
        with closing(sqlite3.connect(path)) as database:
            database.execute(
                "INSERT OR IGNORE INTO StringIds VALUES (990, 'cudaEventQuery_v3020'), (991, 'cudaDeviceSynchronize_v3020')"
            )
            for where, values in updates:
                database.execute(f"UPDATE CUPTI_ACTIVITY_KIND_RUNTIME SET {values} WHERE rowid = {where}")
            database.commit()
        return path

    return change


def messages(rows, path):
    return [(row["severity"], row["text"]) for row in rows(path, "messages") if "failed" in row["text"]]


def test_a_broken_context_fails_its_point(failing, rows):
    path = failing((LAST_LAUNCH, "nameId = 991, returnValue = 700"))
    ((severity, text),) = messages(rows, path)
    assert severity == "error"
    assert "cudaDeviceSynchronize" in text and "700 (illegal memory access)" in text and "op=g block=64" in text
    (point,) = rows(path, "point_summary")
    assert point["status"] == "failed" and "700" in point["reason"]
    assert point["nsys_median_ns"] is None


def test_a_launch_that_failed_fails_its_point(failing, rows):
    path = failing((LAST_LAUNCH, "returnValue = 9"))
    ((severity, text),) = messages(rows, path)
    assert severity == "warning" and "9 (invalid launch configuration)" in text
    assert rows(path, "point_summary")[0]["status"] == "failed"


def test_another_failure_is_told_and_the_point_stands(failing, rows):
    path = failing((LAST_LAUNCH, "nameId = 991, returnValue = 2"))
    assert "2 (out of memory)" in messages(rows, path)[0][1]
    (point,) = rows(path, "point_summary")
    assert point["status"] != "failed" and point["nsys_median_ns"] == 100_000


@pytest.mark.parametrize("code", [0, 600, 704, 712])
def test_an_answer_is_no_failure(failing, rows, code):
    path = failing((LAST_LAUNCH, f"nameId = 990, returnValue = {code}"))
    assert messages(rows, path) == []
    assert rows(path, "point_summary")[0]["status"] != "failed"


def test_failures_that_repeat_are_counted(failing, rows):
    path = failing(("rowid", "nameId = 991, returnValue = 700"))
    assert [text.count("20 times") for _, text in messages(rows, path)] == [1]


def test_a_failure_outside_points_names_none(failing, rows):
    path = failing((LAST_LAUNCH, "nameId = 991, returnValue = 700, start = 90000000000, end = 90000000010"))
    ((_, text),) = messages(rows, path)
    assert "op=g" not in text
    assert rows(path, "point_summary")[0]["status"] != "failed"


def test_rows_of_gpu_captures_leave_a_spoiled_point_out(failing, case, profiler):
    spoiled = failing((LAST_LAUNCH, "nameId = 991, returnValue = 700"))
    whole = spoiled.with_name("whole.sqlite")
    spoiled.rename(whole.with_name("spoiled.sqlite"))
    case("join/day1.sqlite").rename(whole)
    _, out, err = profiler("compare", whole, whole.with_name("spoiled.sqlite"), "--source", "gpu_points", "--format", "json")
    (row,) = json.loads(out)["rows"]
    assert (row["verdict"], row["reason"], row["problem_side"]) == ("not comparable", "failed", "candidate"), err
    assert "700" in row["detail"]
