"""Finds nsys and its importer."""

from __future__ import annotations

import os
from pathlib import Path

from profiler.tools.programs import find_program

_PATTERNS = (
    "opt/nvidia/nsight-systems/*/target-linux-x64/nsys",
    "opt/nvidia/nsight-compute/*/host/target-linux-x64/nsys",
    "usr/local/cuda*/bin/nsys",
)


def find_nsys() -> str | None:
    """Return the path of nsys: the one on PATH, else the newest in the usual folders."""
    return find_program("nsys", _PATTERNS)


def find_importer(nsys: str) -> str | None:
    """Return QdstrmImporter, which stands beside nsys, or in the host folder next to nsys's own."""
    target = Path(nsys).resolve().parent
    roots = [target, target.parent, target.parent.parent, Path("/usr/lib/nsight-systems"), Path("/opt/nvidia/nsight-systems")]
    patterns = ("QdstrmImporter", "host-linux-*/QdstrmImporter", "*/host-linux-*/QdstrmImporter")
    found = (path for root in roots for pattern in patterns for path in sorted(root.glob(pattern), reverse=True))
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)
