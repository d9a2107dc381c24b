"""Cuts recorded exports down to what the tests need and takes out what tells of the machine, then prints golden reports.

python trim.py FOLDER     # FOLDER holds node.sqlite, graph.sqlite and graph_cuda_gpu_trace.csv of record.sh
"""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from profiler.tools.nsys.scrub import scrub

HERE = Path(__file__).parent
REPORTS = (
    "cuda_gpu_kern_gb_sum",
    "cuda_gpu_mem_time_sum",
    "cuda_gpu_mem_size_sum",
    "nvtx_gpu_proj_sum",
    "nvtx_kern_sum",
    "cuda_kern_exec_sum",
)
LEFT_OUT = ("ThreadNames", "ProcessStreams", "ANALYSIS_FILE")


def trim(path: Path) -> None:
    scrub(path)
    with closing(sqlite3.connect(path)) as database:
        for table in LEFT_OUT:
            database.execute(f"DELETE FROM {table}")
        database.execute("DELETE FROM META_DATA_CAPTURE WHERE name LIKE '%ENVIRONMENT%' OR name LIKE '%WORKING_DIR'")
        database.execute("DELETE FROM META_DATA_EXPORT WHERE name LIKE '%PATH%' OR name = 'EXPORT_HOST'")
        database.execute("DELETE FROM META_DATA_CAPTURE WHERE name LIKE '%DISPLAY_NAME'")
        database.execute(
            "DELETE FROM TARGET_INFO_SYSTEM_ENV WHERE name NOT IN "
            "('NvDriverVersion', 'CudaDriverVersion', 'OsDescription', 'CpuDescription')"
        )
        database.execute("DELETE FROM DIAGNOSTIC_EVENT WHERE text LIKE '%/%/%'")
        database.execute("UPDATE PROCESSES SET name = 'sweep'")
        database.execute("UPDATE META_DATA_CAPTURE SET value = 'sweep' WHERE name = 'PROCESS_0:COMMAND'")
        used = set()
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if not table.startswith(("ENUM", "TARGET", "META", "StringIds")):
                for column in [row[1] for row in database.execute(f"PRAGMA table_info({table})")]:
                    if column.endswith(("Name", "nameId", "textId", "TextId", "NameId", "reasonId")):
                        used |= {row[0] for row in database.execute(f'SELECT DISTINCT "{column}" FROM {table}')}
        known = {row[0] for row in database.execute("SELECT id FROM StringIds")}
        database.executemany("DELETE FROM StringIds WHERE id = ?", [(number,) for number in known - used])
        database.commit()
        database.execute("VACUUM")


def golden(path: Path) -> None:
    for report in REPORTS:
        # nsys writes an index into what it reads: work on a copy
        copy = path.with_name(f"copy-of-{path.name}")
        shutil.copy(path, copy)
        argv = ["nsys", "stats", "-q", "--format", "csv:mem=B", "--report", report, str(copy)]
        text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        path.with_name(f"{path.stem}_{report}.csv").write_text(text)
        copy.unlink()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    shutil.copy(folder / "graph_cuda_gpu_trace.csv", HERE)
    for name in ("node.sqlite", "graph.sqlite"):
        shutil.copy(folder / name, HERE)
        trim(HERE / name)
        golden(HERE / name)
