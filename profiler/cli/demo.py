"""Do the main job on this machine: record a sweep, and write its dashboard and that of the recorded H200 run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo
from profiler.errors import ProfilerError
from profiler.store.run_dir import EXAMPLES, RunDir, iterate_runs
from profiler.tools.registry import TOOLS

GPU_SWEEP = {"shape": ["65536x1024"], "dtype": ["fp32"]}
CPU_SWEEP = {"shape": ["2048x1024"], "dtype": ["fp32"], "max_seconds": 0.5}
BUILD_DIR = Path("build")
SHOWN_EXAMPLE = "swish-h200-cpp-direct"


def run(
    pages: Annotated[Path, typer.Option("--pages", help="Folder for the pages.")] = Path("dashboards"),
    runs: RunsOption = Path("runs"),
) -> int:
    """Do the main job on this machine."""
    from profiler.cli.progress import RichProgress
    from profiler.cli.request_options import build_request
    from profiler.jobs.recording import exit_code, record
    from profiler.metrics.recording import load
    from profiler.report.page import render

    has_gpu = _prepare_gpu()
    request = build_request({"tool": "auto", "label": "demo", **(GPU_SWEEP if has_gpu else CPU_SWEEP)})
    with RichProgress() as progress:
        recorded = record(request, runs, progress)
    examples = [run for run in iterate_runs(runs) if run.path.parent.name == EXAMPLES and run.manifest.label == SHOWN_EXAMPLE]
    _tell(recorded, [render([load(str(run.path))], pages / f"{run.path.name}.html") for run in (recorded, *examples)])
    return exit_code(recorded)


def _prepare_gpu() -> bool:
    """Build the plugins when there is a GPU and a compiler; say what is missing otherwise."""
    from profiler.capture.artefacts import find_ops_library
    from profiler.capture.build import build, source_root
    from profiler.capture.gpus import gpus

    if not gpus():
        return False
    if find_ops_library() is None:
        echo("building the plugins …", err=True)
        try:
            build(source_root(), BUILD_DIR, architectures="native")
        except ProfilerError as error:
            echo(f"the plugins could not be built: {error.message}\nfix: {error.hint}", err=True)
    return True


def _tell(recorded: RunDir, written: list[Path]) -> None:
    tools, engine = [capture.tool for capture in recorded.manifest.captures], recorded.manifest.engine or "none"
    echo(f"\nrecorded with: {', '.join(tools)}; engine: {engine}")
    if engine == "reference":
        below = " (the H200 page below has them)" if len(written) > 1 else ""
        echo(f"missing without a GPU: kernels, copies, occupancy and hardware counters{below}")
    for tool in (tool for tool in TOOLS.values() if tool.adds and tool.name not in tools):
        add = "; add them with --tool nsys,ncu on a GPU" if tool.replays else ""
        if tool.replays or engine != "reference":
            echo(f"missing without {tool.title}: {tool.adds}{add}")
    for path, what in zip(written, ("this run", "recorded H200 run"), strict=False):
        echo(f"dashboard of {what}: {path}")
    echo(f"try next: profiler show {recorded.run_id}")
    echo("          profiler run --tool nsys -- ./your-program    (your own program)")
    echo("          profiler doctor                               (what this machine can record with)")
