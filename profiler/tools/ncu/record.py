"""Records a program with Nsight Compute: hardware counters of single kernel launches, by replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.errors import BadExportError, CaptureError, ToolMissingError
from profiler.tools.base import Failure, Recorder, RecordPlan, ToolVersion
from profiler.tools.ncu import TOOL
from profiler.tools.ncu.metric_names import requested_metrics
from profiler.tools.ncu.scrub import scrub
from profiler.tools.programs import FULL_DISK, NO_OPTION, find_program, probe_program

if TYPE_CHECKING:
    from profiler.capture.request import CaptureRequest

PERMISSION_HINT = (
    "allow counters for all users: echo 'options nvidia NVreg_RestrictProfilingToAdminUsers=0' | "
    "sudo tee /etc/modprobe.d/nvidia-profiler.conf, then reboot; or run as root; in a container add --cap-add=SYS_ADMIN"
)
_PATTERNS = ("opt/nvidia/nsight-compute/*/ncu", "usr/local/cuda*/bin/ncu")
ITERATION_FILTER = "profiler@iteration/"
"""Only what a measured iteration of a sweep launches."""
_KNOWN: tuple[Failure, ...] = (
    (r"ERR_NVGPUCTRPERM", "the driver does not let this user read the GPU's performance counters", PERMISSION_HINT),
    (
        r"No kernels were profiled",
        "no kernel was profiled: none matched the filters, none was launched, or every launch failed",
        "loosen --kernel, --nvtx-include, --launch-skip; check that the program uses the GPU",
    ),
    (
        r"Failed to (?:find|locate) metric|Metric .* (?:not found|could not be found)|unknown metric",
        "ncu does not know a metric on this GPU",
        "ncu --query-metrics lists what it knows",
    ),
    (
        r"is not supported on this (?:device|GPU|platform)|Profiling is not supported",
        "ncu cannot profile this GPU",
        "Nsight Compute needs compute capability 7.5 or newer with a matching version",
    ),
    (NO_OPTION, "ncu does not know an option", "ncu of this version lacks it; see ncu --help"),
    (
        r"Driver or library.*(?:resource|version)|LibraryNotFound|InterprocessLockFile|Failed to (?:create|open) (?:the )?lock",
        "ncu could not take its lock or load its libraries",
        "remove /tmp/nsight-compute-lock if another user left it",
    ),
    FULL_DISK,
    (r"==ERROR== (?!The application returned)", "ncu failed", "read the log; profiler doctor checks the installation"),
)


def find_ncu() -> str | None:
    """Return the path of ncu: the one on PATH, else the newest in the usual folders."""
    return find_program("ncu", _PATTERNS)


class NcuRecorder(Recorder):
    """Nsight Compute."""

    tool = "ncu"
    known = _KNOWN

    def probe(self) -> ToolVersion | None:
        """Find ncu and ask for its version; None when it is absent or cannot start."""
        return probe_program(find_ncu(), TOOL.title, self._run)

    def for_sweep(self, request: CaptureRequest, engine: str) -> CaptureRequest:
        """Profile measured iterations only, unless the user chose ranges."""
        if request.ncu.nvtx_include:
            return request
        return replace(request, ncu=replace(request.ncu, nvtx_include=(ITERATION_FILTER,)))

    def plan(self, request: CaptureRequest, folder: Path, stem: str) -> RecordPlan:
        """Return the command line.

        Raises:
            ToolMissingError: ncu is not installed.
        """
        ncu = find_ncu()
        if ncu is None:
            raise ToolMissingError("ncu is not installed", TOOL.install)
        report = folder / f"{stem}.ncu-rep"
        argv = [ncu, "--target-processes", "all", "--clock-control", request.ncu.clock_control, "--nvtx", *self._selection(request)]
        argv += ["--import-source", "yes" if request.ncu.import_source else "no", "--force-overwrite", "--export", str(report)]
        return RecordPlan((*argv, *request.command), dict(request.environment))

    def finish(self, request: CaptureRequest, folder: Path, run: Callable[..., Any], stem: str) -> tuple[list[Path], list[str]]:
        """Check that the report is there, and take the machine's environment and names out of it.

        Raises:
            CaptureError: ncu wrote none.
        """
        report = folder / f"{stem}.ncu-rep"
        if not report.is_file() or report.stat().st_size == 0:
            raise CaptureError("ncu wrote no report", "read the log; a report is only written once a kernel was profiled")
        try:
            scrub(report)
        except BadExportError as error:
            return [report], [f"the report still holds the machine's environment: {error.message}"]
        return [report], []

    def _selection(self, request: CaptureRequest) -> list[str]:
        options = request.ncu
        metrics = "" if options.set else ",".join(options.metrics or requested_metrics(self._compute_capability()))
        given = (
            ("--set", options.set),
            ("--metrics", metrics),
            ("--cache-control", options.cache_control),
            *(("--nvtx-include", item) for item in options.nvtx_include),
            ("--kernel-name", options.kernel and f"regex:{options.kernel}"),
            ("--launch-count", "" if options.launch_count is None else str(options.launch_count)),
            ("--launch-skip", "" if options.launch_skip is None else str(options.launch_skip)),
        )
        return [word for pair in given if pair[1] for word in pair]


recorder = NcuRecorder
