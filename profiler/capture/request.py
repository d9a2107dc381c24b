"""What to record and how: frozen options, checked once, before anything runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from profiler.errors import UsageError, nearest
from profiler.runner.point import Point
from profiler.runner.settings import MeasureSettings
from profiler.tools.registry import TOOLS

AUTO = "auto"
DRIVERS = ("auto", "python", "cpp")
TRACES = ("cuda", "nvtx", "osrt", "cublas", "cudnn", "opengl", "vulkan", "mpi", "openmp", "none")
GRAPH_TRACES = ("node", "graph")
CLOCK_CONTROLS = ("none", "base")
RANGE_ENDS = ("none", "stop", "stop-shutdown")


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
        capture_range_end: `stop` ends recording with the first range, `none` with the program, `stop-shutdown` ends both.
        keep_report: Keep the .nsys-rep beside the scrubbed export; it holds the whole environment of the machine.
        extra: Further options, passed on as they are.
    """

    trace: tuple[str, ...] = ("cuda", "nvtx")
    cuda_graph_trace: str = "node"
    capture_range: str = "none"
    capture_range_end: str = "stop"
    keep_report: bool = False
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: A value is unknown.
        """
        _refuse(not self.trace, "nothing to trace", f"give some of {', '.join(TRACES)}")
        for item in self.trace:
            _one_of(item, TRACES, "--trace")
        _one_of(self.cuda_graph_trace, GRAPH_TRACES, "--cuda-graph-trace")
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
        extra: Further options, passed on as they are.
    """

    set: str = ""
    metrics: tuple[str, ...] = ()
    kernel: str = ""
    nvtx_include: tuple[str, ...] = ()
    clock_control: str = "none"
    launch_count: int | None = None
    launch_skip: int | None = None
    import_source: bool = False
    cache_control: str = ""
    extra: tuple[str, ...] = ()

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
            raise UsageError(
                f"--kernel {self.kernel!r} is no regular expression: {error}", "example: --kernel 'swish_.*'"
            ) from error


@dataclass(frozen=True)
class SweepOptions:
    """A sweep of the project's own runner or driver.

    Attributes:
        points: What runs, in order.
        driver: `python` (profiler.runner), `cpp` (profiler-driver) or `auto`.
        engine: `reference`, `direct`, `tensorrt`, …; `auto` takes the GPU where there is one.
        settings: How points are measured.
        plugin_libraries: Shared libraries with plugins or with the ops' C interface.
        engine_file: A serialised TensorRT engine of the user's own.
        onnx_file: An ONNX model of the user's own.
        point_timeout_s: A point that takes longer has failed.
        device: CUDA device ordinal.
    """

    points: tuple[Point, ...]
    driver: str = "auto"
    engine: str = "auto"
    settings: MeasureSettings = field(default_factory=MeasureSettings)
    plugin_libraries: tuple[str, ...] = ()
    engine_file: str = ""
    onnx_file: str = ""
    point_timeout_s: float = 300.0
    device: int = 0

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: There is no point, or a value is unknown.
        """
        _refuse(not self.points, "the sweep has no point", "see profiler run --help")
        _one_of(self.driver, DRIVERS, "--driver")
        _refuse(self.point_timeout_s <= 0, f"--point-timeout {self.point_timeout_s}", "give more than 0 seconds")


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

    tools: tuple[str, ...] = (AUTO,)
    command: tuple[str, ...] = ()
    sweep: SweepOptions | None = None
    label: str = ""
    timeout_s: float | None = None
    nsys: NsysOptions = field(default_factory=NsysOptions)
    ncu: NcuOptions = field(default_factory=NcuOptions)
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            UsageError: A tool is unknown or double, or there is both a command and a sweep, or neither.
        """
        for tool in self.tools:
            _one_of(tool, (AUTO, *TOOLS), "--tool")
        _refuse(not self.tools or len(set(self.tools)) < len(self.tools), f"--tool {','.join(self.tools)}", "name each tool once")
        _refuse(AUTO in self.tools and len(self.tools) > 1, f"--tool {','.join(self.tools)}", "auto stands alone")
        _refuse(bool(self.command) == (self.sweep is not None), "a command and a sweep" if self.command else "nothing to record",
                "give either options of a sweep, or -- COMMAND ARG…")  # fmt: skip
        _refuse(self.timeout_s is not None and self.timeout_s <= 0, f"--timeout {self.timeout_s}", "give more than 0 seconds")

    def with_command(self, command: tuple[str, ...]) -> CaptureRequest:
        """Return the request with the command that stands for its sweep."""
        return replace(self, command=command, sweep=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, for the manifest and for going on later."""
        data = asdict(self)
        if self.sweep is not None:
            data["sweep"]["points"] = [point.to_dict() for point in self.sweep.points]
        return data

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
                sweep = _tuples(SweepOptions, values["sweep"])
                sweep["points"] = tuple(Point.from_dict(item) for item in sweep["points"])
                sweep["settings"] = MeasureSettings.from_dict(sweep["settings"])
                values["sweep"] = SweepOptions(**sweep)
            return cls(**_tuples(cls, values))
        except (KeyError, TypeError) as error:
            raise UsageError(f"the run's options cannot be read ({error})", "record it again") from error


def _tuples(cls: type, data: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(cls)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items() if name in known}
