"""Reader of nsys's own reports (.nsys-rep) and raw streams (.qdstrm): nsys exports them first."""

from __future__ import annotations

import shutil
from pathlib import Path

from profiler.errors import BadExportError, CaptureError
from profiler.tools.nsys.export import to_sqlite
from profiler.tools.nsys.reader import ConvertedReader

_MAGIC = b"NVIDIA Tegra Profiler Report"
_STREAM_MAGIC = b"NVIDIA Nsight Systems Stream"
_STREAM_SUFFIX = ".qdstrm"


class ReportReader(ConvertedReader):
    """Exports a report with the installed nsys."""

    suffixes = (".nsys-rep", _STREAM_SUFFIX)

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a report or a raw stream."""
        return head.startswith(_MAGIC) or _STREAM_MAGIC in head[:64]

    def convert(self, path: Path, folder: Path) -> Path:
        """Export the report."""
        from profiler.capture.process import run_process

        with path.open("rb") as stream:
            suffix = ".nsys-rep" if stream.read(len(_MAGIC)) == _MAGIC else _STREAM_SUFFIX
        # nsys writes beside its input: a link keeps the user's folder as it is
        link = folder / f"capture{suffix}"
        try:
            link.symlink_to(path.resolve())
        except OSError:
            shutil.copyfile(path, link)
        try:
            export = to_sqlite(folder, "capture", run_process)
        except CaptureError as error:
            raise BadExportError(f"{path}: {error.message.replace(link.name, path.name)}", error.hint) from error
        if export is None:
            raise BadExportError(f"{path}: the file is empty", "record it again")
        return export


READERS = (ReportReader(),)
