"""Name the runs that candidates are compared with: set NAME RUN…, list, remove NAME."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from profiler.cli.options import RunsOption
from profiler.cli.printing import echo


class BaselineAction(str, Enum):
    """What to do."""

    SET = "set"
    LIST = "list"
    REMOVE = "remove"


def run(
    action: Annotated[BaselineAction, typer.Argument(help="set NAME RUN…, list, or remove NAME.")] = BaselineAction.LIST,
    name: Annotated[str, typer.Argument(help="Name of the baseline.")] = "",
    targets: Annotated[list[str] | None, typer.Argument(help="Runs; several count as several processes.")] = None,
    runs: RunsOption = None,
) -> int:
    """Name the runs that candidates are compared with."""
    from profiler.compare.history.baseline import read_baselines, remove_baseline, set_baseline
    from profiler.store.run_dir import runs_root

    root = runs_root(runs)
    if action is BaselineAction.SET:
        baseline = set_baseline(root, name, targets or ())
        echo(f"baseline {baseline.name}: {', '.join(baseline.runs)}")
        return 0
    if action is BaselineAction.REMOVE:
        remove_baseline(root, name)
        echo(f"baseline {name} removed; its runs stay")
        return 0
    baselines = read_baselines(root)
    if not baselines:
        echo("no baseline: profiler baseline set NAME RUN")
        return 0
    from profiler.cli.printing import print_rows

    print_rows(
        [
            {"baseline": item.name, "runs": ", ".join(item.runs), "set": item.created_utc, "commit": item.commit[:12]}
            for item in baselines.values()
        ],
        None,
    )
    return 0
