"""Turn captures made elsewhere into a run: checked, copied, scrubbed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from profiler.capture.process import run_process
from profiler.errors import ProfilerError
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir, create_run, storage_error
from profiler.tools.nsys.export import export_report, import_stream
from profiler.tools.nsys.scrub import scrub
from profiler.tools.registry import find_reader

SQLITE_MAGIC = b"SQLite format 3\0"


def import_files(files: Sequence[Path], label: str, root: Path) -> RunDir:
    """Copy captures into a new run.

    A .nsys-rep or .qdstrm is exported first, and only its export is kept: the report holds the machine's environment.

    Args:
        files: Captures of one program; those of one tool lie side by side.
        label: Name of the run.
        root: Folder that holds runs.

    Returns:
        The run, complete.

    Raises:
        BadExportError: A file is not what a reader knows; no run is made.
        ToolMissingError: A report needs nsys, which is not installed; no run is made.
    """
    readers = {path: find_reader(path) for path in files}
    run = create_run(root, label)
    try:
        captures: dict[str, CaptureRecord] = {}
        for path, reader in readers.items():
            record = captures.setdefault(reader.tool, CaptureRecord(reader.tool))
            kept = _take(path, run.raw(reader.tool))
            record.artefacts.append(str(kept.relative_to(run.path)))
        run.manifest.options = {"imported_from": [path.name for path in files]}
        run.manifest.captures = list(captures.values())
        run.finish("complete")
    except BaseException as error:
        # a run that holds nothing of its own is no record worth keeping
        shutil.rmtree(run.path, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, ProfilerError):
            raise storage_error(run.path, error) from error
        raise
    return run


def _take(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = _free_name(folder, path)
    if path.suffix == ".qdstrm":
        report = import_stream(path, folder / f"{path.stem}.nsys-rep", run_process)
        target = _exported(report, target.with_suffix(".sqlite"))
        report.unlink()
    elif path.suffix == ".nsys-rep":
        target = _exported(path, target.with_suffix(".sqlite"))
    else:
        shutil.copyfile(path, target)
    with target.open("rb") as stream:
        is_sqlite = stream.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    if is_sqlite:
        scrub(target)
    return target


def _exported(report: Path, target: Path) -> Path:
    return export_report(report, target, run_process)


def _free_name(folder: Path, path: Path) -> Path:
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    return target
