"""A kernel's machine code on each side: digests of its SASS, and the registers, stack and shared memory that it takes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from profiler.compare.judge.metric_changes import compare_values
from profiler.errors import CaptureError
from profiler.kernel_names import demangle, instantiation
from profiler.metrics.launch_columns import REGISTERS
from profiler.spec import ColumnSpec

Run = Callable[..., Any]
T = TypeVar("T")

_SOURCE = "cuobjdump -res-usage"
RESOURCES = {
    "REG": REGISTERS,
    "STACK": ColumnSpec(
        "stack_bytes_per_thread",
        "lower",
        "stack of a thread: spilled registers and local arrays",
        _SOURCE,
        compared="exactly",
        unit="bytes",
    ),
    "SHARED": ColumnSpec("static_shared_memory_bytes", "lower", "static shared memory of a block", _SOURCE, compared="exactly"),
}
"""What cuobjdump calls it to the metric."""

_SYSTEM = "/usr/local/cuda/bin/cuobjdump"
_ARCH = re.compile(r"^\s*code for (sm_\w+)")
_FUNCTION = re.compile(r"^\s*Function : (\S+)")
_ELF_ARCH = re.compile(r"^arch = (sm_\w+)")
_USED_BY = re.compile(r"^\s*Function (\S+):$")
_TIMEOUT_S = 300.0


def find_cuobjdump() -> str | None:
    """Return the path of cuobjdump, which comes with the CUDA toolkit, or None."""
    named = os.environ.get("CUOBJDUMP")
    return next((path for path in (named, shutil.which("cuobjdump"), _SYSTEM) if path and Path(path).is_file()), None)


def function_digests(binary: Path, cuobjdump: str, run: Run, log: Path) -> dict[tuple[str, str], str]:
    """Return (architecture, mangled name) to the digest of the function's instructions.

    Args:
        binary: Library, program or cubin.
        cuobjdump: The tool.
        run: `profiler.capture.process.run_process`.
        log: File that gets the disassembly; removed again.

    Raises:
        CaptureError: The tool failed on this binary.
    """
    return parse_sass(_dump(binary, cuobjdump, "-sass", run, log))


def _dump(binary: Path, cuobjdump: str, what: str, run: Run, log: Path) -> str:
    result = run([cuobjdump, what, str(binary)], log=log, timeout_s=_TIMEOUT_S)
    text = log.read_text(encoding="utf-8", errors="replace")
    log.unlink(missing_ok=True)
    if result.returncode != 0:
        raise CaptureError(f"{binary}: cuobjdump ended with status {result.returncode}", "; ".join(result.last_lines[-2:]))
    return text


def parse_sass(text: str) -> dict[tuple[str, str], str]:
    """Read the output of `cuobjdump -sass`: instruction text with its encoding, hashed per function."""
    digests: dict[tuple[str, str], str] = {}
    architecture, name, lines = "", "", list[str]()

    def close() -> None:
        if name:
            digests[architecture, name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()

    for line in text.splitlines():
        if found := _FUNCTION.match(line):
            close()
            name, lines = found.group(1), []
        elif found := _ARCH.match(line):
            close()
            architecture, name = found.group(1), ""
        elif name and line.strip().startswith("/*"):
            lines.append(" ".join(line.split()))
    close()
    return digests


def function_resources(binary: Path, cuobjdump: str, run: Run, log: Path) -> dict[tuple[str, str], dict[str, int]]:
    """Return (architecture, mangled name) to what a function takes, by the names of `RESOURCES`.

    Arguments and errors as for `function_digests`.
    """
    return parse_resources(_dump(binary, cuobjdump, "-res-usage", run, log))


def parse_resources(text: str) -> dict[tuple[str, str], dict[str, int]]:
    """Read the output of `cuobjdump -res-usage`."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    architecture, name = "", ""
    for line in text.splitlines():
        if match := _ELF_ARCH.match(line):
            architecture = match.group(1)
        elif match := _USED_BY.match(line):
            name = match.group(1)
        elif name and "REG:" in line:
            values = dict(re.findall(r"(\w+):(\d+)", line))
            found[architecture, name] = {spec.name: int(values[key]) for key, spec in RESOURCES.items() if key in values}
            name = ""
    return found


def resource_changes(
    base: Mapping[tuple[str, str], Mapping[str, int]],
    candidate: Mapping[tuple[str, str], Mapping[str, int]],
    functions: Iterable[tuple[str, str]],
) -> list[dict[Any, Any]]:
    """Compare what the measured kernels take.

    Args:
        base: As `function_resources` returns them.
        candidate: The same of the other side.
        functions: What a row of times runs on the base and on the candidate, as `function_code` takes it.

    Returns:
        Records with the columns of `metric_changes.METRIC_COLUMNS`, without `candidate` and `match`.
    """
    import pandas as pd

    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for ours_name, theirs_name in functions:
        named = instantiation(demangle(ours_name))
        for side, found, name in zip(sides, (base, candidate), (ours_name, theirs_name), strict=True):
            side |= {f"{named} ({' '.join(filter(None, key))})": values for key, values in function_code(found, name).items()}
    ours, theirs = (pd.DataFrame.from_dict(side, orient="index") for side in sides)
    return list(compare_values(list(RESOURCES.values()), ours, theirs).assign(table="machine code").to_dict("records"))


def function_code(found: Mapping[tuple[str, str], T], function: str) -> dict[tuple[str, str], T]:
    """Return what was found of a function.

    Args:
        found: As `function_digests` or `function_resources` returns them.
        function: The mangled name of one instantiation, or a kernel's name without namespace and template arguments, which
            stands for all its instantiations.

    Returns:
        (architecture, rest of the mangled name from the function name on) to what was found: what stands before it, a
        namespace, may hold the path of the source file. The rest is empty for a single instantiation.
    """
    exact = {(architecture, ""): value for (architecture, name), value in found.items() if name == function}
    if exact:
        return exact
    marked = f"{len(function)}{function}"
    return {(arch, name[start:]): value for (arch, name), value in found.items() if (start := name.find(marked)) >= 0}


def same_code(
    base: Mapping[tuple[str, str], str], candidate: Mapping[tuple[str, str], str], functions: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return the functions whose machine code is the same on both sides, on every architecture.

    Arguments as for `resource_changes`, with digests.
    """
    same = []
    for ours_name, theirs_name in functions:
        ours, theirs = function_code(base, ours_name), function_code(candidate, theirs_name)
        if ours and ours == theirs:
            same.append((ours_name, theirs_name))
    return same
