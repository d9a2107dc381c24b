"""List the recorded runs, newest last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from profiler.cli.options import FormatOption, RunsOption
from profiler.cli.printing import echo, print_json, print_rows
from profiler.errors import BadExportError
from profiler.store.run_dir import RunDir, iterate_runs


def run(runs: RunsOption = Path("runs"), format: FormatOption = "table") -> None:
    """List the recorded runs."""
    unreadable: dict[Path, BadExportError] = {}
    rows: list[dict[str, Any]] = [
        {
            "run": item.path.name,
            "label": item.manifest.label,
            "created": item.manifest.created_utc,
            "status": item.manifest.status,
            "tools": ",".join(capture.tool for capture in item.manifest.captures),
            "gpu": _gpus(item),
            "target": " ".join(item.manifest.command),
        }
        for item in iterate_runs(runs, unreadable)
    ]
    nothing = dict.fromkeys(("label", "created", "status", "tools", "gpu"), "")
    rows += [{"run": at.name, **nothing, "status": "unreadable", "target": error.message} for at, error in unreadable.items()]
    if format == "json":
        print_json(rows)
    elif not rows:
        echo(f"no run in {runs}; record one: profiler run --tool auto", err=True)
    else:
        print_rows(rows, None, optional=("target", "created", "tools", "gpu"))
        for error in unreadable.values():
            echo(f"note: {error.message}; fix: {error.hint}", err=True)


def _gpus(run: RunDir) -> str:
    """Return the GPUs of the machine, or those that the captures name where the machine had none or did not record them."""
    from profiler.metrics.recording import load
    from profiler.report.header import device_names

    names = [str(gpu.get("name", "")) for gpu in run.manifest.environment.get("gpus") or []]
    if not names or "imported_from" in run.manifest.options:
        names = device_names(load(run.path))
    found = [f"{names.count(name)} x {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]
    return ", ".join(found) or "none"
