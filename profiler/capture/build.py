"""Build the plugins and the C++ driver with CMake, and say what could not be built here and why."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from profiler.capture.process import describe_exit, run_process
from profiler.errors import CaptureError, ToolMissingError, UsageError

HEADER = "NvInfer.h"
VERSION_HEADER = "NvInferVersion.h"
_VERSION_PARTS = ("MAJOR", "MINOR", "PATCH")
SYSTEM_INCLUDES = ("/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu", "/usr/include", "/usr/local/include")
BUILD_TIMEOUT_S = 3600


@dataclass
class BuildReport:
    """What a build made.

    Attributes:
        made: Programs and libraries, in name order.
        skipped: Why parts could not be built.
    """

    made: list[Path]
    skipped: list[ToolMissingError]


def source_root(start: Path | None = None) -> Path:
    """Return the checkout that holds `plugins/` and `cpp_driver/`: the current folder, a parent, or the package's own.

    Raises:
        UsageError: There is none: an installed wheel holds no C++ sources.
    """
    here = (start or Path.cwd()).resolve()
    package = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, package):
        if (folder / "CMakeLists.txt").is_file() and (folder / "plugins").is_dir():
            return folder
    raise UsageError(f"{here}: no plugins/ folder with a CMakeLists.txt above it", "run inside a checkout, or give --source DIR")


def tensorrt_version(include: Path) -> tuple[int, ...] | None:
    """Return the TensorRT version that a folder's headers state, or None when there are none.

    Source: NvInferVersion.h, NV_TENSORRT_MAJOR / _MINOR / _PATCH; in TensorRT 10.x they are defined through TRT_*_ENTERPRISE.
    """
    try:
        text = (include / VERSION_HEADER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = [re.search(rf"#define\s+(?:NV_TENSORRT_{name}|TRT_{name}_ENTERPRISE)\s+(\d+)", text) for name in _VERSION_PARTS]
    return tuple(int(match[1]) for match in found if match) if all(found) else None


def find_tensorrt_headers(extra: Sequence[Path] = ()) -> list[Path]:
    """Return every folder with TensorRT headers: given ones, TENSORRT_INCLUDE_DIR, TENSORRT_ROOT, then the system's.

    Raises:
        UsageError: A folder that was named has no headers.
    """
    named = [*extra]
    named += [Path(item) for item in re.split("[;:]", os.environ.get("TENSORRT_INCLUDE_DIR", "")) if item]
    for folder in named:
        if not (folder / HEADER).is_file():
            raise UsageError(f"{folder}: no {HEADER} there", "name the include folder of a TensorRT installation")
    root = os.environ.get("TENSORRT_ROOT")
    guessed = [Path(root) / "include"] if root else []
    guessed += [Path(item) for item in SYSTEM_INCLUDES]
    found = named + [folder for folder in guessed if (folder / HEADER).is_file()]
    return list(dict.fromkeys(folder.resolve() for folder in found))


def find_nvcc() -> str | None:
    """Return the CUDA compiler: that of $CUDACXX, of PATH, or of the usual folder."""
    candidates = (os.environ.get("CUDACXX"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc")
    return next((path for path in candidates if path and Path(path).is_file()), None)


def _require_tools() -> tuple[str, str]:
    cmake, nvcc = shutil.which("cmake"), find_nvcc()
    if cmake is None:
        raise ToolMissingError("cmake is not on PATH", "apt-get install cmake, or pip install cmake")
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise ToolMissingError("no C++ compiler on PATH", "apt-get install g++")
    if nvcc is None:
        raise ToolMissingError("nvcc is not on PATH", "install the CUDA toolkit, or pip install nvidia-cuda-nvcc")
    return cmake, nvcc


def configure_argv(
    cmake: str, nvcc: str, source: Path, build_dir: Path, architectures: str | None, headers: Sequence[Path], werror: bool
) -> list[str]:
    """Return the command line that configures the build."""
    argv = [cmake, "-S", str(source), "-B", str(build_dir), f"-DCMAKE_CUDA_COMPILER={nvcc}"]
    argv.append("-DTENSORRT_INCLUDE_DIR=" + ";".join(map(str, headers)))
    argv += [f"-DCMAKE_CUDA_ARCHITECTURES={architectures}"] if architectures else []
    return [*argv, f"-DPROFILER_WARNINGS_AS_ERRORS={'ON' if werror else 'OFF'}"]


def build(
    source: Path,
    build_dir: Path,
    architectures: str | None = None,
    tensorrt_include: Sequence[Path] = (),
    jobs: int | None = None,
    warnings_as_errors: bool = False,
) -> BuildReport:
    """Configure and build plugins and driver.

    Args:
        source: Checkout.
        build_dir: Folder to build in; kept between calls, so a second build compiles only what changed.
        architectures: CMake list of compute capabilities, `90` or `75;90`; None builds for all supported ones.
        tensorrt_include: Folders with TensorRT headers, beside those found by themselves.
        jobs: Parallel compilations; the number of processors when None.
        warnings_as_errors: Stop at a compiler warning.

    Raises:
        ToolMissingError: cmake, a C++ compiler or nvcc is missing.
        CaptureError: The build failed; the last lines of its log are in the message.
    """
    cmake, nvcc = _require_tools()
    headers = find_tensorrt_headers(tensorrt_include)
    steps = {
        "configure": configure_argv(cmake, nvcc, source, build_dir, architectures, headers, warnings_as_errors),
        "compile": [cmake, "--build", str(build_dir), "--parallel", str(jobs or os.cpu_count() or 1)],
    }
    for step, argv in steps.items():
        log = build_dir / f"{step}.log"
        result = run_process(argv, log=log, timeout_s=BUILD_TIMEOUT_S)
        if result.returncode != 0 or result.stopped:
            how = "\n".join([result.stopped or describe_exit(result.returncode), *result.last_lines])
            raise CaptureError(f"{step} of the C++ build: {how}", f"see {log}")
    found = [*(build_dir / "bin").glob("*"), *(build_dir / "lib").glob("*.so*")]
    why = f"no {HEADER} in TENSORRT_INCLUDE_DIR, TENSORRT_ROOT/include or the system's include folders"
    fix = "set TENSORRT_INCLUDE_DIR to the include folder of TensorRT 8.6, 10 or 11"
    without = ToolMissingError(f"TensorRT plugin library and the driver's TensorRT engines: {why}", fix)
    return BuildReport(sorted(item for item in found if item.is_file()), [] if headers else [without])
