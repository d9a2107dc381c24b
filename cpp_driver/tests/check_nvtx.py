"""Records marked_program with Nsight Systems and checks its ranges, nesting and payloads. Needs no GPU.

Usage: check_nvtx.py PROGRAM WORK_FOLDER      exit status 77: nsys is not there, the test is skipped
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

SKIPPED = 77
NESTED_IN_POINT = ["verify", "warmup", "iteration", "iteration", "iteration"]


def record(program: str, folder: Path) -> Path:
    """Profiles the program and exports the recording to SQLite."""
    folder.mkdir(parents=True, exist_ok=True)
    report, database = folder / "marked.nsys-rep", folder / "marked.sqlite"
    subprocess.run(
        ["nsys", "profile", "-t", "nvtx", "-s", "none", "--cpuctxsw=none", "-f", "true", "-o", str(report), program], check=True
    )
    subprocess.run(["nsys", "export", "--type", "sqlite", "-f", "true", "-o", str(database), str(report)], check=True)
    return database


def read_ranges(database: Path) -> list[tuple]:
    """Push-pop ranges of the domain `profiler` as (name, registered, start, end, payload), by start."""
    query = """
        SELECT COALESCE(s.value, n.text), n.textId IS NOT NULL, n.start, n.end, n.uint64Value
        FROM NVTX_EVENTS n LEFT JOIN StringIds s ON s.id = n.textId
        JOIN NVTX_EVENTS d ON d.eventType = 75 AND d.domainId = n.domainId AND d.text = 'profiler'
        WHERE n.eventType = 59 ORDER BY n.start"""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def expect(condition: bool, message: object) -> None:
    """End the test with the message unless the condition holds."""
    if not condition:
        raise SystemExit(f"failed: {message}")


def main() -> int:
    """Run all checks."""
    if shutil.which("nsys") is None:
        print("skipped: nsys is not on PATH")
        return SKIPPED
    ranges = read_ranges(record(sys.argv[1], Path(sys.argv[2])))
    names = [row[0] for row in ranges]
    points = [f"point op=saxpy shape=64x1024 dtype=fp32 block={block} note=a%2Fb%20c" for block in (128, 256)]
    expect(names == ["setup", points[0], *NESTED_IN_POINT, points[1], *NESTED_IN_POINT], names)
    expect(all(row[1] for row in ranges), "every message is a registered string")
    for block, name in zip((128, 256), points, strict=True):
        at = names.index(name)
        _, _, start, end, payload = ranges[at]
        expect(payload is None, f"{name} carries no payload")
        for inner, _, inner_start, inner_end, bytes_moved in ranges[at + 1 : at + 6]:
            expect(start <= inner_start <= inner_end <= end, f"{inner} lies inside {name}")
            expect(bytes_moved == (786432 * block if inner == "iteration" else None), f"{inner}: payload {bytes_moved}")
    print("NVTX ranges: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
