"""Small hand-written nsys exports with the schema of a real one."""

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = Path(__file__).parents[3] / "benchmarks" / "nsys_schema.sql"
PROCESS = (1 << 48) | (77 << 24)
THREAD = PROCESS | 77
OTHER_THREAD = PROCESS | 78

KERNEL = {
    "deviceId": 0,
    "contextId": 1,
    "streamId": 7,
    "correlationId": 0,
    "globalPid": PROCESS,
    "demangledName": 1,
    "shortName": 2,
    "registersPerThread": 16,
    "gridX": 4,
    "gridY": 1,
    "gridZ": 1,
    "blockX": 64,
    "blockY": 1,
    "blockZ": 1,
    "staticSharedMemory": 0,
    "dynamicSharedMemory": 0,
    "localMemoryPerThread": 0,
    "localMemoryTotal": 0,
    "gridId": 1,
    "mangledName": 1,
}
MEMCPY = {
    "deviceId": 0,
    "contextId": 1,
    "streamId": 7,
    "correlationId": 0,
    "globalPid": PROCESS,
    "bytes": 100,
    "copyKind": 1,
    "srcKind": 0,
    "dstKind": 2,
}
MEMSET = {
    "deviceId": 0,
    "contextId": 1,
    "streamId": 7,
    "correlationId": 0,
    "globalPid": PROCESS,
    "bytes": 8,
    "value": 0,
    "memKind": 2,
}
GRAPH = {"deviceId": 0, "contextId": 1, "streamId": 7, "correlationId": 0, "globalPid": PROCESS, "graphId": 1, "graphExecId": 1}
CALL = {"eventClass": 0, "globalTid": THREAD, "nameId": 3, "returnValue": 0}
RANGE = {"eventType": 59, "globalTid": THREAD, "domainId": 0}
DOMAIN = {"start": 0, "eventType": 75, "text": "profiler", "globalTid": THREAD, "domainId": 1}
GPU = {
    "vmId": 0,
    "id": 0,
    "name": "NVIDIA H200",
    "smCount": 132,
    "maxWarpsPerSm": 64,
    "maxBlocksPerSm": 32,
    "cuDevice": 0,
    "maxRegistersPerSm": 65536,
    "maxShmemPerSm": 233472,
    "computeMajor": 9,
    "computeMinor": 0,
    "memoryBandwidth": 4 * 10**12,
}
STRINGS = {1: "void work<float>(float*)", 2: "work", 3: "cudaLaunchKernel_v7000", 4: "iteration"}

TABLES = {
    "kernels": ("CUPTI_ACTIVITY_KIND_KERNEL", KERNEL),
    "memcpys": ("CUPTI_ACTIVITY_KIND_MEMCPY", MEMCPY),
    "memsets": ("CUPTI_ACTIVITY_KIND_MEMSET", MEMSET),
    "graphs": ("CUPTI_ACTIVITY_KIND_GRAPH_TRACE", GRAPH),
    "calls": ("CUPTI_ACTIVITY_KIND_RUNTIME", CALL),
    "ranges": ("NVTX_EVENTS", RANGE),
    "gpus": ("TARGET_INFO_GPU", GPU),
    "messages": ("DIAGNOSTIC_EVENT", {"timestamp": 0, "timestampType": 1, "source": 1, "severity": 1, "globalPid": PROCESS}),
    "streams": ("TARGET_INFO_CUDA_STREAM", {"hwId": 0, "vmId": 1, "processId": 77, "contextId": 1, "priority": 0, "flag": 2}),
    "syncs": (
        "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION",
        {**{k: KERNEL[k] for k in ("deviceId", "contextId", "streamId", "globalPid")}, "syncType": 2, "eventId": 0},
    ),
}


def write_trace(path, strings=None, lazy=True, **tables):
    """Write an export.

    Args:
        path: File to write.
        strings: More entries of StringIds.
        lazy: Leave empty tables out, as nsys does.
        **tables: Rows by the keys of TABLES; each row is (start, end, {columns}) or a dictionary.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA.read_text(encoding="utf-8"))
        database.executemany("INSERT INTO StringIds VALUES (?, ?)", {**STRINGS, **(strings or {})}.items())
        database.execute("INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_PRODUCT_VERSION', '2025.3.2.0')")
        for key, rows in tables.items():
            table, defaults = TABLES[key]
            for row in rows:
                values = {**defaults, **(row if isinstance(row, dict) else {"start": row[0], "end": row[1], **row[2]})}
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join("?" * len(values))
                database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))
        if lazy:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                if name != "StringIds" and not database.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
                    database.execute(f"DROP TABLE {name}")
        database.commit()
    return path
