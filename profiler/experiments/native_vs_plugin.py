"""Native ReLU and sigmoid·mul against the swish plugin, over sizes: right output, device and host time."""

from __future__ import annotations

from profiler.capture.step import Step
from profiler.engines.ops_library import baseline
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import Column, Experiment, Outcome, Toolbox, driver_step
from profiler.experiments.measured import figures, none_of, ratio, right_output

ROWS = (1, 8, 64, 512, 4096, 16384, 65536)
DTYPES = ("fp32", "fp16")
OPS = ("swish", "native_relu", "native_silu")
PROFILE = "1x1024:4096x1024:65536x1024"
"""One engine for all sizes: building dominates the time of this experiment."""

COLUMNS = (
    *figures("shape", "dtype"),
    Column("op", text="swish: the plugin; native_silu: TensorRT's sigmoid and multiplication; native_relu"),
    *figures("device_median_ns", "host_median_ns", "bandwidth_bytes_per_s"),
    Column("time_to_silu_ratio", "ratio", "device time over that of native_silu, same shape and type"),
    *figures("max_abs_error", "max_rel_error", "status"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return the one sweep."""
    shapes = ",".join(f"{rows}x1024" for rows in ROWS)
    natives = f"relu,{baseline('swish', 'native')}"
    options = f"--plugin swish --native {natives} --profile {PROFILE} --shape {shapes} --dtype {','.join(DTYPES)}"
    return (driver_step(toolbox, "sizes", f"{options} --min-time 0.05 --max-time 0.3 --max-iterations 2000"),)


def evaluate(evidence: Evidence) -> Outcome:
    """Compare all ops at each size and type."""
    points = evidence.points("sizes")
    silu = {(point.shape, point.dtype): point.device_median_ns for point in points if point.op == "native_silu"}
    order = sorted(points, key=lambda point: (DTYPES.index(point.dtype), point.data["shape"], OPS.index(point.op)))
    rows = tuple(
        point.row(COLUMNS, time_to_silu_ratio=ratio(point.device_median_ns, silu.get((point.shape, point.dtype))))
        for point in order
    )
    asked = {(f"{count}x1024", dtype, op) for count in ROWS for dtype in DTYPES for op in OPS}
    missing = [" ".join(item) for item in sorted(asked - {(point.shape, point.dtype, point.op) for point in points})]
    untimed = [point.label for point in points if not (point.device_median_ns and point.host_median_ns)]
    strays = [point.label for point in points if point.status == "ok" and point.data.get("keeps_to_stream") is False]
    checks = (
        none_of("every size, type and op was measured", missing, points),
        right_output("every output equals the float64 reference", points),
        none_of("device and host time of every point are there", untimed, points),
        none_of("all work ran in the stream it was given", strays, points),
    )
    note = f"each op and type runs one engine with the optimisation profile {PROFILE}; plugin-speed measures engines of one shape"
    return Outcome(COLUMNS, rows, checks, (note,))


EXPERIMENT = Experiment(
    "native-vs-plugin",
    "How does the swish plugin compare with TensorRT's own layers, over sizes from 1x1024 to 65536x1024?",
    steps,
    evaluate,
)
