"""The swish plugin against TensorRT's sigmoid·mul, PyTorch's silu and a device copy, on one large tensor, in one run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median

from profiler.capture.step import Step
from profiler.capture.sweep import expand
from profiler.engines.ops_library import baseline
from profiler.engines.torch_baseline import PREFIX
from profiler.experiments.evidence import Evidence
from profiler.experiments.experiment import SCRATCH, Check, Column, Experiment, Outcome, Toolbox, driver_step, program_step
from profiler.experiments.measured import MeasuredPoint, figures, ratio, right_output
from profiler.runner.request import REQUEST, SweepOptions
from profiler.runner.settings import MeasureSettings
from profiler.units import NS_PER_S

SHAPE = "65536x1024"
DTYPES = ("fp32", "fp16")
ROUNDS = ("round-1", "round-2")
TORCH = "torch"
_TORCH_REQUEST = Path(SCRATCH) / "torch" / REQUEST
PLUGIN, NATIVE, COPY = "swish", "native", "copy"
KINDS = (PLUGIN, NATIVE, TORCH, COPY)
COPY_SHARE = 0.97
"""Share of a device-to-device copy's bandwidth that the plugin must reach."""
SAME = 1.005
"""1.00 to two digits: medians are measured until they are known within 0.5 % (the driver's --stability)."""

COLUMNS = (
    *figures("dtype"),
    Column("op", text="swish: the plugin; native_silu: TensorRT's sigmoid·mul; torch_silu: PyTorch; copy: device to device"),
    Column("device_median_ns", "ns", "device time of an iteration, median over the rounds' medians"),
    Column("lowest_round_ns", "ns", "smallest median of a round"),
    Column("highest_round_ns", "ns", "largest median of a round"),
    *figures("bandwidth_bytes_per_s"),
    Column("bandwidth_to_copy_ratio", "ratio", "bandwidth over the copy's"),
    Column("plugin_time_ratio", "ratio", "device time of the plugin over that of this op"),
    Column("samples", "count", "measured iterations"),
)


def steps(toolbox: Toolbox) -> tuple[Step, ...]:
    """Return two rounds of the driver with PyTorch between them; the op states its baselines."""
    native = baseline(PLUGIN, NATIVE)
    options = f"--plugin {PLUGIN} --native {native} --copy --shape {SHAPE} --dtype {','.join(DTYPES)} --min-time 0.2 --max-time 1"
    torch = (toolbox.torch_python or "python", "-m", "profiler.runner", "--request", str(_TORCH_REQUEST))
    missing = "" if toolbox.torch_python else "PyTorch is not installed for this interpreter"
    return (
        driver_step(toolbox, ROUNDS[0], options),
        program_step(TORCH, torch, missing=missing, prepare=partial(_ask_torch, toolbox.device)),
        driver_step(toolbox, ROUNDS[1], options),
    )


def _ask_torch(device: int, folder: Path) -> str:
    """Write what the runner measures of PyTorch, with the limits of the driver's rounds."""
    op = PREFIX + baseline(PLUGIN, TORCH)
    points = tuple(expand(op, [SHAPE], DTYPES))
    request = SweepOptions(points, "python", TORCH, MeasureSettings(min_time=0.2, max_time=1), device=device)
    (folder / _TORCH_REQUEST).parent.mkdir(parents=True, exist_ok=True)
    request.write(folder / _TORCH_REQUEST)
    return ""


def evaluate(evidence: Evidence) -> Outcome:
    """Compare medians over the rounds."""
    points = [point for step in (*ROUNDS, TORCH) for point in evidence.points(step)]
    groups = {(dtype, kind): [p for p in points if (p.dtype, _kind(p)) == (dtype, kind)] for dtype in DTYPES for kind in KINDS}
    times = {key: _median(own) for key, own in groups.items()}
    checks = [right_output("every output equals the float64 reference", points)]
    for dtype in DTYPES:
        plugin = times[dtype, PLUGIN]
        checks.append(_not_slower(f"{dtype}: the plugin is not slower than TensorRT's sigmoid·mul", plugin, times[dtype, NATIVE]))
        share = ratio(times[dtype, COPY], plugin)
        name = f"{dtype}: the plugin reaches {COPY_SHARE:.0%} of a device copy's bandwidth"
        checks.append(Check(name, share is not None and share >= COPY_SHARE, f"{share:.4f}" if share else "not measured"))
        name = f"{dtype}: the plugin is not slower than PyTorch's silu"
        absent = evidence.steps.get(TORCH)
        if absent is None or (absent.returncode is None and absent.reason):
            checks.append(Check(name, None, absent.reason if absent else "PyTorch was not run"))
        else:
            checks.append(_not_slower(name, plugin, times[dtype, TORCH]))
    rows = tuple(_row(own, times) for own in groups.values() if own)
    note = f"{SHAPE}, each engine built for this shape alone, cold cache, device events; a ratio of 1.00 is judged to two digits"
    return Outcome(COLUMNS, rows, tuple(checks), (note,))


def _kind(point: MeasuredPoint) -> str:
    """Return which of `KINDS` a point is: baselines are called after what runs them, `native_silu`."""
    return str(point.op).partition("_")[0]


def _median(points: list[MeasuredPoint]) -> float | None:
    return median(_medians(points)) if _medians(points) else None


def _medians(points: list[MeasuredPoint]) -> list[float]:
    return [point.device_median_ns for point in points if point.device_median_ns is not None]


def _not_slower(name: str, plugin: float | None, other: float | None) -> Check:
    found = ratio(plugin, other)
    return Check(name, found is not None and found < SAME, f"{found:.4f} x its time" if found else "not measured")


def _row(points: list[MeasuredPoint], times: dict[tuple[str, str], float | None]) -> dict[str, object]:
    first, medians = points[0], _medians(points)
    size, time = first.data.get("bytes_per_iteration"), times[first.dtype, _kind(first)]
    return first.row(
        COLUMNS,
        device_median_ns=time,
        lowest_round_ns=min(medians, default=None),
        highest_round_ns=max(medians, default=None),
        bandwidth_bytes_per_s=size * NS_PER_S / time if size and time else None,
        bandwidth_to_copy_ratio=ratio(times[first.dtype, COPY], time),
        plugin_time_ratio=ratio(times[first.dtype, PLUGIN], time),
        samples=sum(len(point.data.get("samples_ns") or ()) for point in points),
    )


EXPERIMENT = Experiment(
    "plugin-speed",
    f"Is the swish plugin as fast as TensorRT's own layers and PyTorch, and near a copy's bandwidth, on {SHAPE}?",
    steps,
    evaluate,
)
