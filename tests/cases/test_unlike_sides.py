"""What is unknown on one side, the same file twice, and iterations of no point: said, never silently equal."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest


@pytest.fixture
def changed(case):
    """Return a function that places a result document with one field of its point, or of the document, changed."""

    def place(name, number, **fields):
        path = case("c_by_a.json")
        document = json.loads(path.read_text())
        for field, value in fields.items():
            owner = document if field in document else document["points"][0]
            owner[field] = value
        document["points"][0]["samples_ns"] = [time + number for time in document["points"][0]["samples_ns"]]
        return path.rename(path.with_name(name)) if path.write_text(json.dumps(document)) else path

    return place


@pytest.mark.parametrize(
    ("field", "text"), [("cache", "cold or warm cache: unknown and cold"), ("clock", "timed it: unknown and cuda_event")]
)
def test_a_condition_known_on_one_side_only_is_not_comparable(changed, profiler, field, text):
    sides = changed("base.json", 0, **{field: None}), changed("candidate.json", 7)
    code, out, _ = profiler("gate", *sides)
    assert code == 12 and text in " ".join(out.split())
    assert profiler("gate", *sides, "--allow", field)[0] != 12


def test_gpus_of_other_names_are_not_comparable_whatever_else_a_result_says_of_them(changed, profiler):
    base = changed("base.json", 0, device={"name": "NVIDIA H100 80GB HBM3"})
    code, out, _ = profiler("gate", base, changed("candidate.json", 7))
    assert code == 12 and "GPU model: NVIDIA H100 80GB HBM3 and NVIDIA H200" in " ".join(out.split())


def interval(path):
    (row,) = json.loads(path.read_text())["rows"]
    return row["ratio_low"], row["ratio_high"]


@pytest.mark.parametrize(
    ("field", "one", "both", "text"),
    [
        ("device", {}, None, "GPU model: unknown and NVIDIA H200"),
        ("sm_clock_after_hz", 0, 1.98e9, "SM clock of some rows is known on one side only"),
    ],
)
def test_a_gpu_or_clock_known_on_one_side_only_is_said_and_widens(changed, profiler, tmp_path, field, one, both, text):
    known = {} if both is None else {field: both}
    candidate, alike = changed("candidate.json", 7, **known), changed("alike.json", 0, **known)
    found = {}
    for base in (changed("base.json", 0, **{field: one}), alike):
        code, out, _ = profiler("compare", base, candidate, "--json", tmp_path / "answer.json")
        assert code == 0
        found[base.name] = interval(tmp_path / "answer.json"), text in " ".join(out.split())
    (wide, said), (narrow, silent) = found["base.json"], found["alike.json"]
    assert said and not silent and wide[0] < narrow[0] and wide[1] > narrow[1]


def test_the_same_file_on_both_sides_is_said(case, profiler):
    path = case("c_by_a.json")
    assert "c_by_a.json is the same file on both sides" in " ".join(profiler("compare", path, path)[1].split())
    copy = shutil.copyfile(path, path.with_name("copy.json"))
    assert "is the same file" not in profiler("compare", path, copy)[1]


def test_iterations_of_no_point_leave_kernels_and_that_is_said(case, profiler):
    sides = [case(f"{name}.sqlite") for name in ("g_base", "g_serial")]
    for path in sides:
        with sqlite3.connect(path) as capture:
            capture.execute("UPDATE StringIds SET value = 'other' WHERE value LIKE 'point %'")
    code, out, err = profiler("compare", *sides)
    words = " ".join(out.split())
    assert code == 0, err
    assert "g_base.sqlite marks iterations and no sweep point: kernels are compared" in words


def test_launches_of_an_iteration_are_compared_where_it_belongs_to_no_point(case, profiler):
    once, twice = case("g_base.sqlite"), case("g_serial.sqlite")
    shutil.copyfile(once, twice)
    for path in (once, twice):
        with sqlite3.connect(path) as capture:
            capture.execute("UPDATE StringIds SET value = 'other' WHERE value LIKE 'point %'")
    with sqlite3.connect(twice) as capture:
        # times of its own: a copy is refused
        capture.execute("UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = end + 1 + rowid % 3")
    assert profiler("gate", once, twice)[0] != 12
    with sqlite3.connect(twice) as capture:
        # every second iteration was never marked: its launches stand outside
        capture.execute(
            "DELETE FROM NVTX_EVENTS WHERE rowid % 2 AND text IS NULL AND textId = (SELECT id FROM StringIds WHERE value = 'iteration')"
        )
    assert profiler("gate", once, twice)[0] != 12
    with sqlite3.connect(twice) as capture:
        # the others hold two launches each
        capture.execute(
            "UPDATE NVTX_EVENTS SET end = end + 103000 WHERE textId = (SELECT id FROM StringIds WHERE value = 'iteration')"
        )
    code, out, _ = profiler("gate", once, twice)
    assert code == 12 and "launches of the kernel: 1 an iteration and 2 an iteration" in " ".join(out.split())


def test_a_result_given_twice_as_two_processes_is_refused(changed, profiler):
    first, second, other = (changed(f"{name}.json", shift) for name, shift in (("a", 0), ("b", 0), ("c", 7)))
    code, out, _ = profiler("gate", f"{first},{second}", other)
    assert code == 12 and "one result was given twice" in " ".join(out.split())
    assert "given twice" in " ".join(profiler("gate", f"{first},{other}", second)[1].split())
    assert "given twice" not in profiler("gate", f"{first},{other}", changed("d.json", 3))[1]
