"""Serialise an engine, load it in a fresh process, and get the same output; wrong plugin versions are refused."""

from __future__ import annotations

import re
from pathlib import Path

from profiler.capture.step import Step
from profiler.experiments.dynamic_shapes import PROFILE
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import SCRATCH, Check, Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import MeasuredPoint, figures, first_digits
from profiler.experiments.plan_version import write_changed

PLUGIN, VERSION = "ProfilerSwish", "1"
SHAPE = "32x1024"
REFUSED = (4,)
"""The driver's exit code when every point was skipped."""

_ENGINE, _CHANGED, _OUTPUTS = f"{SCRATCH}/swish.engine", f"{SCRATCH}/changed.engine", f"{SCRATCH}/outputs"
_WRONG_WAYS = {
    "unknown-version": ("an unknown plugin version is refused", "the step wrote no result"),
    "changed-version": ("an engine with another plugin version is refused", "the engine could not be made"),
    "no-plugin": ("an engine without its plugin library is refused", "the step wrote no result"),
}
"""Step to what it must show, and what is said where it shows nothing."""
_ABOUT_PLUGIN = re.compile(r"plugin|creator|version", re.IGNORECASE)

COLUMNS = (
    Column("step", text="process"),
    *figures("status", "engine_origin", "engine"),
    Column("output", text="first digits of the output's digest"),
    *figures("different_elements", "max_abs_difference", "reason"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return save, load and three wrong ways to load."""

    def change(folder: Path) -> str:
        return write_changed(folder / _ENGINE, folder / _CHANGED, PLUGIN, VERSION)

    few = f"--shape {SHAPE} --iterations 20 --output-digest"
    save = f"--plugin swish --profile {PROFILE} {few} --save-engine {_ENGINE} --save-output {_OUTPUTS}"
    load = f"--reference swish {few}"
    unknown = f"--plugin swish --plugin-version 999 --shape {SHAPE} --iterations 1"
    return (
        driver_step(toolbox, "save", save),
        driver_step(toolbox, "load", f"--engine {_ENGINE} --compare-output {_OUTPUTS} {load}"),
        driver_step(toolbox, "unknown-version", unknown, expected=REFUSED),
        driver_step(toolbox, "changed-version", f"--engine {_CHANGED} {load}", prepare=change, expected=REFUSED),
        driver_step(toolbox, "no-plugin", f"--engine {_ENGINE} --plugin-library none {load}", expected=REFUSED),
    )


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the round trip and the refusals."""
    points = {step: next(iter(evidence.points(step)), None) for step in evidence.steps}
    rows = tuple(_row(step, point) for step, point in points.items() if point is not None)
    refusals = (_refusal(name, points.get(step), absent) for step, (name, absent) in _WRONG_WAYS.items())
    return Outcome(
        COLUMNS, rows, (_fresh_load(points.get("save"), points.get("load")), _same_output(points.get("load")), *refusals)
    )


def _fresh_load(saved: MeasuredPoint | None, loaded: MeasuredPoint | None) -> Check:
    name = "the loaded engine is the saved one, and its output equals the reference"
    if saved is None or loaded is None:
        return Check(name, False, "the engine was not saved and loaded")
    same = saved.data.get("engine_digest") == loaded.data.get("engine_digest")
    right = saved.verified and loaded.verified and loaded.data.get("engine_origin") == "file"
    found = f"digests {'equal' if same else 'differ'}, saved {saved.status}, loaded {loaded.status} {loaded.reason}"
    return Check(name, same and right, found.strip())


def _same_output(loaded: MeasuredPoint | None) -> Check:
    name = "a fresh process gives the same output: difference 0"
    comparison = loaded.comparison if loaded else {}
    if not comparison:
        return Check(name, False, "the outputs were not compared")
    found = f"{comparison.get('different_elements')} elements differ, by {comparison.get('max_abs_difference')} at most"
    return Check(name, comparison.get("identical") is True, found)


def _refusal(name: str, point: MeasuredPoint | None, absent: str) -> Check:
    if point is None:
        return Check(name, None, absent)
    refused = point.status in ("skipped", "failed")
    if refused and not _ABOUT_PLUGIN.search(point.reason):
        return Check(name, None, f"refused for another reason: {point.reason}")
    return Check(name, refused, f"{point.status}: {point.reason}".rstrip(": "))


def _row(step: str, point: MeasuredPoint) -> dict[str, object]:
    output = (point.data.get("outputs") or [{}])[0]
    return point.row(COLUMNS, step=step, output=first_digits(output.get("digest")) or None)


EXPERIMENT = Experiment(
    "serialization",
    "Does a saved engine give the identical output in a fresh process, and is a wrong plugin version refused?",
    steps,
    evaluate,
)
