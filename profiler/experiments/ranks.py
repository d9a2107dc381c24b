"""add_scalar on ranks 1 to 4: engines cached by the first run, loaded by the second, and the whole numeric report."""

from __future__ import annotations

from profiler.capture.step import Step
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import SCRATCH, Check, Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import MeasuredPoint, figures, none_of, right_output

SHAPES = ("4096", "64x64", "16x16x16", "8x8x8x8")
FIRST, SECOND = "first", "second"
REPORT = ("max_abs_error", "mean_abs_error", "max_rel_error", "mean_rel_error", "rmse", "cosine")
_OUTPUTS = f"{SCRATCH}/outputs"

COLUMNS = (
    Column("rank", "count", "dimensions of the tensor"),
    *figures("shape"),
    Column("first_engine", text="where the first run took the engine from"),
    Column("second_engine", text="where the second run took it from"),
    Column("engine_build_ns", "ns", "time to build the engine"),
    *figures("max_abs_difference"),
    *(Column(name, "", f"against the float64 reference: {name.replace('_', ' ')}") for name in REPORT),
    Column("worst_index", text="element with the largest error"),
    Column("worst_expected", "", "its reference"),
    Column("worst_actual", "", "its value"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the same sweep twice, with a cache that is empty before the first."""
    options = (
        f"--plugin add_scalar --set scalar=2.5 --shape {','.join(SHAPES)} --cache-dir {SCRATCH}/cache "
        "--max-time 0.1 --max-iterations 2000 --output-digest"
    )
    return (
        driver_step(toolbox, FIRST, f"{options} --save-output {_OUTPUTS}"),
        driver_step(toolbox, SECOND, f"{options} --compare-output {_OUTPUTS}"),
    )


def evaluate(evidence: Evidence) -> Outcome:
    """Judge the origin of the engines, the difference between both runs, and the report."""
    first, second = ({point.shape: point for point in evidence.points(step)} for step in (FIRST, SECOND))
    pairs = [(first[shape], second[shape]) for shape in SHAPES if shape in first and shape in second]
    built, loaded = [one for one, _ in pairs], [other for _, other in pairs]
    same = sum(one.data.get("engine_digest") == other.data.get("engine_digest") for one, other in pairs)
    points = [*first.values(), *second.values()]
    absent = [point.label for point in points if any(point.value(name) is None for name in (*REPORT, "worst_index"))]
    checks = (
        right_output("ranks 1 to 4 give the right output", points, 2 * len(SHAPES)),
        _origin("the first run builds and caches the engines", built, "built"),
        _origin("the second run loads them from the cache", loaded, "cache"),
        Check("both runs ran the same engines", same == len(SHAPES), f"{same} of {len(SHAPES)} digests equal"),
        _difference(loaded),
        none_of("the numeric report is whole, with the worst element and its index", absent, points),
    )
    return Outcome(COLUMNS, tuple(_row(one, other) for one, other in pairs), checks)


def _origin(name: str, points: list[MeasuredPoint], expected: str) -> Check:
    found = [str(point.data.get("engine_origin")) for point in points]
    return Check(name, len(found) == len(SHAPES) and set(found) == {expected}, ", ".join(found) or "no points")


def _difference(points: list[MeasuredPoint]) -> Check:
    name = "both runs give the same output: difference 0"
    compared = [point.comparison for point in points]
    if len(compared) < len(SHAPES) or not all(compared):
        return Check(name, False, "the outputs were not compared")
    differing = sum(int(str(item.get("different_elements") or 0)) for item in compared)
    return Check(name, all(item.get("identical") is True for item in compared), f"{differing} elements differ")


def _row(first: MeasuredPoint, second: MeasuredPoint) -> dict[str, object]:
    index = second.value("worst_index")
    return second.row(
        COLUMNS,
        rank=len(second.data.get("shape") or ()),
        first_engine=first.value("engine_origin"),
        second_engine=second.value("engine_origin"),
        engine_build_ns=first.value("engine_build_ns"),
        worst_index=None if index is None else str(index),
    )


EXPERIMENT = Experiment(
    "ranks", "Does add_scalar run on ranks 1 to 4, with engines cached by the first run and loaded by the second?", steps, evaluate
)
