import json
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import samples

from profiler.compare.judge.capture_estimates import capture_estimates
from profiler.compare.judge.captures import compare_targets
from profiler.compare.judge.comparison import Judged
from profiler.compare.judge.noise import MachineNoise, assumed_noise, find_noise
from profiler.compare.judge.statistics import interval
from profiler.compare.judge.verdict import DecisionRule, decide
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Summary, summarise
from profiler.store.run_dir import create_run

A, B, C = (f"op=swish variant={v} shape=64x64 dtype=fp32" for v in ("scalar", "vectorized", "grid_stride"))


def only(comparison):
    (record,) = comparison.rows.to_dict("records")
    return record


def compare(write_result, base, candidate, rule=None, **more):
    paths = [str(write_result(f"{name}.json", points)) for name, points in (("base", base), ("candidate", candidate))]
    return compare_targets(paths[0], [paths[1]], rule, **more)


def test_a_large_slowdown_of_single_captures_is_found_and_a_small_one_is_not_claimed(write_result):
    found = compare(
        write_result, {A: samples(100_000), B: samples(100_000)}, {A: samples(110_000, seed=1), B: samples(100_500, seed=2)}
    )
    slower, unclear = found.rows.to_dict("records")
    assert (slower["verdict"], slower["reason"], slower["match"]) == ("slower", "beyond_threshold", "label")
    assert slower["ratio"] == pytest.approx(1.1, abs=0.005) and slower["ratio_low"] < 1.1 < slower["ratio_high"]
    assert (unclear["verdict"], unclear["reason"]) == ("cannot tell", "one_capture")
    assert "assumed" in found.design and "profiler ab" in found.notes[0]


PROBLEMS = {
    "missing_samples": ([], "cannot tell"),
    "nan_samples": ([5000, None], "cannot tell"),
    "one_sample": ([5000], "cannot tell"),
    "zero_duration": ([5000, 0], "cannot tell"),
    "wrong_output": ({"status": "wrong_output", "reason": "max_abs_error 3"}, "not comparable"),
    "failed": ({"status": "failed", "reason": "illegal address"}, "not comparable"),
    "skipped": ({"status": "skipped", "reason": "no bf16"}, "not comparable"),
}


@pytest.mark.parametrize("reason", PROBLEMS)
@pytest.mark.parametrize("side", ["base", "candidate"])
def test_unusable_samples_end_in_a_named_verdict(write_result, reason, side):
    value, verdict = PROBLEMS[reason]
    points = {"base": {A: samples(5000), B: samples(5000)}, "candidate": {A: samples(5000), B: samples(5000)}}
    points[side] = {A: value, B: samples(5000)}
    found = compare(write_result, points["base"], points["candidate"]).rows.to_dict("records")
    assert (found[0]["verdict"], found[0]["reason"]) == (verdict, reason) and side in found[0]["detail"]
    assert np.isnan(found[0]["ratio"]) and found[1]["reason"] == "one_capture"


def test_what_only_one_side_has_is_listed(write_result):
    found = compare(write_result, {A: samples(5000), B: samples(5000)}, {B: samples(5000), "op=other shape=1": samples(9)})
    assert found.rows["verdict"].tolist() == ["base only", "cannot tell", "candidate only"]
    assert found.counts()["base only"] == 1 and sum(found.counts().values()) == 3


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("cache", "warm", "cold or warm cache"),
        ("launch_mode", "graph", "graph launches"),
        ("clock", "monotonic", "clock that timed it"),
        ("streams", 2, "streams"),
        ("measure", "throughput", "isolated or overlapping"),
        ("cold_method", "flush", "how the cache was made cold"),
    ],
)
def test_other_conditions_of_a_row_void_it(write_result, field, value, text):
    point = {"samples_ns": samples(5000), "streams": 1, "measure": "isolated", "cold_method": "rotate"}
    base = {A: point}
    found = only(compare(write_result, base, {A: point | {field: value}}))
    assert (found["verdict"], found["reason"]) == ("not comparable", "conditions_differ") and text in found["detail"]
    allowed = only(compare(write_result, base, {A: point | {field: value}}, allowed=frozenset([field])))
    assert allowed["verdict"] == "cannot tell"


def test_what_is_not_surely_ok_has_no_time(write_result):
    for value, reason in (
        ({"status": "timeout"}, "failed"),
        ({"status": None}, "failed"),
        ({"verification": {"passed": False}}, "wrong_output"),
    ):
        found = only(compare(write_result, {A: samples(1e5)}, {A: {"samples_ns": samples(5e4)} | value}))
        assert (found["verdict"], found["reason"], found["problem_side"]) == ("not comparable", reason, "candidate")
    assert "its verification did not pass" in found["detail"]


def test_other_engines_and_layers_of_points_are_listed(write_result):
    def point(digest, *names):
        layers = [{"name": name, "type": "PLUGIN", "input_formats": ["linear"]} for name in names]
        return {"samples_ns": samples(5000), "engine_digest": digest, "layers": layers}

    found = compare(write_result, {A: point("sha256:a", "x", "y"), B: samples(5)}, {A: point("sha256:b", "x", "z"), B: samples(5)})
    digest, layers = found.differences
    assert (digest.fact, digest.base_value, digest.candidate_value, digest.voids) == (
        "engine_digest",
        "sha256:a",
        "sha256:b",
        False,
    )
    assert layers.title == f"layers of the TensorRT engine of {A}"
    assert layers.candidate_value == '2 layers, the first that differs: {"name": "z", "type": "PLUGIN"}'
    assert found.rows["verdict"].tolist() == ["cannot tell"] * 2


def test_another_clock_voids_a_row(write_result):
    clocks = [{A: {"samples_ns": samples(5000), "sm_clock_after_hz": hz}} for hz in (1_980_000_000, 1_755_000_000)]
    found = only(compare(write_result, *clocks))
    assert found["reason"] == "clock_differs" and "1980 and 1755 MHz" in found["detail"]


def test_another_gpu_model_voids_everything(write_result):
    base = write_result("base.json", {A: samples(5000)})
    other = write_result("other.json", {A: samples(5000)}, device={"name": "Another GPU", "uuid": "GPU-7"})
    found = compare_targets(str(base), [str(other)])
    assert (
        found.rows["verdict"].tolist() == ["not comparable"]
        and "GPU model: Simulated GPU and Another GPU" in found.rows["detail"][0]
    )
    assert {item.fact: item.voids for item in found.differences} == {"gpu": True, "gpu_uuid": False}
    assert compare_targets(str(base), [str(other)], allowed=frozenset(["gpu"])).rows["verdict"].tolist() == ["cannot tell"]


def test_another_board_of_the_model_widens_the_interval(write_result):
    base = write_result("base.json", {A: samples(5000)})
    other = write_result("other.json", {A: samples(5000)}, device={"uuid": "GPU-1"})
    same, board = (compare_targets(str(base), [str(path)]).rows.iloc[0] for path in (base, other))
    assert board["ratio_high"] - board["ratio_low"] > 2 * (same["ratio_high"] - same["ratio_low"])


def test_a_self_test_of_the_machine_replaces_the_assumption(write_result, tmp_path):
    from profiler.store.run_dir import create_run

    run = create_run(tmp_path / "runs", "selftest")
    record = {
        "schema": "profiler-selftest",
        "schema_version": 1,
        "gpu": "Simulated GPU",
        "gpu_uuid": "GPU-0",
        "process_spread": 0.0005,
        "process_spread_dof": 30.0,
    }
    (run.raw("selftest")).mkdir()
    (run.raw("selftest") / "selftest.json").write_text(json.dumps(record))
    run.finish("complete")
    found = compare(write_result, {A: samples(100_000)}, {A: samples(102_000, seed=4)}, runs=tmp_path / "runs")
    assert found.rows["verdict"].tolist() == ["slower"] and "self-test" in found.design
    assert find_noise(tmp_path / "runs", "Simulated GPU", "GPU-9").origin.endswith("another Simulated GPU")
    assert find_noise(tmp_path / "runs", "Other") is None
    assert isinstance(find_noise(tmp_path / "runs", "Simulated GPU", "GPU-0"), MachineNoise)


def test_several_processes_measure_their_spread(write_result):
    def group(name, factor, count=3):
        paths = [
            write_result(f"{name}{i}.json", {A: samples(100_000 * factor * (1 + 0.001 * (2 * i % 5 - 2)), seed=i)})
            for i in range(count)
        ]
        return ",".join(map(str, paths))

    found = compare_targets(group("b", 1.0), [group("c", 1.05)])
    assert found.rows["verdict"].tolist() == ["slower"] and found.design.startswith("3 against 3 processes")
    assert found.rows["rounds"].tolist() == [3]
    # two modes of one build may be 2 % apart, and chance splits three against three in one case of ten
    assert only(compare_targets(group("b", 1.0), [group("c", 1.02)]))["reason"] == "few_processes"
    assert only(compare_targets(group("b", 1.0, 5), [group("c", 1.02, 5)]))["verdict"] == "slower"


def test_a_regression_by_an_assumed_spread_alone_says_so(write_result):
    found = compare(write_result, {A: samples(100_000)}, {A: samples(150_000, seed=1)})
    assert only(found)["verdict"] == "slower" and "assumed, not measured" in only(found)["detail"]
    assert any("keeps its state" in note for note in found.notes)
    sides = [[write_result(f"{name}{i}.json", {A: samples(t, seed=i)}) for i in range(3)] for name, t in (("b", 1e5), ("c", 1.5e5))]
    measured = compare_targets(joined(*sides[0]), [joined(*sides[1])])
    assert only(measured)["verdict"] == "slower" and "assumed" not in only(measured)["detail"]


@pytest.mark.parametrize(("days", "said"), [((1, 2, 3, 4), "one side after the other"), ((1, 3, 2, 4), "in turn")])
def test_recordings_say_whether_their_sides_took_turns(write_result, tmp_path, days, said):
    runs = []
    for index, day in enumerate(days):
        run = create_run(tmp_path / "runs", "recorded")
        run.raw("builtin").mkdir(parents=True)
        write_result("result.json", {A: samples(1e5, seed=index)}).rename(run.raw("builtin") / "result.json")
        run.manifest.created_utc = f"2026-01-{day:02d}T00:00:00"
        run.finish("complete")
        runs.append(str(run.path))
    assert said in compare_targets(joined(*runs[:2]), [joined(*runs[2:])]).design


def test_processes_are_judged_in_the_order_in_which_they_ran(write_result, tmp_path):
    """Each side gets slower from process to process; named in another order they look independent."""

    def group(name, order):
        paths = []
        for index, day in enumerate(order):
            run = create_run(tmp_path / f"runs-{name}", "recorded")
            run.raw("builtin").mkdir(parents=True)
            points = {
                f"op=a shape={k}": samples(1e5 * (1.0 + 0.01 * day + 0.0005 * (k * index % 7)), seed=index) for k in range(1, 13)
            }
            write_result("result.json", points).rename(run.raw("builtin") / "result.json")
            run.manifest.created_utc = f"2026-01-{day:02d}T00:00:00"
            run.finish("complete")
            paths.append(str(run.path))
        return joined(*paths)

    found = compare_targets(group("b", (4, 1, 6, 3, 5, 2)), [group("c", (2, 5, 1, 6, 4, 3))])
    assert set(found.rows["reason"]) == {"serial_dependence"}


def joined(*paths):
    return ",".join(map(str, paths))


def test_one_throttled_process_is_left_out_of_its_side(write_result):
    def process(name, hz, median=1e5, seed=0):
        return write_result(name, {A: {"samples_ns": samples(median, seed=seed), "sm_clock_after_hz": hz}})

    base, candidate = ([process(f"{side}{i}.json", 1.98e9, seed=i) for i in range(4)] for side in "bc")
    slow, unknown = process("slow.json", 1.6e9, 1.24e5), process("unknown.json", 0)
    for sides in ((base, [slow, *candidate[:3]]), ([*base[:3], slow], candidate)):
        found = compare_targets(*(joined(*side) if side is sides[0] else [joined(*side)] for side in sides))
        assert (only(found)["verdict"], only(found)["dropped_rounds"], only(found)["rounds"]) == ("same", 1, 3)
        assert any("SM clock" in note for note in found.notes)
    assert only(compare_targets(joined(*base), [joined(unknown, *candidate[:2])]))["dropped_rounds"] == 0
    mostly = [process(f"s{i}.json", 1.6e9, 1.24e5, i) for i in range(3)]
    found = only(compare_targets(joined(*base), [joined(candidate[0], *mostly)]))
    assert found["reason"] == "clock_differs" and "1980 and 1600 MHz" in found["detail"]


def simulated(count, spread, rng):
    return Row("r", {}, [Summary(1e6 * np.exp(rng.normal(0.0, spread)), 1e-5, 100, 1.0) for _ in range(count)])


UNEQUAL = (((10, 0.001), (3, 0.03), 0.93), ((3, 0.001), (3, 0.03), 0.90), ((1, 0.01), (10, 0.01), 0.93))


@pytest.mark.parametrize(
    ("base", "candidate", "covered"),
    [
        ((10, 0.001), (10, 0.001), 0.94),
        *(pytest.param(*sides, marks=pytest.mark.long) for sides in UNEQUAL),
        # two processes cannot measure a spread six times the assumed one any better
        ((10, 0.001), (2, 0.03), 0.90),
    ],
)
def test_sides_of_unequal_spread_and_number_are_covered(base, candidate, covered):
    rng = np.random.default_rng(5)
    judged = [Judged("c", Pair(simulated(*base, rng), simulated(*candidate, rng))) for _ in range(4000)]
    low, high = interval(capture_estimates(judged, assumed_noise(False), [0.0] * len(judged)), 0.05)
    assert np.mean((low <= 0.0) & (high >= 0.0)) >= covered


def claimed(pairs, noise):
    """The share of pairs, each judged alone, that is called faster or slower."""
    judged = [Judged("c", Pair(*pair)) for pair in pairs]
    found = decide(capture_estimates(judged, noise, [0.0] * len(judged), len(judged)), DecisionRule(), jobs=len(judged))
    return float(np.isin(found.verdict, ["faster", "slower"]).mean())


MEASURED = MachineNoise(0.002, 29.0, "self-test")


@pytest.mark.parametrize("noise", [MEASURED, assumed_noise(False)])
@pytest.mark.parametrize("count", [2, 3, 5, 8, 60])
@pytest.mark.parametrize("modes", [0.0, 0.08])
def test_few_samples_and_two_modes_are_no_change(noise, count, modes):
    rng = np.random.default_rng(4)

    def one():
        slow = modes * (rng.random(count) < 0.5)
        return Row("r", {}, [summarise(1e5 * np.exp(slow + rng.normal(0, 0.002) + rng.normal(0, 0.03 - 0.3 * modes, count)))])

    assert claimed([(one(), one()) for _ in range(500)], noise) <= 0.02  # at most 1 %, and what 500 trials can add to it


@pytest.mark.parametrize(
    ("noise", "slowdowns"),
    [
        (assumed_noise(False), (1.05,)),
        *(
            pytest.param(noise, (1.02, 1.05, 1.08, 1.12), marks=pytest.mark.long)
            for noise in (MachineNoise(0.005, 29.0, "self-test"), assumed_noise(False))
        ),
    ],
)
def test_more_processes_never_find_less(noise, slowdowns):
    """Nested data: each comparison has the processes of the one before, and more."""
    rng = np.random.default_rng(7)
    whole = [[simulated(10, 0.005, rng) for _ in range(2)] for _ in range(1000)]
    for slowdown in slowdowns:
        found = []
        for sides in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (4, 4), (5, 5), (7, 7), (10, 10)):
            pairs = [tuple(replace(row, summaries=row.summaries[:n]) for row, n in zip(both, sides, strict=True)) for both in whole]
            for _, candidate in pairs:
                candidate.summaries = [replace(item, median_ns=slowdown * item.median_ns) for item in candidate.summaries]
            found.append(claimed(pairs, noise))
        assert all(after >= before - 0.02 for before, after in pairwise(found)), (slowdown, found)
        assert slowdown < 1.04 or found[0] > 0.8, (slowdown, found)


@pytest.mark.parametrize("processes", [(1, 1), (2, 2), (3, 3), (5, 5), (3, 10)])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_tight_modes_of_processes_are_no_change(processes, share):
    """Identical sides whose processes fall into two modes 3 % apart; few of each may all be of one."""
    rng = np.random.default_rng(8)

    def one(count):
        logs = 0.03 * (rng.random(count) < share) + rng.normal(0.0, 0.0005, count)
        return Row("r", {}, [Summary(1e6 * np.exp(value), 1e-5, 100, 1.0) for value in logs])

    assert claimed([tuple(map(one, processes)) for _ in range(1500)], assumed_noise(False)) <= 0.01


def test_two_samples_a_side_are_named(write_result):
    base, candidate = (
        write_result(f"{name}.json", {A: {"samples_ns": [time, time + 100]}}) for name, time in (("b", 100_000), ("c", 150_000))
    )
    assert only(compare_targets(str(base), [str(candidate)]))["reason"] == "too_few_samples"


def test_a_process_under_other_conditions_voids_its_side(write_result):
    good = [write_result(f"{i}.json", {A: samples(1e5, seed=i)}) for i in range(6)]
    other = write_result("other.json", {A: samples(1e5, seed=8)}, device={"name": "Another GPU"})
    warm = write_result("warm.json", {A: {"samples_ns": samples(1e5, seed=9), "cache": "warm"}})
    same = joined(*good[3:])
    for base in (joined(good[0], other, good[2]), joined(other, *good[:2])):
        found = compare_targets(base, [same])
        assert only(found)["reason"] == "conditions_differ" and "Another GPU" in only(found)["detail"]
        assert any("within" in item.title and item.voids for item in found.differences)
        assert only(compare_targets(base, [same], allowed=frozenset(["gpu"])))["verdict"] == "same"
        assert only(compare_targets(same, [base]))["reason"] == "conditions_differ"
    mixed = joined(good[0], warm, good[2])
    assert "processes of the base differ: cold or warm cache" in only(compare_targets(mixed, [same]))["detail"]
    assert "processes of the candidate differ" in only(compare_targets(same, [mixed]))["detail"]
    assert only(compare_targets(mixed, [same], allowed=frozenset(["cache"])))["verdict"] == "same"


def test_many_candidates_are_judged_together(write_result):
    paths = [str(write_result(f"{i}.json", {A: samples(100_000 * factor, seed=i)})) for i, factor in enumerate((1, 1.2, 0.8))]
    found = compare_targets(paths[0], paths[1:])
    assert found.rows[["candidate", "verdict"]].to_numpy().tolist() == [["1.json", "slower"], ["2.json", "faster"]]


def test_modes_of_processes_are_named(write_result):
    """People want to know that two processes in five are 3 % slower."""
    base = [write_result(f"b{i}.json", {A: samples(1e5, seed=i)}) for i in range(5)]
    modal = [write_result(f"c{i}.json", {A: samples(1e5 * (1.03 if i > 2 else 1.0), spread=0.0005, seed=i)}) for i in range(5)]
    assert "candidate: 100 µs in 3, 103 µs in 2 of 5 processes" in only(compare_targets(joined(*base), [joined(*modal)]))["detail"]


def test_a_copied_result_is_no_measurement_of_the_other_side(write_result, tmp_path):
    base = write_result("a.json", {A: samples(5000)})
    copy = shutil.copy(base, tmp_path / "copy.json")
    assert only(compare_targets(str(base), [str(copy)]))["reason"] == "repeated_samples"
    assert only(compare_targets(str(base), [str(base)]))["verdict"] != "not comparable"  # said, and meant


def test_same_target_twice_has_two_names(write_result):
    path = str(write_result("a.json", {A: samples(5000)}))
    found = compare_targets(path, [path, path])
    assert [side.name for side in found.candidates] == ["a.json (2)", "a.json (3)"]


def test_worst_rows_come_first(write_result):
    base = {A: samples(100_000), B: samples(100_000), C: samples(100_000)}
    found = compare(write_result, base, {A: samples(90_000), B: samples(110_000), C: samples(120_000)})
    assert found.worst_first()["row"].tolist() == [C, B, A]


def test_rule_of_the_caller_counts(write_result):
    found = compare(write_result, {A: samples(100_000)}, {A: samples(110_000)}, DecisionRule(threshold=0.2))
    assert found.rows["verdict"].tolist() == ["same"]
