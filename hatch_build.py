"""Builds the native libraries that need a C++ compiler only, for the wheel and, run as a program, for a source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program
    BuildHookInterface = object  # type: ignore[assignment,misc]

LIBRARIES = ("profiler_core", "profiler_ops_host")
FOLDER = "profiler/_native"
WITHOUT = (
    "the measuring library was not built: {reason}. Recorded runs can be read; measuring needs it. "
    "Install a C++17 compiler and CMake (apt-get install g++ cmake) and install again"
)


def build_libraries(root: Path) -> list[Path]:
    """Build the libraries into `profiler/_native`; returns their files.

    Raises:
        RuntimeError: There is no compiler or CMake, or the build fails; the message says which.
    """
    if shutil.which("cmake") is None:
        raise RuntimeError("there is no cmake")
    jobs = str(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="profiler-native-") as build:
        configure = [
            "cmake",
            "-S",
            str(root),
            "-B",
            build,
            "-DPROFILER_HOST_ONLY=ON",
            "-DBUILD_TESTING=OFF",
            "-DCMAKE_BUILD_TYPE=Release",
        ]
        for command in (configure, ["cmake", "--build", build, "-j", jobs, "--target", *LIBRARIES]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command[:2])} failed: {(done.stdout + done.stderr)[-1500:]}")
        target = root / FOLDER
        target.mkdir(exist_ok=True)
        return [_replace(Path(build) / "lib" / f"lib{name}.so", target) for name in LIBRARIES]


def _replace(library: Path, folder: Path) -> Path:
    """Put a library in place at once, so that a process which has the old one open keeps it whole."""
    part = folder / f"{library.name}.part{os.getpid()}"
    shutil.copy(library, part)
    return part.replace(folder / library.name)


class CustomBuildHook(BuildHookInterface):
    """Adds the libraries to the wheel; without a compiler the wheel comes without them and says so."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are collected."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        try:
            files = build_libraries(root)
        except RuntimeError as error:
            if os.environ.get("PROFILER_REQUIRE_NATIVE"):
                raise
            self.app.display_warning(WITHOUT.format(reason=error))
            return
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["artifacts"] += [f"{FOLDER}/{file.name}" for file in files]


if __name__ == "__main__":
    try:
        built = build_libraries(Path(__file__).resolve().parent)
    except RuntimeError as failure:
        raise SystemExit(f"error: {WITHOUT.format(reason=failure)}") from failure
    sys.stdout.write("".join(f"{file}\n" for file in built))
