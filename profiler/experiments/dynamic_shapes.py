"""One engine for several batch sizes; a batch beyond its optimisation profile is refused clearly."""

from __future__ import annotations

from profiler.capture.step import Step
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import MeasuredPoint, right_output

PROFILE = "1x1024:8x1024:32x1024"
INSIDE = ("1x1024", "8x1024", "32x1024")
BEYOND = "33x1024"

COLUMNS = (
    Column("shape", text="shape of the tensor"),
    Column("status", text="ok, failed, wrong_output or skipped"),
    Column("device_median_ns", "ns", "device time of an iteration"),
    Column("host_median_ns", "ns", "host time to enqueue an iteration"),
    Column("max_abs_error", "", "largest difference from the float64 reference"),
    Column("engine", text="first digits of the engine's digest"),
    Column("reason", text="why it did not run"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the one sweep."""
    shapes = ",".join((*INSIDE, BEYOND))
    return (
        driver_step(
            toolbox, "batches", f"--plugin swish --profile {PROFILE} --shape {shapes} --max-time 0.2 --max-iterations 2000"
        ),
    )


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the shapes inside the profile and the one beyond it."""
    points = {point.shape: point for point in evidence.points("batches")}
    inside = [points[shape] for shape in INSIDE if shape in points]
    digests = {point.data.get("engine_digest") for point in inside} - {None}
    return Outcome(
        COLUMNS,
        tuple(point.row(COLUMNS) for point in points.values()),
        (
            right_output(f"batches of {', '.join(INSIDE)} give the right output", inside, len(INSIDE)),
            Check("one engine ran all of them", len(digests) == 1, f"{len(digests)} engine digests"),
            _refusal(points.get(BEYOND)),
        ),
    )


def _refusal(point: MeasuredPoint | None) -> Check:
    name = f"{BEYOND} is refused, and the reason names the profile"
    if point is None:
        return Check(name, False, "the point is not in the result")
    return Check(name, point.status == "skipped" and "profile" in point.reason, f"{point.status}: {point.reason}")


EXPERIMENT = Experiment(
    "dynamic-shapes", "Does one engine run batches of 1, 8 and 32, and refuse one beyond its profile?", steps, evaluate
)
