"""From what nsys left behind to a SQLite export: the usual way, from the report, or from the raw stream."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from profiler.errors import CaptureError, ToolMissingError
from profiler.tools.nsys import TOOL
from profiler.tools.programs import find_program

EXPORT_TIMEOUT_S = 3600
_PATTERNS = (
    "opt/nvidia/nsight-systems/*/target-linux-x64/nsys",
    "opt/nvidia/nsight-compute/*/host/target-linux-x64/nsys",
    "usr/local/cuda*/bin/nsys",
)
LIBRARY_HINT = "install the library that is named there (on Debian: apt-get install libdw1 libglib2.0-0)"


def find_nsys() -> str | None:
    """Return the path of nsys: the one on PATH, else the newest in the usual folders."""
    return find_program("nsys", _PATTERNS)


def find_importer(nsys: str) -> str | None:
    """Return QdstrmImporter, which stands beside nsys, or in the host folder next to nsys's own."""
    target = Path(nsys).resolve().parent
    roots = [target, target.parent, target.parent.parent, Path("/usr/lib/nsight-systems"), Path("/opt/nvidia/nsight-systems")]
    patterns = ("QdstrmImporter", "host-linux-*/QdstrmImporter", "*/host-linux-*/QdstrmImporter")
    found = (path for root in roots for pattern in patterns for path in sorted(root.glob(pattern), reverse=True))
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


def import_stream(stream: Path, report: Path, run: Callable[..., Any]) -> Path:
    """Turn a .qdstrm, which nsys leaves when its importer cannot start, into a .nsys-rep.

    Raises:
        ToolMissingError: No importer is installed.
        CaptureError: The importer failed.
    """
    nsys = find_nsys()
    importer = find_importer(nsys) if nsys else None
    if importer is None:
        what = "nsys could not start its importer (QdstrmImporter), and none was found beside it"
        fix = "install the whole of Nsight Systems, or import the .qdstrm on a machine that has it"
        raise ToolMissingError(f"{stream.name}: {what}", fix)
    argv = [importer, "--input-file", str(stream), "--output-file", str(report), "--force-overwrite"]
    result = run(argv, timeout_s=EXPORT_TIMEOUT_S)
    if result.returncode != 0 or not _filled(report):
        tail = "; ".join(result.last_lines[-3:])
        fix = LIBRARY_HINT if "error while loading shared libraries" in tail else "import it with the nsys version that recorded it"
        raise CaptureError(f"{stream.name}: QdstrmImporter failed: {tail}", fix)
    return report


def export_report(report: Path, target: Path, run: Callable[..., Any]) -> Path:
    """Export a .nsys-rep to SQLite.

    Raises:
        ToolMissingError: nsys is not installed.
        CaptureError: The export failed; nothing half-written is left.
    """
    nsys = find_nsys()
    if nsys is None:
        raise ToolMissingError(f"{report.name}: exporting it needs nsys", TOOL.install)
    argv = [nsys, "export", "--type", "sqlite", "--force-overwrite", "true", "--output", str(target), str(report)]
    result = run(argv, timeout_s=EXPORT_TIMEOUT_S)
    error = next((line for line in result.last_lines if "ERROR" in line.upper() and "0 error" not in line.lower()), "")
    if result.returncode != 0 or not _filled(target) or error:
        target.unlink(missing_ok=True)
        reason = error or "; ".join(result.last_lines[-3:])
        raise CaptureError(f"{report.name}: nsys export failed: {reason}", "export it with the nsys version that recorded it")
    return target


def exports(folder: Path, stem: str, run: Callable[..., Any]) -> list[Path]:
    """Find or make the exports of a recording: one, or one a capture range, numbered from 1.

    Args:
        folder: Where nsys wrote.
        stem: Name that nsys was given.
        run: `profiler.capture.process.run_process`.

    Returns:
        The exports in the order of recording; none when nsys left nothing at all.
    """
    numbered = re.compile(rf"{re.escape(stem)}\.(\d+)\.(?:sqlite|nsys-rep)")
    ranges = {int(match[1]) for path in folder.iterdir() if (match := numbered.fullmatch(path.name))} if folder.is_dir() else set()
    names = [f"{stem}.{number}" for number in sorted(ranges)] or [stem]
    return [export for name in names if (export := to_sqlite(folder, name, run)) is not None]


def to_sqlite(folder: Path, stem: str, run: Callable[..., Any]) -> Path | None:
    """Find or make one export, given its name without ending; None when nsys left nothing at all."""
    target, report = folder / f"{stem}.sqlite", folder / f"{stem}.nsys-rep"
    if _filled(target):
        return target
    if not _filled(report):
        streams = [path for path in sorted(folder.glob(f"{stem}*.qdstrm")) if _filled(path)]
        if not streams:
            return None
        import_stream(streams[-1], report, run)
    return export_report(report, target, run)


def _filled(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
