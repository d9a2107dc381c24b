"""Record a program, or a sweep of a plugin, under nsys, ncu, cupti or the built-in recorder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from profiler.capture.request import SweepOptions
    from profiler.store.run_dir import RunDir

_SWEEP, _MEASURE, _NSYS, _NCU = "Sweep (without a command)", "Measuring", "Nsight Systems", "Nsight Compute"


def _option(name: str, text: str, panel: str | None = None, **more: Any) -> Any:
    return typer.Option(*name.split(), help=text, rich_help_panel=panel, **more)


Words = list[str] | None


def run(
    command: Annotated[Words, typer.Argument(help="Program and arguments, after --. Without: a sweep of a plugin.")] = None,
    tool: Annotated[str, _option("--tool", "nsys, ncu, cupti, builtin or auto; several joined by comma.")] = "auto",
    label: Annotated[str, _option("--label -l", "Name of the run.")] = "",
    timeout: Annotated[float | None, _option("--timeout", "Longest wall time of one pass, seconds.")] = None,
    dry_run: Annotated[bool, _option("--dry-run", "Print exactly what would run, and stop.")] = False,
    preset: Annotated[Path | None, _option("--preset", "TOML or YAML file with these options; a flag beats it.")] = None,
    resume: Annotated[str | None, _option("--resume", "Go on with an interrupted run; finished points are kept.")] = None,
    python: Annotated[str | None, _option("--python", "Interpreter for the Python runner.")] = None,
    env: Annotated[Words, _option("--env", "NAME=VALUE for the target; may be repeated.")] = None,
    runs: RunsOption = None,
    plugin: Annotated[str | None, _option("--plugin", "Op to run. [default: swish]", _SWEEP)] = None,
    shape: Annotated[Words, _option("--shape", "Shape of the input, 65536x1024; repeat or join by comma.", _SWEEP)] = None,
    dtype: Annotated[Words, _option("--dtype", "fp32, fp16, bf16; repeat or join by comma.", _SWEEP)] = None,
    sweep: Annotated[Words, _option("--sweep", "Vary an attribute: a,b  64:1024:64  64:1024:x2", _SWEEP)] = None,
    set_: Annotated[Words, _option("--set", "Fix an attribute: NAME=VALUE.", _SWEEP)] = None,
    constraint: Annotated[Words, _option("--constraint", "Keep points where it holds: 'block*items<=4096'.", _SWEEP)] = None,
    driver: Annotated[str | None, _option("--driver", "cpp (profiler-driver), python (the runner) or auto.", _SWEEP)] = None,
    engine: Annotated[str | None, _option("--engine", "reference, direct, tensorrt, tensorrt_rtx or auto.", _SWEEP)] = None,
    plugin_library: Annotated[Words, _option("--plugin-library", "Library with plugins; may be repeated.", _SWEEP)] = None,
    engine_file: Annotated[str | None, _option("--engine-file", "A serialised engine of your own.", _SWEEP)] = None,
    onnx: Annotated[str | None, _option("--onnx", "An ONNX model of your own.", _SWEEP)] = None,
    device: Annotated[int | None, _option("--device", "CUDA device ordinal.", _SWEEP)] = None,
    point_timeout: Annotated[float | None, _option("--point-timeout", "A point that takes longer has failed, s.", _SWEEP)] = None,
    warmup: Annotated[int | None, _option("--warmup", "Iterations before the first sample.", _MEASURE)] = None,
    min_samples: Annotated[int | None, _option("--min-samples", "Samples taken in any case.", _MEASURE)] = None,
    max_samples: Annotated[int | None, _option("--max-samples", "Samples after which a point ends.", _MEASURE)] = None,
    max_seconds: Annotated[float | None, _option("--max-seconds", "Time per point.", _MEASURE)] = None,
    precision: Annotated[
        float | None, _option("--precision", "Stop at this half width of the median's interval.", _MEASURE)
    ] = None,
    cache: Annotated[str | None, _option("--cache", "cold or warm.", _MEASURE)] = None,
    launch_mode: Annotated[str | None, _option("--launch-mode", "plain or graph.", _MEASURE)] = None,
    streams: Annotated[int | None, _option("--streams", "CUDA streams in use at once.", _MEASURE)] = None,
    threads: Annotated[int | None, _option("--threads", "Threads that launch.", _MEASURE)] = None,
    seed: Annotated[int | None, _option("--seed", "Seed of the random inputs.", _MEASURE)] = None,
    no_verify: Annotated[bool | None, _option("--no-verify", "Skip the comparison with the reference.", _MEASURE)] = None,
    trace: Annotated[str | None, _option("--trace", "What nsys traces. [default: cuda,nvtx]", _NSYS)] = None,
    cuda_graph_trace: Annotated[str | None, _option("--cuda-graph-trace", "node or graph.", _NSYS)] = None,
    capture_range: Annotated[str | None, _option("--capture-range", "none, cudaProfilerApi or NAME@DOMAIN.", _NSYS)] = None,
    keep_report: Annotated[bool | None, _option("--keep-report", "Keep the .nsys-rep (holds the environment).", _NSYS)] = None,
    ncu_set: Annotated[str | None, _option("--ncu-set", "Metric set: basic, detailed, full.", _NCU)] = None,
    ncu_metrics: Annotated[str | None, _option("--ncu-metrics", "Metric names joined by comma.", _NCU)] = None,
    kernel: Annotated[str | None, _option("--kernel", "Regular expression for kernel names.", _NCU)] = None,
    nvtx_include: Annotated[Words, _option("--nvtx-include", "NVTX filter DOMAIN@RANGE/; may be repeated.", _NCU)] = None,
    clock_control: Annotated[str | None, _option("--clock-control", "none (default) or base.", _NCU)] = None,
    launch_count: Annotated[int | None, _option("--launch-count", "Profile so many kernels at most.", _NCU)] = None,
    launch_skip: Annotated[int | None, _option("--launch-skip", "Pass over so many kernels first.", _NCU)] = None,
    import_source: Annotated[bool | None, _option("--import-source", "Put the sources into the report.", _NCU)] = None,
) -> int:
    """Record a program, or a sweep of a plugin."""
    options = {name: value for name, value in locals().items() if name not in ("runs", "dry_run", "preset", "resume")}
    from profiler.capture import session
    from profiler.cli.progress import RichProgress
    from profiler.cli.request_options import build_request, read_preset
    from profiler.store.run_dir import runs_root

    root = runs_root(runs)
    with RichProgress() as progress:
        if resume:
            return report_run(session.resume(resume, root, progress))
        request = build_request(options, read_preset(preset) if preset else None)
        if request.sweep is not None:
            announce(request.sweep, len(request.tools), progress.note)
        if not dry_run:
            return report_run(session.record(request, root, progress))
        plans = session.plan(request, progress)
    for point in request.sweep.points if request.sweep is not None else ():
        echo(f"  {point.label}", err=True)
    for _, steps in plans:
        echo(shlex.join(steps.argv))
    return 0


def announce(sweep: SweepOptions, passes: int, note: Callable[[str], None]) -> None:
    """Say how many points will run and how long that takes at most."""
    from profiler.capture.sweep import longest_seconds
    from profiler.units import NS_PER_S, format_ns

    count = len(sweep.points)
    longest = format_ns(longest_seconds(count, sweep.settings, passes) * NS_PER_S)
    passes_text = f"{passes} pass{'es' if passes > 1 else ''}"
    note(f"{count} points in {passes_text}: about {longest} to measure at most (--max-seconds is per point), checks beside")


def report_run(recorded: RunDir) -> int:
    """Print where a run lies and what to do next; return its exit code."""
    from profiler.capture.session import exit_code

    echo(f"run: {recorded.path}")
    echo(f"next: profiler show {recorded.run_id}   or   profiler dashboard {recorded.run_id} --open", err=True)
    return exit_code(recorded)
