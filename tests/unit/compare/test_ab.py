import json
import os
import signal
import subprocess
import sys

import pytest
from conftest import DRIVER

from profiler.compare.rows.alignment import parse_aliases
from profiler.errors import CaptureError, UsageError
from profiler.jobs.ab import load_comparison, resume_job, start_job
from profiler.jobs.ab_comparison import job_comparison
from profiler.jobs.ab_process import fill_argv
from profiler.jobs.ab_store import AbRequest, AbStore
from profiler.jobs.sides import AbSide, command_side
from profiler.store.run_dir import RunDir, create_run

TWO = ("--shape", "65536x1024", "--dtype", "fp32,fp16")


def request(base, candidate, **more):
    return AbRequest((command_side("base", base), command_side("candidate", candidate)), **more)


def start(tmp_path, asked, rounds=6, budget=120.0):
    return start_job(asked, tmp_path, "job", budget, rounds)


IN_ONE = """
import json, os, pathlib, runpy, sys
out, number, edit = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
sys.argv = [*sys.argv[5:], "--json", str(out)]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    code = ended.code
document = json.loads(out.read_text())
exec(edit)
out.write_text(json.dumps(document))
sys.exit(code)
"""


def edited(driver, edit):
    """Return the simulated driver followed, in its own process, by a statement that knows `document`, `number`, `out` and `code`."""
    return (sys.executable, "-c", IN_ONE, "{json}", "{round}", edit, *driver)


def test_a_slowdown_is_found_and_identical_code_is_the_same(driver, tmp_path):
    sides = (
        command_side("base", driver(*TWO)),
        command_side("again", driver(*TWO)),
        command_side("slow", driver(*TWO, "--factor", "1.03")),
    )
    told = []
    run, found = start_job(AbRequest(sides), tmp_path, "job", 120.0, 28, told.append)
    verdicts = found.rows.groupby("candidate")["verdict"].agg(set).to_dict()
    assert verdicts == {"again": {"same"}, "slow": {"slower"}}
    assert len(told) == len(AbStore(run).rounds) <= 28 and told[-1].undecided == 0
    assert run.manifest.status == "complete" and run.manifest.engine == "direct" and not run.path.name.startswith(".")
    assert found.rounds.groupby("round").size().eq(6).all()
    assert load_comparison(run.run_id, tmp_path).rows.equals(found.rows)


def test_each_round_is_a_fresh_process_of_each_side_in_balanced_order(driver, tmp_path):
    run, _ = start(tmp_path, request(driver(), driver(), stop_early=False), rounds=4)
    records = [json.loads((run.raw("ab") / f"rounds/000{n}/round.json").read_text()) for n in range(1, 5)]
    orders = [record["order"] for record in records]
    assert orders[0] == orders[1][::-1] and orders[2] == orders[3][::-1]
    assert len(list(run.raw("ab").rglob("base.json"))) == 4 and len(list(run.logs.rglob("*.log"))) == 8


def test_it_stops_when_all_is_decided_or_time_is_up(driver, tmp_path):
    run, found = start(tmp_path, request(driver(), driver("--factor", "1.5")), rounds=64)
    assert len(AbStore(run).rounds) == 6 and found.rows["verdict"].tolist() == ["slower"]
    run, found = start(tmp_path, request(driver(), driver()), rounds=64, budget=1e-6)
    assert len(AbStore(run).rounds) == 1 and found.rows["reason"].tolist() == ["too_few_rounds"]


def test_an_alias_lets_more_work_stand_for_the_same_row(driver, tmp_path):
    asked = request(
        driver("--shape", "65536x1024"), driver("--shape", "66847x1024"), aliases=parse_aliases(["shape=66847x1024:65536x1024"])
    )
    _, found = start(tmp_path, asked, rounds=28)
    (row,) = found.rows.to_dict("records")
    assert row["verdict"] == "slower" and row["ratio"] == pytest.approx(1.02, abs=0.004) and row["match"] == "label"


def test_what_most_rounds_were_measured_like_counts_whichever_came_first(tmp_path):
    words = ("--process-noise", "0.0001", "--round", "{round}")
    base, candidate = program(tmp_path / "base"), program(tmp_path / "candidate", "--launched-in-round", "1")
    sides = (AbSide("base", (base, *words), ""), AbSide("candidate", (candidate, *words), ""))
    run, found = start_job(AbRequest(sides), tmp_path / "runs", "job", 120.0, 8)
    (row,) = found.rows.to_dict("records")
    assert (row["verdict"], row["rounds"]) == ("same", 5)
    ((number, side, why),) = AbStore(run).dropped
    assert (number, side) == (1, "candidate") and "launched" in why


def test_wrong_output_is_refused_whatever_its_speed(driver, tmp_path):
    _, found = start(tmp_path, request(driver(), driver("--factor", "0.1", "--tolerance-abs", "0")), rounds=6)
    (row,) = found.rows.to_dict("records")
    assert (row["verdict"], row["reason"]) == ("not comparable", "wrong_output") and "max_abs_error" in row["detail"]


def test_only_undecided_rows_are_measured_on_when_the_command_takes_points(driver, tmp_path):
    labels = tuple(f"op=swish variant={variant} shape=65536x1024 dtype=fp32" for variant in ("vectorized", "scalar"))
    base, candidate = (
        command_side(name, driver("--points", "{points}", "--process-noise", noise))
        for name, noise in (("base", "0.0001"), ("candidate", "0.0001"))
    )
    noisy = command_side("candidate", (*candidate.argv, "--noisy-variant", "scalar"))
    run, found = start_job(AbRequest((base, noisy), points=labels), tmp_path, "job", 120.0, 8)
    measured = AbStore(run).frame().groupby("label")["round"].max().to_dict()
    assert measured == {labels[0]: 6, labels[1]: 8} and found.rows["verdict"].tolist() == ["same", "cannot tell"]


def program(folder, *options):
    """Return the path of a driver with options of its own, under the driver's name."""
    folder.mkdir()
    path = folder / "profiler-driver"
    words = " ".join(f"'{word}'" for word in (sys.executable, str(DRIVER), *options))
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)
    return str(path)


MIXED = ("--set", "variant=vectorized,scalar", "--process-noise", "0.0001")


@pytest.mark.parametrize("more", [(), ("--no-only",)])
def test_the_driver_is_told_to_leave_out_what_is_decided_if_it_can_be(tmp_path, more):
    base, candidate = program(tmp_path / "base"), program(tmp_path / "candidate", *more)
    sides = (AbSide("base", (base, *MIXED), ""), AbSide("candidate", (candidate, *MIXED, "--noisy-variant", "scalar"), ""))
    run, found = start_job(AbRequest(sides), tmp_path / "runs", "job", 120.0, 8)
    decided, noisy = (
        "op=swish variant=vectorized shape=65536x1024 dtype=fp32",
        "op=swish variant=scalar shape=65536x1024 dtype=fp32",
    )
    measured = AbStore(run).frame().groupby("label")["round"].max().to_dict()
    assert measured == {decided: 8 if more else 6, noisy: 8}
    assert found.rows.set_index("row")["verdict"].to_dict() == {decided: "same", noisy: "cannot tell"}


def test_each_side_is_told_its_own_names_of_what_is_open(tmp_path):
    base, candidate = program(tmp_path / "base"), program(tmp_path / "candidate")
    sides = (
        AbSide("base", (base, *MIXED), ""),
        AbSide("candidate", (candidate, *MIXED, "--shape", "66847x1024", "--noisy-variant", "scalar"), ""),
    )
    asked = AbRequest(sides, aliases=parse_aliases(["shape=66847x1024:65536x1024"]))
    run, found = start_job(asked, tmp_path / "runs", "job", 120.0, 19)
    (last,) = run.raw("ab").glob("rounds/0019/points-1.txt")
    assert last.read_text() == "op=swish variant=scalar shape=66847x1024 dtype=fp32\n"
    assert sorted(found.rows["rounds"]) == [18, 19]


def test_points_of_a_candidate_are_in_its_own_words(driver, tmp_path):
    label = "op=swish shape=65536x1024 dtype=fp32"
    asked = AbRequest(
        tuple(command_side(name, driver("--points", "{points}")) for name in ("base", "more")),
        points=(label,),
        aliases=parse_aliases(["shape=66847x1024:65536x1024"]),
    )
    _, found = start(tmp_path, asked)
    assert found.rows["row"].tolist() == [label] and found.rows["ratio"][0] == pytest.approx(1.02, abs=0.004)
    with pytest.raises(UsageError, match=r"asks for \{points\}"):
        AbRequest(asked.sides)


def test_a_crashing_side_ends_the_job_at_once_and_keeps_the_run(driver, tmp_path):
    with pytest.raises(CaptureError, match="candidate: no result: exit status -6 without a result"):
        start(tmp_path, request(driver(), driver("--crash")))
    (folder,) = tmp_path.glob("*-job-*")
    run = RunDir(folder)
    assert run.manifest.status == "failed" and (run.raw("ab") / "rounds/0001/base.json").is_file()


def test_credentials_of_the_command_lines_reach_no_file(driver, tmp_path, monkeypatch):
    """The simulated driver takes no such options: a program before it swallows them."""
    code = "import subprocess, sys\nsys.exit(subprocess.call(sys.argv[4:]))"
    words = (sys.executable, "-c", code, "--api-key", "hunter2-a", "--token=hunter2-b")
    monkeypatch.setattr(
        sys, "argv", ["profiler", "ab", "--base-command", " ".join(words), "--candidate-command=x --token hunter2-c"]
    )
    run, found = start(tmp_path, request((*words, *driver()), (*words, *driver("--factor", "2"))), rounds=1)
    for path in run.path.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path
    assert "hunter2" not in str([found.base, *found.candidates])
    with pytest.raises(UsageError, match="base, candidate") as caught:
        resume_job(run.run_id, tmp_path, 60.0, 2)
    assert "--base-command" in caught.value.hint
    sides = request((*words, *driver()), (*words, *driver("--factor", "2"))).sides
    with pytest.raises(UsageError, match="line of candidate held"):
        resume_job(run.run_id, tmp_path, 60.0, 2, sides=[sides[0], command_side("candidate", ("x",))])
    resume_job(run.run_id, tmp_path, 60.0, 2, sides=sides)
    assert [record.failures for record in AbStore(run).rounds] == [{}, {}]
    assert b"hunter2" not in (run.raw("ab") / "job.json").read_bytes()


def test_a_missing_program_is_named(tmp_path, driver):
    from profiler.errors import ToolMissingError

    with pytest.raises(ToolMissingError, match="no-such-driver"):
        start(tmp_path, request(("no-such-driver",), driver()))


def test_a_crash_now_and_then_costs_a_round_and_is_told(driver, tmp_path):
    flaky = edited(driver(), "if number == 3: out.unlink(); sys.exit(9)")
    _, found = start(tmp_path, request(driver(), flaky), rounds=8)
    (row,) = found.rows.to_dict("records")
    assert row["verdict"] == "same" and row["rounds"] in (5, 7)
    assert any("Round 3: candidate: exit status 9 without a result" in note for note in found.notes)


def test_a_process_that_ends_badly_after_its_result_costs_its_round(driver, tmp_path):
    for words, text in (("sys.exit(9)", "exit status 9"), ("os.abort()", "exit status -6")):
        ending = edited(driver(), f"if number == 3: {words}")
        _, found = start(tmp_path / text.replace(" ", ""), request(driver(), ending), rounds=6)
        assert found.rows["rounds"].tolist() == [5]
        assert any(f"Round 3: candidate: {text} after it wrote its result" in note for note in found.notes)
    for status in (4, 7):
        ending = edited(driver(), f"code = {status} if number == 3 else code")
        _, found = start(tmp_path / str(status), request(driver(), ending), rounds=6)
        assert found.rows["rounds"].tolist() == [6]
    for_ever = edited(driver(), "import signal; signal.pause()")
    for limit_s in (2.0, 8.0, 32.0, 128.0):  # a busy machine takes longer until the result is there
        with pytest.raises(CaptureError, match="time-out") as caught:
            start(tmp_path / str(limit_s), request(driver(), for_ever, process_timeout_s=limit_s))
        if "after it wrote its result" in caught.value.message:
            return
    pytest.fail("no result within two minutes")


def test_rounds_that_no_verdict_uses_are_refused(driver, tmp_path):
    with pytest.raises(UsageError, match="no verdict would use later rounds"):
        start(tmp_path, request(driver(), driver()), rounds=65)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        ("document['device'] |= {'name': 'Another GPU'} if number == 3 else {}", "GPU model: Simulated GPU and Another GPU"),
        ("document['points'][0] |= {'cache': 'warm'} if number == 3 else {}", "cold or warm cache: cold and warm"),
    ],
)
def test_a_round_under_other_conditions_is_dropped_and_told(driver, tmp_path, edit, text):
    _, found = start(tmp_path, request(driver(), edited(driver(), edit)), rounds=6)
    (row,) = found.rows.to_dict("records")
    assert row["rounds"] == 5 and any(note.startswith("Round 3: candidate: dropped") and text in note for note in found.notes)


def test_a_result_that_is_handed_over_again_is_refused(driver, tmp_path):
    """A harness that keeps its result would call any change "same, +0.00 %"."""
    again = edited(driver(), "document['points'][0]['samples_ns'] = [70100, 70200, 70150, 70120, 70180]")
    fixed = edited(driver(), "document['points'][0]['samples_ns'] = [70000 + 100 * number + i * i for i in range(9)]")
    one_mean = edited(driver(), "document['points'][0]['samples_ns'] = [70000] * 9")
    for sides in ((again, driver()), (driver(), again), (fixed, fixed)):
        _, found = start(tmp_path, request(*sides), rounds=6)
        (row,) = found.rows.to_dict("records")
        assert (row["verdict"], row["reason"]) == ("not comparable", "repeated_samples")
    _, found = start(tmp_path, request(one_mean, one_mean), rounds=6)
    assert found.rows["verdict"].tolist() == ["same"]


def test_a_result_older_than_its_process_is_refused(driver, tmp_path):
    old = edited(driver(), "os.utime(out, (1e9, 1e9)); sys.exit(code)")
    with pytest.raises(CaptureError, match="older than the process"):
        start(tmp_path, request(driver(), old))


def test_points_of_one_label_are_one_measurement_of_the_process(driver, tmp_path):
    edit = "document['points'] = document['points'] * 3"
    _, found = start(tmp_path, request(driver(), edited(driver(), edit)), rounds=6)
    assert len(found.rounds) == 12 and found.rows["candidate_samples"].tolist() == [360]


def test_a_round_with_a_fallen_clock_is_dropped_and_told(driver, tmp_path):
    fallen = driver("--clock-drop-in-round", "2", "--round", "{round}")
    _, found = start(tmp_path, request(driver(), fallen), rounds=8)
    (row,) = found.rows.to_dict("records")
    assert row["verdict"] == "same" and row["dropped_rounds"] == 1 and any("SM clock" in note for note in found.notes)


def test_a_job_goes_on_where_it_stood(driver, tmp_path):
    run, _ = start(tmp_path, request(driver(), driver(), stop_early=False), rounds=3)
    kept = {path: path.stat().st_mtime_ns for path in run.raw("ab").rglob("base.json")}
    again, found = resume_job(run.run_id, tmp_path, 60.0, 8)
    assert again.path == run.path and len(AbStore(again).rounds) == 8 and found.rows["verdict"].tolist() == ["same"]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_killed_job_loses_no_finished_round(driver, tmp_path, until):
    code = (
        "import sys, pathlib\n"
        "from profiler.jobs.ab import start_job\nfrom profiler.jobs.sides import command_side\n"
        "from profiler.jobs.ab_store import AbRequest\n"
        "sides = (command_side('base', sys.argv[2:]), command_side('candidate', sys.argv[2:]))\n"
        "start_job(AbRequest(sides, stop_early=False), pathlib.Path(sys.argv[1]), 'job', 600, 64)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *driver()], start_new_session=True)
    until(lambda: list(tmp_path.glob(".partial-*/raw/ab/rounds/0002/round.json")), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (folder,) = tmp_path.glob(".partial-*")
    finished = len(list(folder.glob("raw/ab/rounds/*/round.json")))
    assert finished >= 2
    run, found = resume_job(folder.name.removeprefix(".partial-"), tmp_path, 60.0, finished + 1)
    assert len(AbStore(run).rounds) == finished + 1 and not run.path.name.startswith(".") and run.manifest.status == "complete"
    assert found.rows["row"].tolist() == ["op=swish shape=65536x1024 dtype=fp32"]


def test_placeholders_are_filled(tmp_path):
    side = AbSide("s", ("x", "--out={json}", "--seed", "{seed}", "--points", "{points}", "{round}"), "")
    assert fill_argv(side, tmp_path / "r.json", 3, 10, tmp_path / "p") == [
        "x",
        f"--out={tmp_path}/r.json",
        "--seed",
        "13",
        "--points",
        f"{tmp_path}/p",
        "3",
    ]
    assert fill_argv(AbSide("s", ("x",), ""), tmp_path / "r.json", 1, 1, None) == ["x", "--json", f"{tmp_path}/r.json"]


def test_request_survives_the_disk_and_refuses_nonsense(driver, tmp_path):
    asked = request(
        driver(), driver("--factor", "2"), keys=("op",), aliases={"shape": {"1": "2"}}, allowed=frozenset(["cache"]), seed=5
    )
    assert AbRequest.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked
    with pytest.raises(UsageError, match="a base and a candidate"):
        AbRequest((command_side("base", ("x",)),))
    with pytest.raises(UsageError, match="same name"):
        AbRequest((command_side("base", ("x",)), command_side("base", ("x",))))
    with pytest.raises(UsageError, match="leave nothing to measure"):
        start(tmp_path, asked, budget=0.0)
    run = create_run(tmp_path, "other")
    run.finish("complete")
    with pytest.raises(UsageError, match="not an A/B job"):
        load_comparison("other", tmp_path)


def test_conditions_of_the_sides_are_compared(driver, tmp_path):
    _, found = start(tmp_path, request(driver(), driver("--cache-mode", "warm")), rounds=1)
    assert found.rows["reason"].tolist() == ["conditions_differ"]
    assert job_comparison(AbStore(RunDir(next(tmp_path.glob("*-job-*"))))).differences == []
