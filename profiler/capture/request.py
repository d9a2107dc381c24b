"""What to record and how: frozen options, checked once, before anything runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from profiler.errors import UsageError, nearest
from profiler.runner.option import option
from profiler.runner.request import AUTO, SweepOptions
from profiler.tools.registry import TOOLS

TRACES = ("cuda", "nvtx", "osrt", "cublas", "cudnn", "opengl", "vulkan", "mpi", "openmp", "none")
GRAPH_TRACES = ("node", "graph")
CLOCK_CONTROLS = ("none", "base")
RANGE_ENDS = ("repeat", "none", "stop", "stop-shutdown")


def _refuse(condition: bool, message: str, hint: str) -> None:
    if condition:
        raise UsageError(message, hint)


def _one_of(value: str, known: tuple[str, ...], option: str) -> None:
    _refuse(value not in known, f"{option} {value!r} is unknown", nearest(value, known))


@dataclass(frozen=True)
class NsysOptions:
    """How Nsight Systems records.

    Attributes:
        trace: What is traced.
        cuda_graph_trace: `node` gives each kernel of a CUDA graph its row, `graph` each graph launch one.
        capture_range: `none`, `cudaProfilerApi`, or `NAME@DOMAIN` of the NVTX range at which recording begins.
        capture_range_end: `repeat` records every range (`repeat:N`: the first N), each as a capture of the run; `stop` ends
            recording with the first range, `none` with the program, `stop-shutdown` ends both.
        keep_report: Keep the .nsys-rep beside the scrubbed export; it holds the whole environment of the machine.
    """

    trace: tuple[str, ...] = option(("cuda", "nvtx"), "What nsys traces.", "--trace", "words")
    cuda_graph_trace: str = option("node", "node or graph.", "--cuda-graph-trace")
    capture_range: str = option("none", "none, cudaProfilerApi or NAME@DOMAIN.", "--capture-range")
    capture_range_end: str = option("repeat", "repeat, repeat:N, none, stop or stop-shutdown.", "--capture-range-end")
    keep_report: bool = option(False, "Keep the .nsys-rep (holds the environment).", "--keep-report", "flag")

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: A value is unknown.
        """
        _refuse(not self.trace, "nothing to trace", f"give some of {', '.join(TRACES)}")
        for item in self.trace:
            _one_of(item, TRACES, "--trace")
        _one_of(self.cuda_graph_trace, GRAPH_TRACES, "--cuda-graph-trace")
        if not re.fullmatch(r"repeat:[1-9]\d*", self.capture_range_end):
            _one_of(self.capture_range_end, RANGE_ENDS, "--capture-range-end")
        named = self.capture_range in ("none", "cudaProfilerApi") or re.fullmatch(r"[^@\s][^@]*(@[^@\s]+)?", self.capture_range)
        _refuse(not named, f"--capture-range {self.capture_range!r} cannot be read", "none, cudaProfilerApi or NAME@DOMAIN")


@dataclass(frozen=True)
class NcuOptions:
    """How Nsight Compute records.

    Attributes:
        set: Name of a metric set (`basic`, `detailed`, `full`); empty: the metrics below.
        metrics: Metric names; empty: those that this project shows.
        kernel: Regular expression that kernel names must match; empty: all kernels.
        nvtx_include: NVTX filters, `DOMAIN@RANGE/`; empty: all kernels.
        clock_control: `none` leaves the clocks alone, `base` locks them to base.
        launch_count: Stop after so many kernels.
        launch_skip: Pass over so many kernels first.
        import_source: Put the kernels' source files into the report.
        cache_control: `all` flushes the caches before each replay, `none` does not; empty: the tool's default.
    """

    set: str = option("", "Metric set: basic, detailed, full.", "--ncu-set")
    metrics: tuple[str, ...] = option((), "Metric names joined by comma.", "--ncu-metrics", "words")
    kernel: str = option("", "Regular expression for kernel names.", "--kernel")
    nvtx_include: tuple[str, ...] = option((), "NVTX filter DOMAIN@RANGE/; may be repeated.", "--nvtx-include", "list")
    clock_control: str = option("none", "none or base.", "--clock-control")
    launch_count: int | None = option(None, "Profile so many kernels at most.", "--launch-count", "integer")
    launch_skip: int | None = option(None, "Pass over so many kernels first.", "--launch-skip", "integer")
    import_source: bool = option(False, "Put the sources into the report.", "--import-source", "flag")
    cache_control: str = option("", "all or none: flush the caches before each replay.", "--cache-control")

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: A value is unknown, or a set and a list are given together.
        """
        _one_of(self.clock_control, CLOCK_CONTROLS, "--clock-control")
        _one_of(self.cache_control, ("", "all", "none"), "--cache-control")
        _refuse(bool(self.set and self.metrics), "a metric set and a list of metrics", "give --set or --metrics, not both")
        for count in (self.launch_count, self.launch_skip):
            _refuse(count is not None and count < 0, f"launch count {count}", "give 0 or more")
        try:
            re.compile(self.kernel)
        except re.error as error:
            what = f"--kernel {self.kernel!r} is no regular expression: {error}"
            raise UsageError(what, "example: --kernel 'swish_.*'") from error


@dataclass(frozen=True)
class CaptureRequest:
    """Everything about one recording.

    Attributes:
        tools: Tools to record with, one pass each; `auto` alone lets this package choose.
        command: The user's program and its arguments; empty when a sweep runs.
        sweep: The sweep of the project's own runner or driver; None when a command runs.
        label: The user's name for the run.
        timeout_s: Longest wall time of one pass.
        nsys: Options of Nsight Systems.
        ncu: Options of Nsight Compute.
        python: Interpreter for the runner; it must bring numpy, nvtx and what the engine imports.
        environment: Variables set for the target.
    """

    tools: tuple[str, ...] = option((AUTO,), "nsys, ncu, cupti, builtin or auto; several joined by comma.", "--tool", "words")
    command: tuple[str, ...] = ()
    sweep: SweepOptions | None = None
    label: str = option("", "Name of the run.", "--label -l")
    timeout_s: float | None = option(None, "Longest wall time of one pass, s.", "--timeout", "number")
    nsys: NsysOptions = field(default_factory=NsysOptions)
    ncu: NcuOptions = field(default_factory=NcuOptions)
    python: str = option(sys.executable, "Interpreter for the Python runner.", "--python")
    environment: Mapping[str, str] = option({}, "NAME=VALUE for the target; may be repeated.", "--env", "pairs")

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            UsageError: A tool is unknown or double, or there is both a command and a sweep, or neither.
        """
        for tool in self.tools:
            _one_of(tool, (AUTO, *TOOLS), "--tool")
        _refuse(not self.tools or len(set(self.tools)) < len(self.tools), f"--tool {','.join(self.tools)}", "name each tool once")
        _refuse(AUTO in self.tools and len(self.tools) > 1, f"--tool {','.join(self.tools)}", "auto stands alone")
        what = "a command and a sweep" if self.command else "nothing to record"
        _refuse(bool(self.command) == (self.sweep is not None), what, "give either options of a sweep, or -- COMMAND ARG…")
        _refuse(self.timeout_s is not None and self.timeout_s <= 0, f"--timeout {self.timeout_s}", "give more than 0 seconds")

    def with_command(self, command: tuple[str, ...]) -> CaptureRequest:
        """Return the request with the command that stands for its sweep."""
        return replace(self, command=command, sweep=None)

    def under(self, tool: str) -> CaptureRequest:
        """Return the request of the pass of one tool."""
        return replace(self, tools=(tool,))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, for the manifest and for going on later."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values |= {"nsys": asdict(self.nsys), "ncu": asdict(self.ncu), "environment": dict(self.environment)}
        return {**values, "sweep": self.sweep.to_dict() if self.sweep is not None else None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CaptureRequest:
        """Build a request from its JSON form.

        Raises:
            UsageError: The form is of another version.
        """
        try:
            values = dict(data)
            values["nsys"] = NsysOptions(**_tuples(NsysOptions, values["nsys"]))
            values["ncu"] = NcuOptions(**_tuples(NcuOptions, values["ncu"]))
            if values.get("sweep"):
                values["sweep"] = SweepOptions.from_dict(values["sweep"])
            return cls(**_tuples(cls, values))
        except (KeyError, TypeError) as error:
            raise UsageError(f"the run's options cannot be read ({error})", "record it again") from error


def _tuples(cls: type, data: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(cls)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items() if name in known}
