"""Turn captures made elsewhere into a run: checked, copied, scrubbed."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from profiler.capture.process import run_process
from profiler.capture.session import Job, Session, Steps, record
from profiler.errors import BadExportError, UsageError
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import RunDir
from profiler.tools.base import Reader
from profiler.tools.damage import reading
from profiler.tools.nsys.export import export_report, import_stream
from profiler.tools.nsys.reader import SqliteReader
from profiler.tools.nsys.scrub import scrub
from profiler.tools.nsys.table_folder import to_sqlite_file
from profiler.tools.registry import find_reader

_EXPORTED, _FORM_OF_EXPORTED = (".nsys-rep", ".qdstrm"), SqliteReader.__name__


class ImportJob(Job):
    """Takes captures made elsewhere; no step of it measures anything.

    Args:
        files: Captures of one program: several of one tool (one a rank, for instance) read as one, each under its name.
        label: Name of the run.

    Raises:
        BadExportError: A file is not what a reader knows.
        UsageError: Two files hold the same capture.
    """

    imported = True

    def __init__(self, files: Sequence[Path], label: str) -> None:
        super().__init__(label, {"imported_from": [path.name for path in files]})
        self._readers = {path: find_reader(path) for path in files}
        for first, second in combinations(files, 2):
            _refuse_pair(first, self._readers[first], second, self._readers[second])

    def steps(self, session: Session) -> Steps:
        """Copy, export, scrub and read each file."""
        run = session.run
        captures: dict[str, CaptureRecord] = {}
        for path, reader in self._readers.items():
            kept = _take(path, run.raw(reader.tool))
            _read_all(kept, path)
            captures.setdefault(reader.tool, CaptureRecord(reader.tool)).artefacts += session.relative([kept])
        run.manifest.captures = list(captures.values())
        yield from ()


def import_files(files: Sequence[Path], label: str, root: Path) -> RunDir:
    """Copy captures into a new run.

    A .nsys-rep or .qdstrm is exported first, and only its export is kept: the report holds the machine's environment. Every
    table is read once before the run is called one.

    Args:
        files: Captures of one program, as `ImportJob` takes them.
        label: Name of the run.
        root: Folder that holds runs.

    Returns:
        The run, complete.

    Raises:
        BadExportError: A file is not what a reader knows, or cannot be read; no run is made.
        UsageError: Two files hold the same capture; no run is made.
        ToolMissingError: A report needs nsys, which is not installed; no run is made.
    """
    return record(ImportJob(files, label), root)


def _refuse_pair(first: Path, known: Reader, second: Path, reader: Reader) -> None:
    """Refuse two files of which one would be counted twice, or hidden behind the other."""
    if filecmp.cmp(first, second, shallow=False):
        raise UsageError(f"{first} and {second} are the same file", "give each capture once")
    if known.tool != reader.tool:
        return
    if first.with_suffix("") == second.with_suffix("") and {first.suffix, second.suffix} & set(_EXPORTED):
        raise UsageError(f"{first} and {second} are two forms of one capture", "give one of them")
    shared = sorted((set(known.tables) & set(reader.tables)) - {"diagnostics"})
    if shared and _form(first, known) != _form(second, reader):
        raise UsageError(f"{first} and {second} both hold {shared[0]}, in two forms", "import each of them by itself")


def _form(path: Path, reader: Reader) -> str:
    return _FORM_OF_EXPORTED if path.suffix in _EXPORTED or path.is_dir() else type(reader).__name__


def _read_all(path: Path, given: Path) -> None:
    """Read every table of a copied file once: what cannot be read is no capture. Errors name the file that was given."""
    reader = find_reader(path)
    try:
        with reading(path):
            reader.read(path, reader.tables)
    except BadExportError as error:
        raise BadExportError(error.message.replace(str(path), str(given)), error.hint) from error


def _take(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = _free_name(folder, path)
    if path.suffix == ".qdstrm":
        report = import_stream(path, folder / f"{target.stem}.nsys-rep", run_process)
        export_report(report, target, run_process)
        report.unlink()
    elif path.suffix == ".nsys-rep":
        export_report(path, target, run_process)
    elif path.is_dir():
        to_sqlite_file(path, target)
    else:
        shutil.copyfile(path, target)
    if isinstance(find_reader(target), SqliteReader):
        scrub(target)
    return target


def _free_name(folder: Path, path: Path) -> Path:
    suffix = ".sqlite" if path.suffix in _EXPORTED or path.is_dir() else path.suffix
    target, number = folder / f"{path.stem}{suffix}", 1
    if target.exists() and path.absolute().parent.name:
        # one folder a rank, and the same file name in each
        target = folder / f"{path.absolute().parent.name}-{path.stem}{suffix}"
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{suffix}"
    return target
