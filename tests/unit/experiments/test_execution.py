"""Steps run as real processes: a program that stands for the driver writes recorded documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from profiler.capture.step import Step
from profiler.cli import main
from profiler.errors import CaptureError, ToolMissingError
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import SCRATCH, Check, Column, Experiment, Outcome, Toolbox, program_step
from profiler.jobs.experiment import commands, evaluate_run, run_experiment
from profiler.metrics.recording import load
from profiler.store.document import EXPERIMENT_NAME
from profiler.store.run_dir import iterate_runs

DATA = Path(__file__).parents[2] / "data" / "driver_h200"
PROGRAM = """
import shutil, sys
source, code = sys.argv[1], int(sys.argv[2])
print("error: TensorRT is not there\\nfix: set TENSORRT_LIBRARY_DIR" if code == 3 else "running")
if source != "none":
    shutil.copyfile(source, sys.argv[sys.argv.index("--json") + 1])
sys.exit(code)
"""


def step(name: str, document: str = "batches", code: int = 0, **settings) -> Step:
    source = str(DATA / f"{document}.json") if document != "none" else "none"
    return program_step(name, (sys.executable, "-c", PROGRAM, source, str(code)), **settings)


def judge(evidence: Evidence) -> Outcome:
    counts = {name: len(evidence.points(name)) for name in evidence.steps}
    return Outcome((Column("points", "count"),), tuple({"points": n} for n in counts.values()), (Check("seen", True, str(counts)),))


def experiment(*steps: Step) -> Experiment:
    return Experiment("example", "Does it run?", lambda toolbox: steps, judge)


TOOLBOX = Toolbox(Path("profiler-driver"))


def test_all_steps_become_one_recording(tmp_path) -> None:
    run = run_experiment(experiment(step("one", "ranks_first"), step("two", "ranks_second")), TOOLBOX, tmp_path)
    points = load(run.path).table("points")
    assert len(points) == 8
    assert points["label"].is_unique
    assert {label.rpartition(" ")[2] for label in points["label"]} == {"step=one", "step=two"}
    assert len(load(run.path).metric("point_summary")) == 8
    assert (run.path / "raw/builtin/steps/two.json").read_bytes() == (DATA / "ranks_second.json").read_bytes()
    assert not (run.path / SCRATCH).exists()
    assert [capture.status for capture in run.manifest.captures] == ["complete", "complete"]
    assert (run.path / "logs/one.log").read_text() == "running\n"


def test_one_step_is_read_as_it_is(tmp_path) -> None:
    run = run_experiment(experiment(step("one")), TOOLBOX, tmp_path)
    assert load(run.path).table("points")["label"].iloc[0] == "op=swish shape=1x1024 dtype=fp32"


def test_the_outcome_can_be_judged_again(tmp_path) -> None:
    example = experiment(step("one"), step("two", "threads"))
    run = run_experiment(example, TOOLBOX, tmp_path)
    first = evaluate_run(run, example)
    written = (run.path / EXPERIMENT_NAME).read_text()
    assert evaluate_run(run, example) == first
    assert (run.path / EXPERIMENT_NAME).read_text() == written
    assert [row["points"] for row in json.loads(written)["outcome"]["rows"]] == [4, 3]


def test_a_failed_step_is_a_failed_check_and_the_others_run(tmp_path) -> None:
    example = experiment(step("bad", "none", 7), step("refused", code=4, expected=(4,)), step("absent", missing="no torch"))
    run = run_experiment(example, TOOLBOX, tmp_path)
    outcome = evaluate_run(run, example)
    assert [(check.name, check.passed) for check in outcome.checks[:-1]] == [("step bad ran", False), ("step absent ran", None)]
    assert "exit status 7" in outcome.failed[0].found
    assert outcome.checks[-1].found == str({"bad": 0, "refused": 4, "absent": 0})


def test_what_a_step_needs_is_made_from_earlier_files(tmp_path) -> None:
    def prepare(folder: Path) -> str:
        return "" if (folder / "raw/builtin/steps/one.json").is_file() else "one is missing"

    ready = run_experiment(experiment(step("one"), step("two", prepare=prepare)), TOOLBOX, tmp_path)
    assert len(ready.manifest.captures) == 2
    alone = run_experiment(experiment(step("three"), step("two", prepare=prepare)), TOOLBOX, tmp_path)
    assert len(alone.manifest.captures) == 1


def test_a_missing_library_ends_the_run_with_its_fix(tmp_path) -> None:
    with pytest.raises(ToolMissingError) as caught:
        run_experiment(experiment(step("one", "none", 3), step("two")), TOOLBOX, tmp_path)
    assert (caught.value.message.partition("\n")[0], caught.value.hint) == ("TensorRT is not there", "set TENSORRT_LIBRARY_DIR")
    assert [(run.manifest.status, run.manifest.reason) for run in iterate_runs(tmp_path)] == [("failed", "TensorRT is not there")]


def test_no_result_at_all_fails_the_run(tmp_path) -> None:
    with pytest.raises(CaptureError, match="no step wrote a result"):
        run_experiment(experiment(step("one", "none", 7)), TOOLBOX, tmp_path)
    assert [run.manifest.status for run in iterate_runs(tmp_path)] == ["failed"]


def test_a_dry_run_prints_what_would_run() -> None:
    (argv, missing), (absent, why) = commands(experiment(step("one"), step("two", missing="no torch")), TOOLBOX)
    assert argv[-2:] == ("--json", "raw/builtin/steps/one.json")
    assert (missing, why) == ("", "no torch")
    assert absent[-1].endswith("two.json")


def _recorded(tmp_path: Path) -> Path:
    from profiler.experiments import dynamic_shapes

    run = run_experiment(
        Experiment("dynamic-shapes", "", lambda toolbox: (step("batches"),), dynamic_shapes.evaluate), TOOLBOX, tmp_path
    )
    return run.path


def test_the_command_evaluates_a_run(tmp_path, capsys) -> None:
    path = _recorded(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["experiment", "--evaluate", str(path), "--no-dashboard", "--json", str(tmp_path / "out")])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert "33x1024 is refused, and the reason names the profile" in printed
    document = json.loads((tmp_path / "out/dynamic-shapes.json").read_text())
    assert [check["passed"] for check in document["outcome"]["checks"]] == [True, True, True]


def test_the_command_names_what_failed(tmp_path, capsys) -> None:
    path = _recorded(tmp_path)
    result = path / "raw/builtin/steps/batches.json"
    document = json.loads(result.read_text())
    document["points"][3]["status"] = "ok"
    result.write_text(json.dumps(document))
    with pytest.raises(SystemExit) as caught:
        main(["experiment", "--evaluate", str(path), "--no-dashboard"])
    assert caught.value.code == 8
    assert "dynamic-shapes: 33x1024 is refused" in capsys.readouterr().err


def test_the_command_ends_with_a_page(tmp_path, capsys) -> None:
    path = _recorded(tmp_path)
    with pytest.raises(SystemExit):
        main(["experiment", "--evaluate", str(path)])
    assert f"dashboard: {path / 'dashboard.html'}" in capsys.readouterr().out.replace("\n", "")
    page = (path / "dashboard.html").read_text()
    assert "op=swish shape=8x1024" in page
    assert "Experiment: dynamic-shapes" in page


@pytest.mark.parametrize(("name", "code"), [("rank", 2), ("threads-memchek", 2)])
def test_an_unknown_name_offers_the_nearest(name: str, code: int, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["experiment", name])
    assert caught.value.code == code
    assert "did you mean" in capsys.readouterr().err


def test_the_page_begins_with_question_checks_and_rows(tmp_path, capsys) -> None:
    from profiler.report.experiment_section import experiment_sections
    from profiler.report.view import View

    path = _recorded(tmp_path)
    with pytest.raises(SystemExit):
        main(["experiment", "--evaluate", str(path), "--no-dashboard"])
    (section,) = experiment_sections(View([load(path)]))
    assert section.lead == "Does one engine run batches of 1, 8 and 32, and refuse one beyond its profile?"
    note, checks, rows = section.blocks
    assert note.text == "3 checks: 3 passed."
    assert (checks.rows, rows.rows) == (3, 4)
    times = next(column for column in rows.columns if column.name == "device_median_ns")
    assert (times.kind, times.unit) == ("number", "ns")


def test_a_damaged_document_is_said_on_the_page(tmp_path) -> None:
    from profiler.report.experiment_section import experiment_sections
    from profiler.report.view import View

    path = _recorded(tmp_path)
    (path / EXPERIMENT_NAME).write_text("{")
    (section,) = experiment_sections(View([load(path)]))
    assert "cannot be read" in section.blocks[0].text


def test_a_page_of_another_run_has_no_such_section(timeline) -> None:
    from profiler.report.experiment_section import experiment_sections
    from profiler.report.view import View

    assert list(experiment_sections(View([load(timeline)]))) == []


def test_the_comparison_names_only_columns_that_it_has(tmp_path) -> None:
    from profiler.report.panels.launch_configurations import build
    from profiler.report.view import View

    # points of engines have neither variant nor block
    widget = next(block for block in build(View([load(_recorded(tmp_path))])) if block.kind == "widget")
    columns = {column["name"] for column in widget.data["table"]["columns"]}
    assert "shape" in widget.data["attributes"]
    assert set(widget.data["attributes"]) <= columns
