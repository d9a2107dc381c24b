"""Records a program with Nsight Systems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import CaptureError, ToolMissingError
from profiler.schema import POINT_PREFIX
from profiler.tools.base import Failure, Recorder, RecordPlan, ToolVersion
from profiler.tools.nsys import TOOL
from profiler.tools.nsys.export import LIBRARY_HINT, exports, find_importer, find_nsys
from profiler.tools.nsys.nvtx_table import event_text
from profiler.tools.nsys.scrub import scrub
from profiler.tools.nsys.sqlite_export import SqliteExport
from profiler.tools.nsys.target_tables import FIRST_YEAR_WITH_DOMAIN_QUERY, is_old, no_kernels, silent_domains
from profiler.tools.programs import FULL_DISK, NO_OPTION, probe_program

if TYPE_CHECKING:
    from profiler.capture.request import CaptureRequest

NAMES_VARIABLE = "PROFILER_MARKED_DIR"
_ENDPOINT = "Local Endpoint is not available"
_ERROR = re.compile(r"^\s*(?:ERROR|Error|FATAL)\b:?\s*(?P<text>.+)")
_STREAM = re.compile(r"(?P<path>/\S+\.qdstrm)")
_NVTX_WITH_DOMAIN_QUERY = (0, 2, 12)

_KNOWN: tuple[Failure, ...] = (
    (NO_OPTION, "nsys does not know an option", "nsys of this version lacks it; see nsys profile --help"),
    (
        r"[Tt]arget application .*(?:not found|does not exist)|Failed to launch|failed to execute",
        "nsys could not start the program",
        "check the path of the program",
    ),
    FULL_DISK,
    (r"error while loading shared libraries: (\S+)", "nsys or its importer lacks a shared library", LIBRARY_HINT),
    (
        r"[Aa]nother.*(?:session|profil).*(?:running|active)",
        "another nsys session is running",
        "end it: nsys sessions list, nsys shutdown",
    ),
)


class NsysRecorder(Recorder):
    """Nsight Systems: a timeline of API calls, kernels, copies and NVTX ranges."""

    tool = "nsys"
    known = _KNOWN

    def probe(self) -> ToolVersion | None:
        """Find nsys."""
        nsys = find_nsys()
        return probe_program(nsys, TOOL.title, self._run, "" if nsys and find_importer(nsys) else "QdstrmImporter")

    def for_sweep(self, request: CaptureRequest, engine: str) -> CaptureRequest:
        """Leave out the trace of CUDA where the engine has none."""
        if engine != "reference":
            return request
        trace = tuple(item for item in request.nsys.trace if item != "cuda")
        return replace(request, nsys=replace(request.nsys, trace=trace or ("nvtx",)))

    def plan(self, request: CaptureRequest, folder: Path, stem: str) -> RecordPlan:
        """Return the command line.

        Raises:
            ToolMissingError: nsys is not installed.
        """
        nsys = find_nsys()
        if nsys is None:
            raise ToolMissingError("nsys is not installed", TOOL.install)
        options = request.nsys
        argv = [nsys, "profile", "--trace", ",".join(options.trace), "--sample", "none", "--cpuctxsw", "none"]
        if "cuda" in options.trace:
            argv += ["--cuda-graph-trace", options.cuda_graph_trace]
        environment = dict(request.environment)
        if folder.is_absolute():
            environment[NAMES_VARIABLE] = str(folder)
        argv += _range_arguments(options.capture_range, options.capture_range_end, environment)
        argv += ["--export", "sqlite", "--force-overwrite", "true", "--output", str(folder / stem)]
        return RecordPlan((*argv, *request.command), environment)

    def finish(self, request: CaptureRequest, folder: Path, run: Callable[..., Any], stem: str) -> tuple[list[Path], list[str]]:
        """Export, scrub and check the capture.

        Raises:
            CaptureError: nsys wrote nothing.
            BadExportError: What it wrote is damaged.
        """
        found = exports(folder, stem, run)
        if not found:
            raise CaptureError(*_nothing_written(request))
        for export in found:
            scrub(export)
        reports = [export.with_suffix(".nsys-rep") for export in found]
        if not request.nsys.keep_report:
            for left in (*reports, *folder.glob(f"{stem}.qdstrm")):
                left.unlink(missing_ok=True)
        notes = list(dict.fromkeys(note for export in found for note in _notes(export, request)))
        return [*found, *filter(Path.is_file, reports)], notes + self._lost_points(request, folder, stem)

    def _lost_points(self, request: CaptureRequest, folder: Path, stem: str) -> list[str]:
        """Name the points that the program's processes finished and the capture does not hold; drop their journals."""
        from profiler.annotate.documents import journals, read_journals

        events = read_journals(folder)
        for journal in journals(folder):
            journal.unlink()
        if request.nsys.capture_range != "none":
            return []
        recorded = _points(exports(folder, stem, self._run))
        programs = {event["process_id"]: event["program"] for event in events if event["event"] == "process"}
        lost: dict[int, list[str]] = {}
        for event in events:
            if event["event"] == "point" and event["label"] not in recorded:
                lost.setdefault(event["process_id"], []).append(event["label"])
        return [
            f"nsys lost {len(labels)} finished points of process {process} ({programs.get(process)}): {'; '.join(labels)}"
            for process, labels in lost.items()
        ]

    def recorded_points(self, folder: Path, stem: str) -> set[str] | None:
        """Return the labels of the sweep points that the export holds whole; None when it holds no range of them at all.

        A process that is killed takes along what nsys had not yet collected from it, also of points long finished.
        """
        found = _points(exports(folder, stem, self._run))
        return {label for label, whole in found.items() if whole} if found else None

    def collided(self, log: str) -> bool:
        """Return whether nsys met another session that was starting, before it started the program."""
        return _ENDPOINT in log

    def remarks(self, log: str) -> list[str]:
        """Return the texts of nsys's own error lines."""
        return [match["text"].strip() for line in log.splitlines() if (match := _ERROR.match(line))]

    def loses_nvtx(self, nvtx_version: str) -> bool:
        """Return whether ranges of this version of the Python package nvtx are lost under the installed nsys."""
        found = self.probe()
        return found is not None and loses_domains(nvtx_version, found.text)


recorder = NsysRecorder


def _range_arguments(capture_range: str, end: str, environment: dict[str, str]) -> list[str]:
    if capture_range == "none":
        return []
    if capture_range == "cudaProfilerApi":
        return ["--capture-range", "cudaProfilerApi", "--capture-range-end", end]
    # without this variable nsys compares registered strings only, and a range with a plain C string never triggers
    environment["NSYS_NVTX_PROFILER_REGISTER_ONLY"] = "0"
    ranges = ["--capture-range", "nvtx", "--nvtx-capture", capture_range, "--capture-range-end", end]
    return [*ranges, "--env-var", "NSYS_NVTX_PROFILER_REGISTER_ONLY=0"]


def _nothing_written(request: CaptureRequest) -> tuple[str, str]:
    wanted = request.nsys.capture_range
    if wanted == "cudaProfilerApi":
        return "nsys wrote no report: the program never called cudaProfilerStart", "call it, or drop --capture-range"
    if wanted != "none":
        return f"nsys wrote no report: no NVTX range {wanted} was opened", "check name and domain (NAME@DOMAIN, NAME@* for any)"
    return "nsys wrote no report", "read the log; profiler doctor checks the installation"


def loses_domains(nvtx_version: str, nsys_version: str) -> bool:
    """Return whether this Python package nvtx records nothing under this nsys.

    Args:
        nvtx_version: As 0.2.17.
        nsys_version: Text that holds a version as 2023.4.4.
    """
    year = re.search(r"\b(20\d\d)\.", nsys_version)
    numbers = tuple(int(part) for part in re.findall(r"\d+", nvtx_version)[:3])
    return year is not None and int(year[1]) < FIRST_YEAR_WITH_DOMAIN_QUERY and numbers >= _NVTX_WITH_DOMAIN_QUERY


def _notes(path: Path, request: CaptureRequest) -> list[str]:
    """Return what the user must know of an export at once."""
    export = SqliteExport(path)
    notes = [f"{text}: {hint}" for text, hint in silent_domains(export)] if is_old(export) else []
    notes += filter(None, [no_kernels(export)] if "cuda" in request.nsys.trace else [])
    if export.has("DIAGNOSTIC_EVENT", "severity", "text"):
        rows = export.query("SELECT DISTINCT text FROM DIAGNOSTIC_EVENT WHERE severity >= 3 LIMIT 5")
        notes += [f"nsys reports: {text}" for (text,) in rows]
    return notes


def _points(exports: Iterable[Path]) -> dict[str, bool]:
    """Return the labels of the point ranges in some exports, and whether each surely ended by itself.

    A range that never did ends with the capture; the runner opens a last range of its own after all points.
    """
    found: dict[str, bool] = {}
    for export in map(SqliteExport, exports):
        if "NVTX_EVENTS" not in export.columns:
            continue
        name, join = event_text(export)
        rows = export.query(
            f"SELECT {name}, n.end < (SELECT MAX(end) FROM NVTX_EVENTS) FROM NVTX_EVENTS n {join} "
            f"WHERE n.eventType = 59 AND {name} LIKE '{POINT_PREFIX}%'"
        )
        for text, whole in rows:
            label = text[len(POINT_PREFIX) :]
            found[label] = found.get(label, False) or bool(whole)
    return found
