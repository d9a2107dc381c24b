"""What this machine can record with, as a table with a fix for each gap, and as facts for the manifest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from profiler.capture.artefacts import find_driver, find_ops_library
from profiler.capture.build import find_nvcc, find_tensorrt_headers, tensorrt_version
from profiler.capture.gpus import Gpu, read_driver
from profiler.capture.process import run_process
from profiler.capture.recorders import recorders
from profiler.engines.trt_compat import INSTALL_HINTS, MODULES
from profiler.errors import ProfilerError
from profiler.tools.base import Tool
from profiler.tools.ncu.record import PERMISSION_HINT
from profiler.tools.registry import TOOLS
from profiler.units import format_bytes, format_value

LOW_DISK_BYTES = 5 << 30
_DRIVER_PARAMETERS = Path("/proc/driver/nvidia/params")
_RESTRICTED = re.compile(r"RmProfilingAdminOnly:\s*(\d)")
_CAPABILITY_SYS_ADMIN = 21
_NO_GPU = "on a machine without a GPU the reference engine records NumPy on the CPU; for kernels use one with an NVIDIA GPU"


Row = dict[str, Any]
"""One row of the doctor's table."""


def _row(item: str, status: str, found: str, fix: str = "") -> Row:
    """Return a row.

    Args:
        item: What was looked for.
        status: `ok`, `missing` or `limited`.
        found: What is there.
        fix: What to do about a gap; empty when there is none.
    """
    return {"item": item, "status": status, "found": found, "fix": fix}


def doctor(runs_root: Path) -> list[Row]:
    """Look at everything recording needs.

    Args:
        runs_root: Folder that holds runs, for the space on its disk.

    Returns:
        Rows with item, status, found and fix.
    """
    driver = read_driver()
    cuda = f"{driver.cuda_version} (driver)" if driver.cuda_version else ""
    bindings = _package_version("cuda-bindings", "cuda-python") or "unknown"
    return [
        *(_row(f"GPU {gpu.index}", "ok", _described(gpu)) for gpu in driver.gpus),
        *([] if driver.gpus else [_row("GPU", "missing", "no NVIDIA GPU visible", _NO_GPU)]),
        _check("driver", driver.version, "no NVIDIA driver", "install the NVIDIA driver; in a container run with --gpus all"),
        _check("CUDA", cuda, "no driver", "install the driver"),
        *(_tool_row(tool) for tool in TOOLS.values() if tool.install),
        _permission_row(),
        _check(
            "cuda-python",
            f"cuda-bindings {bindings}" if _has_module("cuda") else "",
            "no cuda-python",
            "pip install cuda-python cupti-python pyelftools, for the runner's direct engine",
        ),
        *_tensorrt_rows(),
        _check("nvcc", _nvcc(), "no CUDA compiler", "install the CUDA toolkit, or pip install nvidia-cuda-nvcc"),
        *(_built_row(), _nvtx_row(), _disk_row(runs_root)),
    ]


def _check(item: str, found: str | None, missing: str, fix: str) -> Row:
    """Return a row that says what is there, or that it is missing and what to do."""
    return _row(item, "ok", found) if found else _row(item, "missing", missing, fix)


def _described(gpu: Gpu) -> str:
    clock = f"SM clock up to {format_value(gpu.sm_clock_max_hz, 'Hz')}"
    return f"{gpu.name}, compute capability {gpu.compute_capability}, {format_bytes(gpu.memory_bytes)}, {clock}"


def _tool_row(tool: Tool) -> Row:
    version = recorders()[tool.name].probe()
    if version is not None and version.lacks:
        return _row(tool.word, "limited", f"{version.text} without {version.lacks}", f"install the whole of {tool.title}")
    found = " at ".join(filter(None, (version.text, version.path))) if version else ""
    return _check(tool.word, found, f"{tool.title} not found", tool.install)


def counters_restricted() -> bool | None:
    """Return whether the driver keeps hardware counters from this user; None where there is no driver."""
    try:
        match = _RESTRICTED.search(_DRIVER_PARAMETERS.read_text(encoding="utf-8"))
    except OSError:
        return None
    return None if match is None else match[1] == "1" and not _is_admin()


def _is_admin() -> bool:
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return os.geteuid() == 0
    match = re.search(r"CapEff:\s*([0-9a-f]+)", status)
    return bool(match and int(match.group(1), 16) >> _CAPABILITY_SYS_ADMIN & 1)


def _permission_row() -> Row:
    restricted = counters_restricted()
    if restricted:
        found = "only administrators may read GPU performance counters"
        return _row("counter permission", "limited", found, PERMISSION_HINT)
    found = "" if restricted is None else "this user may read GPU performance counters"
    return _check("counter permission", found, "no NVIDIA driver loaded", "install the driver")


def _package_version(*names: str) -> str | None:
    for name in names:
        with suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None


def _has_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _tensorrt_rows() -> Iterator[Row]:
    for flavour, item in (("tensorrt", "TensorRT"), ("tensorrt_rtx", "TensorRT for RTX")):
        module = next((name for name in MODULES[flavour] if _has_module(name)), "")
        names = (module, *(f"{flavour}_{kind}bindings" for kind in ("cu13_", "cu12_", "")))
        found = f"Python package {_package_version(*names) or module}" if module else ""
        yield _check(item, found, f"no Python package {flavour}", INSTALL_HINTS[flavour])
    try:
        headers = find_tensorrt_headers()
    except ProfilerError as error:
        yield _row("TensorRT headers", "missing", error.message, error.hint)
        return
    named = [f"{'.'.join(map(str, tensorrt_version(folder) or ()))} at {folder}" for folder in headers]
    fix = "set TENSORRT_INCLUDE_DIR or TENSORRT_ROOT, then profiler build"
    yield _check("TensorRT headers", "; ".join(named), "none found", fix)


def _nvcc() -> str:
    path = find_nvcc()
    if path is None:
        return ""
    match = re.search(r"release (\S+),", "\n".join(run_process([path, "--version"], timeout_s=30).last_lines))
    return f"CUDA {match[1] if match else 'unknown'} at {path}"


def _built_row() -> Row:
    parts = {"profiler-driver": find_driver(), "ops library": find_ops_library()}
    found = "; ".join(f"{name} at {path}" for name, path in parts.items() if path)
    absent = ", ".join(name for name, path in parts.items() if not path)
    missing = "; ".join(filter(None, (found, f"not built: {absent}")))
    return _check("plugins and driver", "" if absent else found, missing, "profiler build")


def _nvtx_row() -> Row:
    version = _package_version("nvtx")
    losing = next((name for name, recorder in recorders().items() if version and recorder.loses_nvtx(version)), "")
    if losing:
        fix = f"use a newer {losing}, pip install nvtx==0.2.11, or mark points with profiler.point (the runner's own are kept)"
        found = f"Python package {version} records no ranges of a program under this {losing}"
        return _row("nvtx", "limited", found, fix)
    return _check("nvtx", version and f"Python package {version}", "no Python package nvtx", "pip install nvtx")


def _disk_row(runs_root: Path) -> Row:
    folder = runs_root.absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(place, os.W_OK):
        return _row("disk", "limited", f"{place} is not writable", "record elsewhere: --runs DIR or PROFILER_RUNS")
    free = shutil.disk_usage(place).free
    fix = "free some space, or record elsewhere: --runs DIR" if free < LOW_DISK_BYTES else ""
    return _row("disk", "limited" if fix else "ok", f"{format_bytes(free)} free at {place}", fix)


def environment_facts() -> dict[str, Any]:
    """Return what the manifest says of this machine: GPUs, driver, versions, host and git; no variable of the environment."""
    driver = read_driver()
    names = ("profiler", "numpy", "nvtx", "cuda-bindings", "cupti-python", "tensorrt", "tensorrt-rtx")
    return {
        "gpus": [asdict(gpu) for gpu in driver.gpus],
        "driver": driver.version,
        "cuda_driver": driver.cuda_version,
        "host": {"system": platform.platform(), "cpu_count": os.cpu_count(), "python": platform.python_version()},
        "packages": {name: version for name in names if (version := _package_version(name))},
        "git": git_state(Path.cwd(), run_process),
    }


def git_state(folder: Path, run: Callable[..., Any]) -> dict[str, Any] | None:
    """Return commit and dirty flag of the checkout that holds a folder; None outside one, or without git."""
    git = shutil.which("git")
    if git is None:
        return None
    head = run([git, "-C", str(folder), "rev-parse", "HEAD"], timeout_s=20)
    if head.returncode != 0 or not head.last_lines:
        return None
    status = run([git, "-C", str(folder), "status", "--porcelain", "--untracked-files=no"], timeout_s=60)
    return {"commit": head.last_lines[-1], "dirty": bool(status.last_lines) if status.returncode == 0 else None}
