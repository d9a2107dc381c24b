"""Name the runs that candidates are compared with: set NAME RUN…, list, remove NAME."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo, print_rows


def run(
    action: Annotated[Literal["set", "list", "remove"], typer.Argument(help="set NAME RUN…, list, or remove NAME.")] = "list",
    name: Annotated[str, typer.Argument(help="Name of the baseline.")] = "",
    targets: Annotated[list[str] | None, typer.Argument(help="Runs; several count as several processes.")] = None,
    runs: RunsOption = Path("runs"),
) -> None:
    """Name the runs that candidates are compared with."""
    from profiler.compare.history.baseline import read_baselines, remove_baseline, set_baseline

    if action == "set":
        baseline = set_baseline(runs, name, targets or ())
        echo(f"baseline {baseline.name}: {', '.join(baseline.runs)}")
    elif action == "remove":
        remove_baseline(runs, name)
        echo(f"baseline {name} removed; its runs stay")
    elif found := read_baselines(runs).values():
        rows = [
            {"baseline": item.name, "runs": ", ".join(item.runs), "set": item.created_utc, "commit": item.commit[:12]}
            for item in found
        ]
        print_rows(rows, None)
    else:
        echo("no baseline: profiler baseline set NAME RUN")
