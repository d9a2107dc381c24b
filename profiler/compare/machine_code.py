"""Is a kernel's machine code the same on both sides? Digests of the SASS of each function of a library or program."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from profiler.errors import CaptureError

Run = Callable[..., Any]

_SYSTEM = "/usr/local/cuda/bin/cuobjdump"
_ARCH = re.compile(r"^\s*code for (sm_\w+)")
_FUNCTION = re.compile(r"^\s*Function : (\S+)")
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
    result = run([cuobjdump, "-sass", str(binary)], log=log, timeout_s=_TIMEOUT_S)
    if result.returncode != 0:
        raise CaptureError(f"{binary}: cuobjdump ended with status {result.returncode}", "; ".join(result.last_lines[-2:]))
    text = log.read_text(encoding="utf-8", errors="replace")
    log.unlink(missing_ok=True)
    return parse_sass(text)


def parse_sass(text: str) -> dict[tuple[str, str], str]:
    """Read the output of `cuobjdump -sass`: instruction text with its encoding, hashed per function."""
    digests: dict[tuple[str, str], str] = {}
    architecture, name, lines = "", "", []

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


def kernel_code(digests: Mapping[tuple[str, str], str], kernel: str) -> dict[tuple[str, str], str]:
    """Return the functions whose name is a kernel's, all instantiations of a template among them.

    Args:
        digests: As `function_digests` returns them.
        kernel: Function name without namespace and template arguments.

    Returns:
        (architecture, rest of the mangled name from the function name on) to digest: what stands before it, a namespace,
        may hold the path of the source file.
    """
    marked = f"{len(kernel)}{kernel}"
    found = {}
    for (architecture, name), digest in digests.items():
        position = name.find(marked)
        if position >= 0:
            found[architecture, name[position:]] = digest
        elif name == kernel:
            found[architecture, name] = digest
    return found


def same_code(
    base: Mapping[tuple[str, str], str], candidate: Mapping[tuple[str, str], str], kernels: Sequence[str]
) -> frozenset[str]:
    """Return the kernels that both sides have, with equal machine code in every instantiation and architecture."""
    same = set()
    for kernel in kernels:
        ours, theirs = kernel_code(base, kernel), kernel_code(candidate, kernel)
        if ours and ours == theirs:
            same.add(kernel)
    return frozenset(same)
