"""How long reading and analysing an nsys export takes, beside `nsys stats` and a plain scan, in the same run.

    python benchmarks/read_capture.py --kernels 100000,1000000            # both with nsys stats, when nsys is installed
    python benchmarks/read_capture.py --kernels 10000000 --no-nsys

Each line is a whole process, started anew: wall time, CPU time and peak memory are what the operating system counted for it.
`scan` is the yardstick: Python's sqlite3 adding up the columns of kernels and API calls that an analysis needs. Ratios to it,
and to `nsys stats`, carry over to other machines; seconds do not. `cold` analyses the .sqlite, `warm` the Parquet copies of
a run, both all metric tables; `show` is the whole command with its JSON. `nsys stats` prints the five reports that hold the
same figures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import generate_capture

REPORTS = ("cuda_gpu_kern_gb_sum", "cuda_gpu_trace", "nvtx_gpu_proj_sum", "cuda_kern_exec_sum", "cuda_gpu_mem_time_sum")
KERNEL_COLUMNS = (
    "start",
    "end",
    "deviceId",
    "contextId",
    "streamId",
    "correlationId",
    "globalPid",
    "demangledName",
    "gridX",
    "gridY",
    "gridZ",
    "blockX",
    "blockY",
    "blockZ",
    "registersPerThread",
    "staticSharedMemory",
    "dynamicSharedMemory",
)
CALL_COLUMNS = ("start", "end", "globalTid", "correlationId", "nameId")
SCAN = f"""
import sqlite3, sys
database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
for table, columns in (("CUPTI_ACTIVITY_KIND_KERNEL", {KERNEL_COLUMNS!r}), ("CUPTI_ACTIVITY_KIND_RUNTIME", {CALL_COLUMNS!r})):
    sums = ", ".join("total(" + name + ")" for name in columns)
    database.execute("SELECT " + sums + " FROM " + table).fetchone()
"""
ANALYSE = """
import sys
from profiler.metrics import catalog
from profiler.metrics.recording import load
frames, absent = catalog.compute_all(load(sys.argv[1]))
assert frames["kernel_summary"].array("count").sum() > 0
"""


@dataclass(frozen=True)
class Cost:
    """What one process cost."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(argv: list[str], runs: int, folder: Path) -> Cost:
    """Run a command several times; return the medians."""
    costs = []
    # compiled modules are kept, as they are after the first use of an installation
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "pycache")}
    for _ in range(runs):
        begin = perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{argv[:3]} ended with {process.returncode}")
        costs.append((perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return Cost(*(statistics.median(part) for part in zip(*costs, strict=True)))


def stats_argv(path: Path) -> list[str]:
    """Return the command that prints the five reports."""
    reports = [argument for name in REPORTS for argument in ("--report", name)]
    return ["nsys", "stats", "-q", "--format", "csv", *reports, str(path)]


def make_run(path: Path, folder: Path) -> Path:
    """Put the capture into a run folder and let a first analysis keep its Parquet copies."""
    from profiler.store.manifest import CaptureRecord
    from profiler.store.run_dir import create_run

    run = create_run(folder, "benchmark")
    run.raw("nsys").mkdir()
    os.link(path, run.raw("nsys") / "capture.sqlite")
    run.manifest.captures = [CaptureRecord("nsys", artefacts=["raw/nsys/capture.sqlite"])]
    run.finish("complete")
    return run.path


def benchmark(kernels: int, runs: int, with_nsys: bool, folder: Path) -> None:
    """Measure one size and print its table."""
    path = folder / f"capture-{kernels}.sqlite"
    if not path.is_file():
        # in a process of its own: what a child costs at its start counts what its parent holds
        subprocess.run([sys.executable, generate_capture.__file__, str(path), "--kernels", str(kernels)], check=True)
    run = make_run(path, folder / "runs")
    python = sys.executable
    measure([python, "-c", ANALYSE, str(Path(run) / "raw" / "nsys" / "capture.sqlite")], 1, folder)
    with path.open("rb") as stream:
        # every line below finds the file in the page cache
        while stream.read(1 << 20):
            pass
    rows = {
        "scan": measure([python, "-c", SCAN, str(path)], runs, folder),
        "cold": measure([python, "-c", ANALYSE, str(path)], runs, folder),
        "show": measure([python, "-m", "profiler", "show", str(path), "--format", "json"], runs, folder),
        "run, first": measure([python, "-c", ANALYSE, str(run)], 1, folder),
        "warm": measure([python, "-c", ANALYSE, str(run)], runs, folder),
    }
    if with_nsys:
        copy = folder / "for-nsys.sqlite"
        shutil.copy(path, copy)
        rows["nsys stats"] = measure(stats_argv(copy), 1, folder)
        copy.unlink()
    print(f"\n{kernels:,} kernels, {path.stat().st_size / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    header = f"{'':12} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'wall/scan':>10} {'CPU/scan':>9}"
    print(header + ("  nsys/this" if with_nsys else ""))
    for name, cost in rows.items():
        line = f"{name:12} {cost.wall_s:8.2f} {cost.cpu_s:8.2f} {cost.peak_mb:8.0f}"
        line += f" {cost.wall_s / rows['scan'].wall_s:10.2f} {cost.cpu_s / rows['scan'].cpu_s:9.2f}"
        print(line + (f" {rows['nsys stats'].wall_s / cost.wall_s:10.1f}" if with_nsys else ""), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="100000,1000000", help="sizes, joined by commas")
    parser.add_argument("--runs", type=int, default=3, help="processes per line; the median counts")
    parser.add_argument("--no-nsys", action="store_true", help="leave nsys stats out")
    parser.add_argument("--folder", type=Path, help="keep the captures here; default: a temporary folder")
    arguments = parser.parse_args()
    with_nsys = not arguments.no_nsys and shutil.which("nsys") is not None
    if not arguments.no_nsys and not with_nsys:
        print("nsys is not on PATH: its lines are left out")
    with tempfile.TemporaryDirectory(prefix="profiler-benchmark-") as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for size in arguments.kernels.split(","):
            benchmark(int(size), arguments.runs, with_nsys, folder)


if __name__ == "__main__":
    main()
