"""Runs an experiment's steps into one run folder, and judges what they left there."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profiler.capture.environment import environment_facts
from profiler.capture.lock import locked
from profiler.capture.process import ProcessResult, describe_exit, run_process
from profiler.capture.progress import Progress
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.errors import BadExportError, CaptureError, ProfilerError, ToolMissingError
from profiler.experiments.evidence import Evidence, StepRecord, read_result
from profiler.experiments.experiment import SCRATCH, Experiment, Outcome, Step, Toolbox
from profiler.experiments.merge import merge_results
from profiler.store.experiment_document import EXPERIMENT_NAME, experiment_document, read_experiment
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, create_run, storage_error, write_atomic
from profiler.tools.registry import TOOLS

MERGED = Path("raw/builtin/result.json")
STEM = "capture"


def run_experiment(experiment: Experiment, toolbox: Toolbox, root: Path, progress: Progress | None = None) -> RunDir:
    """Run every step; a step that fails does not keep the others from running.

    Args:
        experiment: What to run.
        toolbox: What this machine offers.
        root: Folder that holds runs.
        progress: Told what happens.

    Returns:
        The run, complete, with how each step ended in `experiment.json`.

    Raises:
        ToolMissingError: The driver lacks a GPU or TensorRT.
        CaptureError: The run folder cannot be written.
        KeyboardInterrupt: The user stopped it; the run is kept, marked failed.
    """
    progress = progress or Progress()
    run = create_run(root, f"experiment-{experiment.name}")
    run.manifest.argv = list(sys.argv)
    run.manifest.options = {"experiment": experiment.name}
    run.manifest.environment = environment_facts()
    with locked(run), _closing(run):
        (run.path / SCRATCH).mkdir()
        records: dict[str, StepRecord] = {}
        for step in experiment.steps(toolbox):
            records[step.name] = _run_step(run, step, progress)
            _write_document(run.path, experiment, records, None)
        _merge(run, records)
        shutil.rmtree(run.path / SCRATCH, ignore_errors=True)
        run.finish("complete")
    return run


def evaluate_run(run: RunDir, experiment: Experiment) -> Outcome:
    """Judge a run by the files in its folder, and write the outcome beside them.

    Raises:
        BadExportError: `experiment.json` or a result is absent or damaged.
        CaptureError: The outcome cannot be written.
    """
    records = _read_records(run.path / EXPERIMENT_NAME)
    evidence = Evidence(run.path, records)
    judged = experiment.evaluate(evidence)
    outcome = Outcome(judged.columns, judged.rows, (*evidence.step_checks(), *judged.checks), judged.notes)
    _write_document(run.path, experiment, records, outcome)
    return outcome


def commands(experiment: Experiment, toolbox: Toolbox) -> list[tuple[tuple[str, ...], str]]:
    """Return the command line of each step, as it runs in the run folder, and why it cannot run on this machine."""
    found = []
    for step in experiment.steps(toolbox):
        try:
            found.append((_command(step)[0], step.missing))
        except ToolMissingError as error:
            found.append((step.command, error.message))
    return found


def _command(step: Step) -> tuple[tuple[str, ...], dict[str, str]]:
    if TOOLS[step.tool].untraced:
        return step.command, {}
    plan = recorders()[step.tool].plan(_request(step), Path("raw") / step.tool, STEM)
    return plan.argv, dict(plan.environment)


def _request(step: Step) -> CaptureRequest:
    return recorders()[step.tool].for_sweep(CaptureRequest(tools=(step.tool,), command=step.command), "")


def _run_step(run: RunDir, step: Step, progress: Progress) -> StepRecord:
    missing = step.missing or (step.prepare(run.path) if step.prepare else "")
    record = StepRecord(step.name, step.tool, step.command, step.expected, reason=missing)
    if missing:
        progress.note(f"{step.name}: not run: {missing}")
        return record
    argv, environment = _command(step)
    (run.path / step.result_path).parent.mkdir(parents=True, exist_ok=True)
    progress.begin(step.name, argv, 0)
    log = Path("logs") / f"{step.name}.log"
    result = run_process(
        argv, log=run.path / log, environment=environment, folder=run.path, timeout_s=step.timeout_s, on_line=progress.line
    )
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    capture = _capture(run, step, argv, result)
    progress.end(step.name, "complete" if capture.status == "complete" else f"failed ({capture.reason})", result.duration_s)
    if result.returncode == ToolMissingError.exit_code and result.returncode not in step.expected:
        raise _missing_part(step, result)
    written = run.path / step.result_path
    return StepRecord(
        step.name, step.tool, tuple(capture.argv), step.expected, result.returncode, capture.reason, capture.duration_s,
        str(log), str(step.result_path) if written.is_file() else "",
    )  # fmt: skip


def _capture(run: RunDir, step: Step, argv: tuple[str, ...], result: ProcessResult) -> CaptureRecord:
    """Write down in the manifest how a step ended, with what its tool recorded."""
    reason = result.stopped or ("" if result.returncode in step.expected else _failure(result))
    artefacts = [step.result_path] if (run.path / step.result_path).is_file() else []
    notes: list[str] = []
    version = ""
    if not TOOLS[step.tool].untraced:
        recorder = recorders()[step.tool]
        probed = recorder.probe()
        version = probed.text if probed else ""
        try:
            found, notes = recorder.finish(_request(step), run.raw(step.tool), run_process, STEM)
            artefacts = [*(path.relative_to(run.path) for path in found), *artefacts]
        except ProfilerError as error:
            known = recorder.diagnose(result.output, result.returncode)
            reason = (known or error).message
    capture = CaptureRecord(
        step.tool, list(argv), "failed" if reason else "complete", reason, result.returncode,
        version, [str(path) for path in artefacts], notes, round(result.duration_s, 3),
    )  # fmt: skip
    run.manifest.captures.append(capture)
    run.save()
    return capture


def _failure(result: ProcessResult) -> str:
    errors = [line for line in result.last_lines if line.startswith("error: ")]
    told = errors[-1].removeprefix("error: ") if errors else ""
    return f"{describe_exit(result.returncode)}{': ' if told else ''}{told}"


def _missing_part(step: Step, result: ProcessResult) -> ToolMissingError:
    told = {key: text for line in result.last_lines for key, _, text in [line.partition(": ")] if key in ("error", "fix")}
    message = told.get("error", f"{step.name}: the driver lacks a library")
    return ToolMissingError(message, told.get("fix", "set TENSORRT_LIBRARY_DIR; profiler doctor looks at all of it"))


def _merge(run: RunDir, records: dict[str, StepRecord]) -> None:
    """Put the results of several steps without a tool into one document, which readers find first."""
    paths = {name: record.result for name, record in records.items() if TOOLS[record.tool].untraced and record.result}
    documents = {name: read_result(run.path / path) for name, path in paths.items()}
    if not documents:
        raise CaptureError("no step wrote a result", f"read the logs in {run.path.parent / run.run_id / 'logs'}")
    if len(documents) == 1:
        return
    write_atomic(run.path / MERGED, json.dumps(merge_results(documents), ensure_ascii=False, separators=(",", ":")) + "\n")
    first = next(capture for capture in run.manifest.captures if TOOLS[capture.tool].untraced)
    first.artefacts.insert(0, str(MERGED))


def _write_document(folder: Path, experiment: Experiment, records: dict[str, StepRecord], outcome: Outcome | None) -> None:
    steps = [record.to_dict() for record in records.values()]
    document = experiment_document(experiment.name, experiment.question, steps, outcome.to_dict() if outcome else None)
    write_atomic(folder / EXPERIMENT_NAME, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _read_records(path: Path) -> dict[str, StepRecord]:
    try:
        records = [StepRecord.from_dict(item) for item in read_experiment(path)["steps"]]
    except (KeyError, TypeError) as error:
        raise BadExportError(f"{path}: its steps cannot be read ({error})", "run the experiment again") from error
    return {record.name: record for record in records}


@contextmanager
def _closing(run: RunDir) -> Iterator[None]:
    """See to it that a run that does not end well is marked failed, with the reason."""
    try:
        yield
    except KeyboardInterrupt:
        run.finish("failed", "interrupted by the user")
        raise
    except ProfilerError as error:
        run.finish("failed", error.message.partition("\n")[0])
        raise
    except OSError as error:
        failure = storage_error(run.path, error)
        run.finish("failed", failure.message)
        raise failure from error
    except BaseException as error:
        run.finish("failed", f"{type(error).__name__}: {error}")
        raise
