"""Reader of nsys's own reports (.nsys-rep) and raw streams (.qdstrm): nsys exports them first."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from profiler.errors import BadExportError, CaptureError
from profiler.tools.base import ReadResult
from profiler.tools.nsys.export import to_sqlite
from profiler.tools.nsys.reader import SqliteReader

_MAGIC = b"NVIDIA Tegra Profiler Report"
_STREAM_MAGIC = b"NVIDIA Nsight Systems Stream"
_STREAM_SUFFIX = ".qdstrm"


class ReportReader:
    """Exports a report with the installed nsys into a temporary folder and reads the export."""

    tool = "nsys"
    suffixes = (".nsys-rep", _STREAM_SUFFIX)
    tables = SqliteReader.tables
    parser_version = SqliteReader.parser_version
    slow = True

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a report or a raw stream."""
        return head.startswith(_MAGIC) or _STREAM_MAGIC in head[:64]

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Export the report, then read all tables: the export is gone afterwards.

        Raises:
            ToolMissingError: nsys, or its importer for a raw stream, is not installed.
            BadExportError: nsys cannot export it: damaged, or recorded by a newer version.
        """
        from profiler.capture.process import run_process

        with tempfile.TemporaryDirectory(prefix="profiler-export-") as folder:
            # nsys writes beside its input: a link keeps the user's folder as it is
            link = Path(folder) / f"capture{_suffix(path)}"
            _place(path, link)
            try:
                export = to_sqlite(Path(folder), "capture", run_process)
            except CaptureError as error:
                message = error.message.replace(link.name, path.name)
                raise BadExportError(f"{path}: {message}", error.hint) from error
            if export is None:
                raise BadExportError(f"{path}: the file is empty", "record it again")
            result = SqliteReader().read(export, self.tables)
        result.info["file"] = path.name
        return result


def _suffix(path: Path) -> str:
    """Return the ending that nsys expects for the file's content."""
    with path.open("rb") as stream:
        return ".nsys-rep" if stream.read(len(_MAGIC)) == _MAGIC else _STREAM_SUFFIX


def _place(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, link)


READERS = (ReportReader(),)
