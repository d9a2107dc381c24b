"""All GPU work of a recording on one time axis: kernels, copies, fills and whole graph launches, with their API calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiler.columns import Coded, Columns
from profiler.distinct import distinct, distinct_rows
from profiler.errors import DataMissingError
from profiler.tables.captures import Captures

KERNEL, MEMCPY, MEMSET, GRAPH = range(4)
OPERATION_TABLES = ("kernels", "memcpys", "memsets", "graph_launches")
"""Tables of GPU work, by kind."""


@dataclass(frozen=True)
class GpuOperations:
    """GPU work ordered by start.

    Attributes:
        start, end: int64 ns.
        kind: KERNEL, MEMCPY, MEMSET or GRAPH.
        row: Row in the table of its kind.
        lane: Number of the stream (process, device, context, stream) in `lanes`.
        lanes: One row per stream: process_id, device_id, context_id, stream_id.
        correlation: Correlation id, 0 when unknown.
        label: Kernel name, or `[memcpy HtoD]`, `[memset]`, `[graph]`.
    """

    start: np.ndarray
    end: np.ndarray
    kind: np.ndarray
    row: np.ndarray
    lane: np.ndarray
    lanes: Columns
    correlation: np.ndarray
    label: Coded

    @property
    def duration(self) -> np.ndarray:
        """Duration of each operation, ns."""
        return np.asarray(self.end - self.start)

    @property
    def runs_kernels(self) -> np.ndarray:
        """Which operations run kernels: kernels, and graphs that were traced as a whole."""
        return np.isin(self.kind, (KERNEL, GRAPH))

    def by_device(self) -> list[tuple[int, np.ndarray | slice]]:
        """Return each CUDA device with its operations, in order of start."""
        numbers = sorted(set(self.lanes.array("device_id").tolist()))
        if len(numbers) == 1:
            return [(numbers[0], slice(None))]
        return [(number, np.flatnonzero(self.device == number)) for number in numbers]

    @property
    def device(self) -> np.ndarray:
        """CUDA device ordinal of each operation."""
        return np.asarray(self.lanes.array("device_id")[self.lane])

    @property
    def process(self) -> np.ndarray:
        """Process of each operation."""
        return np.asarray(self.lanes.array("process_id")[self.lane])


def gpu_operations(recording: Captures) -> GpuOperations:
    """Return all GPU work of the first tool that recorded any.

    Raises:
        DataMissingError: The recording holds no GPU work.
    """
    own = gpu_recording(recording)
    return own.memo("gpu operations", lambda: _build(own))


def operations_tool(recording: Captures) -> str | None:
    """Return the tool whose GPU work the metrics use: the first that recorded any."""
    return next((tool for tool in recording.tools if any(recording.has(name, tool) for name in OPERATION_TABLES)), None)


def gpu_recording(recording: Captures) -> Captures:
    """Return the recording as seen by the tool whose GPU work the metrics use.

    Raises:
        DataMissingError: No tool recorded GPU work.
    """
    tool = operations_tool(recording)
    if tool is None:
        raise DataMissingError(recording.reason("kernels"), "record on a machine with a GPU, with nsys -t cuda or CUPTI")
    return recording.only(tool)


def _build(recording: Captures) -> GpuOperations:
    parts = [(kind, recording.columns(name)) for kind, name in enumerate(OPERATION_TABLES) if recording.has(name)]

    def joined(name: str) -> np.ndarray:
        return np.concatenate([frame.array(name) for _, frame in parts])

    start = joined("start_ns")
    end = start + joined("duration_ns")
    # tables come ordered by start, so merging them is what a stable sort does fastest
    order = np.argsort(start, kind="stable") if len(parts) > 1 else slice(None)
    kind = np.concatenate([np.full(frame.rows, number, np.int8) for number, frame in parts])
    row = np.concatenate([np.arange(frame.rows, dtype=np.int32) for _, frame in parts])
    names = ("process_id", "device_id", "context_id", "stream_id")
    place = [joined(name) for name in names]
    first, lane = distinct_rows(place)
    lanes = Columns({name: values[first] for name, values in zip(names, place, strict=True)})
    del place
    return GpuOperations(
        start=start[order],
        end=end[order],
        kind=kind[order],
        row=row[order],
        lane=lane[order],
        lanes=lanes,
        correlation=joined("correlation_id")[order],
        label=_labels(recording, parts).take(order),
    )


def _labels(recording: Captures, parts: list[tuple[int, Columns]]) -> Coded:
    values: list[str] = []
    codes: list[np.ndarray] = []
    for kind, frame in parts:
        if kind == KERNEL:
            names = recording.columns("launch_configurations").coded("kernel")
            own = Coded(names.codes[frame.array("launch_configuration_id")], names.values)
        elif kind == MEMCPY:
            direction = frame.coded("direction")
            own = Coded(direction.codes, [f"[memcpy {value}]" for value in direction.values])
        else:
            own = Coded(np.zeros(frame.rows, np.int32), ["[memset]" if kind == MEMSET else "[graph]"])
        codes.append(own.codes.astype(np.int32) + len(values))
        values += own.values
    return Coded(np.concatenate(codes), values)


def api_rows(recording: Captures) -> np.ndarray:
    """Return for each GPU operation the row of `api_calls` that launched it, -1 when unknown.

    Joined on process and correlation id: correlation ids count anew in every process.

    Raises:
        DataMissingError: The recording holds no GPU work or no API calls.
    """
    own = gpu_recording(recording)
    return own.memo("api rows", lambda: _join(own))


def _join(recording: Captures) -> np.ndarray:
    operations = gpu_operations(recording)
    calls = recording.columns("api_calls")
    correlation, process = calls.array("correlation_id"), calls.array("process_id")
    processes, _ = distinct(process)
    result = np.full(len(operations.start), -1, dtype=np.int32)
    for number in processes.tolist():
        # a process has few thousand to millions of calls, a capture only a handful of processes
        own = slice(None) if len(processes) == 1 else np.flatnonzero(process == number)
        rows = np.arange(calls.rows, dtype=np.int32)[own]
        mine = operations.process == number
        found = lookup(correlation[own], rows, operations.correlation[mine])
        result[mine] = np.where(operations.correlation[mine] > 0, found, -1)
    return result


def first_of_call(rows: np.ndarray) -> np.ndarray:
    """Say which operations are the first that their API call put on the GPU.

    A graph launch puts many there: counted at each of them, one call would cost as often, and the later ones would wait for
    the earlier ones.

    Args:
        rows: API call of each operation, in order of start; -1 when unknown.
    """
    known = np.flatnonzero(rows >= 0)
    first = np.zeros(int(rows.max(initial=-1)) + 1, dtype=np.int64)
    # assigned last to first, so that the first one stays
    first[rows[known[::-1]]] = known[::-1]
    result = np.zeros(len(rows), dtype=bool)
    result[known] = first[rows[known]] == known
    return result


def lookup(keys: np.ndarray, rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the row of each wanted key, the first when a key repeats, -1 when absent.

    Args:
        keys: Keys of the rows.
        rows: Row numbers.
        wanted: Keys to look up.
    """
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int32)
    low, high = int(keys.min()), int(keys.max())
    if not np.can_cast(keys.dtype, wanted.dtype):
        # a damaged key needs more bits than the wanted ones have
        wanted = wanted.astype(np.int64)
    inside = (wanted >= low) & (wanted <= high)
    if high - low <= 8 * len(keys) + 1024:
        # correlation ids run almost without holes: a table indexed by id needs no sort
        table = np.full(high - low + 1, -1, dtype=np.int32)
        table[keys[::-1] - low] = rows[::-1]
        return np.where(inside, table[np.where(inside, wanted - low, 0)], -1)
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][place] == wanted, rows[order][place], -1)
