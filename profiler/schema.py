"""Every table of the analysis: its columns, dtypes, units and keys, and the check that a frame obeys them.

All times are integer nanoseconds on one clock per recording, all sizes bytes. Readers of every tool fill these tables;
metrics read nothing else. A table that a capture cannot fill is absent, with a reason, and never an empty stand-in.
"""

from __future__ import annotations

from collections.abc import Collection

from profiler.errors import BadExportError
from profiler.spec import ColumnSpec, TableSpec

SCHEMA_VERSION = 1


def _i(name: str, text: str, required: bool = True, refers: str = "") -> ColumnSpec:
    return ColumnSpec(name, text=text, dtype="int", required=required, refers=refers)


def _f(name: str, text: str, required: bool = False) -> ColumnSpec:
    return ColumnSpec(name, text=text, dtype="float", required=required)


def _t(name: str, text: str, required: bool = True) -> ColumnSpec:
    return ColumnSpec(name, text=text, dtype="text", required=required)


TABLES: dict[str, TableSpec] = {}
"""Every table, by name."""


def _table(name: str, text: str, *columns: ColumnSpec, order: tuple[str, ...] = ()) -> TableSpec:
    """Describe a table; events are in order of their start."""
    events = tuple(column.name for column in columns if column.name == "start_ns")
    TABLES[name] = TableSpec(name=name, text=text, columns=columns, order=order or events)
    return TABLES[name]


_SPAN = (_i("start_ns", "start, ns since the capture began"), _i("duration_ns", "end minus start, ns"))
_WHERE = (
    _i("process_id", "operating system process"),
    _i("device_id", "CUDA device ordinal"),
    _i("context_id", "CUDA context"),
    _i("stream_id", "CUDA stream within the context"),
    _i("correlation_id", "joins with the API call of the same process; 0 when unknown"),
)

LAUNCH_CONFIGURATIONS = _table(
    "launch_configurations",
    "one distinct combination of kernel and launch parameters; its row number is launch_configuration_id",
    _t("kernel", "demangled kernel name"),
    _t("short_name", "function name without namespace and parameters", False),
    *(_i(f"grid_{axis}", f"grid size, {axis}") for axis in "xyz"),
    *(_i(f"block_{axis}", f"block size, {axis}") for axis in "xyz"),
    _i("registers_per_thread", "registers per thread"),
    _i("static_shared_memory_bytes", "static shared memory per block"),
    _i("dynamic_shared_memory_bytes", "dynamic shared memory per block"),
    _i("shared_memory_executed_bytes", "shared memory carve-out per SM in effect", False),
    _i("local_memory_per_thread_bytes", "local memory per thread", False),
)
KERNELS = _table(
    "kernels",
    "one kernel execution on a GPU",
    *_SPAN,
    _i("launch_configuration_id", "row of launch_configurations", refers="launch_configurations"),
    *_WHERE,
    _i("graph_node_id", "CUDA graph node, NA outside graphs", False),
)
MEMCPYS = _table(
    "memcpys",
    "one memory copy on a GPU",
    *_SPAN,
    _i("size_bytes", "bytes copied"),
    _t("direction", "HtoD, DtoH, DtoD, PtoP, HtoH, ... "),
    _t("source_kind", "pageable, pinned, device, managed, array, unknown"),
    _t("destination_kind", "as source_kind"),
    *_WHERE,
)
MEMSETS = _table(
    "memsets",
    "one memory fill on a GPU",
    *_SPAN,
    _i("size_bytes", "bytes set"),
    _t("memory_kind", "as source_kind of memcpys"),
    *_WHERE,
)
_table(
    "graph_launches",
    "one CUDA graph execution recorded as a whole (graph-level tracing: its kernels have no rows)",
    *_SPAN,
    _i("graph_id", "CUDA graph", False),
    *_WHERE,
)
_table(
    "api_calls",
    "one CUDA runtime or driver API call on the CPU",
    *_SPAN,
    _t("api", "runtime or driver"),
    _t("name", "function name, version suffix stripped"),
    _i("process_id", "operating system process"),
    _i("thread_id", "operating system thread"),
    _i("correlation_id", "joins with the GPU work it started"),
    _i("return_value", "CUDA status code", False),
)
_table(
    "synchronizations",
    "one wait of a CPU thread for the GPU",
    *_SPAN,
    _t("kind", "event, stream, context or stream-wait, from the API that waited"),
    *_WHERE,
)
_table(
    "nvtx_ranges",
    "one NVTX push/pop or start/end range, or a mark (duration NA)",
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
)
DEVICES = _table(
    "devices",
    "one GPU",
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
    order=("device_id",),
)
STREAMS = _table(
    "streams",
    "one CUDA stream",
    _i("process_id", "operating system process"),
    _i("context_id", "CUDA context"),
    _i("stream_id", "CUDA stream"),
    _i("priority", "stream priority", False),
    _t("kind", "default, non-blocking, null or unknown"),
    order=("process_id", "context_id", "stream_id"),
)
CONTEXTS = _table(
    "contexts",
    "one CUDA context",
    _i("process_id", "operating system process"),
    _i("context_id", "CUDA context"),
    _i("device_id", "CUDA device ordinal"),
    _i("null_stream_id", "id of the null stream", False),
    order=("process_id", "context_id"),
)
COUNTERS = _table(
    "counters",
    "one metric of one kernel launch measured by Nsight Compute",
    _i("launch_id", "order of the launch within the report, from 0", refers="profiled_launches"),
    _t("metric", "Nsight Compute metric name"),
    _f("value", "number; NaN for a metric that holds text or nothing"),
    _t("text_value", "text of a metric that is no number", False),
    _t("unit", "unit, base (byte, ns, %), empty for plain numbers"),
    order=("launch_id", "metric"),
)
_table(
    "profiled_launches",
    "one kernel launch measured by Nsight Compute (replayed and serialised: its duration is no measurement of speed)",
    _i("launch_id", "order within the report, from 0", refers="profiled_launches"),
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
    order=("launch_id",),
)
POINTS = _table(
    "points",
    "one sweep point of the driver or the runner, from the result JSON",
    _i("point_id", "order within its capture, from 0", refers="points"),
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
    _i("event_pair_ns", "time between two events with nothing between them", False),
    _i("streams", "streams used", False),
    _i("threads", "threads used", False),
    _f("period_ns", "from iteration to iteration of lanes that ran beside each other: wall time over iterations"),
    _i("sm_clock_before_hz", "SM clock before the samples", False),
    _i("sm_clock_after_hz", "SM clock after the samples", False),
    _t("measure", "isolated or throughput", False),
    _t("cold_method", "rotate or flush; empty with a warm cache", False),
    _t("engine_digest", "digest of the point's TensorRT engine", False),
    _t("layers", "layers of the engine as canonical JSON", False),
    _t("launch", "kernel, grid and block as canonical JSON", False),
    _t("verification", "verification record as canonical JSON", False),
    order=("point_id",),
)
_table(
    "samples",
    "one measured iteration of one point",
    _i("point_id", "row of points", refers="points"),
    _i("sample_index", "order of measurement, from 0"),
    _f(
        "duration_ns",
        "time of one iteration by the point's clock; where its lanes overlap scaled, so that the median is its period",
        True,
    ),
    _f("host_duration_ns", "host time to enqueue the iteration"),
    order=("point_id", "sample_index"),
)
LOST_EVENTS = _table(
    "lost_events",
    "one moment at which the tool said that it lost events",
    _i("start_ns", "moment, ns since the capture began"),
    _t("text", "what it said"),
)
DIAGNOSTICS = _table(
    "diagnostics",
    "one message of a tool about its own capture, or of this reader about what it found",
    _t("source", "tool or reader"),
    _t("severity", "info, warning or error"),
    _t("text", "message"),
    _t("hint", "what to do", False),
)

POINT_DOMAIN = "profiler"
POINT_PREFIX = "point "
ITERATION = "iteration"
OWN_PROGRAMS = ("profiler-driver", "profiler.runner")
"""Programs of the project that run sweeps, by the name in their results."""


def check_columns(found: Collection[str], table: TableSpec, source: str) -> None:
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
