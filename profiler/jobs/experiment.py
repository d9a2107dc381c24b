"""Runs an experiment's steps into one run folder, and judges what they left there."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from profiler.capture.progress import Progress
from profiler.capture.session import Job, Session, Steps, plan_step, record
from profiler.capture.step import Ended
from profiler.errors import BadExportError, CaptureError, ToolMissingError
from profiler.experiments.evidence import Evidence, StepRecord, read_result
from profiler.experiments.experiment import SCRATCH, Experiment, Outcome, Toolbox
from profiler.experiments.merge import merge_results
from profiler.store.document import EXPERIMENT_NAME, experiment_document, read_experiment
from profiler.store.run_dir import RunDir, write_atomic
from profiler.tools.registry import TOOLS, UNTRACED

MERGED = Path("raw") / UNTRACED / "result.json"


class ExperimentJob(Job):
    """Runs every step of an experiment; a step that fails does not keep the others from running.

    Args:
        experiment: What to run.
        toolbox: What this machine offers.
    """

    def __init__(self, experiment: Experiment, toolbox: Toolbox) -> None:
        super().__init__(f"experiment-{experiment.name}", {"experiment": experiment.name})
        self._experiment, self._toolbox = experiment, toolbox

    def steps(self, session: Session) -> Steps:
        """Yield the steps, and put their results into one document.

        Raises:
            ToolMissingError: The driver lacks a GPU or TensorRT.
            CaptureError: No step wrote a result.
        """
        run = session.run
        (run.path / SCRATCH).mkdir()
        records: dict[str, StepRecord] = {}
        for step in self._experiment.steps(self._toolbox):
            ended = yield step
            records[step.name] = _step_record(run, ended)
            _write_document(run.path, self._experiment, records, None)
        _merge(run, records)
        shutil.rmtree(run.path / SCRATCH, ignore_errors=True)


def run_experiment(experiment: Experiment, toolbox: Toolbox, root: Path, progress: Progress | None = None) -> RunDir:
    """Run every step of an experiment.

    Args:
        experiment: What to run.
        toolbox: What this machine offers.
        root: Folder that holds runs.
        progress: Told what happens.

    Returns:
        The run, complete, with how each step ended in `experiment.json`.

    Raises:
        ToolMissingError: The driver lacks a GPU or TensorRT.
        CaptureError: The run folder cannot be written, or no step wrote a result.
        KeyboardInterrupt: The user stopped it; the run is kept, marked failed.
    """
    return record(ExperimentJob(experiment, toolbox), root, progress)


def evaluate_run(run: RunDir, experiment: Experiment) -> Outcome:
    """Judge a run by the files in its folder, and write the outcome beside them.

    Raises:
        BadExportError: `experiment.json` or a result is absent or damaged.
        CaptureError: The outcome cannot be written.
    """
    records = _read_records(run.path / EXPERIMENT_NAME)
    evidence = Evidence(run.path, records)
    judged = experiment.evaluate(evidence)
    outcome = replace(judged, checks=(*evidence.step_checks(), *judged.checks))
    _write_document(run.path, experiment, records, outcome)
    return outcome


def commands(experiment: Experiment, toolbox: Toolbox) -> list[tuple[tuple[str, ...], str]]:
    """Return the command line of each step, as it runs in the run folder, and why it cannot run on this machine."""
    found = []
    for step in experiment.steps(toolbox):
        try:
            found.append((plan_step(step, Path("raw") / step.tool).argv, step.missing))
        except ToolMissingError as error:
            found.append((step.command, error.message))
    return found


def _step_record(run: RunDir, ended: Ended) -> StepRecord:
    step, record = ended.step, ended.record
    found = StepRecord(step.name, step.tool, step.command, step.expected, record.returncode, record.reason, record.duration_s)
    if not ended.ran:
        return found
    written = step.result is not None and (run.path / step.result).is_file()
    result = str(step.result) if written else ""
    return replace(found, argv=tuple(record.argv), log=f"logs/{step.name}.log", result=result)


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
    steps = [asdict(record) for record in records.values()]
    document = experiment_document(experiment.name, experiment.question, steps, asdict(outcome) if outcome else None)
    write_atomic(folder / EXPERIMENT_NAME, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _read_records(path: Path) -> dict[str, StepRecord]:
    try:
        records = [StepRecord.from_dict(item) for item in read_experiment(path)["steps"]]
    except (KeyError, TypeError) as error:
        raise BadExportError(f"{path}: its steps cannot be read ({error})", "run the experiment again") from error
    return {record.name: record for record in records}
