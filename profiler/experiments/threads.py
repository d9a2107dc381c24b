"""Throughput of 1, 2 and 4 threads, and what a kernel that launches on the default stream costs."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.capture.step import Step
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Check, Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import MeasuredPoint, figures, ratio, right_output
from profiler.experiments.native_vs_plugin import PROFILE

THREADS = (1, 2, 4)
SMALL, LARGE = "256x1024", "4096x1024"
NORMAL, BLOCKING, NULL_STREAM = "own-streams", "blocking-streams", "null-stream"
LOSS = 0.9
"""Below this share of the right plugin's throughput the loss is beyond what measuring twice would give."""

COLUMNS = (
    *figures("shape"),
    Column("step", text="own-streams: the plugin; blocking-streams: the same on blocking streams; null-stream: the faulty plugin"),
    Column("threads", "count", "host threads, each with a context and a stream"),
    Column("iterations_per_s", "", "iterations of all threads over wall time"),
    Column("bandwidth_bytes_per_s", "bytes/s", "minimum traffic of all threads over wall time"),
    Column("scaling_ratio", "ratio", "throughput over that of one thread"),
    Column("to_blocking_ratio", "ratio", "throughput over that of the right plugin on the same kind of stream"),
    *figures("host_median_ns", "status"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the plugin on its own streams, on blocking ones, and the faulty plugin on blocking ones."""
    counts = ",".join(map(str, THREADS))
    options = (
        f"--plugin swish --profile {PROFILE} --shape {SMALL},{LARGE} --threads {counts} --measure throughput "
        "--launch-mode plain --max-time 0.3 --max-iterations 3000"
    )
    blocking = f"{options} --stream-flag blocking"
    library = str(toolbox.null_stream_library or "")
    return (
        driver_step(toolbox, NORMAL, options),
        driver_step(toolbox, BLOCKING, blocking),
        driver_step(toolbox, NULL_STREAM, f"{blocking} --plugin-library", library),
    )


def evaluate(evidence: Evidence) -> Outcome:
    """Report throughput and scaling, and the loss of the faulty plugin."""
    found = {step: evidence.points(step) for step in (NORMAL, BLOCKING, NULL_STREAM)}
    speed = {(step, point.shape, _threads(point)): point.iterations_per_s for step, points in found.items() for point in points}
    rows = [_row(step, point, speed) for step, points in found.items() for point in points]
    rows.sort(key=lambda row: (row["shape"] != SMALL, (NORMAL, BLOCKING, NULL_STREAM).index(str(row["step"]))))
    points = [point for own in found.values() for point in own]
    checks = (
        right_output("every thread's output is right, no crash", points),
        _scaling(speed),
        _keeps("the plugin keeps to the stream it was given", [*found[NORMAL], *found[BLOCKING]], True),
        _keeps("the driver finds that the faulty plugin does not", found[NULL_STREAM], False),
        _loss(speed),
    )
    return Outcome(COLUMNS, tuple(rows), checks)


def _keeps(name: str, points: Sequence[MeasuredPoint], expected: bool) -> Check:
    alike = [point.data.get("keeps_to_stream") is expected for point in points]
    return Check(name, bool(alike) and all(alike), f"{sum(alike)} of {len(alike)}")


def _threads(point: MeasuredPoint) -> int:
    return int(point.data.get("threads") or 0)


Speed = dict[tuple[str, str, int], float | None]


def _scaling(speed: Speed) -> Check:
    name = f"throughput and scaling of {', '.join(map(str, THREADS))} threads are known"
    asked = [(shape, count) for shape in (SMALL, LARGE) for count in THREADS]
    found = [(*one, ratio(speed.get((NORMAL, *one)), speed.get((NORMAL, one[0], 1)))) for one in asked]
    missing = [f"{shape} threads={count}" for shape, count, scale in found if scale is None]
    texts = [f"{shape}: {count} threads {scale:.2f} x" for shape, count, scale in found if scale is not None and count > 1]
    return Check(name, not missing, f"missing: {', '.join(missing)}" if missing else "; ".join(texts))


def _loss(speed: Speed) -> Check:
    most = max(THREADS)
    name = f"launching on the default stream costs throughput at {most} threads"
    share = ratio(speed.get((NULL_STREAM, SMALL, most)), speed.get((BLOCKING, SMALL, most)))
    if share is None:
        return Check(name, False, "throughput was not measured")
    return Check(name, share < LOSS, f"{SMALL}: {share:.2f} x of the right plugin's throughput")


def _row(step: str, point: MeasuredPoint, speed: Speed) -> dict[str, object]:
    rate, size, count = point.iterations_per_s, point.data.get("bytes_per_iteration"), _threads(point)
    return point.row(
        COLUMNS,
        step=step,
        threads=count,
        bandwidth_bytes_per_s=rate * size if rate and size else None,
        scaling_ratio=ratio(rate, speed.get((step, point.shape, 1))),
        to_blocking_ratio=ratio(rate, speed.get((BLOCKING, point.shape, count))),
    )


EXPERIMENT = Experiment(
    "threads",
    "How does throughput grow with threads that each have a context and a stream, and what does the default stream cost?",
    steps,
    evaluate,
    needs=("null-stream library",),
)
