"""Writes a synthetic nsys SQLite export with the schema of a real one: N kernels on four streams, launched by two threads.

Per kernel one runtime call; besides 2 % copies, fills, synchronizations, CUDA graphs traced by node, and NVTX ranges in the
project's convention (a range per sweep point, in it one per iteration of ten launches), plain and registered names mixed.
The same seed gives the same file.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np

SCHEMA = Path(__file__).with_name("nsys_schema.sql")
GLOBAL_PID = (1 << 48) | (4242 << 24)
THREADS = (4242, 4243)
STREAMS = (13, 14, 15, 16)
LAUNCHES_PER_ITERATION, ITERATIONS_PER_POINT = 10, 100
FIRST_CORRELATION = 118
CALLS = (
    "cudaLaunchKernel_v7000",
    "cudaGraphLaunch_v10000",
    "cudaMemcpyAsync_v3020",
    "cudaMemsetAsync_v3020",
    "cudaStreamSynchronize_v3020",
    "cudaEventRecord_v3020",
)


def kernel_names(count: int) -> list[str]:
    """Return names as templated CUDA code has them: long, and alike at their beginning."""
    return [
        f"void plugins::detail::swish_kernel<float, (int){2 ** (i % 5)}, (bool){i % 2}, plugins::Policy<(int){i}>>"
        "(const T1 *, T1 *, unsigned long, plugins::Parameters<T1>)"
        for i in range(count)
    ]


def chunks(columns: list[np.ndarray | int | None], rows: int, size: int = 200_000) -> Iterable[list[tuple]]:
    """Yield rows for executemany."""
    for begin in range(0, rows, size):
        end = min(begin + size, rows)
        parts = [c[begin:end].tolist() if isinstance(c, np.ndarray) else [c] * (end - begin) for c in columns]
        yield list(zip(*parts, strict=True))


def insert(connection: sqlite3.Connection, table: str, columns: dict[str, np.ndarray | int | None], rows: int) -> None:
    """Insert columns into a table; columns left out are NULL."""
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    for part in chunks(list(columns.values()), rows):
        connection.executemany(sql, part)


def queue_ends(ready: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Return when each of several operations ends that wait for each other in one queue."""
    work = np.cumsum(duration)
    return work + np.maximum.accumulate(ready - (work - duration))


def write_capture(path: Path, kernels: int, seed: int = 1) -> None:
    """Write a capture.

    Args:
        path: File to write; replaced when it exists.
        kernels: Number of kernels; at least 1000.
        seed: Seed of all random numbers.
    """
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    connection.executescript(SCHEMA.read_text(encoding="utf-8"))
    random = np.random.default_rng(seed)
    names = kernel_names(12)
    strings = [*names, *(f"swish_kernel_{i}" for i in range(12)), *CALLS, "iteration"]
    ids = {text: number for number, text in enumerate(strings, start=1)}
    points = max(kernels // (LAUNCHES_PER_ITERATION * ITERATIONS_PER_POINT), 1)
    labels = [
        f"point op=swish variant=v{i % 7} shape={2 ** (10 + i % 8)}x1024 dtype=fp32 block={64 << i % 5} n={i}"
        for i in range(points)
    ]
    for label in labels:
        ids[label] = len(ids) + 1
    connection.executemany("INSERT INTO StringIds VALUES (?, ?)", [(number, text) for text, number in ids.items()])
    launches = _launches(connection, random, kernels, ids, names)
    _ranges(connection, launches, ids, labels)
    _target(connection, int(launches["end"].max()))
    connection.commit()
    connection.close()


def _launches(
    connection: sqlite3.Connection, random: np.random.Generator, kernels: int, ids: dict[str, int], names: list[str]
) -> dict[str, np.ndarray]:
    graphs = kernels // 200
    # 1 graph of four kernels, 2 copy, 3 fill, 4 synchronization, 5 event; 0 kernel
    others = [graphs, kernels // 50, kernels // 500, kernels // 100, kernels // 6]
    calls = kernels - 4 * graphs + sum(others)
    kind = np.zeros(calls, np.int8)
    kind[random.permutation(calls)[: sum(others)]] = np.repeat([1, 2, 3, 4, 5], others)
    thread = (np.arange(calls) // 1000) % 2
    begin = np.cumsum(random.integers(4_000, 9_000, calls)) + 400_000_000
    end = begin + random.integers(1_500, 3_900, calls)
    correlation = np.arange(calls) + FIRST_CORRELATION
    call_names = np.array([ids[name] for name in CALLS])
    tid = GLOBAL_PID + np.array(THREADS)[thread]
    insert(
        connection,
        "CUPTI_ACTIVITY_KIND_RUNTIME",
        {
            "start": begin,
            "end": end,
            "eventClass": 0,
            "globalTid": tid,
            "correlationId": correlation,
            "nameId": call_names[kind],
            "returnValue": 0,
        },
        calls,
    )
    # every call is work on the stream of its turn; a graph is four kernels in a row
    repeat = np.where(kind == 1, 4, np.where(kind >= 4, 0, 1))
    call = np.repeat(np.arange(calls), repeat)
    operation = kind[call]
    stream = (call // 3) % len(STREAMS)
    duration = np.where(operation >= 2, random.integers(900, 60_000, len(call)), _durations(random, len(call)))
    finish = np.zeros(len(call), np.int64)
    for number in range(len(STREAMS)):
        mine = stream == number
        finish[mine] = queue_ends(end[call[mine]] + 900, duration[mine])
    start = finish - duration
    place = {"deviceId": 0, "contextId": 1, "globalPid": GLOBAL_PID}
    _kernels(connection, random, ids, names, operation < 2, call, correlation, start, finish, stream, operation, place)
    copy = operation == 2
    to_device = (call[copy] % 2).astype(np.int64)
    insert(
        connection,
        "CUPTI_ACTIVITY_KIND_MEMCPY",
        {
            "start": start[copy],
            "end": finish[copy],
            "streamId": np.array(STREAMS)[stream[copy]],
            "correlationId": correlation[call[copy]],
            "bytes": random.integers(1, 1 << 22, int(copy.sum())),
            "copyKind": 2 - to_device,
            "srcKind": np.where(to_device, 1, 2),
            "dstKind": np.where(to_device, 2, 1),
            "copyCount": 1,
            **place,
        },
        int(copy.sum()),
    )
    fill = operation == 3
    insert(
        connection,
        "CUPTI_ACTIVITY_KIND_MEMSET",
        {
            "start": start[fill],
            "end": finish[fill],
            "streamId": np.array(STREAMS)[stream[fill]],
            "correlationId": correlation[call[fill]],
            "value": 0,
            "bytes": 65536,
            "memKind": 2,
            **place,
        },
        int(fill.sum()),
    )
    wait = np.flatnonzero(kind == 4)
    insert(
        connection,
        "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION",
        {
            "start": begin[wait],
            "end": end[wait],
            "streamId": STREAMS[0],
            "correlationId": correlation[wait],
            "syncType": 2,
            "eventId": 0,
            **place,
        },
        len(wait),
    )
    return {"begin": begin, "end": np.maximum(end, 0), "tid": tid, "thread": thread, "last": finish}


def _durations(random: np.random.Generator, rows: int) -> np.ndarray:
    return (random.lognormal(8.6, 0.6, rows)).astype(np.int64) + 900


def _kernels(connection, random, ids, names, keep, call, correlation, start, finish, stream, operation, place) -> None:
    rows = int(keep.sum())
    choice = random.integers(0, 12, rows)
    size = random.integers(0, 4, rows)
    block = np.array([64, 128, 256, 512])[size]
    grid = np.array([1, 132, 4096, 1_048_576])[(size + choice) % 4]
    order = np.argsort(finish[keep], kind="stable")
    # nsys writes kernels in the order in which their records arrived: nearly, not wholly, by start
    columns = {
        "start": start[keep],
        "end": finish[keep],
        "streamId": np.array(STREAMS)[stream[keep]],
        "correlationId": correlation[call[keep]],
        "demangledName": choice + 1,
        "shortName": choice + 13,
        "mangledName": choice + 1,
        "launchType": 1,
        "cacheConfig": 0,
        "registersPerThread": 16 + 8 * (choice % 4),
        "gridX": grid,
        "gridY": 1,
        "gridZ": 1,
        "blockX": block,
        "blockY": 1,
        "blockZ": 1,
        "staticSharedMemory": 0,
        "dynamicSharedMemory": np.array([0, 0, 4096, 0])[choice % 4],
        "localMemoryPerThread": 0,
        "localMemoryTotal": 155_713_536,
        "gridId": np.arange(rows) + 2,
        "sharedMemoryExecuted": 32768,
        "sharedMemoryLimitConfig": 0,
        **place,
    }
    columns = {name: values[order] if isinstance(values, np.ndarray) else values for name, values in columns.items()}
    node = np.where(operation[keep] == 1, 7, -1)[order]
    columns["graphNodeId"] = np.array([None, 7], dtype=object)[(node == 7).astype(int)]
    insert(connection, "CUPTI_ACTIVITY_KIND_KERNEL", columns, rows)


def _ranges(connection: sqlite3.Connection, launches: dict[str, np.ndarray], ids: dict[str, int], labels: list[str]) -> None:
    insert(
        connection,
        "NVTX_EVENTS",
        {
            "start": 1000,
            "eventType": 75,
            "text": np.array(["profiler"], object),
            "globalTid": GLOBAL_PID + THREADS[0],
            "domainId": 1,
        },
        1,
    )
    for number in range(2):
        mine = np.flatnonzero(launches["thread"] == number)
        whole = len(mine) // LAUNCHES_PER_ITERATION
        first = mine[: whole * LAUNCHES_PER_ITERATION : LAUNCHES_PER_ITERATION]
        last = mine[LAUNCHES_PER_ITERATION - 1 : whole * LAUNCHES_PER_ITERATION : LAUNCHES_PER_ITERATION]
        tid = GLOBAL_PID + THREADS[number]
        insert(
            connection,
            "NVTX_EVENTS",
            {
                "start": launches["begin"][first] - 700,
                "end": launches["end"][last] + 600,
                "eventType": 59,
                "globalTid": tid,
                "textId": ids["iteration"],
                "domainId": 1,
                "uint64Value": 8 << 20,
            },
            whole,
        )
        opening, closing = first[::ITERATIONS_PER_POINT], last[ITERATIONS_PER_POINT - 1 :: ITERATIONS_PER_POINT]
        opening = opening[: len(closing)]
        text = [ids[labels[(2 * i + number) % len(labels)]] for i in range(len(opening))]
        insert(
            connection,
            "NVTX_EVENTS",
            {
                "start": launches["begin"][opening] - 1500,
                "end": launches["end"][closing] + 1400,
                "eventType": 59,
                "globalTid": tid,
                "textId": np.array(text, np.int64),
                "domainId": 1,
            },
            len(opening),
        )
        plain = np.array([f"step {i % 50}" for i in range(len(opening))], object)
        insert(
            connection,
            "NVTX_EVENTS",
            {
                "start": launches["begin"][opening] - 1600,
                "end": launches["end"][closing] + 1450,
                "eventType": 60,
                "rangeId": np.arange(len(opening)),
                "globalTid": tid,
                "text": plain,
                "domainId": 0,
            },
            len(opening),
        )


def _target(connection: sqlite3.Connection, last: int) -> None:
    gpu = {
        "vmId": 281474976710656,
        "id": 0,
        "name": "NVIDIA H200",
        "smCount": 132,
        "clockRate": 1_980_000_000,
        "memoryBandwidth": 4_814_304_000_000,
        "l2CacheSize": 62_914_560,
        "totalMemory": 150_109_880_320,
        "maxWarpsPerSm": 64,
        "maxBlocksPerSm": 32,
        "maxRegistersPerSm": 65_536,
        "maxShmemPerBlock": 49_152,
        "maxShmemPerBlockOptin": 232_448,
        "maxShmemPerSm": 233_472,
        "threadsPerWarp": 32,
        "cuDevice": 0,
        "computeMajor": 9,
        "computeMinor": 0,
    }
    _insert_row(connection, "TARGET_INFO_GPU", gpu)
    _insert_row(connection, "TARGET_INFO_CUDA_DEVICE", {"gpuId": 0, "cudaId": 0, "pid": 4242})
    context = {"nullStreamId": 7, "hwId": 0, "vmId": 1, "processId": 4242, "deviceId": 0, "contextId": 1}
    _insert_row(connection, "TARGET_INFO_CUDA_CONTEXT_INFO", context)
    for stream in STREAMS:
        row = {"streamId": stream, "hwId": 0, "vmId": 1, "processId": 4242, "contextId": 1, "priority": 0, "flag": 2}
        _insert_row(connection, "TARGET_INFO_CUDA_STREAM", row)
    details = {"globalVid": 281474976710656, "duration": last, "startTime": 0, "stopTime": last}
    _insert_row(connection, "ANALYSIS_DETAILS", details)
    for name, value in (
        ("EXPORT_PRODUCT_VERSION", "2025.3.2.0"),
        ("EXPORT_SCHEMA_VERSION", "3.20.3"),
        ("EXPORT_SCHEMA_VERSION_MAJOR", "3"),
        ("EXPORT_SCHEMA_VERSION_MINOR", "20"),
        ("EXPORT_SCHEMA_VERSION_MICRO", "3"),
        ("EXPORT_PRODUCT_NAME", "synthetic"),
    ):
        _insert_row(connection, "META_DATA_EXPORT", {"name": name, "value": value})


def _insert_row(connection: sqlite3.Connection, table: str, row: dict[str, int | str]) -> None:
    known = {info[1] for info in connection.execute(f"PRAGMA table_info({table})")}
    row = {name: value for name, value in row.items() if name in known}
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--kernels", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write_capture(arguments.path, arguments.kernels, arguments.seed)


if __name__ == "__main__":
    main()
