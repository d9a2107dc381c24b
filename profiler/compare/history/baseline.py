"""Baselines: names for the runs that candidates are compared with, kept beside the runs in a reviewable file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from profiler.errors import BadExportError, UsageError, nearest
from profiler.store.document import read_document
from profiler.store.run_dir import changing, find_run, write_atomic

FILE_NAME = "baselines.json"
SCHEMA, FILE_VERSION = "profiler-baselines", 1
_FIX = "restore it, or delete it and set them again"


@dataclass(frozen=True)
class Baseline:
    """A named set of runs; each run is one more process of the base.

    Attributes:
        name: Its name.
        runs: Run ids.
        created_utc: When it was set.
        commit: Git commit of its first run, when known.
    """

    name: str
    runs: tuple[str, ...]
    created_utc: str
    commit: str = ""


def read_baselines(root: Path) -> dict[str, Baseline]:
    """Read all baselines of a folder of runs; empty when none was ever set.

    Raises:
        BadExportError: The file is damaged or of a newer version.
    """
    path = root / FILE_NAME
    if not path.is_file():
        return {}
    document = read_document(path, SCHEMA, FILE_VERSION, _FIX)
    try:
        items = [Baseline(**{**item, "runs": tuple(item["runs"])}) for item in document["baselines"]]
    except (KeyError, TypeError) as error:
        raise BadExportError(f"{path}: not a file of baselines ({error!r})", _FIX) from error
    return {item.name: item for item in items}


def set_baseline(root: Path, name: str, targets: Sequence[str]) -> Baseline:
    """Give runs a name.

    Args:
        root: Folder that holds runs.
        name: The name; an existing one is replaced.
        targets: Run ids, labels, prefixes or `latest`.

    Raises:
        UsageError: A run does not exist, is incomplete, or the name is no name.
        CaptureError: The file cannot be written.
    """
    if not name or "/" in name or "," in name:
        raise UsageError(f"{name!r} is no name for a baseline", "use letters, digits, . _ and -")
    if not targets:
        raise UsageError(f"no run for baseline {name}", "profiler baseline set NAME RUN…")
    runs = [find_run(target, root) for target in targets]
    for run in runs:
        if run.manifest.status != "complete":
            raise UsageError(f"{run.run_id}: {run.manifest.status}, so it is no baseline", "choose a complete run")
    git = runs[0].manifest.environment.get("git")
    commit = str(git.get("commit") or "") if isinstance(git, dict) else ""
    ids = tuple(run.path.relative_to(root).as_posix() if run.path.is_relative_to(root) else str(run.path) for run in runs)
    baseline = Baseline(name, ids, datetime.now(timezone.utc).isoformat(timespec="seconds"), commit)
    with changing(root / FILE_NAME):
        _write(root, {**read_baselines(root), name: baseline})
    return baseline


def remove_baseline(root: Path, name: str) -> None:
    """Forget a baseline; its runs stay.

    Raises:
        UsageError: There is none of that name.
    """
    with changing(root / FILE_NAME):
        find_baseline(root, name)
        _write(root, {key: item for key, item in read_baselines(root).items() if key != name})


def find_baseline(root: Path, name: str) -> Baseline:
    """Return a baseline.

    Raises:
        UsageError: There is none of that name.
    """
    baselines = read_baselines(root)
    if name not in baselines:
        raise UsageError(
            f"no baseline {name!r} in {root}", nearest(name, baselines) if baselines else "set one: profiler baseline set NAME RUN"
        )
    return baselines[name]


def baseline_target(root: Path, name: str) -> str:
    """Return a baseline as a target of a comparison: the folders of its runs joined by commas."""
    return ",".join(str(root / run) for run in find_baseline(root, name).runs)


def _write(root: Path, baselines: dict[str, Baseline]) -> None:
    document = {"schema": SCHEMA, "schema_version": FILE_VERSION, "baselines": [asdict(item) for item in baselines.values()]}
    write_atomic(root / FILE_NAME, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
