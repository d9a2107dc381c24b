"""Build the plugins and the C++ driver, and say what was skipped and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from profiler.cli.printing import echo


def run(
    build_dir: Annotated[Path, typer.Option("--build-dir", help="Folder to build in.")] = Path("build"),
    source: Annotated[Path | None, typer.Option("--source", help="Checkout; found by itself.")] = None,
    architectures: Annotated[
        str | None, typer.Option("--architectures", help="Compute capabilities, e.g. 90 or '75;90'. (default: all)")
    ] = None,
    tensorrt_include: Annotated[
        list[Path] | None, typer.Option("--tensorrt-include", help="Folder with NvInfer.h; may be repeated.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Parallel compilations. (default: all processors)")] = None,
    werror: Annotated[bool, typer.Option("--werror", help="Stop at a compiler warning.")] = False,
) -> None:
    """Build the plugins and the C++ driver."""
    from profiler.capture.build import build, source_root

    report = build(source or source_root(), build_dir, architectures, tensorrt_include or [], jobs, werror)
    for path in report.made:
        echo(f"built: {path}")
    for item in report.skipped:
        echo(f"skipped: {item.message}\nfix: {item.hint}")
