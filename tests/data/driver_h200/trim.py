"""Makes the files of this folder from a driver's result documents and a Nsight Systems export.

Usage: trim.py SOURCE_FOLDER, which holds sizes.json, batches.json, threads.json, null_stream.json, ranks_first.json,
ranks_second.json and swish.sqlite.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

KEPT_SAMPLES = 40
NAMES = ("sizes", "batches", "threads", "null_stream", "ranks_first", "ranks_second")
KEPT_TABLES = (
    "StringIds",
    "NVTX_EVENTS",
    "CUPTI_ACTIVITY_KIND_KERNEL",
    "CUPTI_ACTIVITY_KIND_MEMCPY",
    "CUPTI_ACTIVITY_KIND_MEMSET",
    "CUPTI_ACTIVITY_KIND_RUNTIME",
    "TARGET_INFO_GPU",
    "TARGET_INFO_CUDA_DEVICE",
    "TARGET_INFO_CUDA_CONTEXT_INFO",
    "TARGET_INFO_CUDA_STREAM",
    "TARGET_INFO_SESSION_START_TIME",
    "META_DATA_EXPORT",
    "ENUM_CUDA_MEMCPY_OPER",
    "ENUM_CUDA_MEM_KIND",
    "ENUM_NSYS_EVENT_TYPE",
)


def without_paths(value: Any) -> Any:
    """Leave of each absolute path its last part."""
    if isinstance(value, str):
        return re.sub(r"(?<![\w])/[\w./-]*/([\w.-]+)", r"\1", value) if value.startswith("/") else value
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    return {key: without_paths(item) for key, item in value.items()} if isinstance(value, dict) else value


def trim_result(source: Path, target: Path) -> None:
    """Keep the first samples of each point; the lanes still state how many there were."""
    document = without_paths(json.loads(source.read_text(encoding="utf-8")))
    for point in document["points"]:
        for name in ("samples_ns", "host_samples_ns"):
            point[name] = point[name][:KEPT_SAMPLES]
    lines = ",\n".join(json.dumps(point, separators=(",", ":")) for point in document.pop("points"))
    head = json.dumps(document, separators=(",", ":"))
    target.write_text(f'{head[:-1]},"points":[\n{lines}\n]}}\n', encoding="utf-8")


def trim_export(source: Path, target: Path) -> None:
    """Keep GPU work with its API calls, the NVTX ranges and the strings they name."""
    target.write_bytes(source.read_bytes())
    with sqlite3.connect(target) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for name in set(tables) - set(KEPT_TABLES):
            database.execute(f'DROP TABLE "{name}"')
        gpu = " UNION ".join(f"SELECT correlationId FROM CUPTI_ACTIVITY_KIND_{kind}" for kind in ("KERNEL", "MEMCPY", "MEMSET"))
        database.execute(f"DELETE FROM CUPTI_ACTIVITY_KIND_RUNTIME WHERE correlationId NOT IN ({gpu})")
        database.execute("DELETE FROM META_DATA_EXPORT WHERE name LIKE '%PATH%' OR name LIKE '%HOST%'")
        columns = [row[1] for row in database.execute("PRAGMA table_info(NVTX_EVENTS)")]
        if "jsonTextId" in columns:
            database.execute("UPDATE NVTX_EVENTS SET jsonTextId = NULL")
        used = " UNION ".join(
            (
                "SELECT textId FROM NVTX_EVENTS",
                "SELECT nameId FROM CUPTI_ACTIVITY_KIND_RUNTIME",
                *(f"SELECT {name} FROM CUPTI_ACTIVITY_KIND_KERNEL" for name in ("demangledName", "shortName", "mangledName")),
            )
        )
        database.execute(f"DELETE FROM StringIds WHERE id NOT IN (SELECT * FROM ({used}) WHERE 1 AND textId IS NOT NULL)")
    with sqlite3.connect(target) as database:
        database.execute("VACUUM")


def main() -> None:
    """Trim every file."""
    source, target = Path(sys.argv[1]), Path(__file__).parent
    for name in NAMES:
        trim_result(source / f"{name}.json", target / f"{name}.json")
    trim_export(source / "swish.sqlite", target / "swish.sqlite")


if __name__ == "__main__":
    main()
