"""Tools that are programs of their own: where they are, of which version, and how their failures look."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from profiler.tools.base import Failure, ToolVersion

_VERSION = re.compile(r"[Vv]ersion (\d+(?:\.\d+)+)")

NO_OPTION = r"unrecogni[sz]ed (?:option|argument)|Illegal --?\S+ argument|invalid option|the argument .* for option .* is invalid"
FULL_DISK: Failure = (r"No space left on device", "the disk is full", "free some space, or set TMPDIR and --runs to another disk")


def find_program(name: str, patterns: Iterable[str]) -> str | None:
    """Return a program's path: the one on PATH, else the newest in its usual folders."""
    on_path = shutil.which(name)
    if on_path:
        return on_path
    found = (str(path) for pattern in patterns for path in Path("/").glob(pattern) if os.access(path, os.X_OK))
    return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path)], default=None)


def probe_program(path: str | None, title: str, run: Callable[..., Any], lacks: str = "") -> ToolVersion | None:
    """Ask a program for its version; None when it is absent or cannot start."""
    if path is None:
        return None
    result = run([path, "--version"], timeout_s=30)
    match = _VERSION.search("\n".join(result.last_lines))
    if match is None or result.returncode != 0:
        return None
    return ToolVersion(path, tuple(map(int, match[1].split("."))), f"NVIDIA {title} {match[1]}", lacks)
