"""Write one offline HTML page that shows and compares recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from profiler.cli.options import RunsOption, SourceOption
from profiler.cli.printing import echo

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="Runs or files; `latest` when left out.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Page to write.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
    source: SourceOption = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    runs: RunsOption = Path("runs"),
) -> None:
    """Write one offline HTML page."""
    from profiler.metrics.recording import load
    from profiler.report.page import render

    recordings = [load(target, runs=runs) for target in targets or ["latest"]]
    path = render(recordings, output or Path("dashboards") / f"{_page_name(recordings)}.html", title=title, source=source)
    echo(f"dashboard: {path}")
    if open_page:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _page_name(recordings: Sequence[Recording]) -> str:
    """Return a name that no page of other recordings has: run ids, or the names of files."""
    return "+".join(recording.run.run_id if recording.run else Path(recording.name).stem for recording in recordings[:3])
