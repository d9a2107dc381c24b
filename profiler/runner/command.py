"""The command line of the runner: from options to points, settings and a supervised sweep."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from profiler.capture.artefacts import find_driver
from profiler.engines import ENGINES
from profiler.engines.base import EngineOptions
from profiler.engines.trt_library_path import library_environment
from profiler.errors import CaptureError, ProfilerError, UsageError, WrongOutputError
from profiler.runner.driver_worker import DriverWorker
from profiler.runner.ops import find_op
from profiler.runner.point import Point, read_points
from profiler.runner.ranges import SETUP, RangeRecorder
from profiler.runner.result import PROGRAM, Journal
from profiler.runner.settings import CACHES, LAUNCH_MODES, MeasureSettings
from profiler.runner.spec import WorkerSpec
from profiler.runner.supervisor import Supervisor, WorkerCommand, collect, join_ranges, say

EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; its help is the reference of the options."""
    parser = argparse.ArgumentParser(
        prog="python -m profiler.runner",
        description="Run an op over a sweep of launch configurations with NVTX ranges, verify it, and measure it.",
    )
    what = parser.add_argument_group("what runs")
    what.add_argument("--engine", default="reference", metavar="NAME", help=f"{', '.join(ENGINES)}, or module:Class")
    what.add_argument(
        "--driver", choices=("python", "cpp"), default="python", help="who runs the points: this package or profiler-driver"
    )
    what.add_argument("--plugin", default="swish", metavar="OP", help="op to run (default: swish)")
    what.add_argument("--shape", action="append", metavar="AxB", help="shape of the input; repeat or join by comma")
    what.add_argument("--dtype", action="append", metavar="TYPE", help="fp32, fp16, bf16; repeat or join by comma")
    what.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="fix an attribute")
    what.add_argument(
        "--sweep", action="append", default=[], metavar="NAME=VALUES", help="vary an attribute: a,b  64:1024:64  64:1024:x2"
    )
    what.add_argument(
        "--constraint", action="append", default=[], metavar="EXPR", help="keep points where it holds: block*items<=4096"
    )
    what.add_argument("--points", type=Path, metavar="FILE", help="run the points of a file instead")
    how = parser.add_argument_group("how it is measured")
    defaults = MeasureSettings()
    how.add_argument("--warmup", type=int, default=defaults.warmup, metavar="N")
    how.add_argument("--min-samples", type=int, default=defaults.min_samples, metavar="N")
    how.add_argument("--max-samples", type=int, default=defaults.max_samples, metavar="N")
    how.add_argument("--max-seconds", type=float, default=defaults.max_seconds, metavar="S", help="per point")
    how.add_argument(
        "--precision",
        type=float,
        default=defaults.precision,
        metavar="SHARE",
        help="stop at this half width of the median's interval",
    )
    how.add_argument("--cache", choices=CACHES, default=defaults.cache)
    how.add_argument("--launch-mode", choices=LAUNCH_MODES, default=defaults.launch_mode)
    how.add_argument("--streams", type=int, default=1, metavar="N")
    how.add_argument("--threads", type=int, default=1, metavar="N")
    how.add_argument("--seed", type=int, default=defaults.seed, metavar="N")
    how.add_argument("--no-verify", action="store_true", help="skip the comparison with the reference")
    how.add_argument("--untimed", action="store_true", help="run the iterations but keep no samples (under a replaying tool)")
    how.add_argument("--point-timeout", type=float, default=300.0, metavar="S", help="a point that takes longer has failed")
    engine = parser.add_argument_group("engine")
    engine.add_argument("--plugin-library", action="append", default=[], metavar="FILE")
    engine.add_argument("--engine-file", default="", metavar="FILE", help="run a serialised TensorRT engine")
    engine.add_argument("--onnx", default="", metavar="FILE", help="run an ONNX model")
    engine.add_argument("--engine-cache", default="", metavar="DIR", help="keep built engines and timing caches here")
    engine.add_argument(
        "--driver-binary", type=Path, metavar="FILE", help="profiler-driver, when it is not where profiler build puts it"
    )
    engine.add_argument("--device", type=int, default=0, metavar="N")
    out = parser.add_argument_group("output")
    out.add_argument("--json", type=Path, metavar="FILE", help="result document")
    out.add_argument("--ranges", type=Path, metavar="FILE", help="times of the NVTX ranges")
    out.add_argument("--journal", type=Path, metavar="FILE", help="finished points, kept from run to run: start again to go on")
    out.add_argument("--recorder", choices=("", "cupti"), default="", help="record CUDA activity in the process itself")
    out.add_argument("--records", type=Path, metavar="DIR", help="where the recorder writes")
    out.add_argument("--segment", type=int, default=1, help=argparse.SUPPRESS)
    return parser


def points_of(args: argparse.Namespace) -> list[Point]:
    """Return the points that the options ask for."""
    if args.points is not None:
        return read_points(args.points)
    from profiler.capture.sweep import expand

    return expand(args.plugin, args.shape or [], args.dtype or [], args.set, args.sweep, args.constraint)


def settings_of(args: argparse.Namespace) -> MeasureSettings:
    """Return the measuring settings that the options ask for."""
    return MeasureSettings(
        warmup=args.warmup, min_samples=args.min_samples, max_samples=max(args.max_samples, args.min_samples),
        max_seconds=args.max_seconds, precision=args.precision, cache=args.cache, launch_mode=args.launch_mode,
        streams=args.streams, threads=args.threads, seed=args.seed, verify=not args.no_verify, timed=not args.untimed,
    )  # fmt: skip


def run_sweep(args: argparse.Namespace, argv: list[str], scratch: Path) -> int:
    """Run the sweep and write its documents; returns the exit status."""
    points = points_of(args)
    if args.engine == "reference":
        find_op(args.plugin if args.points is None else points[0].op)
    journal = Journal(args.journal or scratch / "points.jsonl", args.segment)
    range_parts: list[Path] = []
    command = _worker_command(args, journal, scratch, range_parts)
    supervisor = Supervisor(points, journal, command, args.point_timeout, say)
    try:
        supervisor.run()
        _mark_end()
    finally:
        if args.json:
            engine = args.engine.rpartition(":")[2] or args.engine
            collect(points, journal, engine, argv, args.json, PROGRAM)
        if args.ranges and args.driver == "python":
            join_ranges(range_parts, args.ranges)
    state = journal.read()
    return _verdict([state.finished[point.label] for point in points])


def _worker_command(
    args: argparse.Namespace, journal: Journal, scratch: Path, range_parts: list[Path]
) -> Callable[[list[Point], int], WorkerCommand]:
    """Return what makes the commands of the workers; each Python worker adds its file of ranges to the list."""
    settings = settings_of(args)
    if args.driver == "cpp":
        return _driver_worker(args, settings, journal, scratch)
    options = EngineOptions(tuple(args.plugin_library), args.engine_file, args.onnx, args.engine_cache, args.device)
    environment = library_environment(args.engine, scratch)

    def command(open_points: list[Point], number: int) -> WorkerCommand:
        ranges = scratch / f"ranges-{number}.json" if args.ranges else None
        range_parts.extend([ranges] if ranges else [])
        order = scratch / f"worker-{number}.json"
        WorkerSpec(
            open_points, args.engine, options, settings, str(journal.path), args.segment, str(ranges or ""), args.recorder,
            str(args.records / f"records-{args.segment}-{number}.npz") if args.records else "",
        ).write(order)  # fmt: skip
        return WorkerCommand([sys.executable, "-m", "profiler.runner.worker", str(order), str(os.getpid())], environment)

    return command


def _driver_worker(args: argparse.Namespace, settings: MeasureSettings, journal: Journal, scratch: Path) -> DriverWorker:
    if args.recorder:
        raise UsageError("the embedded recorder runs in the Python runner only", "use --driver python, or --tool nsys")
    if args.engine_file or args.onnx:
        raise UsageError(
            "--engine-file and --onnx need --driver python",
            "or run the driver as your own program: -- profiler-driver --engine FILE",
        )
    options = [item for library in args.plugin_library for item in ("--plugin-library", library)] if args.engine != "direct" else []
    options += ["--cache-dir", args.engine_cache] if args.engine_cache and args.engine != "direct" else []
    options += ["--device", str(args.device)] if args.device else []
    binary = args.driver_binary or find_driver()
    return DriverWorker(binary, args.engine, settings, options, journal, scratch)


def _mark_end() -> None:
    """Open and close one range after all points, so that a point that a killed process never closed can be told apart.

    Tools let such a range end with the capture; every other point now ends before something else does.
    """
    with RangeRecorder().range(SETUP):
        pass


def _verdict(records: list[dict]) -> int:
    """Return the exit status for some points, by the rule that profiler-driver has: some may be skipped, not all."""
    counts = {
        status: sum(record["status"] == status for record in records) for status in ("ok", "wrong_output", "failed", "skipped")
    }
    say(f"{len(records)} points: " + ", ".join(f"{count} {status}" for status, count in counts.items() if count))
    if counts["wrong_output"]:
        return WrongOutputError.exit_code
    return CaptureError.exit_code if counts["failed"] or not counts["ok"] else 0


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit status."""
    args = build_parser().parse_args(argv)
    os.umask(os.umask(0) | 0o022)  # nsys starts its target with no mask at all, and results would be writable for everybody
    try:
        if args.json and not args.json.resolve().parent.is_dir():
            raise UsageError(f"--json {args.json}: no such folder", "make the folder first")
        with tempfile.TemporaryDirectory(prefix="profiler-") as scratch:
            return run_sweep(args, ["python", "-m", "profiler.runner", *argv], Path(scratch))
    except ProfilerError as error:
        sys.stderr.write(f"error: {error.message}\nfix: {error.hint}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
