"""The run folder: layout, look-up by name, and writes that are whole or absent.

    runs/<utc>-<label>-<id>/manifest.json
                            raw/<tool>/…      what the tool wrote; never changed once the run is complete
                            tables/<tool>/…   Parquet copies; can be made again from raw/
                            logs/             output of the target and the tools

A run is recorded under a hidden temporary name and renamed when it ends, complete or failed, so a folder with a run's
name always holds a manifest that says which.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from profiler.errors import BadExportError, CaptureError, UsageError, nearest
from profiler.store.manifest import MANIFEST_NAME, Manifest, read_manifest

RUNS_VARIABLE = "PROFILER_RUNS"
EXAMPLES = "examples"
LATEST = "latest"
"""Name of the newest run."""

_PARTIAL = ".partial-"


def runs_root(explicit: Path | None = None) -> Path:
    """Return the folder that holds runs: the argument, else $PROFILER_RUNS, else `runs/` here."""
    return explicit if explicit is not None else Path(os.environ.get(RUNS_VARIABLE) or "runs")


def storage_error(path: Path, error: OSError) -> CaptureError:
    """Turn an operating system error on a file or folder into one that names the fix."""
    if error.errno == errno.ENOSPC:
        return CaptureError(f"{path}: the disk is full", "free some space, or choose another folder (runs: --runs DIR)")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return CaptureError(f"{path}: not writable", "choose another folder (runs: --runs DIR or PROFILER_RUNS)")
    return CaptureError(f"{path}: {error.strerror or error}", "check the path, or choose another folder (runs: --runs DIR)")


def write_atomic(path: Path, data: str | bytes | memoryview) -> None:
    """Write a file so that readers see the old content or the new, never a part.

    Raises:
        CaptureError: The folder cannot be written or the disk is full.
    """
    payload = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name[:100]}-{secrets.token_hex(8)}")
        try:
            with temporary.open("xb") as stream:
                stream.write(payload)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise storage_error(path, error) from error


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Keep other processes from changing a shared file meanwhile; each waits until those before it are done.

    Raises:
        CaptureError: The folder cannot be written, or its file system has no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.with_name(f".{path.name}.lock").open("a")
    except OSError as error:
        raise storage_error(path, error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError as error:
            what = f"its file system has no locks ({error.strerror})"
            raise CaptureError(f"{path}: {what}", "choose another folder: --runs DIR") from error
        yield


class RunDir:
    """A run folder on disk.

    Args:
        path: The folder.
        manifest: Its manifest, when already read.
    """

    def __init__(self, path: Path, manifest: Manifest | None = None) -> None:
        self.path = path
        self.manifest = manifest or read_manifest(path / MANIFEST_NAME)

    @property
    def run_id(self) -> str:
        """The run's id: the name its folder has once the run has ended."""
        return self.manifest.run_id

    def raw(self, tool: str) -> Path:
        """Folder of a tool's own files."""
        return self.path / "raw" / tool

    def tables(self, tool: str) -> Path:
        """Folder of the Parquet copies of a tool's tables."""
        return self.path / "tables" / tool

    @property
    def logs(self) -> Path:
        """Folder of logs."""
        return self.path / "logs"

    def save(self) -> None:
        """Write the manifest, without credentials; the one in memory loses them too."""
        self.manifest.redact()
        write_atomic(self.path / MANIFEST_NAME, self.manifest.to_json())

    def finish(self, status: str, reason: str = "") -> None:
        """Close the run: state how it ended and give the folder its name.

        Args:
            status: `complete` or `failed`.
            reason: Why it failed.
        """
        self.manifest.status, self.manifest.reason = status, reason
        self.save()
        final = self.path.parent / self.run_id
        if final != self.path:
            try:
                self.path.rename(final)
            except OSError as error:
                raise storage_error(final, error) from error
            self.path = final


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", label).strip("-.")[:60] or "run"


def create_run(root: Path, label: str) -> RunDir:
    """Start a run folder under its temporary name.

    Args:
        root: Folder that holds runs; made when absent.
        label: The user's name for the run; the folder's name takes what of it is fit for one.

    Raises:
        UsageError: The label stands for something else.
        CaptureError: The folder cannot be made.
    """
    if label.strip() == LATEST:
        raise UsageError(f"no run can have the label {LATEST!r}: it stands for the newest run", "choose another label")
    now = datetime.now(timezone.utc)
    slug = _slug(label)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{slug}-{secrets.token_hex(3)}"
    path = root / f"{_PARTIAL}{run_id}"
    try:
        for folder in ("raw", "logs"):
            (path / folder).mkdir(parents=True)
    except OSError as error:
        raise storage_error(path, error) from error
    run = RunDir(path, Manifest(run_id=run_id, label=label.strip() or slug, created_utc=now.isoformat(timespec="milliseconds")))
    run.save()
    return run


def iterate_runs(root: Path, unreadable: dict[Path, BadExportError] | None = None) -> Iterator[RunDir]:
    """Yield the runs below a folder, oldest first, the examples before the user's own.

    Folders without a manifest are no runs. One whose manifest cannot be read is passed over, so that the others are still
    found.

    Args:
        root: Folder that holds runs.
        unreadable: Gets the folders passed over, with what is wrong with their manifests.
    """
    for manifest in (path for parent in (root / EXAMPLES, root) for path in sorted(parent.glob(f"[!.]*/{MANIFEST_NAME}"))):
        try:
            run = RunDir(manifest.parent)
        except BadExportError as error:
            if unreadable is not None:
                unreadable[manifest.parent] = error
        else:
            yield run


def find_run(target: str, root: Path) -> RunDir:
    """Find a run by path, id, label, unique prefix of an id, or `latest`.

    `latest` is the newest run of the user, finished or failed; an example is never `latest`. Of several runs with one label it is
    the newest.

    Raises:
        UsageError: Nothing or more than one run fits.
        BadExportError: The run's manifest cannot be read.
    """
    path = Path(target)
    if (path / MANIFEST_NAME).is_file():
        return RunDir(path)
    unreadable: dict[Path, BadExportError] = {}
    runs = list(iterate_runs(root, unreadable))
    if target == LATEST:
        own = [run for run in runs if run.path.parent == root]
        if not own:
            raise UsageError(f"no run in {root}", "record one: profiler run --tool auto")
        return max(own, key=lambda run: run.manifest.created_utc)
    exact = [run for run in runs if run.path.name == target]
    labelled = sorted((run for run in runs if run.manifest.label == target), key=lambda run: run.manifest.created_utc)
    prefixed = [run for run in runs if run.path.name.startswith(target)]
    for matches in (exact, labelled[-1:], prefixed):
        if len(matches) == 1:
            return matches[0]
    if prefixed:
        some = ", ".join(run.path.name for run in prefixed[:5])
        raise UsageError(f"{target!r} fits {len(prefixed)} runs: {some}", "give more of the id")
    for folder, error in unreadable.items():
        if target == folder.name:
            raise error
    names = [run.path.name for run in runs] + [run.manifest.label for run in runs]
    hint = nearest(target, set(names)) if names else "check the path, or record a run: profiler run --tool auto"
    raise UsageError(f"{target!r} is neither a file nor a run in {root}", hint)
