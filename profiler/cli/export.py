"""Write the timeline of a recording as a Chrome trace, for Perfetto or chrome://tracing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.options import RunsOption, TargetArgument
from profiler.cli.printing import echo


def run(
    target: TargetArgument = "latest",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; NAME.trace.json when left out.")] = None,
    runs: RunsOption = Path("runs"),
) -> None:
    """Write the timeline as a Chrome trace."""
    from profiler.metrics.recording import load
    from profiler.report.exporters.perfetto import write_perfetto

    recording = load(target, runs=runs)
    echo(f"trace: {write_perfetto(recording, output or Path(f'{recording.name}.trace.json'))}")
