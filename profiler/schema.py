"""Every table of the analysis: its columns, dtypes, units and keys, and the check that a frame obeys them.

All times are integer nanoseconds on one clock per recording, all sizes bytes. Readers of every tool fill these tables;
metrics read nothing else. A table that a capture cannot fill is absent, with a reason, and never an empty stand-in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from profiler.errors import BadExportError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Column name; carries the unit as a suffix.
        kind: `int`, `float`, `text` (category or str), `bool` or `object` (lists); widths are the reader's choice.
        text: What it means, in one line.
        required: False when a tool or version may lack it; then the column is absent or NA.
    """

    name: str
    kind: str
    text: str
    required: bool = True


@dataclass(frozen=True)
class Table:
    """One table: rows are events or objects of one kind.

    Attributes:
        name: Table name, as in `profiler metrics` and in the run's `tables/` folder.
        text: What one row is.
        columns: The columns, in order.
        order: Columns by which rows are sorted.
    """

    name: str
    text: str
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(column.name for column in self.columns if column.required)


def _i(name: str, text: str, required: bool = True) -> Column:
    return Column(name, "int", text, required)


def _f(name: str, text: str, required: bool = False) -> Column:
    return Column(name, "float", text, required)


def _t(name: str, text: str, required: bool = True) -> Column:
    return Column(name, "text", text, required)


_SPAN = (_i("start_ns", "start, ns since the capture began"), _i("duration_ns", "end minus start, ns"))
_WHERE = (
    _i("process_id", "operating system process"),
    _i("device_id", "CUDA device ordinal"),
    _i("context_id", "CUDA context"),
    _i("stream_id", "CUDA stream within the context"),
    _i("correlation_id", "joins with the API call of the same process; 0 when unknown"),
)

LAUNCH_CONFIGURATIONS = Table(
    "launch_configurations",
    "one distinct combination of kernel and launch parameters; its row number is launch_configuration_id",
    (
        _t("kernel", "demangled kernel name"),
        _t("short_name", "function name without namespace and parameters", False),
        *(_i(f"grid_{axis}", f"grid size, {axis}") for axis in "xyz"),
        *(_i(f"block_{axis}", f"block size, {axis}") for axis in "xyz"),
        _i("registers_per_thread", "registers per thread"),
        _i("static_shared_memory_bytes", "static shared memory per block"),
        _i("dynamic_shared_memory_bytes", "dynamic shared memory per block"),
        _i("shared_memory_executed_bytes", "shared memory carve-out per SM in effect", False),
        _i("local_memory_per_thread_bytes", "local memory per thread", False),
    ),
)
KERNELS = Table(
    "kernels",
    "one kernel execution on a GPU",
    (
        *_SPAN,
        _i("launch_configuration_id", "row of launch_configurations"),
        *_WHERE,
        _i("graph_node_id", "CUDA graph node, NA outside graphs", False),
    ),
    ("start_ns",),
)
MEMCPYS = Table(
    "memcpys",
    "one memory copy on a GPU",
    (
        *_SPAN,
        _i("size_bytes", "bytes copied"),
        _t("direction", "HtoD, DtoH, DtoD, PtoP, HtoH, ... "),
        _t("source_kind", "pageable, pinned, device, managed, array, unknown"),
        _t("destination_kind", "as source_kind"),
        *_WHERE,
    ),
    ("start_ns",),
)
MEMSETS = Table(
    "memsets",
    "one memory fill on a GPU",
    (*_SPAN, _i("size_bytes", "bytes set"), _t("memory_kind", "as source_kind of memcpys"), *_WHERE),
    ("start_ns",),
)
GRAPH_LAUNCHES = Table(
    "graph_launches",
    "one CUDA graph execution recorded as a whole (graph-level tracing: its kernels have no rows)",
    (*_SPAN, _i("graph_id", "CUDA graph", False), *_WHERE),
    ("start_ns",),
)
API_CALLS = Table(
    "api_calls",
    "one CUDA runtime or driver API call on the CPU",
    (
        *_SPAN,
        _t("api", "runtime or driver"),
        _t("name", "function name, version suffix stripped"),
        _i("process_id", "operating system process"),
        _i("thread_id", "operating system thread"),
        _i("correlation_id", "joins with the GPU work it started"),
        _i("return_value", "CUDA status code", False),
    ),
    ("start_ns",),
)
SYNCHRONIZATIONS = Table(
    "synchronizations",
    "one wait of a CPU thread for the GPU",
    (*_SPAN, _t("kind", "event, stream, context or stream-wait, from the API that waited"), *_WHERE),
    ("start_ns",),
)
NVTX_RANGES = Table(
    "nvtx_ranges",
    "one NVTX push/pop or start/end range, or a mark (duration NA)",
    (
        *_SPAN,
        _t("kind", "push_pop, start_end or mark"),
        _t("domain", "domain name, empty for the default domain"),
        _t("name", "message"),
        _i("process_id", "operating system process"),
        _i("thread_id", "operating system thread that opened it"),
        _i("end_thread_id", "thread that closed a start/end range, when another", False),
        _t("category", "category name", False),
        _i("payload_int", "integer payload", False),
        _f("payload_float", "floating-point payload"),
        _t("payload_json", "JSON payload", False),
    ),
    ("start_ns",),
)
DEVICES = Table(
    "devices",
    "one GPU",
    (
        _i("device_id", "CUDA device ordinal"),
        _t("name", "product name"),
        _t("compute_capability", "major.minor"),
        _i("sm_count", "streaming multiprocessors"),
        _i("sm_clock_hz", "maximum SM clock", False),
        _i("memory_bandwidth_bytes_per_s", "peak DRAM bandwidth", False),
        _i("l2_cache_bytes", "L2 cache size", False),
        _i("total_memory_bytes", "device memory", False),
        _i("max_warps_per_sm", "occupancy limit"),
        _i("max_blocks_per_sm", "occupancy limit"),
        _i("registers_per_sm", "occupancy limit"),
        _i("shared_memory_per_sm_bytes", "occupancy limit"),
        _i("shared_memory_per_block_bytes", "static limit per block", False),
        _i("shared_memory_per_block_optin_bytes", "opt-in limit per block", False),
        _t("uuid", "GPU UUID", False),
    ),
    ("device_id",),
)
STREAMS = Table(
    "streams",
    "one CUDA stream",
    (
        _i("process_id", "operating system process"),
        _i("context_id", "CUDA context"),
        _i("stream_id", "CUDA stream"),
        _i("priority", "stream priority", False),
        _t("kind", "default, non-blocking, null or unknown"),
    ),
    ("process_id", "context_id", "stream_id"),
)
CONTEXTS = Table(
    "contexts",
    "one CUDA context",
    (
        _i("process_id", "operating system process"),
        _i("context_id", "CUDA context"),
        _i("device_id", "CUDA device ordinal"),
        _i("null_stream_id", "id of the null stream", False),
    ),
    ("process_id", "context_id"),
)
COUNTERS = Table(
    "counters",
    "one metric of one kernel launch measured by Nsight Compute",
    (
        _i("launch_id", "order of the launch within the report, from 0"),
        _t("metric", "Nsight Compute metric name"),
        _f("value", "number; NaN for a metric that holds text or nothing"),
        _t("text_value", "text of a metric that is no number", False),
        _t("unit", "unit, base (byte, ns, %), empty for plain numbers"),
    ),
    ("launch_id", "metric"),
)
PROFILED_LAUNCHES = Table(
    "profiled_launches",
    "one kernel launch measured by Nsight Compute (replayed and serialised: its duration is no measurement of speed)",
    (
        _i("launch_id", "order within the report, from 0"),
        _t("kernel", "demangled kernel name"),
        *(_i(f"grid_{axis}", f"grid size, {axis}") for axis in "xyz"),
        *(_i(f"block_{axis}", f"block size, {axis}") for axis in "xyz"),
        _i("process_id", "operating system process", False),
        _i("device_id", "CUDA device ordinal", False),
        _i("context_id", "CUDA context", False),
        _i("stream_id", "CUDA stream", False),
        _t("compute_capability", "major.minor", False),
        _t("point", "label of the enclosing sweep point (domain profiler), empty when none", False),
        _t("nvtx", "enclosing NVTX ranges, outermost first, as domain:name joined by ' > '", False),
    ),
    ("launch_id",),
)
POINTS = Table(
    "points",
    "one sweep point of the driver or the runner, from the result JSON",
    (
        _i("point_id", "order within its capture, from 0"),
        _t("tool", "tool under which the program ran; builtin: none", False),
        _t("label", "key that joins all tools' data of one configuration"),
        _t("op", "operation", False),
        _t("variant", "kernel variant", False),
        _t("shape", "65536x1024", False),
        _t("dtype", "fp32, fp16, bf16", False),
        _t("attributes", "remaining attributes as canonical JSON", False),
        _t("program", "profiler-driver or profiler.runner", False),
        _t("engine", "reference, direct, tensorrt, tensorrt_rtx, native", False),
        _t("status", "ok, failed, wrong_output, skipped"),
        _t("reason", "why it is not ok", False),
        _i("bytes_per_iteration", "minimum traffic of one iteration", False),
        _t("clock", "cuda_event or monotonic", False),
        _t("cache", "cold or warm", False),
        _t("launch_mode", "plain or graph", False),
        _i("streams", "streams used", False),
        _i("threads", "threads used", False),
        _i("sm_clock_before_hz", "SM clock before the samples", False),
        _i("sm_clock_after_hz", "SM clock after the samples", False),
        _t("measure", "isolated or throughput", False),
        _t("cold_method", "rotate or flush; empty with a warm cache", False),
        _t("engine_digest", "digest of the point's TensorRT engine", False),
        _t("layers", "layers of the engine as canonical JSON", False),
        _t("launch", "kernel, grid and block as canonical JSON", False),
        _t("verification", "verification record as canonical JSON", False),
    ),
    ("point_id",),
)
SAMPLES = Table(
    "samples",
    "one measured iteration of one point",
    (
        _i("point_id", "row of points"),
        _i("sample_index", "order of measurement, from 0"),
        _f("duration_ns", "time of one iteration by the point's clock", True),
        _f("host_duration_ns", "host time to enqueue the iteration"),
    ),
    ("point_id", "sample_index"),
)
DIAGNOSTICS = Table(
    "diagnostics",
    "one message of a tool about its own capture, or of this reader about what it found",
    (
        _t("source", "tool or reader"),
        _t("severity", "info, warning or error"),
        _t("text", "message"),
        _t("hint", "what to do", False),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        LAUNCH_CONFIGURATIONS, KERNELS, MEMCPYS, MEMSETS, GRAPH_LAUNCHES, API_CALLS, SYNCHRONIZATIONS, NVTX_RANGES,
        DEVICES, STREAMS, CONTEXTS, COUNTERS, PROFILED_LAUNCHES, POINTS, SAMPLES, DIAGNOSTICS,
    )
}  # fmt: skip

POINT_DOMAIN = "profiler"
POINT_PREFIX = "point "
ITERATION = "iteration"
OWN_PROGRAMS = ("profiler-driver", "profiler.runner")
"""Programs of the project that run sweeps, by the name in their results."""


def check_columns(found: Collection[str], table: Table, source: str) -> None:
    """Check that a table's required columns are there.

    Raises:
        BadExportError: A required column is absent.
    """
    missing = [name for name in table.required if name not in found]
    if missing:
        raise BadExportError(
            f"{source}: table {table.name} lacks {', '.join(missing)}; found {', '.join(map(str, found))}",
            "export the capture again with the tool version that made it",
        )


def validate(frame: pd.DataFrame, table: Table, source: str) -> pd.DataFrame:
    """Check that a frame has a table's required columns, and put the columns in the table's order.

    Args:
        frame: Rows of the table; columns the schema does not know are kept, after the known ones.
        table: What the frame claims to be.
        source: File it came from, for the message.

    Returns:
        The same rows with columns in schema order.

    Raises:
        BadExportError: A required column is absent.
    """
    check_columns(frame.columns, table, source)
    known = [column.name for column in table.columns if column.name in frame.columns]
    extra = [name for name in frame.columns if name not in known]
    return frame[known + extra]


Frames = Mapping[str, "pd.DataFrame"]
