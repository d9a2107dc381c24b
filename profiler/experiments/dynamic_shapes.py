"""One engine for several batch sizes; a batch beyond its optimisation profile is refused clearly."""

from __future__ import annotations

from profiler.capture.step import Step
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import MeasuredPoint, figures, right_output

PROFILE = "1x1024:8x1024:32x1024"
INSIDE = ("1x1024", "8x1024", "32x1024")
BEYOND = "33x1024"

COLUMNS = figures("shape", "status", "device_median_ns", "host_median_ns", "max_abs_error", "engine", "reason")


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the one sweep."""
    shapes = ",".join((*INSIDE, BEYOND))
    options = f"--plugin swish --profile {PROFILE} --shape {shapes} --max-time 0.2 --max-iterations 2000"
    return (driver_step(toolbox, "batches", options),)


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the shapes inside the profile and the one beyond it."""
    points = {point.shape: point for point in evidence.points("batches")}
    inside = [points[shape] for shape in INSIDE if shape in points]
    digests = {point.data.get("engine_digest") for point in inside} - {None}
    checks = (
        right_output(f"batches of {', '.join(INSIDE)} give the right output", inside, len(INSIDE)),
        Check("one engine ran all of them", len(digests) == 1, f"{len(digests)} engine digests"),
        _refusal(points.get(BEYOND)),
    )
    return Outcome(COLUMNS, tuple(point.row(COLUMNS) for point in points.values()), checks)


def _refusal(point: MeasuredPoint | None) -> Check:
    name = f"{BEYOND} is refused, and the reason names the profile"
    if point is None:
        return Check(name, False, "the point is not in the result")
    return Check(name, point.status == "skipped" and "profile" in point.reason, f"{point.status}: {point.reason}")


EXPERIMENT = Experiment(
    "dynamic-shapes", "Does one engine run batches of 1, 8 and 32, and refuse one beyond its profile?", steps, evaluate
)
