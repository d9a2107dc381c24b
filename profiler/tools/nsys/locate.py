"""Finds nsys, its version and its importer."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from profiler.tools.base import ToolVersion

_PATTERNS = (
    "opt/nvidia/nsight-systems/*/target-linux-x64/nsys",
    "opt/nvidia/nsight-compute/*/host/target-linux-x64/nsys",
    "usr/local/cuda*/bin/nsys",
)
_VERSION = re.compile(r"version (\d+(?:\.\d+)+)")


def find_nsys() -> str | None:
    """Return the path of nsys: the one on PATH, else the newest in the usual folders."""
    on_path = shutil.which("nsys")
    if on_path:
        return on_path
    found = sorted((str(path) for pattern in _PATTERNS for path in Path("/").glob(pattern)), key=_numbers)
    return next((path for path in reversed(found) if os.access(path, os.X_OK)), None)


def _numbers(path: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path))


def probe_nsys(run: Callable[..., Any]) -> ToolVersion | None:
    """Ask nsys for its version; None when it is absent or cannot start.

    Args:
        run: `profiler.capture.process.run_process`.
    """
    path = find_nsys()
    if path is None:
        return None
    result = run([path, "--version"], timeout_s=30)
    text = "\n".join(result.last_lines)
    match = _VERSION.search(text)
    if result.returncode != 0 or match is None:
        return None
    version = tuple(int(part) for part in match.group(1).split("."))
    lacks = "" if find_importer(path) else "QdstrmImporter"
    return ToolVersion(path, version, f"NVIDIA Nsight Systems {match.group(1)}", lacks)


def find_importer(nsys: str) -> str | None:
    """Return QdstrmImporter, which stands beside nsys, or in the host folder next to nsys's own."""
    target = Path(nsys).resolve().parent
    roots = [target, target.parent, target.parent.parent, Path("/usr/lib/nsight-systems"), Path("/opt/nvidia/nsight-systems")]
    for root in roots:
        for pattern in ("QdstrmImporter", "host-linux-*/QdstrmImporter", "*/host-linux-*/QdstrmImporter"):
            found = sorted(path for path in root.glob(pattern) if os.access(path, os.X_OK))
            if found:
                return str(found[-1])
    return None
