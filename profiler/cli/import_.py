"""Import captures made elsewhere (nsys, ncu, result JSON) as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo


def run(
    files: Annotated[list[Path], typer.Argument(help=".sqlite, .nsys-rep, .qdstrm, .ncu-rep, CSV, result JSON.")],
    label: Annotated[str, typer.Option("--label", "-l", help="Name of the run.")] = "imported",
    runs: RunsOption = Path("runs"),
) -> None:
    """Import captures as a run."""
    from profiler.jobs.importing import import_files

    echo(f"run: {import_files(files, label, runs).path}")
