"""Four threads under compute-sanitizer: no invalid access, no leak of an error, right output."""

from __future__ import annotations

from dataclasses import replace

from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Column, Experiment, Outcome, Step, Toolbox, driver_step
from profiler.experiments.measured import unverified
from profiler.experiments.native_vs_plugin import PROFILE

ERRORS_FOUND = 86
"""Exit code that compute-sanitizer is told to give when it found an error."""

CHECKS = ("memcheck", "racecheck", "initcheck", "synccheck")
COLUMNS = (
    Column("check", text="tool of compute-sanitizer"),
    Column("exit_code", "count", "0: clean"),
    Column("point", text="label of the point"),
    Column("status", text="ok, failed, wrong_output or skipped"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return a run without the sanitizer, which builds the engine, and one under each of its tools."""
    options = f"--plugin swish --profile {PROFILE} --shape 64x1024 --threads 4 --iterations 5 --warmup 1"
    plain = driver_step(toolbox, "plain", options)
    found = [plain]
    for tool in CHECKS:
        wrapped = (toolbox.sanitizer or "compute-sanitizer", "--tool", tool, "--error-exitcode", str(ERRORS_FOUND), *plain.argv)
        found.append(replace(plain, name=tool, argv=wrapped))
    return tuple(found)


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the exit codes and the outputs."""
    rows, checks = [], []
    for name, record in evidence.steps.items():
        points = evidence.points(name)
        rows += [{"check": name, "exit_code": record.returncode, "point": point.label, "status": point.status} for point in points]
        wrong = unverified(points)
        clean = record.returncode == 0 and bool(points) and not wrong
        checks.append(Check(f"{name}: no error, right output", clean, "; ".join(wrong) or f"exit status {record.returncode}"))
    return Outcome(COLUMNS, tuple(rows), tuple(checks))


EXPERIMENT = Experiment(
    "threads-memcheck",
    "Are four threads with a context each clean under compute-sanitizer?",
    steps,
    evaluate,
    needs=("compute-sanitizer",),
    in_all=False,
)
