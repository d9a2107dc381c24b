"""Every plugin and variant in 1, 2 and 4 threads under compute-sanitizer: no invalid access, no race, right output."""

from __future__ import annotations

from profiler.capture.step import Step
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Column, Experiment, Outcome, Toolbox, driver_command, driver_step, program_step
from profiler.experiments.measured import unverified
from profiler.experiments.native_vs_plugin import PROFILE

ERRORS_FOUND = 86
"""Exit code that compute-sanitizer is told to give when it found an error."""

CHECKS = ("memcheck", "racecheck", "initcheck", "synccheck")
COLUMNS = (
    Column("check", text="tool of compute-sanitizer"),
    Column("exit_code", "count", "0: clean"),
    Column("points", "count", "plugin, variant, type and number of threads"),
    Column("right", "count", "points whose output equals the reference"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return a run without the sanitizer, which builds the engines, and one under each of its tools."""
    options = (
        f"--plugin all --profile {PROFILE} --shape 64x1024 --dtype fp32,fp16 --set variant=scalar,vectorized,grid_stride "
        "--threads 1,2,4 --iterations 5 --warmup 1"
    )
    found = [driver_step(toolbox, "plain", options)]
    for tool in CHECKS:
        wrapper = (toolbox.sanitizer or "compute-sanitizer", "--tool", tool, "--error-exitcode", str(ERRORS_FOUND))
        found.append(program_step(tool, (*wrapper, *driver_command(toolbox, options))))
    return tuple(found)


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the exit codes and the outputs."""
    rows, checks = [], []
    for name, record in evidence.steps.items():
        points = evidence.points(name)
        wrong = unverified(points)
        right = len(points) - len(wrong)
        rows.append({"check": name, "exit_code": record.returncode, "points": len(points), "right": right})
        clean = record.returncode == 0 and bool(points) and not wrong
        found = "; ".join(wrong[:3]) or f"exit status {record.returncode}, {right} points"
        checks.append(Check(f"{name}: no error, right output", clean, found))
    return Outcome(COLUMNS, tuple(rows), tuple(checks))


EXPERIMENT = Experiment(
    "threads-memcheck",
    "Are 1, 2 and 4 threads with a context each clean under compute-sanitizer, for every plugin and variant?",
    steps,
    evaluate,
    needs=("compute-sanitizer",),
    in_all=False,
)
