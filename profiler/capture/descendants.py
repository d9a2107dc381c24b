"""Ends every process that carries a mark in its environment: what a program started, wherever it went.

Run as a program, it waits for its standard input. When that ends without a word, whoever started it was killed, and the
processes with the mark go too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path


def kill_marked(mark: str) -> None:
    """Kill every process with an environment variable.

    A tool puts its target and its agent into groups of their own; the mark still finds them. Twice, for those that were
    born meanwhile.

    Args:
        mark: Name of the variable.
    """
    needle = f"{mark}=".encode()
    for _ in range(2):
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                if needle in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


if __name__ == "__main__" and not sys.stdin.read():
    kill_marked(sys.argv[1])
